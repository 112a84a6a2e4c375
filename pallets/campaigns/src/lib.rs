//! # Campaigns
//!
//! A data scientist asks for a model and puts a bounty into escrow; this pallet keeps the request,
//! the money and the proposals to start from, from creation to removal.
//!
//! ## Terminology
//!
//! - **Terms**: what is asked for: schema, metric, validation set, claimed start, target, deadline,
//!   how rounds are held, who may take part, and how the bounty is shared. Written once, never changed.
//! - **Proposal**: a model to start from, an architecture with initial parameters. The first comes
//!   with the campaign, and its measured error is the **start** of the record. One that is accepted is
//!   a **root** of the model tree.
//! - **Record**: the least error of any model of the campaign.
//! - **Bounty**: what all sponsors gave, to be earned. **Deposit**: keeps the escrow alive, so that the
//!   last claim can never be dust.
//! - **Escrow**: the account, derived from the campaign's number, that holds both.
//!
//! ## Life of a campaign
//!
//! ```text
//! Proposed --first proposal assayed, claim holds--> Open --target | deadline | cancelled--> Closing
//! Proposed --claim false, at target, malformed, not judged or cancelled--> Rejected
//! Closing --nothing pending, record split in bounded steps--> Settled --all claimed, retention over--> removed
//! ```
//!
//! 1. [`Pallet::create`] checks everything, pins the blobs, takes the money and asks for the assay of
//!    the first proposal. Its price is held from the owner, as any proposal's from its author, and paid
//!    to those who gave the verdict, whatever that is; also to the assayers if it is cancelled in a
//!    later block, because they may have measured. Without a verdict it goes back.
//! 2. While it is open, anyone may [`Pallet::fund`] it. The owner (or anyone, if the terms say so) may
//!    add proposals, which are committed to and revealed through the gradients; the owner must
//!    [accept](Pallet::accept_proposal) others' before they are measured, or may
//!    [reject](Pallet::reject_proposal) them. A proposal below the record is refused: it would take
//!    from miners what they are about to earn. Where the terms ask for it, the owner says with
//!    [`Pallet::admit`] who may commit to gradients.
//! 3. It closes when a round reaches the target, after its deadline ([`Pallet::close`]), or when the
//!    owner gives up before any round was accepted ([`Pallet::cancel`]). Rounds with commitments are
//!    still judged after deadline or cancellation, as long as one is decided in every grace period.
//!    Proposals still pending are withdrawn, and the assayers paid if they may have measured them
//!    already.
//! 4. [`Pallet::settle`] turns the record into entitlements, some steps at a time; everybody claims at
//!    the payouts.
//! 5. [`Pallet::remove`] forgets it, in bounded steps.
//!
//! Steps that only wait for time are also done by the chain itself, in bounded portions; a step that
//! cannot be done then is left to the calls, which anybody may make.
//!
//! ## Assumptions
//!
//! - The runtime routes assays of kind `Root` here (this pallet implements
//!   [`AssaySubjects`](sonar_primitives::traits::AssaySubjects)) and all others to the gradients.
//! - The gradients end what is pending in a campaign that is not judged any more.
//! - Money that somebody sends to an escrow without a call is not part of any bounty; the owner gets
//!   it with the deposit.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod access;
mod admission;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod closing;
mod create;
mod escrow;
#[cfg(test)]
mod mock;
mod proposals;
mod remove;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod verdicts;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use closing::STEPS_PER_SETTLE;
pub use pallet::*;
pub use remove::MAX_REMOVED;
pub use types::{Campaign, Rules};
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    campaign::{Proposal, Terms},
    Balance, CampaignId,
};

/// Where the pallet's log lines go.
pub(crate) const LOG_TARGET: &str = "sonar::campaigns";

/// A campaign as this runtime stores it.
pub type CampaignOf<T> = Campaign<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
/// A campaign's terms as this runtime stores them.
pub type TermsFor<T> = Terms<Balance, BlockNumberFor<T>>;
/// A proposal as this runtime stores it.
pub type ProposalFor<T> = Proposal<<T as frame_system::Config>::AccountId, Balance>;

/// Puts a campaign on the agenda; without room there, it waits for a call.
pub(crate) fn schedule<T: Config>(at: BlockNumberFor<T>, id: CampaignId) {
    if !sonar_primitives::agenda::schedule::<Due<T>, _, _, _>(at, id) {
        log::warn!(target: LOG_TARGET, "no room on the agenda for campaign {id}");
    }
}

// The code that the macros write calls `expect`; ours does not.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::boxed::Box;
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{self, Inspect},
        PalletId,
    };
    use frame_system::pallet_prelude::*;
    use sonar_primitives::{
        assay::AssayPrice,
        campaign::{Closed, InitialModel, Rejected},
        traits::{AssayQueue, Blobs, ModelTree, Payouts, Reputations},
        MeasuredError, ModelId,
    };
    use sp_runtime::traits::AccountIdConversion;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The request for a model and its bounty in escrow.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the pallet needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<
                Self::AccountId,
                Balance = Balance,
                Reason = Self::RuntimeHoldReason,
            >;
        /// Why money is held.
        type RuntimeHoldReason: From<HoldReason>;
        /// Where parameters and validation sets are.
        type Blobs: Blobs<Self::AccountId>;
        /// Where accepted proposals are planted.
        type Tree: ModelTree<Self::AccountId>;
        /// Who measures proposals.
        type Assays: AssayQueue<Self::AccountId>;
        /// Who splits the money in the end.
        type Payouts: Payouts<Self::AccountId, Balance>;
        /// Who keeps account of what everybody has done.
        type Reputations: Reputations<Self::AccountId>;
        /// What escrow accounts are derived from.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// What an assay costs.
        #[pallet::constant]
        type AssayPrice: Get<AssayPrice<Balance>>;
        /// The least base deposit of a commitment.
        #[pallet::constant]
        type BaseDeposit: Get<Balance>;
        /// Keeps a campaign's escrow alive; at least the existential deposit. Comes back.
        #[pallet::constant]
        type CampaignDeposit: Get<Balance>;
        /// The smallest bounty of a campaign.
        #[pallet::constant]
        type MinimumBounty: Get<Balance>;
        /// The smallest amount that a sponsor may add.
        #[pallet::constant]
        type MinimumContribution: Get<Balance>;
        /// Blocks from creation to deadline, at least.
        #[pallet::constant]
        type MinDuration: Get<BlockNumberFor<Self>>;
        /// Blocks from creation to deadline, at most.
        #[pallet::constant]
        type MaxDuration: Get<BlockNumberFor<Self>>;
        /// Blocks in which the next round must be decided once a campaign is closing; what is pending
        /// after that is given up.
        #[pallet::constant]
        type GracePeriod: Get<BlockNumberFor<Self>>;
        /// Blocks for which a campaign that is over can still be read.
        #[pallet::constant]
        type RetentionPeriod: Get<BlockNumberFor<Self>>;
        /// Sponsors of a campaign, at most; the owner is one.
        #[pallet::constant]
        type MaxSponsors: Get<u32>;
        /// Proposals of a campaign, at most; the first is one, rejected ones make room.
        #[pallet::constant]
        type MaxProposals: Get<u32>;
        /// Campaigns that the chain advances by itself in one block, at most.
        #[pallet::constant]
        type MaxDuePerBlock: Get<u32>;
        /// Rows of a validation set, at most.
        #[pallet::constant]
        type MaxRows: Get<u32>;
        /// Accounts that the owner of a campaign may admit.
        #[pallet::constant]
        type MaxAdmitted: Get<u32>;
        /// Multiply-adds of measuring all sets of a round (of one row, times rows), at most.
        #[pallet::constant]
        type MaxRoundWork: Get<u64>;
        /// The largest gradient that can be stored, in bytes.
        #[pallet::constant]
        type MaxGradientSize: Get<u32>;
        /// What the calls weigh.
        type WeightInfo: WeightInfo;
        /// Stores blobs for benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper;
    }

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Pays the assay of a proposed model.
        Proposal,
    }

    /// The number of the next campaign.
    #[pallet::storage]
    pub type NextCampaign<T: Config> = StorageValue<_, CampaignId, ValueQuery>;

    /// How far each campaign has come.
    #[pallet::storage]
    pub type Campaigns<T: Config> =
        StorageMap<_, Twox64Concat, CampaignId, CampaignOf<T>, OptionQuery>;

    /// What each campaign asks for.
    #[pallet::storage]
    pub type TermsOf<T: Config> = StorageMap<_, Twox64Concat, CampaignId, TermsFor<T>, OptionQuery>;

    /// The models to start from, by their numbers.
    #[pallet::storage]
    pub type Proposals<T: Config> =
        StorageMap<_, Twox64Concat, ModelId, ProposalFor<T>, OptionQuery>;

    /// The proposals of each campaign, in the order in which they were made.
    #[pallet::storage]
    pub type ProposalsOf<T: Config> =
        StorageMap<_, Twox64Concat, CampaignId, BoundedVec<ModelId, T::MaxProposals>, ValueQuery>;

    /// Who put how much into each bounty, in the order of their first contribution.
    #[pallet::storage]
    pub type Sponsors<T: Config> = StorageMap<
        _,
        Twox64Concat,
        CampaignId,
        BoundedVec<(T::AccountId, Balance), T::MaxSponsors>,
        ValueQuery,
    >;

    /// The accounts that the owner of each campaign has admitted.
    #[pallet::storage]
    pub type Admitted<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        CampaignId,
        Blake2_128Concat,
        T::AccountId,
        (),
        OptionQuery,
    >;

    /// The campaigns that the chain looks at by itself, by block.
    #[pallet::storage]
    pub type Due<T: Config> = StorageMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        BoundedVec<CampaignId, T::MaxDuePerBlock>,
        ValueQuery,
    >;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A campaign was created; its initial model waits for its assay.
        Created {
            /// The campaign's number.
            campaign: CampaignId,
            /// Who created it.
            owner: T::AccountId,
            /// What can be earned.
            bounty: Balance,
            /// The number of the initial model.
            root: ModelId,
        },
        /// The initial model was measured, its claim holds, and gradients are welcome.
        Opened {
            /// The campaign.
            campaign: CampaignId,
            /// The measured error of the initial model.
            start: MeasuredError,
        },
        /// A campaign never opened; its money can be claimed back.
        Rejected {
            /// The campaign.
            campaign: CampaignId,
            /// Why.
            reason: Rejected,
        },
        /// Another model to start from was revealed. It waits for the owner's acceptance, or else for
        /// its assay.
        Proposed {
            /// The campaign.
            campaign: CampaignId,
            /// The model's number.
            root: ModelId,
            /// Who proposed it.
            author: T::AccountId,
            /// Whether the owner must accept it before it is measured.
            needs_acceptance: bool,
        },
        /// The owner wants a proposed model; it waits for its assay.
        ProposalTaken {
            /// The campaign.
            campaign: CampaignId,
            /// The model's number.
            root: ModelId,
        },
        /// A proposed model was measured, is not better than the record, and gradients may build on
        /// it.
        ProposalAccepted {
            /// The campaign.
            campaign: CampaignId,
            /// The model's number.
            root: ModelId,
            /// Its measured error.
            error: MeasuredError,
        },
        /// A proposed model cannot be used; the campaign goes on without it.
        ProposalRejected {
            /// The campaign.
            campaign: CampaignId,
            /// The model's number.
            root: ModelId,
            /// Why.
            reason: Rejected,
        },
        /// A sponsor added to the bounty.
        Funded {
            /// The campaign.
            campaign: CampaignId,
            /// Who.
            sponsor: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// The owner admitted an account: it may commit to gradients.
        Admitted {
            /// The campaign.
            campaign: CampaignId,
            /// Who.
            account: T::AccountId,
        },
        /// The assay of a proposal was paid.
        AssayPaid {
            /// The campaign.
            campaign: CampaignId,
            /// How much, to all that are paid together.
            amount: Balance,
        },
        /// No new commitments are taken; rounds with commitments are still judged, unless the target
        /// is reached. That one of them reaches it is told by this event again.
        Closed {
            /// The campaign.
            campaign: CampaignId,
            /// Why.
            reason: Closed,
        },
        /// The money was split; everybody can claim.
        Settled {
            /// The campaign.
            campaign: CampaignId,
        },
        /// Everything was claimed, and the campaign is forgotten.
        Removed {
            /// The campaign.
            campaign: CampaignId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no campaign of this number (any more).
        UnknownCampaign,
        /// There is no proposal of this number, or none that is a root of this campaign (yet); see the
        /// campaign's proposals.
        UnknownProposal,
        /// A blob is not in the model repository; store it first.
        UnknownBlob,
        /// Only the campaign's owner may do this.
        NotOwner,
        /// The campaign does not take this (yet, or any more).
        NotOpen,
        /// The campaign is not closing; it is not closed yet, or over already.
        NotClosing,
        /// The campaign is not over; wait until it is settled or rejected.
        NotOver,
        /// The campaign's deadline has passed.
        DeadlinePassed,
        /// The campaign's deadline has not passed; wait until it has.
        DeadlineNotPassed,
        /// Rounds are not decided; wait for their verdicts, or move them on with `gradients.advance`.
        StillPending,
        /// A round was accepted, so the campaign cannot be cancelled any more.
        RoundAccepted,
        /// The retention period is not over; wait until it is.
        RetentionNotOver,
        /// Not everything was claimed; claim the rest for its owners (`payouts.claimFor`) first.
        Unclaimed,
        /// The limit must be 1 to 256 items.
        LimitOutOfRange,
        /// The title is empty; say in one line what the campaign is for.
        TitleMissing,
        /// Encrypted campaigns are not available yet; use open privacy.
        EncryptionNotAvailable,
        /// The parts of the bounty do not sum to one.
        SplitNotWhole,
        /// Metered compute is not available yet; set its part to zero.
        ComputeNotAvailable,
        /// The data part of the bounty is zero; nobody could earn anything.
        DataPartMissing,
        /// The tolerance is above 50 %.
        ToleranceTooLarge,
        /// The starting error is above the worst that the metric can give.
        StartAboveWorst,
        /// The target error is not below the starting error; nothing could be improved.
        TargetNotBelowStart,
        /// The minimum step must be at least 1 and 1/1,024 of the way from start to target, and at most
        /// that way.
        MinimumStepOutOfRange,
        /// Rounds must take commitments for 1 to 43,200 blocks.
        RoundBlocksOutOfRange,
        /// The time for reveals must be 30 to 150 blocks.
        RevealWindowOutOfRange,
        /// A round must have 1 to 6 seats.
        SeatsOutOfRange,
        /// The steepness must be 1, 2 or 3.
        SteepnessOutOfRange,
        /// The deadline is too near or too far.
        DeadlineOutOfRange,
        /// The validation set has no rows, or too many.
        RowsOutOfRange,
        /// The schema breaks a rule (names, classes, ranges, sizes); check it with the client.
        SchemaNotAccepted,
        /// The architecture breaks a limit; check it with the client.
        ArchitectureNotAccepted,
        /// Inputs, outputs, head or metric of the model do not fit the schema.
        ModelDoesNotFit,
        /// The parameters' blob cannot be of this architecture: it has the wrong size.
        WrongSize,
        /// Measuring a round of 16 commitments would take too much work; use a smaller model, fewer
        /// validation rows or fewer seats. The runtime API `cost` names the largest possible work.
        TooMuchWork,
        /// The gradients of this architecture would be too large to be stored; use a smaller model.
        GradientTooLarge,
        /// The bounty is below the constant `MinimumBounty`; raise it.
        BountyTooSmall,
        /// The amount is too small.
        AmountTooSmall,
        /// The campaign has as many sponsors as it may have.
        TooManySponsors,
        /// The campaign has as many proposals as it may have.
        TooManyProposals,
        /// The campaign has a proposal of this architecture already; if it is a root, commit to a
        /// gradient on it.
        AlreadyProposed,
        /// The proposal does not wait for the owner's acceptance.
        NotOffered,
        /// Only the owner may add proposals to this campaign.
        ProposalsClosed,
        /// The campaign asks for more contributions than you have; see `payouts.reputationOf`.
        ReputationTooLow,
        /// The campaign is for accounts that its owner admits; ask the owner.
        NotAdmitted,
        /// The campaign's terms do not ask for admission; there is nothing to admit to.
        AdmissionNotNeeded,
        /// The account was admitted before.
        AlreadyAdmitted,
        /// The owner has admitted as many accounts as possible.
        TooManyAdmitted,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Asks for a model: moves bounty and deposit to the campaign's own account, holds the price of
        /// an assay, and has the initial model measured. The campaign opens if the claimed starting
        /// error holds; otherwise the bounty can be claimed back. The assay is paid either way.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::create())]
        pub fn create(
            origin: OriginFor<T>,
            terms: Box<TermsFor<T>>,
            model: InitialModel,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_create(owner, *terms, model)
        }

        /// Adds to the bounty of an open campaign. What is not earned comes back in proportion.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::fund())]
        pub fn fund(
            origin: OriginFor<T>,
            campaign: CampaignId,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            let sponsor = ensure_signed(origin)?;
            Self::do_fund(sponsor, campaign, amount)
        }

        /// Lets an account commit to gradients in a campaign that is for admitted accounts. Only the
        /// owner, until it closes; nobody is sent away again.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::admit())]
        pub fn admit(
            origin: OriginFor<T>,
            campaign: CampaignId,
            account: T::AccountId,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_admit(owner, campaign, account)
        }

        /// Has another's proposal measured, so that it can become a root. Only the owner, while the
        /// campaign is open. The author pays the assay.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::accept_proposal())]
        pub fn accept_proposal(origin: OriginFor<T>, root: ModelId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_accept_proposal(owner, root)
        }

        /// Refuses another's proposal that was not accepted; all that was held for it goes back to its
        /// author. Only the owner.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::reject_proposal())]
        pub fn reject_proposal(origin: OriginFor<T>, root: ModelId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_reject_proposal(owner, root)
        }

        /// Gives a campaign up, as long as no round was accepted. Only the owner. Rounds with
        /// commitments are still judged, and earn.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::cancel())]
        pub fn cancel(origin: OriginFor<T>, campaign: CampaignId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_cancel(owner, campaign)
        }

        /// Closes a campaign whose deadline has passed. Anyone; the chain does it too.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::close())]
        pub fn close(origin: OriginFor<T>, campaign: CampaignId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_close(campaign)
        }

        /// Splits the bounty of a closing campaign by the next 64 steps of its record, once no round is
        /// pending. Anyone; the chain does it too, and goes on with the next steps in the next block.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::settle())]
        pub fn settle(origin: OriginFor<T>, campaign: CampaignId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_settle(campaign)
        }

        /// Forgets up to `limit` (1 to 256) items of a campaign that is over, of which everything
        /// was claimed and whose retention period has passed. Anyone; call it until the campaign is
        /// gone. The deposit goes back to the owner.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove((*limit).min(MAX_REMOVED)))]
        pub fn remove(origin: OriginFor<T>, campaign: CampaignId, limit: u32) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove(campaign, limit)
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::do_due(now)
        }

        fn integrity_test() {
            let escrow: Option<T::AccountId> =
                T::PalletId::get().try_into_sub_account(CampaignId::MAX);
            assert!(
                escrow.is_some(),
                "accounts are too short to hold a campaign's number"
            );
            assert!(
                T::CampaignDeposit::get() >= T::Currency::minimum_balance(),
                "the deposit must keep an escrow alive"
            );
            assert!(T::MinDuration::get() <= T::MaxDuration::get());
            assert!(T::MaxSponsors::get() > 0 && T::MaxProposals::get() > 0);
            assert!(T::MaxDuePerBlock::get() > 0);
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
