//! Runtime APIs: everything that a client needs, so that none has to scan history.

use crate::{
    assay::AssayTask,
    campaign::{CampaignCost, Model, ProposalState, State, Terms},
    events::CampaignEvent,
    reputation::Reputation,
    tree::{Node, Submission},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, NodeId,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
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
    /// Accepted gradients.
    pub accepted: u32,
    /// Submissions that wait for a reveal or a verdict.
    pub pending: u32,
}

/// A proposal of a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ProposalInfo {
    /// Its node.
    pub node: NodeId,
    /// Who proposed it.
    pub author: AccountId,
    /// The model.
    pub model: Model,
    /// The price of one assay of it.
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
    /// What is left to pay assays of accepted gradients.
    #[serde(with = "crate::amount")]
    pub reserve: Balance,
    /// The account that holds the money.
    pub escrow: AccountId,
    /// The node with the least error, roots included; `None` until a proposal is accepted.
    pub best: Option<NodeId>,
}

/// A node of a campaign's tree.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its number.
    pub id: NodeId,
    /// The node.
    pub node: Node<AccountId>,
}

/// A submission.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SubmissionInfo {
    /// Its number.
    pub id: NodeId,
    /// The submission.
    pub submission: Submission<AccountId, Balance, BlockNumber>,
}

/// The blobs that make up a node's model.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Lineage {
    /// The model's shape.
    pub architecture: Architecture,
    /// The initial parameters.
    pub root: BlobHash,
    /// Gradients to add to them, in this order.
    pub gradients: Vec<BlobHash>,
    /// blake2b-256 of the result.
    pub candidate: H256,
    /// Its measured error.
    pub error: MeasuredError,
}

/// What a gradient would earn and cost now.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Quote {
    /// What the step would earn if its node, or one built on it, wins.
    #[serde(with = "crate::amount")]
    pub pays: Balance,
    /// What is held from the account until it is decided.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// The part of the deposit that is lost if the gradient is not accepted.
    #[serde(with = "crate::amount")]
    pub assay_price: Balance,
    /// The largest error that would be accepted; `None` if the parent cannot be improved.
    pub accepted_up_to: Option<MeasuredError>,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteRefused {
    /// There is no such campaign.
    UnknownCampaign,
    /// There is no such node in this campaign.
    UnknownNode,
    /// The campaign takes no commitments (any more).
    NotOpen,
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
    /// How many campaigns, nodes and submissions need it.
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
    /// For gradients along the winning path.
    #[serde(with = "crate::amount")]
    pub earned: Balance,
    /// For the winning proposal.
    #[serde(with = "crate::amount")]
    pub expertise: Balance,
    /// Returned: bounty not earned, reserve not used.
    #[serde(with = "crate::amount")]
    pub refund: Balance,
    /// Whether it was claimed.
    pub claimed: bool,
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
        /// The accepted nodes of a campaign, roots included.
        fn tree(id: CampaignId, from: NodeId, limit: u32) -> Vec<NodeInfo>;
        /// What a node's model is made of.
        fn lineage(node: NodeId) -> Option<Lineage>;
        /// Submissions of a campaign that wait for a reveal or a verdict.
        fn pending_submissions(id: CampaignId, from: NodeId, limit: u32) -> Vec<SubmissionInfo>;
        /// One submission.
        fn submission(id: NodeId) -> Option<SubmissionInfo>;
        /// Submissions of an account that are not forgotten yet, decided ones included.
        fn submissions_of(account: AccountId, from: NodeId, limit: u32) -> Vec<SubmissionInfo>;
        /// What `account` would earn, and deposit, for a gradient on `parent` that reaches `error`.
        fn quote(account: AccountId, parent: NodeId, error: MeasuredError) -> Result<Quote, QuoteRefused>;
        /// What a campaign costs its owner; `bytes` is the size of parameters and validation set
        /// together. `None` if the architecture is over the limits.
        fn cost(bounty: Balance, architecture: Architecture, rows: u32, bytes: u64) -> Option<CampaignCost<Balance>>;
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
        fn pending_assays(from: NodeId, limit: u32) -> Vec<AssayTask<AccountId, BlockNumber>>;
    }
}
