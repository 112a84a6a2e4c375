//! Models' parameters that were decoded or built before.

use super::{blobs::fetch, ENTRY_ROOM};
use crate::assayer::{shared::Shared, BlobSource};
use codec::Encode;
use sonar_primitives::{recipe::Materials, BlobHash};
use sp_core::H256;
use std::sync::Arc;
use syft::{content_hash, Architecture, Parameters};

/// Room for parameters, in bytes.
pub const MODELS_ROOM: usize = 64 << 20;
/// Room that each of a model's tensors is counted with besides its values: name and shape.
const TENSOR_ROOM: usize = 128;

/// Parameters by the hash of their architecture and of their file.
pub struct Models(Shared<Arc<Parameters>>);

impl Models {
    /// None.
    pub fn new() -> Self {
        Self(Shared::new(MODELS_ROOM))
    }

    /// What models are built with: these, and blobs.
    pub fn with<'a, Blobs>(&'a self, blobs: &'a Blobs) -> NodeMaterials<'a, Blobs> {
        NodeMaterials {
            models: self,
            blobs,
        }
    }

    /// The bytes that they take.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.0.used()
    }
}

/// A node's blobs, and the models that it built before.
pub struct NodeMaterials<'a, Blobs> {
    models: &'a Models,
    blobs: &'a Blobs,
}

impl<Blobs: BlobSource> Materials for NodeMaterials<'_, Blobs> {
    type Error = BlobHash;

    fn blob(&self, hash: BlobHash) -> Result<Vec<u8>, BlobHash> {
        fetch(self.blobs, hash)
    }

    fn known(&self, architecture: &Architecture, parameters: H256) -> Option<Arc<Parameters>> {
        self.models.0.get(&key(architecture, parameters))
    }

    fn keep(&self, architecture: &Architecture, parameters: H256, model: &Arc<Parameters>) {
        self.models.0.insert(
            key(architecture, parameters),
            model.clone(),
            size_of_parameters(model),
        );
    }
}

/// The same bytes can be the parameters of several architectures.
fn key(architecture: &Architecture, parameters: H256) -> H256 {
    H256((architecture, parameters).using_encoded(content_hash))
}

/// The bytes that parameters take.
fn size_of_parameters(parameters: &Parameters) -> usize {
    let values = parameters.values().len().saturating_mul(4);
    let tensors = parameters.tensors().count().saturating_mul(TENSOR_ROOM);
    ENTRY_ROOM.saturating_add(values).saturating_add(tensors)
}
