//! A runtime to test the pallet in, and what executes blocks and transactions in it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate as pallet_model_repository;
use codec::Encode;
use frame_support::{
    derive_impl, parameter_types,
    storage::with_storage_layer,
    traits::{fungible::InspectHold, ConstU128, ConstU32, ConstU64, Hooks},
};
use frame_system::mocking::{MockBlock, MockUncheckedExtrinsic};
use pallet_model_repository::HoldReason;
use sonar_primitives::{
    traits::{Blobs as _, Place},
    Balance, BlobHash,
};
use sp_io::{hashing::blake2_256, TestExternalities};
use sp_runtime::{
    traits::{Dispatchable, Header},
    BuildStorage, DispatchError, DispatchResult,
};
use sp_state_machine::IndexOperation;

pub type AccountId = u64;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
/// Has too little for any deposit.
pub const POOR: AccountId = 3;
pub const BALANCE: Balance = 1_000_000;
pub const PRICE_PER_BYTE: Balance = 3;
pub const RETENTION: u64 = 10;
pub const MAX_BLOB_SIZE: u32 = 1024;
pub const MAX_RENEWALS: u32 = 8;
/// Blobs that can be stored in one block: half of what is renewed in one.
pub const MAX_STORES: u32 = MAX_RENEWALS / 2;

#[frame_support::runtime]
mod runtime {
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
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type Utility = pallet_utility::Pallet<Test>;
    #[runtime::pallet_index(3)]
    pub type ModelRepository = pallet_model_repository::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<10>;
    type AccountStore = System;
}

impl pallet_utility::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = ();
}

parameter_types! {
    /// Changed by the test of a deposit that no amount can hold.
    pub static DepositPerByte: Balance = PRICE_PER_BYTE;
}

impl pallet_model_repository::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type MaxBlobSize = ConstU32<MAX_BLOB_SIZE>;
    type DepositBase = ConstU128<100>;
    type DepositPerByte = DepositPerByte;
    type RetentionPeriod = ConstU64<RETENTION>;
    type MaxRenewalsPerBlock = ConstU32<MAX_RENEWALS>;
    type WeightInfo = ();
}

/// What the client is told to do with a blob's bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Keep the last `size` bytes of a transaction as `blob`.
    Index {
        transaction: u32,
        blob: BlobHash,
        size: u32,
    },
    /// Keep `blob` as long as the block of this transaction.
    Renew { transaction: u32, blob: BlobHash },
}

/// All that the client was told so far.
pub fn orders(ext: &TestExternalities) -> Vec<Order> {
    let order = |operation: &IndexOperation| match operation {
        IndexOperation::Insert {
            extrinsic,
            hash,
            size,
        } => Order::Index {
            transaction: *extrinsic,
            blob: BlobHash::from_slice(hash),
            size: *size,
        },
        IndexOperation::Renew { extrinsic, hash } => Order::Renew {
            transaction: *extrinsic,
            blob: BlobHash::from_slice(hash),
        },
    };
    ext.overlayed_changes()
        .transaction_index_ops()
        .iter()
        .map(order)
        .collect()
}

/// The state before block 1.
pub fn new_test_ext() -> TestExternalities {
    DepositPerByte::set(PRICE_PER_BYTE);
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(ALICE, BALANCE), (BOB, BALANCE), (POOR, 50)],
            ..Default::default()
        },
        ..Default::default()
    };
    genesis.build_storage().unwrap().into()
}

/// Runs a test in block 1, then checks what must hold between blocks. Returns what the client was
/// told.
pub fn execute(test: impl FnOnce()) -> Vec<Order> {
    let mut ext = new_test_ext();
    ext.execute_with(|| {
        begin_block();
        test();
        end_block();
        ModelRepository::do_try_state().unwrap();
    });
    orders(&ext)
}

/// What begins a block: the hooks, and the inherent that is its first transaction.
pub fn begin_block() {
    let number = System::block_number() + 1;
    System::initialize(&number, &Default::default(), &Default::default());
    ModelRepository::on_initialize(number);
    System::note_finished_initialize();
    next_transaction(b"an inherent".to_vec());
}

/// What ends it.
pub fn end_block() {
    System::note_finished_extrinsics();
    ModelRepository::on_finalize(System::block_number());
    let header = System::finalize();
    assert_eq!(*header.number(), System::block_number());
}

/// Ends this block and begins others until that of the given height.
pub fn run_to(number: u64) {
    while System::block_number() < number {
        end_block();
        begin_block();
        ModelRepository::do_try_state().unwrap();
    }
}

/// Notes a transaction and goes on to the next index, as the executive does.
fn next_transaction(encoded: Vec<u8>) {
    System::note_extrinsic(encoded);
    let index = System::extrinsic_index().unwrap();
    System::set_extrinsic_index(index + 1);
}

/// Executes a call as a transaction of its own, as the executive does.
pub fn submit(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
    let call = call.into();
    let encoded = MockUncheckedExtrinsic::<Test>::new_bare(call.clone()).encode();
    System::note_extrinsic(encoded.clone());
    let result = call.dispatch(RuntimeOrigin::signed(who));
    next_transaction(encoded);
    result.map(|_| ()).map_err(|failed| failed.error)
}

/// Puts `data` into a booked place by a transaction of its own, as other pallets' calls do.
pub fn put(who: AccountId, data: &[u8], place: Place) -> Result<BlobHash, DispatchError> {
    System::note_extrinsic(data.to_vec());
    let result = with_storage_layer(|| ModelRepository::put(&who, data, place));
    next_transaction(data.to_vec());
    result
}

/// Books a place, and puts `data` there. Returns the blob's name.
pub fn booked_and_put(who: AccountId, data: &[u8]) -> BlobHash {
    put(who, data, ModelRepository::book().unwrap()).unwrap()
}

/// A call that stores `data`.
pub fn store(data: &[u8]) -> RuntimeCall {
    pallet_model_repository::Call::store {
        data: data.to_vec(),
    }
    .into()
}

/// A call that removes a blob.
pub fn remove(blob: BlobHash) -> RuntimeCall {
    pallet_model_repository::Call::remove { blob }.into()
}

/// A call that makes all of these, or none.
pub fn batch_all(calls: Vec<RuntimeCall>) -> RuntimeCall {
    pallet_utility::Call::batch_all { calls }.into()
}

/// A call that makes these until one fails.
pub fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
    pallet_utility::Call::batch { calls }.into()
}

/// Stores `data` by a transaction of its own. Returns the blob's name.
pub fn stored(who: AccountId, data: &[u8]) -> BlobHash {
    submit(who, store(data)).unwrap();
    name(data)
}

/// The name of a blob.
pub fn name(data: &[u8]) -> BlobHash {
    BlobHash::from(blake2_256(data))
}

/// The deposits of an account.
pub fn on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Blob.into(), &who)
}

/// The order to index the last `data.len()` bytes of a transaction as `data`.
pub fn inserted(transaction: u32, data: &[u8]) -> Order {
    Order::Index {
        transaction,
        blob: name(data),
        size: data.len() as u32,
    }
}

/// The order to refer to a blob from the first transaction of a block.
pub fn renewed(blob: BlobHash) -> Order {
    Order::Renew {
        transaction: 0,
        blob,
    }
}
