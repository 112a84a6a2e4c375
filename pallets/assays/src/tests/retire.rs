use crate::{mock::*, Assayers, Error, Event};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sonar_primitives::{
    assay::{AssayKind, Verdict},
    traits::AssayQueue,
};

#[test]
fn retire_works() {
    build_and_execute_with(2, || {
        assert_ok!(Assays::retire(RuntimeOrigin::signed(ASSAYER)));
        let left: Vec<_> = Assayers::<Test>::get()
            .into_iter()
            .map(|assayer| assayer.account)
            .collect();
        assert_eq!(left, [ASSAYER + 1]);
        assert_eq!(Balances::total_balance_on_hold(&ASSAYER), 0);
        assert_eq!(Balances::free_balance(ASSAYER), ENDOWMENT);
        assert_eq!(take_events(), [Event::Retired { account: ASSAYER }]);
    });
}

#[test]
fn retire_fails_when_not_an_assayer() {
    build_and_execute(|| {
        assert_noop!(
            Assays::retire(RuntimeOrigin::signed(5)),
            Error::<Test>::NotAnAssayer
        );
    });
}

#[test]
fn retire_fails_when_assays_are_pending() {
    build_and_execute(|| {
        assert_ok!(request(1, AssayKind::Root));
        assert_ok!(request(2, AssayKind::Root));
        let retire = || Assays::retire(RuntimeOrigin::signed(ASSAYER));
        assert_noop!(retire(), Error::<Test>::AssaysPending);
        assert_ok!(report(ASSAYER, 1, Verdict::Measured { error: 1 }));
        assert_noop!(retire(), Error::<Test>::AssaysPending);
        Assays::withdraw(2);
        assert_ok!(retire());
    });
}
