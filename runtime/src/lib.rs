//! Sonar's runtime: which pallets there are, how they meet, and what clients can ask.
//!
//! No logic of its own: [`configs`] gives the pallets their parameters, [`configs::sonar`]
//! connects Sonar's own pallets with each other, `apis` answers clients.

#![cfg_attr(not(feature = "std"), no_std)]
// What the macros generate cannot carry docs.
#![allow(missing_docs)]
#![recursion_limit = "256"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod genesis;
pub mod queries;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{generic, impl_opaque_keys, traits::BlakeTwo256, MultiAddress};
use sp_version::RuntimeVersion;

pub use apis::{RuntimeApi, RUNTIME_API_VERSIONS};
pub use sonar_primitives::{AccountId, Balance, BlockNumber, Hash, Nonce, Signature, SNR};

/// What the node handles without knowing the runtime's calls.
pub mod opaque {
    use super::*;
    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// A block's header.
    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    /// A block whose extrinsics are bytes.
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
    /// A block by number or hash.
    pub type BlockId = generic::BlockId<Block>;
}

/// Makes nodes keep an assayer's key with their other keys.
pub struct AssayerKey;

impl sp_runtime::BoundToRuntimeAppPublic for AssayerKey {
    type Public = pallet_assays::crypto::AssayerId;
}

impl_opaque_keys! {
    /// The keys that a validator's node holds.
    pub struct SessionKeys {
        /// Block production.
        pub aura: Aura,
        /// Finality.
        pub grandpa: Grandpa,
        /// Verdicts.
        pub assayer: AssayerKey,
    }
}

/// The runtime's version; clients compare it with what they were built for.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("sonar"),
    impl_name: Cow::Borrowed("sonar"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

/// Milliseconds between blocks.
pub const SLOT_DURATION: u64 = 2_000;
/// One minute, in blocks.
pub const MINUTES: BlockNumber = 60_000 / (SLOT_DURATION as BlockNumber);
/// One hour, in blocks.
pub const HOURS: BlockNumber = MINUTES * 60;
/// One day, in blocks.
pub const DAYS: BlockNumber = HOURS * 24;
/// An account with less than this does not exist.
pub const EXISTENTIAL_DEPOSIT: Balance = SNR / 1_000;

/// An account as a call names it.
pub type Address = MultiAddress<AccountId, ()>;
/// A block's header.
pub type Header = opaque::Header;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// What every transaction carries besides its call and signature.
pub type TxExtension = (
    frame_system::AuthorizeCall<Runtime>,
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    pallet_gradients::CheckReveal<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);

/// An extrinsic.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// What a transaction's signature is made over.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Executes blocks.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

#[frame_support::runtime]
mod runtime {
    /// Sonar's runtime.
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Aura = pallet_aura;
    #[runtime::pallet_index(3)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(4)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(5)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(6)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(7)]
    pub type Sudo = pallet_sudo;

    #[runtime::pallet_index(20)]
    pub type ModelRepository = pallet_model_repository;
    #[runtime::pallet_index(21)]
    pub type Campaigns = pallet_campaigns;
    #[runtime::pallet_index(22)]
    pub type Gradients = pallet_gradients;
    #[runtime::pallet_index(23)]
    pub type Assays = pallet_assays;
    #[runtime::pallet_index(24)]
    pub type Payouts = pallet_payouts;
}
