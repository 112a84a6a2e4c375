use crate::{mock::*, Entitlements, Settled};
use frame_support::assert_ok;
use sonar_primitives::traits::Payouts as _;

#[test]
fn forget_works_in_bounded_steps() {
    new_test_ext().execute_with(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[40, 30, 20, 10]));
        for miner in MINER..MINER + 4 {
            assert_ok!(Payouts::claim(RuntimeOrigin::signed(miner), CAMPAIGN));
        }
        assert_eq!(Payouts::forget(CAMPAIGN, 3), 3);
        assert!(Settled::<Test>::contains_key(CAMPAIGN));
        assert_ok!(Payouts::do_try_state());
        assert_eq!(Payouts::forget(CAMPAIGN, 3), 1);
        assert!(!Settled::<Test>::contains_key(CAMPAIGN));
        assert_eq!(Entitlements::<Test>::iter().count(), 0);
        assert_eq!(Payouts::forget(CAMPAIGN, 3), 0);
        assert_ok!(Payouts::do_try_state());
    });
}

#[test]
fn forget_fails_when_something_is_unclaimed() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[40, 30]));
        assert_ok!(Payouts::claim(RuntimeOrigin::signed(MINER), CAMPAIGN));
        assert_eq!(Payouts::forget(CAMPAIGN, 10), 0);
        assert_eq!(Payouts::entitlements(CAMPAIGN).len(), 3);
    });
}

#[test]
fn forget_fails_when_the_settlement_goes_on() {
    build_and_execute(|| {
        let settlement = settlement(10_000, 42, 10);
        assert_ok!(Payouts::settle(&settlement, &record(42, &[41]), false));
        assert_eq!(Payouts::forget(CAMPAIGN, 10), 0);
        assert_eq!(Payouts::entitlements(CAMPAIGN).len(), 1);
    });
}
