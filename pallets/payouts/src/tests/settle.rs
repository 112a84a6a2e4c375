use crate::{mock::*, Claimable, Entitlements, Error, Event, Settled, SettledCampaign};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::traits::Payouts as _;

#[test]
fn settle_works() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10, &[26]);
        settlement.reserve = 5;
        assert_ok!(settle(settlement));

        assert_eq!(
            Settled::<Test>::get(CAMPAIGN),
            Some(SettledCampaign {
                escrow: ESCROW,
                unclaimed: 10_005
            })
        );
        assert_eq!(Payouts::unclaimed(CAMPAIGN), 10_005);
        // Nothing has moved.
        assert_eq!(Balances::free_balance(ESCROW), 10_005 + DEPOSIT);
        let entitled = |account, earned, refund| {
            Event::Entitled {
                campaign: CAMPAIGN,
                account,
                earned,
                expertise: 0,
                refund,
            }
            .into()
        };
        System::assert_has_event(entitled(OWNER, 0, 5_005));
        System::assert_has_event(entitled(MINER, 5_000, 0));
        assert_eq!(Payouts::entitlements(CAMPAIGN).len(), 2);
        assert!(Claimable::<Test>::contains_key(MINER, CAMPAIGN));
        // The proposer has earned nothing, so it is not entitled to nothing.
        assert!(!Entitlements::<Test>::contains_key(CAMPAIGN, PROPOSER));
    });
}

#[test]
fn settle_fails_when_repeated() {
    build_and_execute(|| {
        assert_ok!(settle(settlement(10_000, 42, 10, &[26])));
        assert_noop!(
            Payouts::settle(settlement(10_000, 42, 10, &[26])),
            Error::<Test>::AlreadySettled
        );
    });
}

#[test]
fn settle_fails_when_unbalanced() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10, &[26]);
        settlement.sponsors = vec![(OWNER, 9_999)];
        assert_noop!(Payouts::settle(settlement), Error::<Test>::Unbalanced);
    });
}

#[test]
fn claimable_is_paged_in_order() {
    build_and_execute(|| {
        for campaign in [5, 300, 2, 70_000, 9] {
            let mut settlement = settlement(10_000, 42, 10, &[26]);
            settlement.campaign = campaign;
            assert_ok!(settle(settlement));
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
