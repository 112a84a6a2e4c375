//! Rebuilding a node's model from the blobs that it is made of.

use crate::{
    blobs::{blob_hash, BlobError},
    connection::Client,
    error::ReadError,
};
use sonar_primitives::{api::Lineage, NodeId};
use sp_core::H256;
use syft::{Gradient, GradientError, Parameters};

/// A node's model.
#[derive(Clone, Debug)]
pub struct FetchedModel {
    /// What it is made of.
    pub lineage: Lineage,
    /// Its parameters, verified against the chain.
    pub parameters: Parameters,
}

/// Why a model cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The chain knows no such node.
    #[error("there is no node {0}: see the campaign's tree")]
    UnknownNode(NodeId),
    /// A blob cannot be fetched.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A blob is not what it should be.
    #[error("a blob of node {node} is damaged: {reason}")]
    Damaged {
        /// The node.
        node: NodeId,
        /// What is wrong with it.
        reason: String,
    },
    /// The result is not the model that the chain has measured.
    #[error("the rebuilt model of node {0} is not the one that was measured: use the node's version of these programs")]
    Mismatch(NodeId),
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
    /// Fetches the blobs of a node's model, adds the gradients to the initial parameters as the assayers do, and
    /// verifies that the result is the model that they measured.
    pub async fn fetch_model(&self, node: NodeId) -> Result<FetchedModel, ModelError> {
        let lineage = self
            .lineage(node)
            .await?
            .ok_or(ModelError::UnknownNode(node))?;
        let root = self.fetch_blob(lineage.root).await?;
        let mut gradients = Vec::with_capacity(lineage.gradients.len());
        for gradient in &lineage.gradients {
            gradients.push(self.fetch_blob(*gradient).await?);
        }
        let parameters = rebuild(node, &lineage, &root, &gradients)?;
        Ok(FetchedModel {
            lineage,
            parameters,
        })
    }
}

/// Root and gradients, put together and verified.
fn rebuild(
    node: NodeId,
    lineage: &Lineage,
    root: &[u8],
    gradients: &[Vec<u8>],
) -> Result<Parameters, ModelError> {
    let architecture = &lineage.architecture;
    let damaged = |reason: String| ModelError::Damaged { node, reason };
    let mut parameters = Parameters::from_safetensors(architecture, root)
        .map_err(|error| damaged(error.to_string()))?;
    for gradient in gradients {
        parameters = Gradient::decode(architecture, gradient)
            .map_err(|error| damaged(error.to_string()))?
            .apply(&parameters)
            .map_err(|error: GradientError| damaged(error.to_string()))?;
    }
    // A root is measured as it was stored, in whatever order its file has the parameters.
    let is_stored = gradients.is_empty() && blob_hash(root) == lineage.candidate;
    if is_stored || H256(parameters.hash()) == lineage.candidate {
        return Ok(parameters);
    }
    Err(ModelError::Mismatch(node))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use syft::{Architecture, Encoding};

    fn model(seed: u64) -> (Architecture, Parameters) {
        let json =
            r#"{"input":[3],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
        let architecture: Architecture = serde_json::from_str(json).unwrap();
        let parameters = Parameters::initialise(&architecture, seed).unwrap();
        (architecture, parameters)
    }

    fn lineage(architecture: Architecture, gradients: usize, candidate: [u8; 32]) -> Lineage {
        Lineage {
            architecture,
            root: H256::zero(),
            gradients: vec![H256::zero(); gradients],
            candidate: candidate.into(),
            error: 0,
        }
    }

    #[test]
    fn a_model_is_root_and_gradients() {
        let (architecture, start) = model(1);
        let (_, end) = model(2);
        let gradient = Gradient::between(&start, &end).unwrap();
        let candidate = gradient.apply(&start).unwrap();
        let lineage = lineage(architecture, 1, candidate.hash());
        let (root, gradients) = (
            start.to_safetensors(),
            [gradient.encode(Encoding::DenseF32)],
        );
        assert_eq!(
            rebuild(7, &lineage, &root, &gradients).unwrap().hash(),
            candidate.hash()
        );
        // Without the gradient it is another model.
        assert!(matches!(
            rebuild(7, &lineage, &root, &[]),
            Err(ModelError::Mismatch(7))
        ));
    }

    #[test]
    fn a_damaged_blob_is_named() {
        let (architecture, start) = model(1);
        let lineage = lineage(architecture, 0, start.hash());
        assert!(rebuild(7, &lineage, &start.to_safetensors(), &[]).is_ok());
        assert!(matches!(
            rebuild(7, &lineage, &[0; 40], &[]),
            Err(ModelError::Damaged { node: 7, .. })
        ));
        let gradients = [vec![1; 10]];
        let refused = rebuild(7, &lineage, &start.to_safetensors(), &gradients);
        assert!(matches!(refused, Err(ModelError::Damaged { .. })));
    }
}
