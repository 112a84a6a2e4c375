//! Rebuilding models from the blobs that they are made of.

use crate::{blobs::BlobError, cid, connection::Client, error::ReadError};
use sonar_primitives::{
    api::ModelRecipe,
    recipe::{build, BuildError, Materials, RecipeStep},
    BlobHash, ModelId,
};
use std::collections::{BTreeSet, HashMap};
use syft::Parameters;

/// A model of a campaign's tree.
#[derive(Clone, Debug)]
pub struct FetchedModel {
    /// How it was built.
    pub recipe: ModelRecipe,
    /// Its parameters, verified against the chain.
    pub parameters: Parameters,
}

/// Why a model cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The chain knows no such model.
    #[error("there is no model {0}: see the campaign's tree")]
    UnknownModel(ModelId),
    /// A blob cannot be fetched.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A blob is not what it should be.
    #[error("a blob of model {model} is damaged: {reason}")]
    Damaged {
        /// The model.
        model: ModelId,
        /// What is wrong with it.
        reason: String,
    },
    /// The result is not the model that the chain has measured.
    #[error(
        "the rebuilt model {0} is not the one that was measured: use the node's version of these \
         programs"
    )]
    Mismatch(ModelId),
}

impl ModelError {
    /// Whether a new connection is needed.
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Blob(error) if error.is_disconnected())
    }
}

impl From<ReadError> for ModelError {
    fn from(error: ReadError) -> Self {
        Self::Blob(error.into())
    }
}

impl Client {
    /// Fetches the blobs of a model, builds it as the assayers do, and verifies that the result is the model that they
    /// measured.
    pub async fn fetch_model(&self, model: ModelId) -> Result<FetchedModel, ModelError> {
        let recipe = self
            .recipe(model)
            .await?
            .ok_or(ModelError::UnknownModel(model))?;
        let mut blobs = Blobs::default();
        for hash in ingredients(&recipe.recipe) {
            blobs.0.insert(hash, self.fetch_blob(hash).await?);
        }
        let parameters = rebuild(model, &recipe, &blobs)?;
        Ok(FetchedModel { recipe, parameters })
    }
}

/// All blobs that a recipe needs.
fn ingredients(recipe: &[RecipeStep]) -> BTreeSet<BlobHash> {
    let mut blobs = BTreeSet::new();
    for step in recipe {
        match step {
            RecipeStep::Stored { parameters } => {
                blobs.insert(*parameters);
            }
            RecipeStep::Merged { members, .. } => {
                blobs.extend(members.iter().map(|point| point.gradient));
            }
        }
    }
    blobs
}

/// Blobs by their hashes.
#[derive(Default)]
struct Blobs(HashMap<BlobHash, Vec<u8>>);

impl Materials for Blobs {
    type Error = BlobHash;

    fn blob(&self, hash: BlobHash) -> Result<Vec<u8>, BlobHash> {
        self.0.get(&hash).cloned().ok_or(hash)
    }
}

/// The model that a recipe ends with.
fn rebuild(model: ModelId, recipe: &ModelRecipe, blobs: &Blobs) -> Result<Parameters, ModelError> {
    let damaged = |reason| ModelError::Damaged { model, reason };
    let built = build(&recipe.architecture, &recipe.recipe, blobs);
    let built = built.map_err(|error| match error {
        BuildError::Missing(hash) => BlobError::NotFound {
            cid: cid::cid_of(hash),
        }
        .into(),
        BuildError::Malformed { blob, reason } => {
            damaged(format!("{}: {reason}", cid::cid_of(blob)))
        }
        BuildError::NotFinite { gradient } => damaged(format!(
            "{}: with the model that it was trained on it holds a value that is not finite",
            cid::cid_of(gradient)
        )),
        BuildError::Mismatch { .. } => ModelError::Mismatch(model),
    })?;
    let last = built.last().ok_or(ModelError::UnknownModel(model))?;
    Ok(last.as_ref().clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::blobs::blob_hash;
    use sonar_primitives::recipe::{Point, Recipe};
    use sp_core::H256;
    use syft::{Architecture, Encoding, Gradient};

    fn architecture() -> Architecture {
        let json =
            r#"{"input":[3],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
        serde_json::from_str(json).unwrap()
    }

    fn model(seed: u64) -> Parameters {
        Parameters::initialise(&architecture(), seed).unwrap()
    }

    /// The mean of two gradients on a stored root, and of the root; and the blobs that it is made of.
    fn merged() -> (Recipe, Blobs, Parameters) {
        let root = model(1);
        let gradients = [2, 3].map(|seed| Gradient::between(&root, &model(seed)).unwrap());
        let points = gradients
            .each_ref()
            .map(|gradient| gradient.apply(&root).unwrap());
        let mean = Parameters::mean(&[&points[0], &points[1], &root]).unwrap();
        let encoded = gradients.map(|gradient| gradient.encode(Encoding::DenseF32));
        let file = root.to_safetensors();
        let recipe = vec![
            RecipeStep::Stored {
                parameters: blob_hash(&file),
            },
            RecipeStep::Merged {
                members: encoded
                    .each_ref()
                    .map(|bytes| Point {
                        base: 0,
                        gradient: blob_hash(bytes),
                    })
                    .to_vec(),
                previous: Some(0),
                parameters: H256(mean.hash()),
            },
        ];
        let blobs = encoded.into_iter().chain([file]);
        let blobs = blobs.map(|bytes| (blob_hash(&bytes), bytes)).collect();
        (recipe, Blobs(blobs), mean)
    }

    fn of(recipe: Recipe) -> ModelRecipe {
        ModelRecipe {
            architecture: architecture(),
            recipe,
            error: 0,
        }
    }

    #[test]
    fn a_model_is_the_mean_that_was_measured() {
        let (recipe, blobs, mean) = merged();
        assert_eq!(
            ingredients(&recipe),
            blobs.0.keys().copied().collect::<BTreeSet<_>>()
        );
        let rebuilt = rebuild(7, &of(recipe.clone()), &blobs).unwrap();
        assert_eq!(rebuilt.hash(), mean.hash());
        // Without the former best model it is another one.
        let mut other = recipe;
        if let RecipeStep::Merged { previous, .. } = &mut other[1] {
            *previous = None;
        }
        assert!(matches!(
            rebuild(7, &of(other), &blobs),
            Err(ModelError::Mismatch(7))
        ));
        assert!(matches!(
            rebuild(7, &of(Vec::new()), &blobs),
            Err(ModelError::UnknownModel(7))
        ));
    }

    #[test]
    fn a_missing_or_damaged_blob_is_named() {
        let (recipe, mut blobs, _) = merged();
        let RecipeStep::Stored { parameters: root } = recipe[0] else {
            unreachable!("the recipe starts with the root")
        };
        blobs.0.insert(root, vec![0; 40]);
        let damaged = rebuild(7, &of(recipe.clone()), &blobs).unwrap_err();
        assert!(matches!(damaged, ModelError::Damaged { model: 7, .. }));
        assert!(
            damaged.to_string().contains(&cid::cid_of(root)),
            "{damaged}"
        );
        blobs.0.remove(&root);
        assert!(matches!(
            rebuild(7, &of(recipe), &blobs),
            Err(ModelError::Blob(BlobError::NotFound { .. }))
        ));
    }
}
