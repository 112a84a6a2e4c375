//! # Gradients
//!
//! Commitments and reveals, the rounds in which gradients are measured together, and the model tree
//! that grows from them.
//!
//! ## Terminology
//!
//! - **Model**: measured parameters that others may build on. A *root* is a proposal of a campaign;
//!   every other model is the mean of a round's best set.
//! - **Branch**: a root and the models that came out of rounds on it. Its best model is the last.
//! - **Submission**: a gradient, or a proposal, that was committed to.
//! - **Round**: gradients on one branch that are measured, and paid, together. The model that comes
//!   out of it has its number.
//! - **Record**: the least error of any model of the campaign. Rounds that break it are paid.
//! - **Deposit**: what is lost without a reveal. **Part**: what a revealed gradient pays of its
//!   round's assay. Both are held from the submitter until the round is decided.
//! - **Place**, **booking**: what a commitment keeps free for its reveal: a place among the stored
//!   blobs, and bytes of the blocks in which reveals count.
//!
//! ## Life of a round
//!
//! 1. The first [`commit`](Pallet::commit) on a root without a round that takes commitments opens
//!    one. It closes by its block numbers alone, or with the next block if the owner cancels the
//!    campaign.
//! 2. [`reveal`](Pallet::reveal): counts from the block in which the round closes until its window
//!    ends. The gradient is the last part of the transaction, and nothing is stored before. What is
//!    not revealed in time loses deposit and part.
//! 3. When everything is revealed, or the window is over, and every round of the campaign with a
//!    lower number is decided, the assayers are asked to measure the round: so nothing that it is
//!    measured against changes meanwhile. The last reveal, the agenda, the decision of the round
//!    before, or anyone with [`advance`](Pallet::advance) sees to it.
//! 4. A quorum decides ([`AssaySubjects`](sonar_primitives::traits::AssaySubjects)). The gradients
//!    of the best set become the branch's next model, if that improves on its best by the
//!    campaign's minimum step. Everybody who revealed pays an equal part of the assay, whatever it
//!    came to; from the 17th commitment on more, which is lost.
//! 5. Without a reveal the round is *empty*; without a quorum, or if the campaign is over before,
//!    everything goes back.
//!
//! Proposals come through the same door: [`commit_proposal`](Pallet::commit_proposal), then
//! [`reveal_proposal`](Pallet::reveal_proposal), which hands them to their campaign.
//!
//! ## Assumptions
//!
//! - Campaigns keep their roots' blobs pinned. This pallet pins gradients while they wait for a
//!   verdict and while they are part of a model, and models' parameters that were stored with
//!   [`store_model`](Pallet::store_model).
//! - A campaign is settled, and forgotten, only when none of its rounds is undecided.
//! - A campaign has few roots: all its branches are looked at when it is cancelled.
//! - Decided rounds and submissions stay until their campaign is removed.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod booking;
mod commit;
mod conclude;
mod door;
mod due;
mod extension;
mod fees;
mod judged;
#[cfg(test)]
mod mock;
mod proposal;
mod queries;
mod recipe;
mod reveal;
mod round;
mod store;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod verdict;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use booking::BUCKET_BLOCKS;
pub use extension::{CheckReveal, MAX_REVEAL_ATTEMPTS};
pub use pallet::*;
pub use types::{
    Booking, Branch, CommitmentQuote, Contributors, DueItem, OrderedId, Record, Tree, MAX_BUCKETS,
};
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{round::Round, submission::Submission, tree::Model, Balance};

/// A model as this pallet stores it.
pub type ModelOf<T> = Model<<T as frame_system::Config>::AccountId>;

/// A round as this pallet stores it.
pub type RoundFor<T> = Round<Balance, BlockNumberFor<T>>;

/// A submission as this pallet stores it.
pub type SubmissionOf<T> =
    Submission<<T as frame_system::Config>::AccountId, Balance, BlockNumberFor<T>>;

/// Where log lines of this pallet come from.
const LOG_TARGET: &str = "sonar::gradients";

// The macros' own code says `expect`; the calls below are a few lines each.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Contains},
    };
    use frame_system::pallet_prelude::*;
    use sonar_primitives::{
        round::{RoundState, MAX_COMMITMENTS, MAX_ROUNDS_TO_REBUILD},
        submission::Salt,
        traits::{AssayQueue, Blobs, Campaigns, Place, Reputations},
        tree::Contributor,
        BlobHash, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
    };
    use sp_core::H256;
    use sp_runtime::traits::Zero;
    use syft::{round::MAX_SEATS, Architecture};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Commitments, reveals, rounds and the model trees.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime chooses.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money that deposits are held in.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<
                Self::AccountId,
                Balance = Balance,
                Reason = Self::RuntimeHoldReason,
            >;

        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;

        /// Where gradients and parameters are stored.
        type Blobs: Blobs<Self::AccountId>;

        /// The campaigns that gradients are for.
        type Campaigns: Campaigns<Self::AccountId, Balance, BlockNumberFor<Self>>;

        /// Who measures rounds.
        type Assays: AssayQueue<Self::AccountId>;

        /// Who has done what.
        type Reputations: Reputations<Self::AccountId>;

        /// Blocks after a commitment to a proposal in which it can be revealed. At least 1.
        #[pallet::constant]
        type ProposalWindow: Get<BlockNumberFor<Self>>;

        /// Bytes of each block that may be booked for reveals: half of what a block holds.
        #[pallet::constant]
        type RevealBytesPerBlock: Get<u32>;

        /// What booking a byte of a gradient costs where nothing is booked yet.
        #[pallet::constant]
        type BookingFeePerByte: Get<Balance>;

        /// The most rounds and proposals that the agenda has for one block. At least 1.
        #[pallet::constant]
        type MaxDuePerBlock: Get<u32>;

        /// Who gets deposits that are lost.
        #[pallet::constant]
        type LostDeposits: Get<Self::AccountId>;

        /// Who may use the part of a block that is kept for operations for other calls than reveals.
        type Operators: Contains<Self::AccountId>;

        /// The weights of calls and hooks.
        type WeightInfo: WeightInfo;

        /// Makes what benchmarks need in other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Deposit and part of a gradient, or deposit of a proposal, that is committed to and not
        /// decided yet.
        Submission,
    }

    /// The number of the next proposal or round.
    #[pallet::storage]
    pub type NextModel<T: Config> = StorageValue<_, ModelId, ValueQuery>;

    /// The number of the next submission.
    #[pallet::storage]
    pub type NextSubmission<T: Config> = StorageValue<_, SubmissionId, ValueQuery>;

    /// The models of all trees.
    #[pallet::storage]
    pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, ModelOf<T>, OptionQuery>;

    /// The models of each campaign, roots included, in the order of numbers.
    #[pallet::storage]
    pub type ModelsIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The rounds of all campaigns, decided ones included.
    #[pallet::storage]
    pub type Rounds<T: Config> = StorageMap<_, Twox64Concat, RoundId, RoundFor<T>, OptionQuery>;

    /// The rounds of each campaign, decided ones included, in the order of numbers.
    #[pallet::storage]
    pub type RoundsIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The rounds of each campaign that are not decided, in the order in which they will be.
    #[pallet::storage]
    pub type PendingRounds<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The last round of each root, until it is decided or another one is opened. It takes
    /// commitments until the block in which it closes.
    #[pallet::storage]
    pub type OpenRound<T: Config> = StorageMap<_, Twox64Concat, ModelId, RoundId, OptionQuery>;

    /// The submissions of each round, in the order of commitments.
    #[pallet::storage]
    pub type Commitments<T: Config> = StorageMap<
        _,
        Twox64Concat,
        RoundId,
        BoundedVec<SubmissionId, ConstU32<MAX_COMMITMENTS>>,
        ValueQuery,
    >;

    /// The submission of each account in each round, as long as money is held for it.
    #[pallet::storage]
    pub type RoundOf<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RoundId,
        Blake2_128Concat,
        T::AccountId,
        SubmissionId,
        OptionQuery,
    >;

    /// The submissions of all campaigns, decided ones included.
    #[pallet::storage]
    pub type Submissions<T: Config> =
        StorageMap<_, Twox64Concat, SubmissionId, SubmissionOf<T>, OptionQuery>;

    /// The submissions of each campaign, in the order of numbers.
    #[pallet::storage]
    pub type SubmissionsIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The submissions of each account, in the order of numbers.
    #[pallet::storage]
    pub type SubmissionsOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, OrderedId, (), OptionQuery>;

    /// The place that is booked for the blob of each submission that waits for its reveal.
    #[pallet::storage]
    pub type PlaceOf<T: Config> = StorageMap<_, Twox64Concat, SubmissionId, Place, OptionQuery>;

    /// How often the reveal of each submission that waits for it was tried.
    #[pallet::storage]
    pub type RevealAttempts<T: Config> = StorageMap<_, Twox64Concat, SubmissionId, u8, ValueQuery>;

    /// What changes with every round of a campaign. Exists from its first root on until the campaign
    /// is removed.
    #[pallet::storage]
    pub type Trees<T: Config> =
        StorageMap<_, Twox64Concat, CampaignId, Tree<T::AccountId>, OptionQuery>;

    /// The branches of each campaign, by their roots.
    #[pallet::storage]
    pub type Branches<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Twox64Concat, ModelId, Branch, OptionQuery>;

    /// The models that broke each campaign's record, from 0 on in the order in which they did.
    #[pallet::storage]
    pub type RecordSteps<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Twox64Concat, u32, ModelId, OptionQuery>;

    /// The bytes that are booked for reveals in each ten blocks, over all campaigns.
    #[pallet::storage]
    pub type Booked<T: Config> = StorageMap<_, Twox64Concat, u32, u32, ValueQuery>;

    /// What each round has booked, as long as its reveals count.
    #[pallet::storage]
    pub type Bookings<T: Config> = StorageMap<_, Twox64Concat, RoundId, Booking, OptionQuery>;

    /// The models that must be rebuilt to measure each round that is not decided.
    #[pallet::storage]
    pub type ToRebuild<T: Config> = StorageMap<
        _,
        Twox64Concat,
        RoundId,
        BoundedBTreeSet<ModelId, ConstU32<MAX_ROUNDS_TO_REBUILD>>,
        ValueQuery,
    >;

    /// What may have to go on, by the block that sees to it.
    #[pallet::storage]
    pub type Due<T: Config> = StorageMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        BoundedVec<DueItem, T::MaxDuePerBlock>,
        ValueQuery,
    >;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The first commitment on a root without a round that takes commitments opened one.
        RoundOpened {
            /// The campaign.
            campaign: CampaignId,
            /// The round.
            round: RoundId,
            /// The root of its branch.
            root: ModelId,
            /// The first block that takes no commitments; reveals count from it on.
            closes: BlockNumberFor<T>,
            /// The first block in which reveals do not count any more.
            reveals_end: BlockNumberFor<T>,
        },
        /// An account committed to a gradient.
        Committed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission's number.
            submission: SubmissionId,
            /// The round that it takes part in.
            round: RoundId,
            /// The model that it was trained on.
            base: ModelId,
            /// Who committed.
            account: T::AccountId,
            /// What is held for it, in the smallest unit of SNR.
            hold: Balance,
            /// What booking room for its reveal has cost; it was burned.
            fee: Balance,
        },
        /// An account committed to a proposal.
        ProposalCommitted {
            /// The campaign.
            campaign: CampaignId,
            /// The submission's number.
            submission: SubmissionId,
            /// Who committed.
            account: T::AccountId,
            /// What is held for it, in the smallest unit of SNR.
            hold: Balance,
            /// The last block in which it may be revealed.
            reveal_by: BlockNumberFor<T>,
        },
        /// A gradient was revealed.
        Revealed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: SubmissionId,
            /// Its round.
            round: RoundId,
            /// The gradient.
            gradient: BlobHash,
        },
        /// All reveals of a round are in, or their time is over: the assayers measure it.
        RoundClosed {
            /// The campaign.
            campaign: CampaignId,
            /// The round.
            round: RoundId,
            /// How many gradients were revealed.
            reveals: u32,
        },
        /// A round brought its branch's next model, which has the round's number.
        RoundAccepted {
            /// The campaign.
            campaign: CampaignId,
            /// The round, and the model.
            round: RoundId,
            /// The root of the branch.
            root: ModelId,
            /// The model's measured error.
            error: MeasuredError,
            /// The record that it broke, if it did: only then is it paid.
            former_record: Option<MeasuredError>,
            /// Who has a share in it, and whose gradients are in it.
            contributors: BoundedVec<Contributor<T::AccountId>, ConstU32<{ MAX_SEATS as u32 }>>,
        },
        /// A round ended without a model.
        RoundEnded {
            /// The campaign.
            campaign: CampaignId,
            /// The round.
            round: RoundId,
            /// Why.
            state: RoundState,
        },
        /// A gradient cannot be measured. It paid its part of the round's assay.
        Malformed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: SubmissionId,
        },
        /// A commitment was not revealed in time: deposit and part are lost.
        DepositLost {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: SubmissionId,
            /// Who lost it.
            account: T::AccountId,
            /// How much, in the smallest unit of SNR.
            amount: Balance,
        },
        /// A submission was never judged, through no fault of its author: everything went back.
        Returned {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: SubmissionId,
        },
        /// A model's parameters are stored: nobody has to rebuild it from its gradients.
        ModelStored {
            /// The campaign.
            campaign: CampaignId,
            /// The model.
            model: ModelId,
        },
        /// The assayers were paid for a round, by those who revealed.
        AssayPaid {
            /// The campaign.
            campaign: CampaignId,
            /// How much in all, in the smallest unit of SNR.
            amount: Balance,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// The campaign has no such root: choose one of its proposals that were accepted.
        UnknownRoot,
        /// There is no such model: the base must be the root or a model that came out of a round.
        UnknownModel,
        /// The base is a model of another branch: commit to the round of that one's root.
        BaseOfOtherBranch,
        /// Too many rounds lie between the base, the branch's best model, or what the round's other
        /// gradients were trained on, and stored parameters: store the base's parameters first, with
        /// gradients.storeModel.
        StoreModelFirst,
        /// The branch has as many models as it can have: commit to another one.
        BranchFull,
        /// You have committed to a gradient in this round already: wait for the next one.
        AlreadyCommitted,
        /// The round has as many commitments as it can hold: wait for the next one.
        RoundFull,
        /// More would be taken than you allow, because the round filled up, its blocks are booked, or the
        /// bounty rose: raise max_hold or wait for the next round.
        HoldAboveMaximum,
        /// The blocks in which the gradient would have to be revealed are booked up: wait for the
        /// next round.
        RevealsBookedUp,
        /// As many rounds and proposals as possible are due in those blocks: try again in the next
        /// block.
        AgendaFull,
        /// There is no such submission (any more).
        UnknownSubmission,
        /// Only the account that committed can reveal.
        NotSubmitter,
        /// The submission is revealed already.
        AlreadyRevealed,
        /// The submission is decided already.
        AlreadyDecided,
        /// That is a commitment to a proposal: reveal it with revealProposal, end it with expire.
        IsProposal,
        /// That is a commitment to a gradient: reveal it with reveal, end its round with advance.
        IsGradient,
        /// It cannot be revealed yet: a gradient once its round is closed, a proposal from the next
        /// block on.
        TooEarly,
        /// The reveal window is over.
        RevealWindowOver,
        /// The reveal window is not over yet: wait until it is.
        RevealWindowOpen,
        /// You committed to something else: content and salt must be those of the commitment, and
        /// the commitment must name your account, this campaign and this base.
        CommitmentMismatch,
        /// The bytes are not a gradient for the model's architecture: encode it anew with syft.
        MalformedGradient,
        /// The campaign is over: what is pending goes back by itself.
        CampaignOver,
        /// There is no such round (any more).
        UnknownRound,
        /// The round is decided already.
        RoundDecided,
        /// There is nothing to do for the round yet: it takes commitments or reveals, is measured, or
        /// waits for rounds with lower numbers.
        RoundNotReady,
        /// The model's parameters are stored already: nobody has to rebuild it.
        AlreadyStored,
        /// Those are not the model's parameters: give the canonical safetensors that have its hash.
        WrongParameters,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            let (items, submissions) = Self::see_to_due(now);
            T::WeightInfo::due(items, submissions)
        }

        fn integrity_test() {
            assert!(
                !T::ProposalWindow::get().is_zero(),
                "ProposalWindow must be positive"
            );
            assert!(
                T::MaxDuePerBlock::get() > 0,
                "MaxDuePerBlock must be positive"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits to a gradient that was trained on `base`, a model of the branch of `root`. It
        /// takes part in the branch's round that takes commitments, or opens one.
        ///
        /// `commitment` is blake2b-256 of the SCALE encoding of (your account, campaign, Some(base),
        /// hash of the gradient, 32 random bytes). Keep gradient and random bytes: without a reveal
        /// while the round takes them, everything that is held is lost. Holds the deposit and the
        /// largest part of the round's assay that you may have to pay, and burns the fee for booking
        /// room for the reveal: at most `max_hold` together.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            campaign: CampaignId,
            root: ModelId,
            base: ModelId,
            commitment: H256,
            #[pallet::compact] max_hold: Balance,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_commit(who, campaign, root, base, commitment, max_hold)
        }

        /// Reveals a gradient that you committed to, from the block in which its round closes until
        /// its reveal window is over. The gradient's bytes are stored with this transaction, and the
        /// deposit for them is held from you. A reveal can be tried twice.
        #[pallet::call_index(1)]
        #[pallet::weight((
            T::WeightInfo::reveal(gradient.len() as u32, MAX_COMMITMENTS),
            DispatchClass::Operational,
        ))]
        pub fn reveal(
            origin: OriginFor<T>,
            submission: SubmissionId,
            salt: Salt,
            gradient: Vec<u8>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let looked_at = Self::do_reveal(who, submission, &salt, &gradient)?;
            Ok(Some(T::WeightInfo::reveal(gradient.len() as u32, looked_at)).into())
        }

        /// Commits to a proposal: another model to start from.
        ///
        /// `commitment` is blake2b-256 of the SCALE encoding of (your account, campaign, None, hash of
        /// the proposal, 32 random bytes); the proposal's hash is blake2b-256 of the SCALE encoding of
        /// (architecture, blake2b-256 of the parameters). Holds the deposit, at most `max_hold`. It
        /// comes back with the reveal, and is lost without one.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::commit_proposal())]
        pub fn commit_proposal(
            origin: OriginFor<T>,
            campaign: CampaignId,
            commitment: H256,
            #[pallet::compact] max_hold: Balance,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_commit_proposal(who, campaign, commitment, max_hold)
        }

        /// Reveals a proposal that you committed to, in a later block and in time. The bytes of its
        /// initial parameters are stored with this transaction. Holds the price of its assay; it is
        /// measured at once if it is the owner's, else once the owner accepts it.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::reveal_proposal(parameters.len() as u32))]
        pub fn reveal_proposal(
            origin: OriginFor<T>,
            submission: SubmissionId,
            salt: Salt,
            architecture: Architecture,
            parameters: Vec<u8>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_reveal_proposal(who, submission, &salt, architecture, &parameters)
        }

        /// Does what is due for a round: takes what was not revealed in time, asks for the assay, or
        /// ends it if nobody revealed or its campaign is over. Anyone may call this; the chain does so
        /// by itself.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::advance(2 * MAX_COMMITMENTS))]
        pub fn advance(origin: OriginFor<T>, round: RoundId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let looked_at = Self::do_advance(round)?;
            Ok(Some(T::WeightInfo::advance(looked_at)).into())
        }

        /// Ends a commitment to a proposal that was not revealed in time. Anyone may call this; the
        /// chain does so by itself.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::expire())]
        pub fn expire(origin: OriginFor<T>, submission: SubmissionId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire(submission)
        }

        /// Stores the parameters of a model that came out of a round, as canonical safetensors, so
        /// that nobody has to rebuild it from its gradients. They are kept as long as the campaign;
        /// the deposit for their bytes is held from you until then.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::store_model(parameters.len() as u32))]
        pub fn store_model(
            origin: OriginFor<T>,
            model: ModelId,
            parameters: Vec<u8>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_store_model(who, model, &parameters)
        }
    }
}
