//! Building models natively: what assayers and clients share.

use super::{Point, RecipeStep};
use crate::BlobHash;
use sp_core::H256;
use std::sync::Arc;
use syft::{content_hash, Architecture, BlobError, Gradient, Parameters};

/// Where blobs, and models that were built before, come from.
pub trait Materials {
    /// Why a blob cannot be had.
    type Error;
    /// The blob with this hash, checked.
    fn blob(&self, hash: BlobHash) -> Result<Vec<u8>, Self::Error>;
    /// A model that was built before, by the hash of its parameters.
    fn known(&self, _architecture: &Architecture, _parameters: H256) -> Option<Arc<Parameters>> {
        None
    }
    /// Takes note of a model that was built and checked.
    fn keep(&self, _architecture: &Architecture, _parameters: H256, _model: &Arc<Parameters>) {}
}

/// Why a model cannot be built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuildError<E> {
    /// A blob cannot be had.
    Missing(E),
    /// A blob is not what it should be.
    Malformed {
        /// The blob.
        blob: BlobHash,
        /// What is wrong with it.
        reason: BlobError,
    },
    /// Base and gradient together hold a value that is not finite.
    NotFinite {
        /// The gradient.
        gradient: BlobHash,
    },
    /// The result is not the model that was measured, or the recipe names a model that is not before
    /// the one that needs it.
    Mismatch {
        /// The hash of the expected parameters.
        expected: H256,
    },
}

/// Builds the models of a recipe, in its order.
///
/// # Errors
///
/// If a blob is missing or malformed, or a result is not the expected one.
pub fn build<M: Materials>(
    architecture: &Architecture,
    recipe: &[RecipeStep],
    materials: &M,
) -> Result<Vec<Arc<Parameters>>, BuildError<M::Error>> {
    let mut built: Vec<Arc<Parameters>> = Vec::with_capacity(recipe.len());
    for step in recipe {
        let model = match step {
            RecipeStep::Stored { parameters } => stored(architecture, *parameters, materials)?,
            RecipeStep::Merged {
                members,
                previous,
                parameters,
            } => merged(
                architecture,
                members,
                *previous,
                *parameters,
                &built,
                materials,
            )?,
        };
        built.push(model);
    }
    Ok(built)
}

/// The point that a gradient leads to.
///
/// # Errors
///
/// If the gradient is missing or malformed, or a sum is not finite.
pub fn add<M: Materials>(
    architecture: &Architecture,
    base: &Parameters,
    gradient: BlobHash,
    materials: &M,
) -> Result<Parameters, BuildError<M::Error>> {
    let bytes = materials.blob(gradient).map_err(BuildError::Missing)?;
    Gradient::decode(architecture, &bytes)
        .map_err(|reason| BuildError::Malformed {
            blob: gradient,
            reason,
        })?
        .apply(base)
        .map_err(|_| BuildError::NotFinite { gradient })
}

fn stored<M: Materials>(
    architecture: &Architecture,
    hash: H256,
    materials: &M,
) -> Result<Arc<Parameters>, BuildError<M::Error>> {
    if let Some(known) = materials.known(architecture, hash) {
        return Ok(known);
    }
    let bytes = materials.blob(hash).map_err(BuildError::Missing)?;
    let model = Parameters::from_safetensors(architecture, &bytes)
        .map_err(|reason| BuildError::Malformed { blob: hash, reason })?;
    let model = Arc::new(model);
    materials.keep(architecture, hash, &model);
    Ok(model)
}

fn merged<M: Materials>(
    architecture: &Architecture,
    members: &[Point],
    previous: Option<u32>,
    expected: H256,
    built: &[Arc<Parameters>],
    materials: &M,
) -> Result<Arc<Parameters>, BuildError<M::Error>> {
    if let Some(known) = materials.known(architecture, expected) {
        return Ok(known);
    }
    let mismatch = || BuildError::Mismatch { expected };
    let at = |place: u32| built.get(place as usize).ok_or_else(mismatch);
    let mut points = Vec::with_capacity(members.len());
    for member in members {
        points.push(add(
            architecture,
            at(member.base)?,
            member.gradient,
            materials,
        )?);
    }
    let mut all: Vec<&Parameters> = points.iter().collect();
    if let Some(place) = previous {
        all.push(at(place)?);
    }
    let model = Parameters::mean(&all).ok_or_else(mismatch)?;
    // The hash is that of the canonical file.
    if content_hash(&model.to_safetensors()) != expected.0 {
        return Err(mismatch());
    }
    let model = Arc::new(model);
    materials.keep(architecture, expected, &model);
    Ok(model)
}
