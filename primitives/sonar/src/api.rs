//! Runtime APIs: everything that a client needs, so that none has to scan history.

use crate::{
    assay::AssayTask,
    campaign::{CampaignCost, InitialModel, ProposalState, State, Terms},
    events::CampaignEvent,
    recipe::Recipe,
    reputation::Reputation,
    round::Round,
    submission::Submission,
    tree::Model,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use syft::{Architecture, Metric, Text};

/// The most items that one answer holds, whatever `limit` is asked for.
pub const MAX_PAGE: u32 = 100;

/// A campaign in a list.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct CampaignSummary {
    /// Its number.
    pub id: CampaignId,
    /// One line for people.
    pub title: Text<64>,
    /// Who opened it.
    pub owner: AccountId,
    /// How far it has come.
    pub state: State<BlockNumber>,
    /// What can be earned in all, contributions of sponsors included.
    #[serde(with = "crate::amount")]
    pub bounty: Balance,
    /// What its errors are.
    pub metric: Metric,
    /// The measured start (the claimed one until it is measured).
    pub start: MeasuredError,
    /// The least error so far.
    pub best: MeasuredError,
    /// The error at which everything is earned.
    pub target: MeasuredError,
    /// The last block for commitments.
    pub deadline: BlockNumber,
    /// Rounds that were accepted.
    pub accepted: u32,
    /// Rounds that are not decided.
    pub pending: u32,
}

/// A proposal of a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ProposalInfo {
    /// Its number, and the root's if it is accepted.
    pub root: ModelId,
    /// Who proposed it.
    pub author: AccountId,
    /// The model.
    pub model: InitialModel,
    /// The price of measuring it, or one set of a round on it.
    #[serde(with = "crate::amount")]
    pub assay_price: Balance,
    /// How far it has come.
    pub state: ProposalState,
}

/// A sponsor of a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SponsorInfo {
    /// Who.
    pub account: AccountId,
    /// How much, in all.
    #[serde(with = "crate::amount")]
    pub contribution: Balance,
}

/// Everything about one campaign but its tree.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct CampaignInfo {
    /// What a list shows.
    pub summary: CampaignSummary,
    /// What was asked for.
    pub terms: Terms<Balance, BlockNumber>,
    /// The models to start from.
    pub proposals: Vec<ProposalInfo>,
    /// Who pays.
    pub sponsors: Vec<SponsorInfo>,
    /// The account that holds the money.
    pub escrow: AccountId,
    /// The model that set the record; `None` until the first root is measured.
    pub best: Option<ModelId>,
}

/// A model of a campaign's tree.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its number.
    pub id: ModelId,
    /// The model.
    pub model: Model<AccountId>,
}

/// A round.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct RoundInfo {
    /// Its number.
    pub id: RoundId,
    /// The round.
    pub round: Round<Balance, BlockNumber>,
}

/// A submission.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SubmissionInfo {
    /// Its number.
    pub id: SubmissionId,
    /// The submission.
    pub submission: Submission<AccountId, Balance, BlockNumber>,
}

/// How to build a model.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ModelRecipe {
    /// The model's shape.
    pub architecture: Architecture,
    /// The models that lead to it; the last one is the model itself.
    pub recipe: Recipe,
    /// Its measured error.
    pub error: MeasuredError,
}

/// What a round would earn, and a commitment to it cost, now.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Quote {
    /// What a round that reaches the error would earn, all its contributors together.
    #[serde(with = "crate::amount")]
    pub pays: Balance,
    /// What is taken from the account with the commitment: `deposit`, `part` and `fee`.
    #[serde(with = "crate::amount")]
    pub hold: Balance,
    /// The base deposit. Comes back with the verdict; lost without a reveal.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// The largest possible part of the round's assay, with its surcharge; what is not needed comes
    /// back.
    #[serde(with = "crate::amount")]
    pub part: Balance,
    /// What booking room for the reveal costs: little, unless its blocks are nearly booked up. Burned.
    #[serde(with = "crate::amount")]
    pub fee: Balance,
    /// The largest error of a model that would be accepted; `None` if the branch cannot be improved.
    pub accepted_up_to: Option<MeasuredError>,
    /// The branch's best model.
    pub best: ModelId,
    /// The round that takes commitments; `None` if a commitment would open one.
    pub round: Option<RoundId>,
    /// The first block that takes no commitments to it.
    pub closes: BlockNumber,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteRefused {
    /// There is no such campaign.
    UnknownCampaign,
    /// There is no such root.
    UnknownRoot,
    /// The campaign takes no commitments (any more), or none of this account.
    NotOpen,
    /// The round has as many commitments as it can hold.
    RoundFull,
    /// The blocks in which the gradient would have to be revealed are booked up.
    RevealsBookedUp,
}

/// A stored blob.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct BlobInfo {
    /// Its size in bytes.
    pub size: u32,
    /// Who stored it and gets the deposit back.
    pub depositor: AccountId,
    /// What is held for it.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// How many campaigns, models and submissions need it.
    pub pins: u32,
    /// The block in which it was stored.
    pub stored_at: BlockNumber,
}

/// What an account gets from a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct EntitlementInfo {
    /// The campaign.
    pub campaign: CampaignId,
    /// Who.
    pub account: AccountId,
    /// For gradients that took the record down.
    #[serde(with = "crate::amount")]
    pub earned: Balance,
    /// For proposals whose branches set the record.
    #[serde(with = "crate::amount")]
    pub expertise: Balance,
    /// Returned: bounty that was not earned.
    #[serde(with = "crate::amount")]
    pub refund: Balance,
    /// Whether it was claimed.
    pub claimed: bool,
}

impl EntitlementInfo {
    /// All of it. Cannot overflow: the parts of all accounts together are at most a bounty.
    pub fn total(&self) -> Balance {
        self.earned
            .saturating_add(self.expertise)
            .saturating_add(self.refund)
    }
}

sp_api::decl_runtime_apis! {
    /// Everything that a client of Sonar needs to know of the chain's state.
    ///
    /// Lists are in the order of numbers, start at `from` (included) and hold at most `limit`, and
    /// never more than [`MAX_PAGE`], items.
    pub trait SonarApi {
        /// Campaigns.
        fn campaigns(from: CampaignId, limit: u32) -> Vec<CampaignSummary>;
        /// One campaign.
        fn campaign(id: CampaignId) -> Option<CampaignInfo>;
        /// The models of a campaign, roots included.
        fn tree(id: CampaignId, from: ModelId, limit: u32) -> Vec<ModelInfo>;
        /// How to build a model.
        fn recipe(model: ModelId) -> Option<ModelRecipe>;
        /// The rounds of a campaign, decided ones included.
        fn rounds(id: CampaignId, from: RoundId, limit: u32) -> Vec<RoundInfo>;
        /// One round.
        fn round(id: RoundId) -> Option<RoundInfo>;
        /// The submissions of a round, in the order of commitments from place `from` on.
        fn submissions_in(round: RoundId, from: u32, limit: u32) -> Vec<SubmissionInfo>;
        /// One submission.
        fn submission(id: SubmissionId) -> Option<SubmissionInfo>;
        /// Submissions of an account that are not forgotten yet, decided ones included.
        fn submissions_of(account: AccountId, from: SubmissionId, limit: u32) -> Vec<SubmissionInfo>;
        /// What a round on `root` that reaches `error` would earn, and what `account` must have to
        /// commit to it.
        fn quote(account: AccountId, root: ModelId, error: MeasuredError) -> Result<Quote, QuoteRefused>;
        /// What a campaign costs its owner, and its rounds those who commit; `bytes` is the size of
        /// parameters and validation set together. `None` if the architecture is over the limits.
        fn cost(bounty: Balance, architecture: Architecture, rows: u32, bytes: u64, seats: u8) -> Option<CampaignCost<Balance>>;
        /// A blob of the model repository.
        fn blob(hash: BlobHash) -> Option<BlobInfo>;
        /// What everybody gets from a settled campaign, in no particular order.
        fn entitlements(id: CampaignId) -> Vec<EntitlementInfo>;
        /// What an account can claim, from which campaigns.
        fn claimable(account: AccountId, from: CampaignId, limit: u32) -> Vec<EntitlementInfo>;
        /// What an account has done.
        fn reputation(account: AccountId) -> Reputation;
        /// What happened in campaigns in the block at whose state this is asked.
        fn events() -> Vec<CampaignEvent>;
        /// Assays that the chain waits for.
        fn pending_assays(from: ModelId, limit: u32) -> Vec<AssayTask<BlockNumber>>;
        /// Accounts that the owner of a campaign has admitted, in no particular order. `after` is
        /// the last account of the page before.
        fn admitted(id: CampaignId, after: Option<AccountId>, limit: u32) -> Vec<AccountId>;
    }
}
