//! Measures roots and rounds for the off-chain workers of this node.
//!
//! Outcomes are kept by the hash of the request: the same work, asked for again at the next block,
//! on a fork or after a lost transaction, costs a look-up. Two workers that ask for the same at the
//! same time never compute it both.
//!
//! As many roots are measured at once as the machine has cores, whoever asks for them, and beside
//! them one round, which takes all cores by itself.
//!
//! # Memory
//!
//! - The caches: 192 MiB, and less than 1 kB for each of 16,384 outcomes.
//! - One large validation set (400 MB and its targets; see `measure::validation`).
//! - Each root: a blob (4 MiB on our chain) and what is decoded from it (four times as much), a
//!   validation set of 32 MiB, a model's parameters (4 MB), and 2 MB of values between layers per
//!   core.
//! - The round: the models of its recipe, 4 MB each at most. These are the bases of its gradients and
//!   up to 16 rounds above stored parameters for each: a few for mines that follow the branch, and no
//!   more than the branch has (1,024) for those who seek out the worst. They go when the points are
//!   there: one for each of its at most 256 gradients, so 1 GB at most; a gradient's blob goes as
//!   soon as its point is there. Then what [`syft::round::measure_round`] takes (320 MiB).

mod cache;
mod measure;
pub mod metrics;
mod shared;
#[cfg(test)]
mod tests;
mod workers;

use codec::Encode;
use measure::Evaluator;
use metrics::Metrics;
use sc_client_api::BlockBackend;
use shared::Shared;
use sonar_host::Assayer;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, AssayWork, Verdict},
    BlobHash,
};
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use syft::content_hash;
use workers::WorkerPool;

/// The target of the assayer's log lines.
const LOG: &str = "sonar::assayer";

/// Outcomes that are kept.
const MAX_OUTCOMES: usize = 16_384;

/// Roots at once, however many cores there are: each may hold some memory per core. The chain asks for as many per
/// block.
const MAX_AT_ONCE: NonZeroUsize = match NonZeroUsize::new(8) {
    Some(most) => most,
    None => NonZeroUsize::MIN,
};

/// Where blobs come from.
pub trait BlobSource: Send + Sync {
    /// The blob with this hash, if this node has it. The bytes are checked by who asks.
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>>;
}

/// The indexed transactions in a client's database.
pub struct IndexedTransactions<Block, Client> {
    client: Arc<Client>,
    block: PhantomData<fn() -> Block>,
}

impl<Block: BlockT, Client: BlockBackend<Block> + Send + Sync> BlobSource
    for IndexedTransactions<Block, Client>
{
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        self.client
            .indexed_transaction(hash)
            .unwrap_or_else(|error| {
                log::error!(target: LOG, "cannot read blob {hash:?}: {error}");
                None
            })
    }
}

/// Measures roots and rounds made of the blobs of one source.
pub struct NodeAssayer<Blobs> {
    blobs: Blobs,
    evaluator: Evaluator,
    /// Verdicts by the hash of the request's SCALE encoding. They are counted, as each takes little.
    outcomes: Shared<AssayOutcome>,
    workers: WorkerPool,
    /// Held by who measures a round.
    round: Mutex<()>,
    metrics: Option<Metrics>,
}

/// The assayer of a node, to be made once; its metrics go to `registry`.
pub fn start<Block: BlockT, Client: BlockBackend<Block> + Send + Sync>(
    client: Arc<Client>,
    registry: Option<&Registry>,
) -> Result<Arc<NodeAssayer<IndexedTransactions<Block, Client>>>, PrometheusError> {
    let blobs = IndexedTransactions {
        client,
        block: PhantomData,
    };
    let metrics = registry.map(Metrics::register).transpose()?;
    // One where the system does not tell.
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let at_once = cores.min(MAX_AT_ONCE);
    Ok(Arc::new(NodeAssayer::new(blobs, at_once, metrics)))
}

impl<Blobs: BlobSource> NodeAssayer<Blobs> {
    /// An assayer that knows nothing yet and measures at most so many roots at once.
    pub fn new(blobs: Blobs, at_once: NonZeroUsize, metrics: Option<Metrics>) -> Self {
        Self {
            blobs,
            evaluator: Evaluator::new(),
            outcomes: Shared::new(MAX_OUTCOMES),
            workers: WorkerPool::new(at_once),
            round: Mutex::new(()),
            metrics,
        }
    }

    /// The outcome of one request, whose hash is `key`.
    fn evaluate(&self, key: H256, request: &AssayRequest) -> AssayOutcome {
        let outcome = self.outcomes.get_or_make(key, || {
            match self.in_turn(&request.work, || self.measure(request)) {
                outcome @ AssayOutcome::Verdict(_) => Ok((outcome, 1)),
                // Nothing that holds at the next block, too.
                outcome => Err(outcome),
            }
        });
        outcome.unwrap_or_else(|undecided| undecided)
    }

    /// Measures when there is memory for it. A round takes no slot, so that no root waits for it.
    fn in_turn(&self, work: &AssayWork, measure: impl FnOnce() -> AssayOutcome) -> AssayOutcome {
        match work {
            AssayWork::Root { .. } => self.workers.in_slot(measure),
            AssayWork::Round(_) => {
                // There is nothing behind the lock that a panic could spoil.
                let _turn = self.round.lock().unwrap_or_else(PoisonError::into_inner);
                measure()
            }
        }
    }

    fn measure(&self, request: &AssayRequest) -> AssayOutcome {
        let started = Instant::now();
        let outcome = self.evaluator.measure(&self.blobs, &self.workers, request);
        if let (Some(metrics), AssayOutcome::Verdict(_)) = (&self.metrics, &outcome) {
            metrics.note_assay(started.elapsed());
        }
        outcome
    }
}

impl<Blobs: BlobSource> Assayer for NodeAssayer<Blobs> {
    fn evaluate_all(&self, requests: &[AssayRequest]) -> Vec<AssayOutcome> {
        let keys = requests
            .iter()
            .map(|request| H256(request.using_encoded(content_hash)));
        let keys: Vec<_> = keys.collect();
        let mut seen = HashSet::new();
        let distinct: Vec<_> = keys
            .iter()
            .zip(requests)
            .filter(|(key, _)| seen.insert(**key))
            .collect();
        let outcomes = self
            .workers
            .each(&distinct, |(key, request)| self.evaluate(**key, request));
        let outcomes: HashMap<_, _> = distinct.iter().map(|(key, _)| *key).zip(outcomes).collect();
        keys.iter()
            .map(|key| match outcomes.get(key) {
                Some(Some(outcome)) => outcome.clone(),
                _ => AssayOutcome::Failed,
            })
            .collect()
    }

    fn note_verdict(&self, verdict: &Verdict) {
        if let Some(metrics) = &self.metrics {
            metrics.note_verdict(verdict);
        }
    }

    fn note_pending(&self, count: u32) {
        if let Some(metrics) = &self.metrics {
            metrics.note_pending(count);
        }
    }
}
