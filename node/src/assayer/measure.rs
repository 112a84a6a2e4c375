//! From hashes to an error: finds the blobs, rebuilds the model, evaluates it.
//!
//! Blobs come from strangers. Their hash is checked here; that they are small enough, well formed
//! and finite is checked by Syft before it reserves memory for what they claim.

use super::{cache::Cache, BlobSource, LOG};
use codec::Encode;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, Malformed},
    BlobHash,
};
use sp_core::H256;
use std::sync::Arc;
use syft::{
    content_hash, evaluate, Architecture, BlobError, Dataset, EvaluateError, Gradient, Limits,
    Model, Parameters,
};

/// Room for decoded validation sets, in bytes.
const SETS_ROOM: usize = 128 << 20;
/// Room for rebuilt parameters, in bytes.
const PARAMETERS_ROOM: usize = 64 << 20;

/// What has been decoded and rebuilt before.
pub struct Workshop {
    /// Validation sets by their blob's hash.
    sets: Cache<Arc<Dataset>>,
    /// Parameters by [`lineage`].
    parameters: Cache<Arc<Parameters>>,
}

/// Why there is no error.
enum Failure {
    Malformed(Malformed),
    Unavailable(BlobHash),
}

impl From<Malformed> for Failure {
    fn from(reason: Malformed) -> Self {
        Self::Malformed(reason)
    }
}

impl Workshop {
    /// With nothing in it.
    pub fn new() -> Self {
        Self {
            sets: Cache::new(SETS_ROOM),
            parameters: Cache::new(PARAMETERS_ROOM),
        }
    }

    /// Measures a model. The order of the checks is part of the rules: a model with several faults
    /// is malformed for the same reason everywhere.
    pub fn measure(&mut self, blobs: &impl BlobSource, request: &AssayRequest) -> AssayOutcome {
        match self.try_measure(blobs, request) {
            Ok(outcome) => outcome,
            Err(Failure::Malformed(reason)) => AssayOutcome::Malformed(reason),
            Err(Failure::Unavailable(blob)) => AssayOutcome::Unavailable(blob),
        }
    }

    fn try_measure(
        &mut self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<AssayOutcome, Failure> {
        let set = self.validation_set(blobs, request)?;
        let parameters = self.parameters(blobs, request)?;
        let candidate = H256(parameters.hash());
        let model = Model::new(
            request.architecture.clone(),
            Arc::unwrap_or_clone(parameters),
        )
        .map_err(|_| Malformed::Parameters)?;
        match evaluate(&model, &set, request.metric) {
            Ok(error) => Ok(AssayOutcome::Measured { error, candidate }),
            Err(EvaluateError::Malformed(_)) => Err(Malformed::NotFinite.into()),
            // Model and parameters fit each other, so it is the data that do not.
            Err(_) => Err(Malformed::ValidationSet.into()),
        }
    }

    fn validation_set(
        &mut self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<Arc<Dataset>, Failure> {
        let set = match self.sets.get(&request.validation) {
            Some(set) => set,
            None => {
                let bytes = fetch(blobs, request.validation)?;
                let limits = Limits {
                    rows: request.rows.into(),
                    ..Limits::default()
                };
                let set = Dataset::decode(&bytes, limits).map_err(|error| {
                    log::debug!(target: LOG, "validation set {:?}: {error}", request.validation);
                    Malformed::ValidationSet
                })?;
                let set = Arc::new(set);
                // A decoded set takes at most about four times its blob's size.
                let size = bytes.len().saturating_mul(4);
                self.sets.insert(request.validation, set.clone(), size);
                set
            }
        };
        // The price of the assay was calculated for this many rows.
        if set.rows() as u64 != u64::from(request.rows) {
            return Err(Malformed::ValidationSet.into());
        }
        Ok(set)
    }

    /// The parameters of the requested model: those of the longest part of its path that is still
    /// here, with the other gradients added.
    fn parameters(
        &mut self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<Arc<Parameters>, Failure> {
        let keys = lineage(request);
        let known = (0..keys.len())
            .rev()
            .find_map(|steps| Some((steps, self.parameters.get(keys.get(steps)?)?)));
        let (mut steps, mut parameters) = match known {
            Some(known) => known,
            None => {
                let root = self.root(blobs, request)?;
                (0, root)
            }
        };
        for gradient in request.gradients.iter().skip(steps) {
            // Others will build on the same parent: it is worth more room than its ancestors.
            if let Some(key) = keys.get(steps) {
                if steps + 1 == request.gradients.len() {
                    self.keep(*key, &parameters);
                }
            }
            let step = fetch(blobs, *gradient)?;
            let step = decode_gradient(&request.architecture, *gradient, &step)?;
            let next = step.apply(&parameters).map_err(|error| {
                log::debug!(target: LOG, "gradient {gradient:?}: {error}");
                Malformed::NotFinite
            })?;
            parameters = Arc::new(next);
            steps += 1;
        }
        if let Some(key) = keys.last() {
            self.keep(*key, &parameters);
        }
        Ok(parameters)
    }

    fn root(
        &self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<Arc<Parameters>, Failure> {
        let bytes = fetch(blobs, request.root)?;
        match Parameters::from_safetensors(&request.architecture, &bytes) {
            Ok(parameters) => Ok(Arc::new(parameters)),
            Err(error) => {
                log::debug!(target: LOG, "parameters {:?}: {error}", request.root);
                Err(malformed(&error, Malformed::Parameters).into())
            }
        }
    }

    fn keep(&mut self, key: H256, parameters: &Arc<Parameters>) {
        let size = parameters.values().len().saturating_mul(4);
        self.parameters.insert(key, parameters.clone(), size);
    }
}

/// A name for each model on the path of a request, from its root to the requested one: the hash of
/// architecture and initial parameters, then of the parent's name and the gradient.
fn lineage(request: &AssayRequest) -> Vec<H256> {
    let root = (&request.architecture, request.root).using_encoded(content_hash);
    let mut keys = vec![H256(root)];
    let mut key = H256(root);
    for gradient in &request.gradients {
        key = H256((key, gradient).using_encoded(content_hash));
        keys.push(key);
    }
    keys
}

/// The blob with this hash, or that it is not here. Bytes with another hash are as good as none.
fn fetch(blobs: &impl BlobSource, hash: BlobHash) -> Result<Vec<u8>, Failure> {
    let bytes = blobs.blob(hash).ok_or(Failure::Unavailable(hash))?;
    if content_hash(&bytes) != hash.0 {
        log::error!(target: LOG, "blob {hash:?} has other contents in this node's database");
        return Err(Failure::Unavailable(hash));
    }
    Ok(bytes)
}

fn decode_gradient(
    architecture: &Architecture,
    hash: BlobHash,
    bytes: &[u8],
) -> Result<Gradient, Malformed> {
    Gradient::decode(architecture, bytes).map_err(|error| {
        log::debug!(target: LOG, "gradient {hash:?}: {error}");
        malformed(&error, Malformed::Gradient)
    })
}

fn malformed(error: &BlobError, otherwise: Malformed) -> Malformed {
    match error {
        BlobError::NotFinite { .. } => Malformed::NotFinite,
        _ => otherwise,
    }
}
