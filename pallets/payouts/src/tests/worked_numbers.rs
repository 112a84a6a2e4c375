//! The worked numbers of the protocol, end to end: settle, everybody claims, all balances are right to
//! the last unit and nothing but the deposit is left.

use crate::{mock::*, Settled};
use frame_support::{assert_ok, traits::fungible::Mutate};
use sonar_primitives::{traits::Settlement, tree::RecordStep, Balance, MeasuredError};

/// Settles a record and lets everybody claim; `earned` is what the miners must get.
fn check_settlement(
    settlement: &Settlement<AccountId, Balance>,
    steps: &[RecordStep<AccountId>],
    earned: &[Balance],
) {
    build_and_execute(|| {
        assert_ok!(settle(settlement, steps));
        // Accounts exist before: some of the numbers are too small to bring one into being.
        let accounts: Vec<_> = (MINER..).take(earned.len()).chain([OWNER]).collect();
        for account in &accounts {
            assert_ok!(Balances::mint_into(account, MINIMUM));
        }
        for (account, _) in Payouts::entitlements(CAMPAIGN) {
            assert_ok!(Payouts::claim(RuntimeOrigin::signed(account), CAMPAIGN));
        }
        let mut balances: Vec<_> = accounts
            .iter()
            .map(|account| Balances::free_balance(account) - MINIMUM)
            .collect();
        let refund = balances.pop().unwrap();
        assert_eq!(balances, earned);
        assert_eq!(refund, settlement.data - earned.iter().sum::<Balance>());
        assert_eq!(Balances::free_balance(ESCROW), DEPOSIT);
        assert_eq!(Settled::<Test>::get(CAMPAIGN).unwrap().unclaimed, 0);
    });
}

/// The same for a bounty of the owner, and a record of which every step has a miner of its own.
fn check(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
    errors: &[MeasuredError],
    earned: &[Balance],
) {
    let steps = record(start, errors);
    check_settlement(&settlement(bounty, start, target), &steps, earned);
}

#[test]
fn one_small_step() {
    // 1,000.00 in hundredths; from 100 % to 98 % with a target of 20 %.
    check(
        100_000,
        1_000_000_000,
        200_000_000,
        &[980_000_000],
        &[2_500],
    );
    check(100_000, 100, 20, &[98], &[2_500]);
}

#[test]
fn three_steps_to_the_target() {
    check(10_000, 42, 10, &[41, 30, 10], &[312, 3_438, 6_250]);
}

#[test]
fn the_overshoot_is_not_paid() {
    check(10_000, 42, 10, &[0], &[10_000]);
    check(10_000, 42, 10, &[11, 0], &[9_687, 313]);
}

#[test]
fn seven_equal_steps_lose_nothing() {
    let earned = [14, 14, 14, 15, 14, 14, 15];
    check(100, 7, 0, &[6, 5, 4, 3, 2, 1, 0], &earned);
}

#[test]
fn a_steepness_of_two_pays_the_hard_end() {
    let mut settlement = settlement(10_000, 42, 10);
    settlement.steepness = 2;
    let steps = record(42, &[41, 30, 10]);
    check_settlement(&settlement, &steps, &[9, 1_397, 8_594]);
}

#[test]
fn a_takeover_from_the_root_earns_its_own_step_only() {
    check(10_000, 42, 10, &[41, 30, 29], &[312, 3_438, 312]);
}

#[test]
fn a_round_of_three_is_divided_by_shares() {
    let mut steps = record(42, &[26]);
    steps[0].contributors = vec![(MINER, 60), (MINER + 1, 36), (MINER + 2, 0)];
    let settlement = settlement(10_000, 42, 10);
    check_settlement(&settlement, &steps, &[3_125, 1_875, 0]);
}

#[test]
fn nothing_accepted_returns_everything() {
    check(10_000, 42, 10, &[], &[]);
}

#[test]
fn fractions_are_floored() {
    // (10,000 / 2,000) x 37, and 123,456,789 x 4 / 9.
    check(10_000, 2_000, 0, &[1_963], &[185]);
    check(123_456_789, 9, 0, &[5], &[54_869_684]);
}
