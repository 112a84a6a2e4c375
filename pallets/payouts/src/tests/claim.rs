use crate::{mock::*, Claimable, Entitlements, Error, Event, Settled};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use sonar_primitives::traits::Payouts as _;
use sp_runtime::{DispatchError, TokenError};

fn claim(who: AccountId) -> sp_runtime::DispatchResult {
    Payouts::claim(RuntimeOrigin::signed(who), CAMPAIGN)
}

#[test]
fn claim_works() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[41, 30]));
        assert_ok!(claim(MINER + 1));

        assert_eq!(Balances::free_balance(MINER + 1), 3_438);
        assert_eq!(Balances::free_balance(ESCROW), 10_000 + DEPOSIT - 3_438);
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 10_000 - 3_438);
        System::assert_last_event(
            Event::Claimed {
                campaign: CAMPAIGN,
                account: MINER + 1,
                amount: 3_438,
            }
            .into(),
        );
        // It stays readable, but is not in the index.
        let entitlement = Entitlements::<Test>::get(CAMPAIGN, MINER + 1).unwrap();
        assert_eq!((entitlement.earned, entitlement.claimed), (3_438, true));
        assert!(!Claimable::<Test>::contains_key(MINER + 1, CAMPAIGN));
        assert!(Claimable::<Test>::contains_key(OWNER, CAMPAIGN));
    });
}

#[test]
fn claim_pays_every_part_at_once() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10);
        settlement.data = 8_000;
        settlement.expertise = 2_000;
        let mut steps = record(42, &[26]);
        steps[0].proposer = OWNER;
        steps[0].contributors[0].0 = OWNER;
        assert_ok!(settle(&settlement, &steps));
        assert_ok!(claim(OWNER));
        assert_eq!(Balances::free_balance(OWNER), 10_000);
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 0);
    });
}

#[test]
fn claim_leaves_the_deposit() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[10]));
        assert_ok!(claim(MINER));
        assert_eq!(Balances::free_balance(ESCROW), DEPOSIT);
    });
}

#[test]
fn claim_fails_when_not_settled() {
    build_and_execute(|| {
        assert_noop!(claim(MINER), Error::<Test>::NotSettled);
        // Nor while there are steps to come.
        let settlement = settlement(10_000, 42, 10);
        fund(&settlement);
        let steps = record(42, &[41, 10]);
        assert_ok!(Payouts::settle(&settlement, &steps[..1], false));
        assert_noop!(claim(MINER), Error::<Test>::NotSettled);
        assert_ok!(Payouts::settle(&settlement, &steps[1..], true));
        assert_ok!(claim(MINER));
    });
}

#[test]
fn claim_fails_when_nothing_is_due() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[10]));
        // The whole bounty was earned: nothing goes back to the owner.
        assert_noop!(claim(OWNER), Error::<Test>::NothingToClaim);
        assert_noop!(claim(12_345), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn claim_fails_when_repeated() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[10]));
        assert_ok!(claim(MINER));
        assert_noop!(claim(MINER), Error::<Test>::AlreadyClaimed);
    });
}

#[test]
fn claim_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Payouts::claim(RuntimeOrigin::none(), CAMPAIGN),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn claim_below_the_existential_deposit_can_be_repeated() {
    build_and_execute(|| {
        // The miner earns 3, and an account needs 10.
        assert_ok!(settle_record(96, 42, 10, &[41]));
        assert_noop!(claim(MINER), DispatchError::Token(TokenError::BelowMinimum));
        // Nobody else is affected.
        assert_ok!(claim(OWNER));
        // With an account of its own it works.
        Balances::mint_into(&MINER, 10).unwrap();
        assert_ok!(claim(MINER));
        assert_eq!(Balances::free_balance(MINER), 13);
        assert_eq!(Settled::<Test>::get(CAMPAIGN).unwrap().unclaimed, 0);
    });
}
