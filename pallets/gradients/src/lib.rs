//! # Gradients
//!
//! Commit, reveal, and the model tree that grows from it.
//!
//! ## Terminology
//!
//! - **Node**: a measured model. A *root* is a proposal of a campaign; every other node is a
//!   gradient that was accepted. The nodes of a campaign form trees, one for each root.
//! - **Submission**: a gradient that was committed to. It has the number that its node has if it is
//!   accepted.
//! - **Candidate**: the model that results from adding a gradient to its parent.
//! - **Pending**: a submission that waits for its reveal or its verdict.
//! - **Deposit**: what is held from a submitter: a base that is lost without a reveal, and the
//!   price of one assay, which pays the assayers if the gradient is not accepted.
//! - **Set aside**: for every pending submission the campaign keeps the price of one assay in its
//!   reserve, so that the assay of an accepted gradient can always be paid from there.
//!
//! ## Life of a submission
//!
//! 1. [`commit`](Pallet::commit): a hash that hides the gradient and binds it to account, campaign
//!    and parent. Takes the deposit. Only then store the gradient's blob: once it is stored,
//!    everybody can see it.
//! 2. [`reveal`](Pallet::reveal), in a later block and within [`Config::RevealWindow`]: the gradient
//!    must be stored and have a possible size. Asks for its assay.
//!    Without a reveal the deposit is lost ([`expire`](Pallet::expire), or the chain by itself).
//! 3. A quorum of assayers decides ([`AssaySubjects`](sonar_primitives::traits::AssaySubjects)):
//!    - *improved* by the campaign's minimum step: a node of the tree; the whole deposit goes back;
//!    - *not improved* or *malformed*: the assay is paid from the deposit, the rest goes back;
//!    - no quorum in time: the whole deposit goes back, and so it does if the campaign is settled
//!      before; the reserve then pays the assayers, who may have measured.
//! 4. When the campaign is over and removed, its submissions and nodes are forgotten.
//!
//! ## The earlier commitment wins
//!
//! Whoever sees a gradient before it is revealed, or while it is assayed, can commit to it too, but
//! only later than its author. Two submissions are the same if they add the same blob to the same
//! parent (seen at the reveal) or if their candidates have the same parameters (seen at the
//! verdict). Of the two, the later commitment becomes a duplicate; if it is a node already, the
//! earlier one takes the node over, with what it earns. Ties of error are decided in the same
//! way.
//!
//! A duplicate costs the price of an assay, so that copies cannot fill a campaign for nothing: it
//! goes to the assayers if they found it by an assay, or may have measured it before an earlier
//! commitment was revealed, and is lost otherwise. Only a node that is taken over has its assay paid
//! already, by the reserve.
//!
//! ## Assumptions
//!
//! - A root is planted before anybody can commit to it, and a campaign ends what is pending
//!   ([`ModelTree::end_pending`](sonar_primitives::traits::ModelTree::end_pending)) before it is
//!   settled: nothing changes the winning path afterwards.
//! - Campaigns keep their roots' blobs pinned; this pallet pins gradients while they wait for a
//!   verdict and while they are nodes.
//! - Decided submissions stay until their campaign is removed. Each has cost fees, and a campaign
//!   has a deadline.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod commit;
mod conclude;
mod expire;
#[cfg(test)]
mod mock;
mod queries;
mod reveal;
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
pub use pallet::*;
pub use types::{Best, OrderedId, Tree};
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    tree::{Node, Submission},
    Balance,
};

/// A node as this pallet stores it.
pub type NodeOf<T> = Node<<T as frame_system::Config>::AccountId>;

/// A submission as this pallet stores it.
pub type SubmissionOf<T> =
    Submission<<T as frame_system::Config>::AccountId, Balance, BlockNumberFor<T>>;

/// Where log lines of this pallet come from.
const LOG_TARGET: &str = "sonar::gradients";

// The macros' own code says `expect`; the calls below are one line each.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;
    use sonar_primitives::{
        assay::Malformed,
        traits::{AssayQueue, Blobs, Campaigns, Reputations},
        tree::Salt,
        BlobHash, CampaignId, MeasuredError, NodeId,
    };
    use sp_core::H256;
    use sp_runtime::traits::Zero;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Commitments, reveals and the model trees.
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

        /// Where gradients are stored.
        type Blobs: Blobs;

        /// The campaigns that gradients are for.
        type Campaigns: Campaigns<Self::AccountId, Balance>;

        /// Who measures candidates.
        type Assays: AssayQueue<Self::AccountId, BlockNumberFor<Self>>;

        /// Who has done what.
        type Reputations: Reputations<Self::AccountId>;

        /// The part of a deposit that is lost without a reveal, before it is lowered for accounts
        /// with a good reputation.
        #[pallet::constant]
        type BaseDeposit: Get<Balance>;

        /// Blocks after a commitment in which it can be revealed. At least 1.
        #[pallet::constant]
        type RevealWindow: Get<BlockNumberFor<Self>>;

        /// The most pending submissions of one account in one campaign. At least 1.
        #[pallet::constant]
        type MaxPendingPerAccount: Get<u32>;

        /// The most pending submissions in one campaign. At least 1.
        #[pallet::constant]
        type MaxPendingPerCampaign: Get<u32>;

        /// The most gradients on the path from a root to a node. At least 1.
        #[pallet::constant]
        type MaxDepth: Get<u32>;

        /// The most reveal windows that end in one block. At least 1.
        #[pallet::constant]
        type MaxDuePerBlock: Get<u32>;

        /// Who gets deposits that are lost.
        #[pallet::constant]
        type LostDeposits: Get<Self::AccountId>;

        /// The weights of calls and hooks.
        type WeightInfo: WeightInfo;

        /// Makes what benchmarks need in other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The deposit for a gradient that is committed to and not decided yet.
        Submission,
    }

    /// The number of the next proposal or submission.
    #[pallet::storage]
    pub type NextNode<T: Config> = StorageValue<_, NodeId, ValueQuery>;

    /// The nodes of all trees.
    #[pallet::storage]
    pub type Nodes<T: Config> = StorageMap<_, Twox64Concat, NodeId, NodeOf<T>, OptionQuery>;

    /// The nodes of each campaign, roots included, in the order of numbers.
    #[pallet::storage]
    pub type NodesIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The submissions of all campaigns, decided ones included.
    #[pallet::storage]
    pub type Submissions<T: Config> =
        StorageMap<_, Twox64Concat, NodeId, SubmissionOf<T>, OptionQuery>;

    /// The submissions of each campaign, in the order of numbers.
    #[pallet::storage]
    pub type SubmissionsIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The submissions of each account, in the order of numbers.
    #[pallet::storage]
    pub type SubmissionsOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, OrderedId, (), OptionQuery>;

    /// The pending submissions of each campaign, in the order of numbers.
    #[pallet::storage]
    pub type PendingIn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Identity, OrderedId, (), OptionQuery>;

    /// The pending submissions of each account in each campaign.
    #[pallet::storage]
    pub type PendingOf<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        CampaignId,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<NodeId, T::MaxPendingPerAccount>,
        ValueQuery,
    >;

    /// What changes with every submission of a campaign. Exists from its first root on until the
    /// campaign is removed.
    #[pallet::storage]
    pub type Trees<T: Config> = StorageMap<_, Twox64Concat, CampaignId, Tree, OptionQuery>;

    /// The node of each model, by campaign and blake2b-256 of the model's parameters.
    #[pallet::storage]
    pub type Candidates<T: Config> =
        StorageDoubleMap<_, Twox64Concat, CampaignId, Blake2_128Concat, H256, NodeId, OptionQuery>;

    /// Which submission revealed a gradient on a parent: one that waits for its verdict, or the one
    /// that has the gradient's node.
    #[pallet::storage]
    pub type Revealed<T: Config> =
        StorageDoubleMap<_, Twox64Concat, NodeId, Blake2_128Concat, BlobHash, NodeId, OptionQuery>;

    /// The submissions whose reveal window is over, by the block that sees to it.
    #[pallet::storage]
    pub type Due<T: Config> = StorageMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        BoundedVec<NodeId, T::MaxDuePerBlock>,
        ValueQuery,
    >;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account committed to a gradient.
        Committed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission's number.
            submission: NodeId,
            /// The node that it builds on.
            parent: NodeId,
            /// Who committed.
            account: T::AccountId,
            /// What is held for it.
            deposit: Balance,
            /// The last block in which it may be revealed.
            reveal_by: BlockNumberFor<T>,
        },
        /// A gradient was revealed; the assayers measure it.
        Revealed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: NodeId,
            /// The gradient.
            gradient: BlobHash,
        },
        /// A gradient improved its parent and is a node of the tree. The whole deposit went back.
        Accepted {
            /// The campaign.
            campaign: CampaignId,
            /// The submission, and the node.
            submission: NodeId,
            /// Whose gradient it is.
            account: T::AccountId,
            /// The node that it builds on.
            parent: NodeId,
            /// The measured error.
            error: MeasuredError,
        },
        /// A gradient did not improve its parent by the minimum step. The assay was paid from the
        /// deposit.
        NotImproved {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: NodeId,
        },
        /// A gradient cannot be measured. The assay was paid from the deposit.
        Malformed {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: NodeId,
            /// Why not.
            reason: Malformed,
        },
        /// An earlier commitment was to the same gradient, or to one that leads to the same model.
        Duplicate {
            /// The campaign.
            campaign: CampaignId,
            /// The submission that earns nothing.
            submission: NodeId,
            /// The node that has the same parameters, or the submission that may become it.
            of: NodeId,
        },
        /// A node went to a submission with the same model that was committed to earlier. The whole
        /// deposit of that went back.
        TakenOver {
            /// The campaign.
            campaign: CampaignId,
            /// The earlier submission.
            submission: NodeId,
            /// The node.
            node: NodeId,
            /// Who earns for the node now.
            account: T::AccountId,
        },
        /// A gradient was not revealed in time. The deposit is lost.
        DepositLost {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: NodeId,
        },
        /// A submission was not decided in time. The whole deposit went back.
        Undecided {
            /// The campaign.
            campaign: CampaignId,
            /// The submission.
            submission: NodeId,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// There is no such node: the parent must be a root or an accepted gradient.
        UnknownParent,
        /// The parent is a node of another campaign: commit to that one, or choose another parent.
        ParentOfOtherCampaign,
        /// The path to the parent is as long as possible: build on a node closer to the root.
        TooDeep,
        /// The campaign wants accounts with more accepted gradients: gather them in other
        /// campaigns.
        ReputationTooLow,
        /// You have as many pending submissions in this campaign as possible: reveal them, or wait
        /// for their verdicts.
        TooManyPending,
        /// The campaign has as many pending submissions as possible: try again when some of them
        /// are decided.
        CampaignBusy,
        /// You have committed to this already and it is pending: reveal that submission.
        CommitmentReused,
        /// As many reveal windows as possible end in the next blocks: try again in the next block.
        AgendaFull,
        /// There is no such submission (any more).
        UnknownSubmission,
        /// Only the account that committed can reveal.
        NotSubmitter,
        /// The submission is revealed already and waits for its verdict.
        AlreadyRevealed,
        /// The submission is decided already.
        AlreadyDecided,
        /// A commitment can be revealed from the next block on.
        TooEarly,
        /// The reveal window is over and the deposit is lost.
        RevealWindowOver,
        /// The reveal window is not over yet: wait until it is.
        RevealWindowOpen,
        /// You committed to something else: gradient and salt must be those of the commitment, and
        /// the commitment must name your account, this campaign and this parent.
        CommitmentMismatch,
        /// The gradient is not stored: store it in the model repository first.
        UnknownBlob,
        /// A gradient of this model cannot have this size: encode it for the model's architecture.
        WrongSize,
        /// The campaign does not exist any more.
        CampaignOver,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            T::WeightInfo::expire_due(Self::expire_due(now))
        }

        fn integrity_test() {
            assert!(
                !T::RevealWindow::get().is_zero(),
                "RevealWindow must be positive"
            );
            assert!(
                T::MaxPendingPerAccount::get() > 0,
                "MaxPendingPerAccount must be positive"
            );
            assert!(
                T::MaxPendingPerCampaign::get() > 0,
                "MaxPendingPerCampaign must be positive"
            );
            assert!(T::MaxDepth::get() > 0, "MaxDepth must be positive");
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
        /// Commits to a gradient on `parent`, a node of the campaign.
        ///
        /// `commitment` is blake2b-256 of the SCALE encoding of (your account, campaign, parent,
        /// hash of the gradient's blob, 32 random bytes). Keep the random bytes: without them, and
        /// without a reveal in time, the deposit is lost. Commit before you store the gradient:
        /// everybody can see what is stored, and the earliest commitment wins. Holds the deposit:
        /// the base deposit and the price of one assay.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit(T::MaxPendingPerAccount::get()))]
        pub fn commit(
            origin: OriginFor<T>,
            campaign: CampaignId,
            parent: NodeId,
            commitment: H256,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_commit(who, campaign, parent, commitment)
        }

        /// Reveals a gradient that you committed to, and asks the assayers to measure it. The
        /// gradient must be stored in the model repository.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(
            origin: OriginFor<T>,
            submission: NodeId,
            gradient: BlobHash,
            salt: Salt,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_reveal(who, submission, gradient, &salt)
        }

        /// Ends a submission that was not revealed in time. Anyone may call this; the chain does so
        /// by itself.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::expire())]
        pub fn expire(origin: OriginFor<T>, submission: NodeId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire(submission)
        }
    }
}
