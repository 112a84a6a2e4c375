//! What one pallet asks of another. The runtime connects them.

use crate::{
    assay::{AssayKind, AssayRequest, AssayTask, Verdict},
    campaign::{Closed, InitialModel, RoundTerms},
    reputation::{Reputation, ReputationChange},
    tree::RecordStep,
    BlobHash, CampaignId, MeasuredError, ModelId,
};
use alloc::vec::Vec;
use frame_support::pallet_prelude::{DispatchError, DispatchResult, Weight};
use syft::{Architecture, Metric};

/// The model repository: blobs that must not disappear while somebody needs them.
pub trait Blobs<AccountId> {
    /// The blob's size in bytes; `None` if it is not stored.
    fn size(blob: BlobHash) -> Option<u32>;
    /// Keeps the blob until [`Self::unpin`] has been called as often as this.
    fn pin(blob: BlobHash) -> DispatchResult;
    /// Releases one [`Self::pin`]. A blob that came with [`Self::put`], and that nothing pins any
    /// more, is removed, and its deposit goes back.
    fn unpin(blob: BlobHash);
    /// Books a place for a blob that comes later. Fails if there is none left: try again in the next
    /// block.
    fn book() -> Result<Place, DispatchError>;
    /// Gives a booked place up.
    fn unbook(place: Place);
    /// Stores the last bytes of the running transaction as a blob, in a booked place, and pins it. Holds
    /// the deposit from `depositor`. If the blob is stored already, only pins it and gives the place
    /// up. Fails if `data` is not at the end of the transaction, or the transaction stored another
    /// blob.
    fn put(depositor: &AccountId, data: &[u8], place: Place) -> Result<BlobHash, DispatchError>;
}

/// A booked place in the model repository.
pub type Place = u32;

/// What `gradients` must know of a campaign to take a commitment to one of its branches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommitTerms<Balance, BlockNumber> {
    /// How rounds are held.
    pub rounds: RoundTerms,
    /// The last block for commitments.
    pub deadline: BlockNumber,
    /// The price of measuring one set of a round on this root.
    pub price: Balance,
    /// The base deposit of an account without a reputation.
    pub base_deposit: Balance,
    /// The most commitments of a round.
    pub max_commitments: u32,
    /// The greatest possible size of a gradient, in bytes.
    pub max_gradient_size: u32,
}

/// What every assay of a round on one root is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssayBase {
    /// The shape of the models.
    pub architecture: Architecture,
    /// What the error is.
    pub metric: Metric,
    /// The validation set.
    pub validation: BlobHash,
    /// Rows that the validation set must have.
    pub rows: u32,
    /// The campaign's target.
    pub target: MeasuredError,
    /// The Ladder's step.
    pub minimum_step: MeasuredError,
}

/// How far a campaign has come, as far as its rounds are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It takes commitments.
    Open,
    /// Rounds with commitments are judged, but none is opened.
    Judging,
    /// Nothing is judged any more: what is pending dissolves.
    Dissolving,
}

/// The campaigns, as `gradients` sees them.
pub trait Campaigns<AccountId, Balance, BlockNumber> {
    /// The terms for a commitment by `account` to a gradient on this root. Fails, saying why, if the
    /// campaign takes none (any more), or none of this account.
    fn commit_terms(
        campaign: CampaignId,
        root: ModelId,
        account: &AccountId,
    ) -> Result<CommitTerms<Balance, BlockNumber>, DispatchError>;
    /// The base deposit for a commitment by `account` to a proposal. Fails, saying why, if the campaign takes
    /// none (any more), or none of this account.
    fn proposal_terms(campaign: CampaignId, account: &AccountId) -> Result<Balance, DispatchError>;
    /// Adds a revealed proposal whose parameters are stored and pinned; holds the price of its
    /// assay. Asks for the assay, unless the owner must accept it first.
    fn propose(
        campaign: CampaignId,
        author: &AccountId,
        model: InitialModel,
    ) -> Result<ModelId, DispatchError>;
    /// How far the campaign has come. `None` if it is not known (any more), or its settlement has begun.
    fn phase(campaign: CampaignId) -> Option<Phase>;
    /// What every assay on this root needs. `None` if the campaign, or the root in it, is not known
    /// (any more).
    fn assay_base(campaign: CampaignId, root: ModelId) -> Option<AssayBase>;
    /// A round was decided; with its error if it was accepted. The campaign closes if the target is
    /// reached.
    fn round_decided(campaign: CampaignId, accepted: Option<MeasuredError>);
    /// The most that [`Self::round_decided`] weighs.
    fn weight_of_round_decided() -> Weight;
    /// No round of the campaign is undecided any more.
    fn nothing_pending(campaign: CampaignId);
}

/// The model tree, as `campaigns` sees it.
pub trait ModelTree<AccountId> {
    /// A fresh number for a proposal.
    fn allocate() -> ModelId;
    /// Adds a measured proposal as a root. The first one's error starts the record.
    fn plant(
        campaign: CampaignId,
        root: ModelId,
        author: AccountId,
        parameters: BlobHash,
        error: MeasuredError,
    );
    /// The least error of any model of the campaign; `None` before the first root is planted.
    fn record(campaign: CampaignId) -> Option<MeasuredError>;
    /// Rounds that were accepted.
    fn accepted(campaign: CampaignId) -> u32;
    /// Rounds that are not decided.
    fn pending(campaign: CampaignId) -> u32;
    /// The campaign has left [`Phase::Open`]: rounds that take commitments close with the next block, and
    /// what waits is looked at again. Fails if there is no room for the reveals then: try again later.
    fn stop(campaign: CampaignId, reason: Closed) -> DispatchResult;
    /// At most `limit` steps of the record, in order, from that of number `from` on (the first is
    /// 0). Fewer than `limit` means that these are the last.
    fn record_steps(campaign: CampaignId, from: u32, limit: u32) -> Vec<RecordStep<AccountId>>;
    /// Whether anybody besides `account` has contributed to the record.
    fn others_contributed(campaign: CampaignId, account: &AccountId) -> bool;
    /// Forgets at most `limit` submissions and rounds, or fewer models (which have more blobs), of a
    /// campaign that is over, and unpins their blobs. Returns how much of the limit it needed; less than
    /// all of it means that nothing is left.
    fn forget(campaign: CampaignId, limit: u32) -> u32;
}

/// The assays, as those who cause them see them.
pub trait AssayQueue<AccountId> {
    /// Asks the assayers to measure. Fails if too many assays are pending.
    fn request(
        id: ModelId,
        campaign: CampaignId,
        kind: AssayKind,
        subject: sp_core::H256,
    ) -> DispatchResult;
    /// No longer interested. Returns those who may have measured in vain, and whom the caller pays as it
    /// would for a verdict: the assayers, if the assay was requested in an earlier block and its window
    /// is still open. Nobody has seen what was requested in this block, and nobody is paid for silence.
    fn withdraw(id: ModelId) -> Vec<AccountId>;
}

/// Those who caused assays, as the assays see them. The runtime routes by [`AssayKind`].
pub trait AssaySubjects<AccountId, BlockNumber> {
    /// What to measure. `None` if the task is no longer wanted.
    fn work(task: &AssayTask<BlockNumber>) -> Option<AssayRequest>;
    /// A quorum decided; `payees` gave the deciding verdict, in the order of their registration.
    fn decided(task: &AssayTask<BlockNumber>, verdict: &Verdict, payees: &[AccountId]);
    /// No quorum formed in time.
    fn undecided(task: &AssayTask<BlockNumber>);
    /// The most that [`Self::decided`] with so many payees, or [`Self::undecided`], weighs.
    fn weight_of_decision(kind: AssayKind, payees: u32) -> Weight;
}

/// What a campaign leaves to be split.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement<AccountId, Balance> {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its owner.
    pub owner: AccountId,
    /// The account that holds the money.
    pub escrow: AccountId,
    /// Earned by those whose gradients take the record down.
    pub data: Balance,
    /// Earned by the authors of the roots whose branches do, in the same proportion.
    pub expertise: Balance,
    /// Returned whatever happens: parts that nobody can earn.
    pub unearnable: Balance,
    /// Who put how much into the bounty, in the order of their first contribution.
    pub sponsors: Vec<(AccountId, Balance)>,
    /// The measured error of the owner's root. The target if it never was measured: nothing is
    /// earned.
    pub start: MeasuredError,
    /// The error at which everything is earned.
    pub target: MeasuredError,
    /// See [`PayoutRule`](crate::payout::PayoutRule).
    pub steepness: u8,
    /// Whether reputations change: not in a campaign whose owner is its only sponsor and
    /// contributor.
    pub counts: bool,
}

/// The payouts, as `campaigns` sees them.
pub trait Payouts<AccountId, Balance> {
    /// Turns the next steps of the record into entitlements; moves no money. With `last` what is not
    /// earned is refunded, and everybody can claim. To be called until it was called with `last`, each
    /// time with the same settlement and the steps that follow.
    fn settle(
        settlement: &Settlement<AccountId, Balance>,
        steps: &[RecordStep<AccountId>],
        last: bool,
    ) -> DispatchResult;
    /// What has not been claimed yet.
    fn unclaimed(campaign: CampaignId) -> Balance;
    /// Forgets a campaign of which everything was claimed.
    fn forget(campaign: CampaignId, limit: u32) -> u32;
}

/// Who has done what.
pub trait Reputations<AccountId> {
    /// Counts a change.
    fn note(account: &AccountId, change: ReputationChange);
    /// What the account has done.
    fn of(account: &AccountId) -> Reputation;
}
