//! Following the chain, block by block and event by event.

use crate::{
    api::chain,
    connection::{BlockRef, Client, Header, Inclusion},
    error::ReadError,
};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::Serialize;
use sonar_primitives::{events::CampaignEvent, CampaignId};
use sp_core::H256;
use std::collections::VecDeque;
use subxt::rpcs::client::RpcSubscription;

/// How many blocks back a gap or a replaced branch is followed; a longer one is cut.
const MAX_CATCH_UP: usize = 256;

/// Something that happened in a campaign, and in which block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChainEvent {
    /// The block.
    pub block: BlockRef,
    /// What happened.
    pub event: CampaignEvent,
}

impl Client {
    /// All blocks from the current one on, oldest first ([`Self::wait_for`] says which count), without gaps. When a
    /// block of the best chain is replaced, those that replace it follow, so a height may come twice. The stream ends
    /// after its first error.
    pub async fn blocks(
        &self,
    ) -> Result<BoxStream<'static, Result<BlockRef, ReadError>>, ReadError> {
        let heads = match self.inclusion() {
            Inclusion::BestBlock => self.ask(self.methods().chain_subscribe_new_heads()).await?,
            Inclusion::Finalized => {
                self.ask(self.methods().chain_subscribe_finalized_heads())
                    .await?
            }
        };
        let follower = Follower {
            client: self.clone(),
            heads,
            trail: Trail::default(),
            ready: VecDeque::new(),
        };
        let blocks = stream::unfold(Some(follower), |follower| async {
            let mut follower = follower?;
            match follower.next().await {
                Ok(block) => Some((Ok(block), Some(follower))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(blocks.boxed())
    }

    /// What happens in a campaign, from the current block on; see [`Self::blocks`].
    pub async fn watch(
        &self,
        campaign: CampaignId,
    ) -> Result<BoxStream<'static, Result<ChainEvent, ReadError>>, ReadError> {
        let client = self.clone();
        let events = self
            .blocks()
            .await?
            .and_then(move |block| {
                let client = client.clone();
                async move { client.events(block).await }
            })
            .map_ok(move |events| {
                let of_campaign = events
                    .into_iter()
                    .filter(move |event| event.event.campaign() == campaign);
                stream::iter(of_campaign.map(Ok))
            })
            .try_flatten();
        Ok(events.boxed())
    }

    /// What happened in all campaigns in a block, in order.
    pub async fn events(&self, block: BlockRef) -> Result<Vec<ChainEvent>, ReadError> {
        let at = self.at(block).await?;
        let events = self
            .call(&at, chain::runtime_apis().sonar_api().events())
            .await?;
        Ok(events
            .into_iter()
            .map(|event| ChainEvent {
                block,
                event: event.0,
            })
            .collect())
    }
}

/// Follows new heads and fills the gaps between them.
struct Follower {
    client: Client,
    heads: RpcSubscription<Header>,
    trail: Trail,
    /// Blocks to report, oldest first.
    ready: VecDeque<BlockRef>,
}

impl Follower {
    async fn next(&mut self) -> Result<BlockRef, ReadError> {
        loop {
            if let Some(block) = self.ready.pop_front() {
                return Ok(block);
            }
            let head = match self.heads.next().await {
                Some(Ok(head)) => head,
                Some(Err(error)) => return Err(self.client.failed(error.into()).await),
                None if self.client.is_lost().await => {
                    return Err(ReadError::Disconnected {
                        url: self.client.url().into(),
                    })
                }
                None => {
                    return Err(ReadError::StreamEnded {
                        url: self.client.url().into(),
                    })
                }
            };
            self.catch_up(head).await?;
        }
    }

    /// Makes everything ready from the last block that was reported to this head.
    async fn catch_up(&mut self, head: Header) -> Result<(), ReadError> {
        let mut block = BlockRef::of(&head);
        let mut parent = head.parent_hash;
        let mut gap = Vec::new();
        while !self.trail.knows(block) && gap.len() < MAX_CATCH_UP {
            gap.push(block);
            if self.trail.starts_at(block) {
                break;
            }
            let header = self.client.header(Some(parent)).await?;
            block = BlockRef::of(&header);
            parent = header.parent_hash;
        }
        gap.reverse();
        for block in gap {
            self.trail.push(block);
            self.ready.push_back(block);
        }
        Ok(())
    }
}

/// The blocks that were reported last.
#[derive(Default)]
struct Trail {
    hashes: VecDeque<H256>,
    /// Where reporting began: nothing before it is of interest.
    first: Option<BlockRef>,
}

impl Trail {
    fn knows(&self, block: BlockRef) -> bool {
        self.hashes.contains(&block.hash)
    }

    /// Whether nothing before the block is of interest.
    fn starts_at(&self, block: BlockRef) -> bool {
        self.first.is_none_or(|first| block.number <= first.number)
    }

    fn push(&mut self, block: BlockRef) {
        self.first.get_or_insert(block);
        self.hashes.push_back(block.hash);
        if self.hashes.len() > MAX_CATCH_UP {
            self.hashes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u32, branch: u8) -> BlockRef {
        BlockRef {
            number,
            hash: H256::repeat_byte(branch.wrapping_add(number as u8)),
        }
    }

    #[test]
    fn a_trail_begins_at_its_first_block_and_is_bounded() {
        let mut trail = Trail::default();
        assert!(trail.starts_at(block(10, 0)));
        trail.push(block(10, 0));
        assert!(trail.knows(block(10, 0)));
        assert!(!trail.knows(block(11, 0)));
        assert!(!trail.starts_at(block(11, 0)));
        // A branch that replaces the first block is followed no farther.
        assert!(trail.starts_at(block(10, 100)));
        for number in 11..1_000 {
            trail.push(block(number, 0));
        }
        assert_eq!(trail.hashes.len(), MAX_CATCH_UP);
    }
}
