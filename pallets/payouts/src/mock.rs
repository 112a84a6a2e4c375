//! A runtime with balances and this pallet, and settlements to feed it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate as pallet_payouts;
use frame_support::{derive_impl, parameter_types, traits::fungible::Mutate};
use sonar_primitives::{
    traits::{Payouts as _, Settlement},
    tree::RecordStep,
    Balance, CampaignId, MeasuredError,
};
use sp_runtime::{BuildStorage, DispatchResult};

pub type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeTask,
        RuntimeHoldReason,
        RuntimeFreezeReason
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type Payouts = pallet_payouts::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

parameter_types! {
    pub const ExistentialDeposit: Balance = MINIMUM;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
}

impl pallet_payouts::Config for Test {
    type Currency = Balances;
    type WeightInfo = ();
}

/// The owner of the campaigns.
pub const OWNER: AccountId = 1;
/// The author of the root.
pub const PROPOSER: AccountId = 2;
/// The first of the miners; the next have the next numbers.
pub const MINER: AccountId = 100;
/// The account that holds the money.
pub const ESCROW: AccountId = 9_999;
/// The campaign that the tests settle.
pub const CAMPAIGN: CampaignId = 7;
/// No account holds less than this.
pub const MINIMUM: Balance = 10;
/// What the escrow holds besides what is split.
pub const DEPOSIT: Balance = MINIMUM;

/// An empty chain in block 1, so that events are recorded.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .unwrap();
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test on an empty chain and then checks the pallet's state.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Payouts::do_try_state().unwrap();
    });
}

/// A settlement of [`CAMPAIGN`] whose bounty is all for data and all the owner's.
pub fn settlement(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
) -> Settlement<AccountId, Balance> {
    Settlement {
        campaign: CAMPAIGN,
        owner: OWNER,
        escrow: ESCROW,
        data: bounty,
        expertise: 0,
        unearnable: 0,
        sponsors: vec![(OWNER, bounty)],
        start,
        target,
        steepness: 1,
        counts: true,
    }
}

/// A record that falls from `start` to these errors; every step has a miner of its own.
pub fn record(start: MeasuredError, errors: &[MeasuredError]) -> Vec<RecordStep<AccountId>> {
    let from = [start].into_iter().chain(errors.iter().copied());
    (0u64..)
        .zip(from.zip(errors))
        .map(|(index, (from, to))| RecordStep {
            model: index,
            from,
            to: *to,
            contributors: vec![(MINER + index, 1)],
            proposer: PROPOSER,
        })
        .collect()
}

/// Puts the money of a settlement, and a deposit, into its escrow.
pub fn fund(settlement: &Settlement<AccountId, Balance>) {
    let money = settlement.data + settlement.expertise + settlement.unearnable;
    Balances::mint_into(&settlement.escrow, money + DEPOSIT).unwrap();
}

/// Puts the money of a settlement, and a deposit, into its escrow, and settles all of the record.
pub fn settle(
    settlement: &Settlement<AccountId, Balance>,
    steps: &[RecordStep<AccountId>],
) -> DispatchResult {
    fund(settlement);
    Payouts::settle(settlement, steps, true)
}

/// Settles a bounty of [`OWNER`] by a record of [`MINER`] and those after it.
pub fn settle_record(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
    errors: &[MeasuredError],
) -> DispatchResult {
    settle(&settlement(bounty, start, target), &record(start, errors))
}
