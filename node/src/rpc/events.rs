//! Events of campaigns as they happen, worked out once for all subscribers.

use crate::service::FullClient;
use futures::StreamExt;
use sc_client_api::BlockchainEvents;
use serde::Serialize;
use sonar_primitives::{api::SonarApi, events::CampaignEvent, BlockNumber};
use sonar_runtime::{opaque::Block, Hash};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::TreeRoute;
use sp_core::traits::SpawnNamed;
use sp_runtime::traits::Header;
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many blocks with events are kept for a subscriber that is slow. One that is slower is dropped.
const BLOCKS_KEPT: usize = 64;

/// An event and the block in which it happened.
#[derive(Clone, Debug, Serialize)]
pub struct EventInBlock {
    /// The block's number.
    block: BlockNumber,
    /// The block's hash.
    hash: Hash,
    /// What happened.
    pub(super) event: CampaignEvent,
}

/// The events of all new best blocks.
#[derive(Clone)]
pub struct EventFeed(broadcast::Sender<Arc<[EventInBlock]>>);

impl EventFeed {
    /// Follows the chain from now on, in a task of its own. The runtime is asked once per block, and
    /// only while somebody listens.
    pub fn start(client: Arc<FullClient>, executor: &dyn SpawnNamed) -> Self {
        let (sender, _) = broadcast::channel(BLOCKS_KEPT);
        let feed = Self(sender.clone());
        executor.spawn(
            "sonar-rpc-events",
            Some("rpc"),
            Box::pin(follow(client, sender)),
        );
        feed
    }

    /// The events of each block from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[EventInBlock]>> {
        self.0.subscribe()
    }
}

async fn follow(client: Arc<FullClient>, sender: broadcast::Sender<Arc<[EventInBlock]>>) {
    let mut blocks = client.import_notification_stream();
    while let Some(block) = blocks.next().await {
        if !block.is_new_best || sender.receiver_count() == 0 {
            continue;
        }
        let best = (*block.header.number(), block.hash);
        for (block, hash) in new_blocks(block.tree_route.as_deref(), best) {
            match client.runtime_api().events(hash) {
                Ok(events) if events.is_empty() => {}
                Ok(events) => {
                    let events =
                        events
                            .into_iter()
                            .map(|event| EventInBlock { block, hash, event });
                    // Nobody listens any more: nothing is lost.
                    let _ = sender.send(events.collect());
                }
                Err(error) => {
                    log::warn!(target: "sonar::rpc", "no events of block {hash}: {error}");
                }
            }
        }
    }
}

/// The blocks that a new best block brings, in their order: after a reorganisation (`route` leads
/// from the old best block to the parent of the new one) also those before it that were not the best
/// when they came.
fn new_blocks(
    route: Option<&TreeRoute<Block>>,
    best: (BlockNumber, Hash),
) -> Vec<(BlockNumber, Hash)> {
    let enacted = route.map_or(&[][..], |route| route.enacted());
    let enacted = enacted.iter().map(|block| (block.number, block.hash));
    enacted.chain([best]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_blockchain::HashAndNumber;

    #[test]
    fn a_reorganisation_brings_all_blocks_of_its_branch() {
        let at = |number: BlockNumber, byte: u8| HashAndNumber::<Block> {
            number,
            hash: Hash::repeat_byte(byte),
        };
        let best = (4, Hash::repeat_byte(0x4b));
        assert_eq!(new_blocks(None, best), [best]);
        // From 2a and 3a back to 1, and on to 2b and 3b.
        let route = vec![at(3, 0x3a), at(2, 0x2a), at(1, 1), at(2, 0x2b), at(3, 0x3b)];
        let route = TreeRoute::new(route, 2).unwrap_or_else(|error| panic!("{error}"));
        let (two, three) = (Hash::repeat_byte(0x2b), Hash::repeat_byte(0x3b));
        assert_eq!(new_blocks(Some(&route), best), [(2, two), (3, three), best]);
    }
}
