//! The `sonar_*` namespace: the runtime's `SonarApi` as JSON, for programs that do not speak SCALE.
//!
//! Every method takes an optional block hash as its last parameter and answers for that block, or
//! for the best one. Amounts are strings of decimal digits in the smallest unit; hashes are `0x…`;
//! accounts are SS58 addresses. Lists hold at most `limit` items and never more than
//! [`MAX_PAGE`]; ask again from the last item's number plus one.

use super::events::EventFeed;
use crate::service::FullClient;
use jsonrpsee::{
    core::{async_trait, RpcResult, SubscriptionResult},
    proc_macros::rpc,
    types::{error::ErrorCode, ErrorObject, ErrorObjectOwned},
    PendingSubscriptionSink, SubscriptionMessage,
};
use sonar_primitives::{
    api::{
        BlobInfo, CampaignInfo, CampaignSummary, EntitlementInfo, ModelInfo, ModelRecipe, Quote,
        QuoteRefused, RoundInfo, SonarApi, SubmissionInfo, MAX_PAGE,
    },
    assay::AssayTask,
    campaign::CampaignCost,
    reputation::Reputation,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use sonar_runtime::Hash;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::traits::SpawnNamed;
use std::sync::Arc;
use syft::Architecture;

/// The error code of an answer that the runtime refused, or that could not be asked for.
const RUNTIME_CODE: i32 = 7001;
/// The error code of a quote that there is none for.
const QUOTE_CODE: i32 = 7002;

/// Campaigns, models and money as JSON.
#[rpc(server, namespace = "sonar")]
pub trait Sonar {
    /// Campaigns from the number `from` (default 0) on.
    #[method(name = "campaigns")]
    fn campaigns(
        &self,
        from: Option<CampaignId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<CampaignSummary>>;

    /// One campaign, or `null`.
    #[method(name = "campaign")]
    fn campaign(&self, id: CampaignId, at: Option<Hash>) -> RpcResult<Option<CampaignInfo>>;

    /// The models of a campaign, roots included.
    #[method(name = "tree")]
    fn tree(
        &self,
        id: CampaignId,
        from: Option<ModelId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<ModelInfo>>;

    /// How to build a model from stored blobs, or `null`.
    #[method(name = "recipe")]
    fn recipe(&self, model: ModelId, at: Option<Hash>) -> RpcResult<Option<ModelRecipe>>;

    /// The rounds of a campaign, decided ones included.
    #[method(name = "rounds")]
    fn rounds(
        &self,
        id: CampaignId,
        from: Option<RoundId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<RoundInfo>>;

    /// One round, or `null`.
    #[method(name = "round")]
    fn round(&self, id: RoundId, at: Option<Hash>) -> RpcResult<Option<RoundInfo>>;

    /// The submissions of a round in the order of commitments, from place `from` (default 0) on.
    #[method(name = "submissionsIn")]
    fn submissions_in(
        &self,
        round: RoundId,
        from: Option<u32>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<SubmissionInfo>>;

    /// One submission, or `null`.
    #[method(name = "submission")]
    fn submission(&self, id: SubmissionId, at: Option<Hash>) -> RpcResult<Option<SubmissionInfo>>;

    /// An account's submissions, decided ones included.
    #[method(name = "submissionsOf")]
    fn submissions_of(
        &self,
        account: AccountId,
        from: Option<SubmissionId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<SubmissionInfo>>;

    /// What a round on `root` that reaches `error` would earn, and what is held from `account` for a
    /// commitment to it.
    #[method(name = "quote")]
    fn quote(
        &self,
        account: AccountId,
        root: ModelId,
        error: MeasuredError,
        at: Option<Hash>,
    ) -> RpcResult<Quote>;

    /// What a campaign costs its owner, and its rounds those who commit, or `null` if the architecture
    /// is over the limits. `bounty` is a string of digits; `bytes` is the size of parameters and
    /// validation set together; `seats` is how many gradients of a round can have a share.
    #[method(name = "cost")]
    fn cost(
        &self,
        bounty: String,
        architecture: Architecture,
        rows: u32,
        bytes: u64,
        seats: u8,
        at: Option<Hash>,
    ) -> RpcResult<Option<CampaignCost<Balance>>>;

    /// A blob of the model repository, or `null`. Its bytes come from `bitswap_v1_get`.
    #[method(name = "blob")]
    fn blob(&self, hash: BlobHash, at: Option<Hash>) -> RpcResult<Option<BlobInfo>>;

    /// What everybody gets from a settled campaign.
    #[method(name = "entitlements")]
    fn entitlements(&self, id: CampaignId, at: Option<Hash>) -> RpcResult<Vec<EntitlementInfo>>;

    /// What an account can claim.
    #[method(name = "claimable")]
    fn claimable(
        &self,
        account: AccountId,
        from: Option<CampaignId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<EntitlementInfo>>;

    /// What an account has done.
    #[method(name = "reputation")]
    fn reputation(&self, account: AccountId, at: Option<Hash>) -> RpcResult<Reputation>;

    /// Assays that the chain waits for.
    #[method(name = "pendingAssays")]
    fn pending_assays(
        &self,
        from: Option<ModelId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<AssayTask<BlockNumber>>>;

    /// Accounts that the owner of a campaign has admitted, in no particular order; `after` is the last
    /// one of the page before.
    #[method(name = "admitted")]
    fn admitted(
        &self,
        id: CampaignId,
        after: Option<AccountId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<AccountId>>;

    /// What happens in one campaign (in all without `id`) from the next best block on. A
    /// reorganisation brings the events of all blocks that are new on the best chain, and does not
    /// take back those of the blocks that it leaves. A subscriber that is 64 blocks late is dropped.
    #[subscription(name = "subscribeEvents" => "event", unsubscribe = "unsubscribeEvents", item = EventInBlock)]
    async fn subscribe_events(&self, id: Option<CampaignId>) -> SubscriptionResult;
}

/// Answers from the chain's client.
pub struct Sonar {
    client: Arc<FullClient>,
    feed: EventFeed,
    executor: Arc<dyn SpawnNamed>,
}

impl Sonar {
    /// Answers from `client`; subscriptions to `feed` run on `executor`.
    pub fn new(client: Arc<FullClient>, feed: EventFeed, executor: Arc<dyn SpawnNamed>) -> Self {
        Self {
            client,
            feed,
            executor,
        }
    }

    fn at(&self, block: Option<Hash>) -> Hash {
        block.unwrap_or_else(|| self.client.info().best_hash)
    }
}

fn runtime_failed(error: ApiError) -> ErrorObjectOwned {
    ErrorObject::owned(
        RUNTIME_CODE,
        "the state of that block cannot be asked (pruned, unknown, or another runtime)",
        Some(error.to_string()),
    )
}

fn quote_refused(reason: QuoteRefused) -> ErrorObjectOwned {
    let message = match reason {
        QuoteRefused::UnknownCampaign => "there is no such campaign",
        QuoteRefused::UnknownRoot => "there is no such root",
        QuoteRefused::NotOpen => {
            "the campaign takes no commitments (any more), or none of this account"
        }
        QuoteRefused::RoundFull => "the round is full: wait for the next one",
        QuoteRefused::RevealsBookedUp => {
            "the blocks in which it would have to be revealed are booked up: wait for the next round"
        }
    };
    ErrorObject::owned(QUOTE_CODE, message, Some(reason))
}

#[async_trait]
impl SonarServer for Sonar {
    fn campaigns(
        &self,
        from: Option<CampaignId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<CampaignSummary>> {
        self.client
            .runtime_api()
            .campaigns(self.at(at), from.unwrap_or(0), limit.unwrap_or(MAX_PAGE))
            .map_err(runtime_failed)
    }

    fn campaign(&self, id: CampaignId, at: Option<Hash>) -> RpcResult<Option<CampaignInfo>> {
        self.client
            .runtime_api()
            .campaign(self.at(at), id)
            .map_err(runtime_failed)
    }

    fn tree(
        &self,
        id: CampaignId,
        from: Option<ModelId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<ModelInfo>> {
        self.client
            .runtime_api()
            .tree(
                self.at(at),
                id,
                from.unwrap_or(0),
                limit.unwrap_or(MAX_PAGE),
            )
            .map_err(runtime_failed)
    }

    fn recipe(&self, model: ModelId, at: Option<Hash>) -> RpcResult<Option<ModelRecipe>> {
        self.client
            .runtime_api()
            .recipe(self.at(at), model)
            .map_err(runtime_failed)
    }

    fn rounds(
        &self,
        id: CampaignId,
        from: Option<RoundId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<RoundInfo>> {
        self.client
            .runtime_api()
            .rounds(
                self.at(at),
                id,
                from.unwrap_or(0),
                limit.unwrap_or(MAX_PAGE),
            )
            .map_err(runtime_failed)
    }

    fn round(&self, id: RoundId, at: Option<Hash>) -> RpcResult<Option<RoundInfo>> {
        self.client
            .runtime_api()
            .round(self.at(at), id)
            .map_err(runtime_failed)
    }

    fn submissions_in(
        &self,
        round: RoundId,
        from: Option<u32>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<SubmissionInfo>> {
        self.client
            .runtime_api()
            .submissions_in(
                self.at(at),
                round,
                from.unwrap_or(0),
                limit.unwrap_or(MAX_PAGE),
            )
            .map_err(runtime_failed)
    }

    fn submission(&self, id: SubmissionId, at: Option<Hash>) -> RpcResult<Option<SubmissionInfo>> {
        self.client
            .runtime_api()
            .submission(self.at(at), id)
            .map_err(runtime_failed)
    }

    fn submissions_of(
        &self,
        account: AccountId,
        from: Option<SubmissionId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<SubmissionInfo>> {
        self.client
            .runtime_api()
            .submissions_of(
                self.at(at),
                account,
                from.unwrap_or(0),
                limit.unwrap_or(MAX_PAGE),
            )
            .map_err(runtime_failed)
    }

    fn quote(
        &self,
        account: AccountId,
        root: ModelId,
        error: MeasuredError,
        at: Option<Hash>,
    ) -> RpcResult<Quote> {
        self.client
            .runtime_api()
            .quote(self.at(at), account, root, error)
            .map_err(runtime_failed)?
            .map_err(quote_refused)
    }

    fn cost(
        &self,
        bounty: String,
        architecture: Architecture,
        rows: u32,
        bytes: u64,
        seats: u8,
        at: Option<Hash>,
    ) -> RpcResult<Option<CampaignCost<Balance>>> {
        let bounty = bounty.parse().map_err(|_| {
            ErrorObject::owned(
                ErrorCode::InvalidParams.code(),
                "the bounty is a string of decimal digits, in the smallest unit of SNR",
                Some(&bounty),
            )
        })?;
        self.client
            .runtime_api()
            .cost(self.at(at), bounty, architecture, rows, bytes, seats)
            .map_err(runtime_failed)
    }

    fn blob(&self, hash: BlobHash, at: Option<Hash>) -> RpcResult<Option<BlobInfo>> {
        self.client
            .runtime_api()
            .blob(self.at(at), hash)
            .map_err(runtime_failed)
    }

    fn entitlements(&self, id: CampaignId, at: Option<Hash>) -> RpcResult<Vec<EntitlementInfo>> {
        self.client
            .runtime_api()
            .entitlements(self.at(at), id)
            .map_err(runtime_failed)
    }

    fn claimable(
        &self,
        account: AccountId,
        from: Option<CampaignId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<EntitlementInfo>> {
        self.client
            .runtime_api()
            .claimable(
                self.at(at),
                account,
                from.unwrap_or(0),
                limit.unwrap_or(MAX_PAGE),
            )
            .map_err(runtime_failed)
    }

    fn reputation(&self, account: AccountId, at: Option<Hash>) -> RpcResult<Reputation> {
        self.client
            .runtime_api()
            .reputation(self.at(at), account)
            .map_err(runtime_failed)
    }

    fn pending_assays(
        &self,
        from: Option<ModelId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<AssayTask<BlockNumber>>> {
        self.client
            .runtime_api()
            .pending_assays(self.at(at), from.unwrap_or(0), limit.unwrap_or(MAX_PAGE))
            .map_err(runtime_failed)
    }

    fn admitted(
        &self,
        id: CampaignId,
        after: Option<AccountId>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<AccountId>> {
        self.client
            .runtime_api()
            .admitted(self.at(at), id, after, limit.unwrap_or(MAX_PAGE))
            .map_err(runtime_failed)
    }

    async fn subscribe_events(
        &self,
        pending: PendingSubscriptionSink,
        id: Option<CampaignId>,
    ) -> SubscriptionResult {
        let sink = pending.accept().await?;
        let mut blocks = self.feed.subscribe();
        let forward = async move {
            loop {
                let block = tokio::select! {
                    block = blocks.recv() => block,
                    () = sink.closed() => return,
                };
                // It ended, or this subscriber is too slow for it: better none than one with a gap.
                let Ok(block) = block else { return };
                let wanted = block
                    .iter()
                    .filter(|item| id.is_none_or(|id| id == item.event.campaign()));
                for item in wanted {
                    let sent = match SubscriptionMessage::from_json(item) {
                        Ok(message) => sink.send(message).await.is_ok(),
                        Err(_) => false,
                    };
                    if !sent {
                        return;
                    }
                }
            }
        };
        self.executor
            .spawn("sonar-rpc-subscriber", Some("rpc"), Box::pin(forward));
        Ok(())
    }
}
