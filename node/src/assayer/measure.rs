//! From hashes to an error: finds the blobs, rebuilds the model, evaluates it.
//!
//! Blobs come from strangers. Their hash is checked here; that they are small enough, well formed
//! and finite is checked by Syft before it reserves memory for what they claim.

use super::{shared::Shared, BlobSource, LOG};
use codec::Encode;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, Malformed},
    BlobHash,
};
use sp_core::H256;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use syft::{
    content_hash, BlobError, Dataset, EvaluateError, Gradient, Limits, Model, ModelError,
    Parameters, ValidationSet,
};

/// Room for prepared validation sets, in bytes.
pub const SETS_ROOM: usize = 128 << 20;
/// Room for rebuilt parameters, in bytes.
pub const PARAMETERS_ROOM: usize = 64 << 20;

/// Sets that take more bytes than this when prepared are used one after the other, and not kept: a
/// small blob can make a large set, as a category takes a value for each of its classes. None takes
/// more than 4 * [`syft::MAX_VALUES`] and its targets.
const LARGE_SET: usize = 32 << 20;
/// Room that an entry of a cache is counted with besides its values, in bytes: what the cache keeps
/// of it, and what describes its shape. Without it, tiny models could fill the memory.
pub const ENTRY_ROOM: usize = 1024;
/// The same for each of a model's tensors: name and shape.
const TENSOR_ROOM: usize = 128;

/// What has been decoded and rebuilt before. For any number of threads.
pub struct Workshop {
    /// Prepared validation sets by their blob's hash.
    sets: Shared<Arc<ValidationSet>>,
    /// Held by whoever uses a large set.
    large: Mutex<()>,
    /// Parameters by [`lineage`].
    parameters: Shared<Arc<Parameters>>,
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
            sets: Shared::new(SETS_ROOM),
            large: Mutex::new(()),
            parameters: Shared::new(PARAMETERS_ROOM),
        }
    }

    /// Measures a model. The order of the checks is part of the rules: a model with several faults
    /// is malformed for the same reason everywhere.
    pub fn measure(&self, blobs: &impl BlobSource, request: &AssayRequest) -> AssayOutcome {
        match self.try_measure(blobs, request) {
            Ok(outcome) => outcome,
            Err(Failure::Malformed(reason)) => AssayOutcome::Malformed(reason),
            Err(Failure::Unavailable(blob)) => AssayOutcome::Unavailable(blob),
        }
    }

    fn try_measure(
        &self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<AssayOutcome, Failure> {
        // Outlives the set.
        let mut turn = None;
        let set = self.validation_set(blobs, request, &mut turn)?;
        let parameters = self.parameters(blobs, request)?;
        let model = Model::new(request.architecture.clone(), parameters)
            .map_err(|_| Malformed::Parameters)?;
        let limit = request.limit.unwrap_or(u64::MAX);
        match set.error_within(&model, request.metric, limit) {
            Ok(Some(error)) => Ok(AssayOutcome::Measured {
                error,
                candidate: H256(model.parameters().hash()),
            }),
            Ok(None) => Ok(AssayOutcome::AboveLimit),
            Err(EvaluateError::Malformed(ModelError::NotFinite { .. })) => {
                Err(Malformed::NotFinite.into())
            }
            // Model and parameters fit each other, so it is the data that do not.
            Err(_) => Err(Malformed::ValidationSet.into()),
        }
    }

    /// The prepared validation set. If it is large, `turn` is to be held for as long as it is used.
    fn validation_set<'a>(
        &'a self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
        turn: &mut Option<MutexGuard<'a, ()>>,
    ) -> Result<Arc<ValidationSet>, Failure> {
        let set = self.sets.get_or_make(request.validation, || {
            let bytes = fetch(blobs, request.validation)?;
            let limits = Limits {
                rows: request.rows.into(),
                ..Limits::default()
            };
            let set = Dataset::decode(&bytes, limits).map_err(|error| {
                log::debug!(target: LOG, "validation set {:?}: {error}", request.validation);
                Malformed::ValidationSet
            })?;
            let mut size = size_prepared(&set);
            if size > LARGE_SET {
                *turn = Some(self.large.lock().unwrap_or_else(PoisonError::into_inner));
                // No cache has room for it.
                size = usize::MAX;
            }
            Ok::<_, Failure>((Arc::new(ValidationSet::new(&set)), size))
        })?;
        // The price of the assay was calculated for this many rows.
        if set.rows() as u64 != u64::from(request.rows) {
            return Err(Malformed::ValidationSet.into());
        }
        Ok(set)
    }

    /// The bytes that prepared sets take, and those that parameters take.
    #[cfg(test)]
    pub fn used(&self) -> (usize, usize) {
        (self.sets.used(), self.parameters.used())
    }

    /// The parameters of the requested model. They and its parent's are kept: others will build on
    /// the same parent, and, if it is accepted, on the model itself.
    fn parameters(
        &self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
    ) -> Result<Arc<Parameters>, Failure> {
        let (root, steps) = lineage(request);
        let Some((last, path)) = steps.split_last() else {
            return self.parent(blobs, request, root, &[]);
        };
        let parent = self.parent(blobs, request, root, path)?;
        self.parameters.get_or_make(last.model, || {
            let candidate = add(blobs, request, last.gradient, &parent)?;
            Ok((candidate.clone(), size_of_parameters(&candidate)))
        })
    }

    /// The parameters at the end of a path from the root: those of the longest part of it that is
    /// still here, with the other gradients added.
    fn parent(
        &self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
        root: H256,
        path: &[Step],
    ) -> Result<Arc<Parameters>, Failure> {
        let key = path.last().map_or(root, |step| step.model);
        self.parameters.get_or_make(key, || {
            let kept = |steps: usize| match steps.checked_sub(1) {
                None => self.parameters.get(&root),
                Some(last) => self.parameters.get(&path.get(last)?.model),
            };
            let longest = (0..=path.len())
                .rev()
                .find_map(|steps| Some((steps, kept(steps)?)));
            let (known, mut parameters) = match longest {
                Some(longest) => longest,
                None => (0, read_root(blobs, request)?),
            };
            for step in path.iter().skip(known) {
                parameters = add(blobs, request, step.gradient, &parameters)?;
            }
            Ok((parameters.clone(), size_of_parameters(&parameters)))
        })
    }
}

/// A gradient on a path, and the name of the model that it leads to.
struct Step {
    gradient: BlobHash,
    model: H256,
}

/// A name for each model on the path of a request, from its root to the requested one: the hash of
/// architecture and initial parameters, then of the parent's name and the gradient.
fn lineage(request: &AssayRequest) -> (H256, Vec<Step>) {
    let root = H256((&request.architecture, request.root).using_encoded(content_hash));
    let mut parent = root;
    let steps = request.gradients.iter().map(|&gradient| {
        parent = H256((parent, gradient).using_encoded(content_hash));
        Step {
            gradient,
            model: parent,
        }
    });
    (root, steps.collect())
}

/// The bytes that a set will take when it is prepared.
fn size_prepared(set: &Dataset) -> usize {
    // The schema was checked, or there would be no set.
    let values = set.schema().check().map_or(usize::MAX, |plan| {
        let row = (plan.inputs as usize).saturating_add(plan.outputs as usize);
        row.saturating_mul(set.rows())
    });
    // Names take a few times what they take in the encoding.
    let names = set.schema().encoded_size().saturating_mul(4);
    values
        .saturating_mul(4)
        .saturating_add(names)
        .saturating_add(ENTRY_ROOM)
}

/// The bytes that parameters take.
fn size_of_parameters(parameters: &Parameters) -> usize {
    let values = parameters.values().len().saturating_mul(4);
    let tensors = parameters.tensors().count().saturating_mul(TENSOR_ROOM);
    ENTRY_ROOM.saturating_add(values).saturating_add(tensors)
}

fn read_root(blobs: &impl BlobSource, request: &AssayRequest) -> Result<Arc<Parameters>, Failure> {
    let bytes = fetch(blobs, request.root)?;
    match Parameters::from_safetensors(&request.architecture, &bytes) {
        Ok(parameters) => Ok(Arc::new(parameters)),
        Err(error) => {
            log::debug!(target: LOG, "parameters {:?}: {error}", request.root);
            Err(malformed(&error, Malformed::Parameters).into())
        }
    }
}

/// The parameters that a gradient leads to.
fn add(
    blobs: &impl BlobSource,
    request: &AssayRequest,
    gradient: BlobHash,
    parameters: &Parameters,
) -> Result<Arc<Parameters>, Failure> {
    let bytes = fetch(blobs, gradient)?;
    let decoded = Gradient::decode(&request.architecture, &bytes).map_err(|error| {
        log::debug!(target: LOG, "gradient {gradient:?}: {error}");
        malformed(&error, Malformed::Gradient)
    })?;
    let sum = decoded.apply(parameters).map_err(|error| {
        log::debug!(target: LOG, "gradient {gradient:?}: {error}");
        Malformed::NotFinite
    })?;
    Ok(Arc::new(sum))
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

fn malformed(error: &BlobError, otherwise: Malformed) -> Malformed {
    match error {
        BlobError::NotFinite { .. } => Malformed::NotFinite,
        _ => otherwise,
    }
}
