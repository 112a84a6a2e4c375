use crate::{
    mock::*, Claimable, Entitlements, Error, Event, Payees, Settled, SettledCampaign, Settling,
    SettlingCampaign,
};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{traits::Payouts as _, Balance};

fn entitled(account: AccountId, earned: Balance, refund: Balance) -> RuntimeEvent {
    Event::Entitled {
        campaign: CAMPAIGN,
        account,
        earned,
        expertise: 0,
        refund,
    }
    .into()
}

#[test]
fn settle_works() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[26]));

        assert_eq!(
            Settled::<Test>::get(CAMPAIGN),
            Some(SettledCampaign {
                escrow: ESCROW,
                unclaimed: 10_000
            })
        );
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 10_000);
        assert!(!Settling::<Test>::contains_key(CAMPAIGN));
        // Nothing has moved.
        assert_eq!(Balances::free_balance(ESCROW), 10_000 + DEPOSIT);
        System::assert_has_event(entitled(OWNER, 0, 5_000));
        System::assert_has_event(entitled(MINER, 5_000, 0));
        assert_eq!(Payouts::entitlements(CAMPAIGN).len(), 2);
        assert!(Claimable::<Test>::contains_key(MINER, CAMPAIGN));
        // The proposer has earned nothing, so it is not entitled to nothing.
        assert!(!Entitlements::<Test>::contains_key(CAMPAIGN, PROPOSER));
    });
}

#[test]
fn settle_works_in_portions() {
    build_and_execute(|| {
        let settlement = settlement(10_000, 42, 10);
        fund(&settlement);
        let mut steps = record(42, &[41, 30, 26]);
        steps[2].contributors[0].0 = MINER;
        assert_ok!(Payouts::settle(&settlement, &steps[..2], false));
        assert_eq!(
            Settling::<Test>::get(CAMPAIGN),
            Some(SettlingCampaign {
                record: 30,
                given: 312 + 3_438,
                payees: Payees::Several,
            })
        );
        System::assert_has_event(entitled(MINER, 312, 0));
        System::assert_last_event(entitled(MINER + 1, 3_438, 0));
        // Nothing can be claimed before the end.
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 0);
        assert!(Payouts::claimable(&MINER, 0, 10).is_empty());
        assert_ok!(Payouts::do_try_state());

        assert_ok!(Payouts::settle(&settlement, &[], false));
        assert_ok!(Payouts::settle(&settlement, &steps[2..], true));
        // The event tells what was added, the entitlement what there is in all.
        System::assert_has_event(entitled(MINER, 1_250, 0));
        System::assert_has_event(entitled(OWNER, 0, 5_000));
        let entitlement = Entitlements::<Test>::get(CAMPAIGN, MINER).unwrap();
        assert_eq!(entitlement.earned, 312 + 1_250);
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 10_000);
        assert_eq!(Payouts::claimable(&MINER, 0, 10), [(CAMPAIGN, entitlement)]);
    });
}

#[test]
fn settle_fails_when_repeated() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[26]));
        assert_noop!(
            Payouts::settle(&settlement(10_000, 42, 10), &[], true),
            Error::<Test>::AlreadySettled
        );
    });
}

#[test]
fn settle_fails_when_unbalanced() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10);
        settlement.sponsors = vec![(OWNER, 9_999)];
        for last in [false, true] {
            assert_noop!(
                Payouts::settle(&settlement, &record(42, &[26]), last),
                Error::<Test>::Unbalanced
            );
        }
    });
}

#[test]
fn settle_fails_when_steps_do_not_follow_each_other() {
    build_and_execute(|| {
        let settlement = settlement(10_000, 42, 10);
        fund(&settlement);
        let steps = record(42, &[41, 30, 26]);
        let refused = |steps: &[_]| {
            assert_noop!(
                Payouts::settle(&settlement, steps, true),
                Error::<Test>::Unbalanced
            );
        };
        // The first one is left out, then one between.
        refused(&steps[1..]);
        refused(&[steps[0].clone(), steps[2].clone()]);
        assert_ok!(Payouts::settle(&settlement, &steps[..1], false));
        // Once more, and one left out.
        refused(&steps);
        refused(&steps[2..]);
        assert_ok!(Payouts::settle(&settlement, &steps[1..], true));
    });
}

#[test]
fn claimable_is_paged_in_order() {
    build_and_execute(|| {
        for campaign in [5, 300, 2, 70_000, 9] {
            let mut settlement = settlement(10_000, 42, 10);
            settlement.campaign = campaign;
            assert_ok!(settle(&settlement, &record(42, &[26])));
        }
        let page = |from, limit| -> Vec<_> {
            Payouts::claimable(&MINER, from, limit)
                .into_iter()
                .map(|(campaign, entitlement)| {
                    assert_eq!(entitlement.earned, 5_000);
                    campaign
                })
                .collect()
        };
        assert_eq!(page(0, 10), [2, 5, 9, 300, 70_000]);
        assert_eq!(page(5, 2), [5, 9]);
        assert_eq!(page(6, 2), [9, 300]);
        assert!(page(70_001, 2).is_empty());
        assert!(page(0, 0).is_empty());
        assert_ok!(Payouts::claim(RuntimeOrigin::signed(MINER), 9));
        assert_eq!(page(5, 2), [5, 300]);
    });
}
