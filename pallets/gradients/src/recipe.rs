//! How a model is built: back to stored parameters.

use crate::{Config, ModelOf, Models, Pallet};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use sonar_primitives::{
    api::ModelRecipe,
    recipe::{Point, Recipe, RecipeStep},
    traits::Campaigns,
    ModelId,
};

impl<T: Config> Pallet<T> {
    /// The models that lead from stored parameters to these, which are among them. `None` if one of
    /// them is not known, or more than `most` of them must be rebuilt.
    pub(crate) fn models_to_build(
        models: impl IntoIterator<Item = ModelId>,
        most: u32,
    ) -> Option<BTreeMap<ModelId, ModelOf<T>>> {
        let mut to_visit: BTreeSet<ModelId> = models.into_iter().collect();
        let mut needed = BTreeMap::new();
        let mut rebuilt = 0u32;
        // Models are made of those with lower numbers, so none is visited twice.
        while let Some(id) = to_visit.pop_last() {
            let model = Models::<T>::get(id)?;
            if !model.stored {
                rebuilt = rebuilt.saturating_add(1);
                if rebuilt > most {
                    return None;
                }
                to_visit.extend(model.built_from().filter(|part| *part < id));
            }
            needed.insert(id, model);
        }
        Some(needed)
    }

    /// The recipe for models that [`Self::models_to_build`] found: the place of each is that of its
    /// number. `None` if one of them lacks what it is made of.
    pub(crate) fn steps_to_build(needed: &BTreeMap<ModelId, ModelOf<T>>) -> Option<Recipe> {
        let places: BTreeMap<ModelId, u32> = needed.keys().copied().zip(0..).collect();
        needed
            .values()
            .map(|model| {
                if model.stored {
                    return Some(RecipeStep::Stored {
                        parameters: model.parameters,
                    });
                }
                let place = |id| places.get(&id).copied();
                let members = model
                    .best_set()
                    .map(|member| {
                        Some(Point {
                            base: place(member.base)?,
                            gradient: member.gradient,
                        })
                    })
                    .collect::<Option<Vec<_>>>()?;
                let previous = match model.included_previous() {
                    Some(previous) => Some(place(previous)?),
                    None => None,
                };
                Some(RecipeStep::Merged {
                    members,
                    previous,
                    parameters: model.parameters,
                })
            })
            .collect()
    }

    /// How to build a model. `None` if there is no such model (any more).
    pub fn recipe(id: ModelId) -> Option<ModelRecipe> {
        let needed = Self::models_to_build([id], u32::MAX)?;
        // Models are made of those with lower numbers: it is the last.
        let model = needed.get(&id)?;
        let base = T::Campaigns::assay_base(model.campaign, model.root)?;
        Some(ModelRecipe {
            architecture: base.architecture,
            error: model.error,
            recipe: Self::steps_to_build(&needed)?,
        })
    }
}
