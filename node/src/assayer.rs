//! Measures models for the off-chain workers of this node.
//!
//! Outcomes are kept by the hash of the request: the same work, asked for again at the next block,
//! on a fork or after a lost transaction, costs a look-up. Two workers that ask for the same at the
//! same time never compute it both.
//!
//! As many assays run at once as the machine has cores, whoever asks for them. So memory is bounded
//! by the caches (192 MiB and the outcomes), that many times what one assay takes, and one large
//! validation set (400 MB and its targets; see `measure`). One assay takes a blob (4 MiB on our
//! chain) and what is decoded from it (four times as much), a validation set of 32 MiB, a model's and
//! its parent's parameters and a gradient (4 MB each), and 2 MB of values between layers per core.

mod cache;
mod crew;
mod measure;
pub mod metrics;
mod shared;
#[cfg(test)]
mod tests;

use codec::Encode;
use crew::Crew;
use measure::Workshop;
use metrics::Metrics;
use sc_client_api::BlockBackend;
use shared::Shared;
use sonar_host::Assayer;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, Verdict},
    BlobHash,
};
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::Instant,
};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use syft::content_hash;

/// The target of the assayer's log lines.
const LOG: &str = "sonar::assayer";

/// Outcomes that are kept.
const MAX_OUTCOMES: usize = 16_384;

/// Assays at once, however many cores there are: each may hold some memory per core. The chain asks for as many per
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

/// Measures models made of the blobs of one source.
pub struct NodeAssayer<Blobs> {
    blobs: Blobs,
    workshop: Workshop,
    /// By the hash of the request's SCALE encoding. Every one takes the same room.
    outcomes: Shared<AssayOutcome>,
    crew: Crew,
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
    /// An assayer that knows nothing yet and makes at most so many assays at once.
    pub fn new(blobs: Blobs, at_once: NonZeroUsize, metrics: Option<Metrics>) -> Self {
        Self {
            blobs,
            workshop: Workshop::new(),
            outcomes: Shared::new(MAX_OUTCOMES),
            crew: Crew::new(at_once),
            metrics,
        }
    }

    /// The outcome of one request, whose hash is `key`.
    fn evaluate(&self, key: H256, request: &AssayRequest) -> AssayOutcome {
        let outcome = self.outcomes.get_or_make(key, || {
            match self.crew.at_a_desk(|| self.measure(request)) {
                // Nothing that holds at the next block, too.
                outcome @ AssayOutcome::Unavailable(_) => Err(outcome),
                outcome => Ok((outcome, 1)),
            }
        });
        outcome.unwrap_or_else(|unavailable| unavailable)
    }

    fn measure(&self, request: &AssayRequest) -> AssayOutcome {
        let started = Instant::now();
        let outcome = self.workshop.measure(&self.blobs, request);
        if let (Some(metrics), false) = (
            &self.metrics,
            matches!(outcome, AssayOutcome::Unavailable(_)),
        ) {
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
            .crew
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
