//! # Assays
//!
//! Has the assayers measure roots and rounds off chain, and turns their verdicts into decisions.
//!
//! ## Terminology
//!
//! - **Assay**: a measurement on a campaign's validation set. That of a *root* measures a proposal's
//!   initial model; that of a *round* measures means of the models that its gradients lead to.
//! - **Task**: an assay that the chain waits for, from its request until it is decided, withdrawn
//!   or expired.
//! - **Subject**: a hash of all that an assay judges.
//! - **Assayer**: an account with a bond and a key, whose node's off-chain worker measures.
//! - **Report**: an assayer's signed verdict on one task.
//! - **Quorum**: more than two thirds of the set of assayers
//!   ([`quorum`](sonar_primitives::assay::quorum)) with equal verdicts.
//!
//! ## Life of an assay
//!
//! 1. Campaigns and gradients ask for it ([`AssayQueue::request`]). If too many are pending a round asks
//!    again in the next block, and a proposal is refused.
//! 2. At every imported block the off-chain worker of each node that holds an assayer's key takes
//!    the oldest tasks on which that assayer has not reported, learns from
//!    [`AssaySubjects::work`] what to measure, has its node measure it
//!    ([`sonar_host::assay::evaluate_all`]), and sends a signed [`Pallet::report`], which costs nothing.
//! 3. As soon as a quorum of reports agrees, the task is gone and [`AssaySubjects::decided`] acts
//!    on the verdict. The chain learns no error of a round that does not improve its branch.
//! 4. Whoever asked may withdraw the task ([`AssayQueue::withdraw`]), and then owes the assayers the
//!    price all the same, unless it was requested in the same block: they may have measured.
//! 5. If none agrees within the window, the chain gives up by itself in the block after the
//!    deadline, or anyone does with [`Pallet::expire`]: [`AssaySubjects::undecided`].
//!
//! A verdict binds to the number and the subject of the assay, and its signature to the chain: it can
//! never count for anything else.
//!
//! ## Assumptions
//!
//! - Equal requests get equal outcomes on every assayer's machine, whatever its processor.
//! - **One assayer.** With several, whoever reports last could copy the others' verdicts instead of
//!   measuring. Until verdicts are committed before they are revealed, `MaxAssayers` must be 1;
//!   the integrity test insists on it. Nothing else here depends on it.
//! - The off-chain worker reads the state of the block that was just imported. When forks or a
//!   reorganisation bring the same task again, the node serves the outcome from its cache, and the
//!   transaction pool takes one report per task and assayer.
//! - What a sent report waits for is kept in the node's off-chain database, and forgotten after
//!   [`RESEND_AFTER`] blocks, so that a transaction that got lost is sent again.
//! - The runtime has `frame_system::AuthorizeCall` among its transaction extensions.
//!
//! [`AssayQueue::request`]: sonar_primitives::traits::AssayQueue::request
//! [`AssayQueue::withdraw`]: sonar_primitives::traits::AssayQueue::withdraw
//! [`AssaySubjects::work`]: sonar_primitives::traits::AssaySubjects::work
//! [`AssaySubjects::decided`]: sonar_primitives::traits::AssaySubjects::decided
//! [`AssaySubjects::undecided`]: sonar_primitives::traits::AssaySubjects::undecided

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod assayers;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod crypto;
#[cfg(test)]
mod mock;
mod queue;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod verdicts;
pub mod weights;
mod worker;

pub use pallet::*;
pub use types::{Assayer, Report, DOMAIN};
pub use weights::WeightInfo;
pub use worker::RESEND_AFTER;

use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::assay::AssayTask;
use sp_application_crypto::RuntimeAppPublic;

/// The target of the pallet's log lines.
const LOG: &str = "sonar::assays";

/// A report on this chain.
pub type ReportOf<T> = Report<<T as Config>::AssayerId>;

/// A task on this chain.
type TaskOf<T> = AssayTask<BlockNumberFor<T>>;

/// An assayer's signature on this chain.
pub type SignatureOf<T> = <<T as Config>::AssayerId as RuntimeAppPublic>::Signature;

// The code that the macros write calls `expect`; ours does not.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::{Assayer, ReportOf, SignatureOf, WeightInfo};
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, EnsureOrigin},
    };
    use frame_system::{
        ensure_authorized, offchain::CreateAuthorizedTransaction, pallet_prelude::*,
    };
    use sonar_primitives::{
        assay::{AssayKind, AssayTask, Verdict},
        traits::{AssaySubjects, Reputations},
        Balance, CampaignId, ModelId,
    };
    use sp_application_crypto::RuntimeAppPublic;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Assayers, and the assays that they owe.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the pallet needs of the runtime.
    #[pallet::config]
    pub trait Config:
        CreateAuthorizedTransaction<Call<Self>>
        + frame_system::Config<RuntimeEvent: From<Event<Self>>>
    {
        /// The kind of key that assayers sign with.
        type AssayerId: Member
            + Parameter
            + RuntimeAppPublic<Signature: Parameter>
            + MaybeSerializeDeserialize
            + MaxEncodedLen;
        /// The money that bonds are made of.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// What is held from an assayer.
        #[pallet::constant]
        type Bond: Get<Balance>;
        /// Who may register assayers.
        type RegisterOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Those who cause assays.
        type Subjects: AssaySubjects<Self::AccountId, BlockNumberFor<Self>>;
        /// Where verdicts with and against the quorum are counted.
        type Reputations: Reputations<Self::AccountId>;
        /// The most assayers there can be. Must be 1, see the crate's assumptions.
        #[pallet::constant]
        type MaxAssayers: Get<u32>;
        /// Blocks after its request in which verdicts on an assay count.
        #[pallet::constant]
        type AssayWindow: Get<BlockNumberFor<Self>>;
        /// The most assays that can be pending or booked.
        #[pallet::constant]
        type MaxPending: Get<u32>;
        /// The most assays that an off-chain worker makes at one block.
        #[pallet::constant]
        type MaxAssaysPerBlock: Get<u32>;
        /// The most assays that the chain expires by itself at one block.
        #[pallet::constant]
        type MaxDuePerBlock: Get<u32>;
        /// The priority of reports in the transaction pool.
        #[pallet::constant]
        type UnsignedPriority: Get<TransactionPriority>;
        /// Blocks for which a report stays in the transaction pool.
        #[pallet::constant]
        type ReportLongevity: Get<TransactionLongevity>;
        /// What the calls weigh.
        type WeightInfo: WeightInfo;
    }

    /// Why money is held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// An assayer's bond.
        Bond,
    }

    /// The assayers, in the order of their registration.
    #[pallet::storage]
    pub type Assayers<T: Config> = StorageValue<
        _,
        BoundedVec<Assayer<T::AccountId, T::AssayerId>, T::MaxAssayers>,
        ValueQuery,
    >;

    /// The assays that the chain waits for, by the number of the root or round.
    #[pallet::storage]
    pub type Tasks<T: Config> =
        CountedStorageMap<_, Twox64Concat, ModelId, AssayTask<BlockNumberFor<T>>, OptionQuery>;

    /// The verdicts on each of them so far, with the account of the assayer that gave it.
    #[pallet::storage]
    pub type Reports<T: Config> = StorageMap<
        _,
        Twox64Concat,
        ModelId,
        BoundedVec<(T::AccountId, Verdict), T::MaxAssayers>,
        ValueQuery,
    >;

    /// The assays that expire at each block unless they were decided before.
    #[pallet::storage]
    pub type Due<T: Config> = StorageMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        BoundedVec<ModelId, T::MaxDuePerBlock>,
        ValueQuery,
    >;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account became an assayer; its bond is held.
        Registered {
            /// Who.
            account: T::AccountId,
            /// The key that will sign its verdicts.
            key: T::AssayerId,
        },
        /// An assayer left the set and got its bond back.
        Retired {
            /// Who.
            account: T::AccountId,
        },
        /// An assayer signs with another key from now on.
        KeySet {
            /// Who.
            account: T::AccountId,
            /// The new key.
            key: T::AssayerId,
        },
        /// The assayers are asked to measure a root or a round.
        Requested {
            /// The number of the root or round.
            id: ModelId,
            /// The campaign that it belongs to.
            campaign: CampaignId,
            /// What the assay is for.
            kind: AssayKind,
        },
        /// A root or a round need not be measured any more.
        Withdrawn {
            /// The number of the root or round.
            id: ModelId,
        },
        /// An assayer gave its verdict on a root or a round.
        Reported {
            /// The number of the root or round.
            id: ModelId,
            /// Who gave it.
            assayer: T::AccountId,
        },
        /// A quorum of verdicts agreed. What it came to is told by the campaign or the round.
        Decided {
            /// The number of the root or round.
            id: ModelId,
            /// The campaign that it belongs to.
            campaign: CampaignId,
            /// What the assay was for.
            kind: AssayKind,
        },
        /// No quorum of verdicts agreed in time.
        Expired {
            /// The number of the root or round.
            id: ModelId,
            /// The campaign that it belongs to.
            campaign: CampaignId,
            /// What the assay was for.
            kind: AssayKind,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account is an assayer already. Change its key with `set_key`.
        AlreadyRegistered,
        /// There are as many assayers as there can be. Wait until one retires.
        SetFull,
        /// Another assayer signs with this key, or this one does already. Generate a new one.
        KeyInUse,
        /// The account, or the key, is not that of an assayer.
        NotAnAssayer,
        /// Assays are pending. Retire when none is.
        AssaysPending,
        /// As many assays are pending or booked as there can be. Try again in a few blocks.
        QueueFull,
        /// No assay of this root or round is pending: it was decided, withdrawn or never asked for.
        NothingToMeasure,
        /// The time for verdicts on this assay is over.
        WindowOver,
        /// Verdicts on this assay still count. Expire it after its deadline.
        WindowOpen,
        /// The report is about other contents than the assay. Report on the assay's `subject`.
        OtherSubject,
        /// The verdict on a root must be `Measured` or `Malformed`, that on a round `Round`.
        WrongVerdict,
        /// This assayer has given its verdict on this assay.
        AlreadyReported,
    }

    /// The first assayers.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Account and key of each. The accounts must be able to pay the bond.
        pub assayers: Vec<(T::AccountId, T::AssayerId)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            for (account, key) in &self.assayers {
                let added = Pallet::<T>::add_assayer(account.clone(), key.clone());
                assert!(
                    added.is_ok(),
                    "cannot make {account:?} an assayer: {added:?}"
                );
            }
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Makes an account an assayer and holds its bond. Only for the origin that the runtime
        /// names.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            account: T::AccountId,
            key: T::AssayerId,
        ) -> DispatchResult {
            T::RegisterOrigin::ensure_origin(origin)?;
            Self::add_assayer(account, key)
        }

        /// Leaves the set of assayers and gets the bond back. Possible while no assay is pending.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::retire())]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::remove_assayer(account)
        }

        /// Gives the calling assayer another key. Verdicts it has given still count, and it cannot
        /// give another on the same assay.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_key())]
        pub fn set_key(origin: OriginFor<T>, key: T::AssayerId) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::change_key(account, key)
        }

        /// Gives an assayer's verdict on a root or a round. Sent by off-chain workers as a general
        /// transaction without a fee; `signature` is made with the assayer's key over the report,
        /// see [`Report::payload`](crate::Report::payload).
        #[pallet::call_index(3)]
        #[pallet::weight(Pallet::<T>::weight_of_report(report.verdict.kind()))]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_report())]
        #[pallet::authorize(|_source, report, signature| Self::authorize_report(report, signature))]
        pub fn report(
            origin: OriginFor<T>,
            report: ReportOf<T>,
            // Checked when the call was authorized.
            _signature: SignatureOf<T>,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::count(report)
        }

        /// Gives up on an assay whose window is over. Anyone may do so, if the chain has not done
        /// it by itself.
        #[pallet::call_index(4)]
        #[pallet::weight(
            Pallet::<T>::weight_of_expire(AssayKind::Root)
                .max(Pallet::<T>::weight_of_expire(AssayKind::Round))
        )]
        pub fn expire(origin: OriginFor<T>, id: ModelId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let kind = Self::give_up(id)?;
            Ok(Some(Self::weight_of_expire(kind)).into())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::give_up_due(now)
        }

        fn offchain_worker(now: BlockNumberFor<T>) {
            Self::measure(now);
        }

        fn integrity_test() {
            assert!(
                T::MaxAssayers::get() == 1,
                "with several assayers verdicts must be committed before they are revealed"
            );
            assert!(
                !T::AssayWindow::get().is_zero(),
                "nobody could give a verdict"
            );
            assert!(
                T::MaxPending::get() > 0 && T::MaxAssaysPerBlock::get() > 0,
                "nothing could be measured"
            );
            assert!(
                T::MaxDuePerBlock::get() > 0,
                "nothing would expire by itself"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}

impl<T: Config> sp_runtime::BoundToRuntimeAppPublic for Pallet<T> {
    type Public = T::AssayerId;
}
