//! What one pallet asks of another. The runtime connects them.

use crate::{
    assay::{AssayKind, AssayRequest, AssayTask, Baseline, Verdict},
    reputation::{Deed, Reputation},
    tree::WinningPath,
    BlobHash, CampaignId, MeasuredError, NodeId,
};
use alloc::vec::Vec;
use frame_support::pallet_prelude::{DispatchError, DispatchResult};
use syft::{Architecture, Metric, Plan};

/// The model repository: blobs that must not disappear while somebody needs them.
pub trait Blobs {
    /// The blob's size in bytes; `None` if it is not stored.
    fn size(blob: BlobHash) -> Option<u32>;
    /// Keeps the blob until [`Self::unpin`] has been called as often as this.
    fn pin(blob: BlobHash) -> DispatchResult;
    /// Releases one [`Self::pin`].
    fn unpin(blob: BlobHash);
}

/// What `gradients` must know of a campaign to take a commitment to one of its models.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommitTerms<Balance> {
    /// The price of an assay of this model.
    pub assay_price: Balance,
    /// The Ladder's step.
    pub minimum_step: MeasuredError,
    /// Accepted gradients that the account must have.
    pub minimum_reputation: u32,
    /// Shape, size and cost of the model.
    pub plan: Plan,
}

/// What is the same for every assay of a gradient on one root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssayBase {
    /// The shape of the model.
    pub architecture: Architecture,
    /// What the error is.
    pub metric: Metric,
    /// The validation set.
    pub validation: BlobHash,
    /// Rows that the validation set must have.
    pub rows: u32,
    /// The root's initial parameters.
    pub root: BlobHash,
}

/// The campaigns, as `gradients` sees them.
pub trait Campaigns<AccountId, Balance> {
    /// The terms for a commitment to a model with the given root. Fails, saying why, if the
    /// campaign takes none (any more).
    fn commit_terms(
        campaign: CampaignId,
        root: NodeId,
    ) -> Result<CommitTerms<Balance>, DispatchError>;
    /// The terms for a model that has been committed to; also while the campaign closes.
    fn terms(campaign: CampaignId, root: NodeId) -> Option<CommitTerms<Balance>>;
    /// What every assay of a gradient on this root needs. `None` if the campaign, or the root in
    /// it, is not known (any more).
    fn assay_base(campaign: CampaignId, root: NodeId) -> Option<AssayBase>;
    /// Sets the price of one assay aside in the campaign's reserve.
    fn set_assay_aside(campaign: CampaignId, price: Balance) -> DispatchResult;
    /// Puts it back: the assay was paid by the submitter, or never made.
    fn put_assay_back(campaign: CampaignId, price: Balance);
    /// Pays it to `payees` in equal parts.
    fn pay_assay(campaign: CampaignId, price: Balance, payees: &[AccountId]);
    /// A node with this error was accepted; the campaign closes if the target is reached.
    fn accepted(campaign: CampaignId, error: MeasuredError);
    /// No submission of the campaign is pending any more.
    fn nothing_pending(campaign: CampaignId);
}

/// The model tree, as `campaigns` sees it.
pub trait ModelTree<AccountId> {
    /// A fresh number for a proposal.
    fn allocate() -> NodeId;
    /// Adds a measured proposal as a root.
    fn plant(
        campaign: CampaignId,
        root: NodeId,
        author: AccountId,
        parameters: BlobHash,
        error: MeasuredError,
    );
    /// Accepted gradients.
    fn accepted(campaign: CampaignId) -> u32;
    /// Submissions that wait for a reveal or a verdict.
    fn pending(campaign: CampaignId) -> u32;
    /// The path to the best node; `None` if no gradient was accepted.
    fn winning_path(campaign: CampaignId) -> Option<WinningPath<AccountId>>;
    /// Ends everything pending: what is revealed gets its deposit back, what is not loses it if its
    /// time is over and gets it back otherwise. Bounded by the limit of pending submissions.
    fn end_pending(campaign: CampaignId);
    /// Forgets at most `limit` nodes and submissions of a campaign that is over, and unpins their
    /// blobs. Returns how many it forgot; fewer than `limit` means that nothing is left.
    fn forget(campaign: CampaignId, limit: u32) -> u32;
}

/// The assays, as those who cause them see them.
pub trait AssayQueue<AccountId, BlockNumber> {
    /// Asks the assayers to measure. Fails if too many assays are pending.
    fn request(
        node: NodeId,
        campaign: CampaignId,
        account: AccountId,
        subject: BlobHash,
        kind: AssayKind,
    ) -> DispatchResult;
    /// No longer interested. Returns those who may have measured the model in vain, and whom the
    /// caller pays as it would for a verdict: the assayers, if the assay was requested in an earlier
    /// block and its window is still open. Nobody has seen what was requested in this block, and
    /// nobody is paid for silence.
    fn withdraw(node: NodeId) -> Vec<AccountId>;
}

/// Those who caused assays, as the assays see them. The runtime routes by [`AssayKind`].
pub trait AssaySubjects<AccountId, BlockNumber> {
    /// What to measure, and what a candidate must beat (`None` for a root). `None` if the task is
    /// no longer wanted.
    fn work(task: &AssayTask<AccountId, BlockNumber>) -> Option<(AssayRequest, Option<Baseline>)>;
    /// A quorum decided; `payees` gave the deciding verdict, in the order of their registration.
    fn decided(task: &AssayTask<AccountId, BlockNumber>, verdict: &Verdict, payees: &[AccountId]);
    /// No quorum formed in time.
    fn undecided(task: &AssayTask<AccountId, BlockNumber>);
}

/// What a campaign leaves to be split.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement<AccountId, Balance> {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its owner, who gets back `reserve`.
    pub owner: AccountId,
    /// The account that holds the money.
    pub escrow: AccountId,
    /// Earned along the winning path.
    pub data: Balance,
    /// Earned by the author of the winning proposal in the same proportion.
    pub expertise: Balance,
    /// Returned whatever happens: parts that nobody can earn.
    pub unearnable: Balance,
    /// What is left for assays.
    pub reserve: Balance,
    /// Who put how much into the bounty, in the order of their first contribution.
    pub sponsors: Vec<(AccountId, Balance)>,
    /// The error at which everything is earned.
    pub target: MeasuredError,
    /// How the best model came about; `None` returns everything.
    pub path: Option<WinningPath<AccountId>>,
}

/// The payouts, as `campaigns` sees them.
pub trait Payouts<AccountId, Balance> {
    /// Splits the money into entitlements that can be claimed. Moves nothing yet.
    fn settle(settlement: Settlement<AccountId, Balance>) -> DispatchResult;
    /// What has not been claimed yet.
    fn unclaimed(campaign: CampaignId) -> Balance;
    /// Forgets a campaign of which everything was claimed.
    fn forget(campaign: CampaignId, limit: u32) -> u32;
}

/// Who has done what.
pub trait Reputations<AccountId> {
    /// Counts a deed.
    fn note(account: &AccountId, deed: Deed);
    /// What the account has done.
    fn of(account: &AccountId) -> Reputation;
}
