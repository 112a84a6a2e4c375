//! Measures models for the off-chain workers of this node.
//!
//! Outcomes are kept by the hash of the request: the same work, asked for again at the next block,
//! on a fork or after a lost transaction, costs a look-up. Assays run one after the other, so
//! memory is bounded by the caches and one assay, and two workers that ask for the same never
//! compute it both.

mod cache;
mod measure;
pub mod metrics;
#[cfg(test)]
mod tests;

use cache::Cache;
use codec::Encode;
use measure::Workshop;
use metrics::Metrics;
use sc_client_api::BlockBackend;
use sonar_host::Assayer;
use sonar_primitives::{
    assay::{AssayOutcome, AssayRequest, Verdict},
    BlobHash,
};
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use syft::content_hash;

/// The target of the assayer's log lines.
const LOG: &str = "sonar::assayer";

/// Outcomes that are kept.
const MAX_OUTCOMES: usize = 16_384;

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
    state: Mutex<State>,
    metrics: Option<Metrics>,
}

struct State {
    workshop: Workshop,
    /// By the hash of the request's SCALE encoding. Every one takes the same room.
    outcomes: Cache<AssayOutcome>,
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
    Ok(Arc::new(NodeAssayer::new(blobs, metrics)))
}

impl<Blobs: BlobSource> NodeAssayer<Blobs> {
    /// An assayer that knows nothing yet.
    pub fn new(blobs: Blobs, metrics: Option<Metrics>) -> Self {
        Self {
            blobs,
            state: Mutex::new(State {
                workshop: Workshop::new(),
                outcomes: Cache::new(MAX_OUTCOMES),
            }),
            metrics,
        }
    }
}

impl<Blobs: BlobSource> Assayer for NodeAssayer<Blobs> {
    fn evaluate(&self, request: &AssayRequest) -> AssayOutcome {
        let key = H256(request.using_encoded(content_hash));
        // What another thread left behind when it panicked are caches, whole entries only.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = state.outcomes.get(&key) {
            return outcome;
        }
        let started = Instant::now();
        let outcome = state.workshop.measure(&self.blobs, request);
        if !matches!(outcome, AssayOutcome::Unavailable(_)) {
            state.outcomes.insert(key, outcome.clone(), 1);
            if let Some(metrics) = &self.metrics {
                metrics.note_assay(started.elapsed());
            }
        }
        outcome
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
