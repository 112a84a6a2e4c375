//! # Model repository
//!
//! Keeps models, gradients and validation sets where every node can serve them, without putting
//! their bytes into the chain's state.
//!
//! ## Terminology
//!
//! - **Blob**: some bytes, named by their blake2b-256 hash. The hash is the digest of the IPFS CID
//!   under which nodes serve the blob (CIDv1, codec raw).
//! - **Indexed transaction**: a transaction whose last bytes the node keeps apart, by their hash.
//!   The state holds only a [`Blob`] of fixed size; the bytes live in the block's body.
//! - **Depositor**: who stored the blob. A deposit is held from it while the blob is stored.
//! - **Pin**: the claim of another pallet that a blob must stay. A pinned blob cannot be removed.
//! - **Booked place**: room on a list of renewals, kept for a blob that comes later.
//! - **Renewal**: a reference to a blob from a later block. A node that prunes old blocks forgets a
//!   blob with the last block that refers to it.
//!
//! ## Life of a blob
//!
//! 1. [`store`](Pallet::store) takes the deposit, records the blob and has its bytes indexed. They
//!    can be fetched from the next block on.
//! 2. Others pin and unpin it through [`sonar_primitives::traits::Blobs`]. They can also put the last
//!    bytes of a transaction of their own there, in a place that they booked: such a blob is removed,
//!    and its deposit given back, with its last pin.
//! 3. Every [`Config::RetentionPeriod`] blocks the chain renews it, pinned or not: the deposit pays
//!    for that, and nobody has to remember a blob for it to last.
//! 4. [`remove`](Pallet::remove), by the depositor and only without pins, gives the deposit back.
//!    The bytes disappear from a node when it prunes the last block that refers to them.
//!
//! ## Assumptions
//!
//! - The first transaction of every block is an inherent (pallet-timestamp insists on one).
//!   Renewals are attached to it, because a hook has no transaction of its own. The node prefers a
//!   renewal to an indexing of the same transaction, and an inherent, having no signer, cannot be a
//!   `store`.
//! - Nodes keep more blocks than [`Config::RetentionPeriod`].
//! - The bytes are not checked against anything but their hash: who pins a blob checks what is in
//!   it.
//! - Indexing is not undone when a transaction fails after `store` succeeded in it. Then a node
//!   keeps the bytes apart, as it would otherwise keep them in the body, until it prunes the block;
//!   the chain knows no such blob.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod renewal;
mod repository;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::Blob;
pub use weights::WeightInfo;

/// A blob as this pallet stores it.
pub type BlobOf<T> =
    Blob<<T as frame_system::Config>::AccountId, frame_system::pallet_prelude::BlockNumberFor<T>>;

// The macros of storage items expand to `expect`, in the metadata.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;
    use sonar_primitives::{traits::Place, Balance, BlobHash};
    use sp_runtime::traits::Zero;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The model repository.
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

        /// The largest blob, in bytes. At least 1, and less than a block's length.
        #[pallet::constant]
        type MaxBlobSize: Get<u32>;

        /// The part of a deposit that does not depend on the blob's size.
        #[pallet::constant]
        type DepositBase: Get<Balance>;

        /// The part of a deposit for each byte of the blob.
        #[pallet::constant]
        type DepositPerByte: Get<Balance>;

        /// Blocks between two renewals of a blob. At least 1, and fewer than nodes keep. A change
        /// needs a migration: a blob's renewals are found by its phase.
        #[pallet::constant]
        type RetentionPeriod: Get<BlockNumberFor<Self>>;

        /// The most blobs that are renewed in one block. Half of it is the most that can be stored in
        /// one; the rest is for booked places. At least 2; can be raised, and not lowered.
        #[pallet::constant]
        type MaxRenewalsPerBlock: Get<u32>;

        /// The weights of calls and renewals.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The deposit for a stored blob.
        Blob,
    }

    /// The stored blobs, by the blake2b-256 hash of their bytes.
    #[pallet::storage]
    pub type Blobs<T: Config> = StorageMap<_, Blake2_128Concat, BlobHash, BlobOf<T>, OptionQuery>;

    /// The blobs to renew, by block. Every stored blob is in exactly one of these lists: that of
    /// its next renewal.
    #[pallet::storage]
    pub type Renewals<T: Config> = StorageMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        BoundedVec<BlobHash, T::MaxRenewalsPerBlock>,
        ValueQuery,
    >;

    /// Places booked for blobs that come later, by the phase of the blocks that will renew them.
    #[pallet::storage]
    pub type BookedPlaces<T: Config> = StorageMap<_, Twox64Concat, Place, u32, ValueQuery>;

    /// The sizes of all stored blobs together, in bytes.
    #[pallet::storage]
    pub type StoredBytes<T: Config> = StorageValue<_, u64, ValueQuery>;

    /// The index of the transaction of this block that stored a blob last. Empty between blocks.
    #[pallet::storage]
    pub type LastTransaction<T: Config> = StorageValue<_, u32, OptionQuery>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A blob was stored.
        Stored {
            /// The blake2b-256 hash of its bytes.
            blob: BlobHash,
            /// Its size in bytes.
            size: u32,
            /// Who stored it and may remove it.
            depositor: T::AccountId,
            /// What is held from the depositor for it.
            deposit: Balance,
        },
        /// A blob was removed.
        Removed {
            /// The blake2b-256 hash of its bytes.
            blob: BlobHash,
            /// Who had stored it.
            depositor: T::AccountId,
            /// What the depositor got back.
            deposit: Balance,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// A blob has at least one byte.
        Empty,
        /// The blob is larger than the constant `MaxBlobSize`.
        TooLarge,
        /// The blob is stored already, by you or by somebody else: use it as it is.
        AlreadyStored,
        /// A blob can only be stored by a transaction: not by a scheduled or otherwise automatic
        /// call.
        NotInTransaction,
        /// The blob's bytes must be the last of the transaction: make the call that carries them its
        /// only one, or the last of a batch.
        NotLast,
        /// The transaction has stored a blob already: use one transaction for each.
        OnePerTransaction,
        /// As many blobs as possible were stored in this block, or places booked: try again in the
        /// next.
        AgendaFull,
        /// No place was booked for the blob.
        NotBooked,
        /// No blob with this hash is stored.
        UnknownBlob,
        /// Only the account that stored the blob may remove it.
        NotDepositor,
        /// A campaign, model or submission needs the blob: wait until it is over.
        Pinned,
        /// The blob is pinned as often as possible.
        TooManyPins,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            T::WeightInfo::renew(Self::renew_due(now))
        }

        fn on_finalize(_: BlockNumberFor<T>) {
            LastTransaction::<T>::kill();
        }

        fn integrity_test() {
            assert!(T::MaxBlobSize::get() > 0, "MaxBlobSize must be positive");
            assert!(
                T::MaxRenewalsPerBlock::get() > 1,
                "MaxRenewalsPerBlock must be at least 2"
            );
            assert!(
                !T::RetentionPeriod::get().is_zero()
                    && T::RetentionPeriod::get() <= u32::MAX.into(),
                "RetentionPeriod must be positive and fit in 32 bits"
            );
            assert!(
                Self::deposit_for(T::MaxBlobSize::get()).is_ok(),
                "the deposit for the largest blob must be an amount"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Stores a blob. Its name is the blake2b-256 hash of `data`; nodes serve it from the next
        /// block on, over IPFS too.
        ///
        /// Holds a deposit (`DepositBase`, and `DepositPerByte` for each byte) that comes back when
        /// the blob is removed. Must be the last call of the transaction, and the only one of its
        /// kind.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::store(data.len() as u32))]
        pub fn store(origin: OriginFor<T>, data: Vec<u8>) -> DispatchResult {
            let depositor = ensure_signed(origin)?;
            Self::do_store(depositor, &data)
        }

        /// Removes a blob that you stored and that nobody needs any more. Gives the deposit back.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::remove())]
        pub fn remove(origin: OriginFor<T>, blob: BlobHash) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_remove(who, blob)
        }
    }
}
