//! From hashes to a verdict: finds the blobs, builds the models, measures them.
//!
//! Blobs come from strangers. Their hash is checked here; that they are small enough, well formed
//! and finite is checked by Syft before it reserves memory for what they claim.

mod blobs;
mod models;
mod round;
mod validation;

#[cfg(test)]
pub use models::MODELS_ROOM;
#[cfg(test)]
pub use validation::SETS_ROOM;

use super::{workers::WorkerPool, BlobSource, LOG};
use models::Models;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, AssayWork, Malformed, Verdict},
    recipe::{build, BuildError, RecipeStep},
    BlobHash,
};
use syft::{BlobError, EvaluateError, Model, ModelError, ValidationSet};
use validation::ValidationSets;

/// Room that an entry of a cache is counted with besides its values, in bytes: what the cache keeps
/// of it, and what describes its shape. Without it, tiny models could fill the memory.
pub const ENTRY_ROOM: usize = 1024;

/// Measures roots and rounds, and keeps what it has decoded and built. For any number of threads.
pub struct Evaluator {
    sets: ValidationSets,
    models: Models,
}

/// Why there is no measurement.
enum Failure {
    /// What everybody finds out.
    Malformed(Malformed),
    /// This node does not have the blob.
    Unavailable(BlobHash),
    /// Something that cannot be; the log tells what.
    Failed,
}

impl From<Malformed> for Failure {
    fn from(reason: Malformed) -> Self {
        Self::Malformed(reason)
    }
}

impl Evaluator {
    /// With nothing in it.
    pub fn new() -> Self {
        Self {
            sets: ValidationSets::new(),
            models: Models::new(),
        }
    }

    /// Makes an assay; a round's points are built on the threads of `workers`. The order of the
    /// checks is part of the rules: a root with several faults is malformed for the same reason
    /// everywhere.
    pub fn measure(
        &self,
        blobs: &impl BlobSource,
        workers: &WorkerPool,
        request: &AssayRequest,
    ) -> AssayOutcome {
        match self.verdict(blobs, workers, request) {
            Ok(verdict) => AssayOutcome::Verdict(verdict),
            Err(Failure::Unavailable(blob)) => AssayOutcome::Unavailable(blob),
            Err(Failure::Failed) => AssayOutcome::Failed,
            Err(Failure::Malformed(reason)) => match request.work {
                AssayWork::Root { .. } => AssayOutcome::Verdict(Verdict::Malformed(reason)),
                // A round is held on a root that was measured on the same set.
                AssayWork::Round(_) => {
                    log::error!(target: LOG, "a round is malformed: {reason:?}");
                    AssayOutcome::Failed
                }
            },
        }
    }

    fn verdict(
        &self,
        blobs: &impl BlobSource,
        workers: &WorkerPool,
        request: &AssayRequest,
    ) -> Result<Verdict, Failure> {
        // Outlives the set.
        let mut turn = None;
        let set = self.sets.prepared(blobs, request, &mut turn)?;
        match &request.work {
            AssayWork::Root { parameters } => self
                .root(blobs, request, *parameters, &set)
                .map(|error| Verdict::Measured { error }),
            AssayWork::Round(work) => {
                round::measure(&self.models.with(blobs), workers, request, work, &set)
                    .map(Verdict::Round)
            }
        }
    }

    /// The error of a proposal's initial model.
    fn root(
        &self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
        parameters: BlobHash,
        set: &ValidationSet,
    ) -> Result<u64, Failure> {
        let recipe = [RecipeStep::Stored { parameters }];
        let built =
            build(&request.architecture, &recipe, &self.models.with(blobs)).map_err(|error| {
                match error {
                    BuildError::Missing(blob) => Failure::Unavailable(blob),
                    BuildError::Malformed { reason, .. } => {
                        log::debug!(target: LOG, "parameters {parameters:?}: {reason}");
                        Failure::Malformed(match reason {
                            BlobError::NotFinite { .. } => Malformed::NotFinite,
                            _ => Malformed::Parameters,
                        })
                    }
                    // Nothing is added up.
                    BuildError::NotFinite { .. } | BuildError::Mismatch { .. } => Failure::Failed,
                }
            })?;
        let parameters = built.into_iter().next().ok_or(Failure::Failed)?;
        let model = Model::new(request.architecture.clone(), parameters)
            .map_err(|_| Malformed::Parameters)?;
        set.error_of(&model, request.metric)
            .map_err(|error| match error {
                EvaluateError::Malformed(ModelError::NotFinite { .. }) => {
                    Malformed::NotFinite.into()
                }
                // Model and parameters fit each other, so it is the data that do not.
                _ => Malformed::ValidationSet.into(),
            })
    }

    /// The bytes that prepared sets take, and those that models take.
    #[cfg(test)]
    pub fn used(&self) -> (usize, usize) {
        (self.sets.used(), self.models.used())
    }
}
