use crate::{mock::*, Assayer, Assayers, Error, Event};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sp_runtime::{traits::BadOrigin, DispatchError, TokenError};

#[test]
fn register_works() {
    build_and_execute_with(0, || {
        assert_ok!(Assays::register(RuntimeOrigin::root(), 2, key(2)));
        assert_eq!(
            Assayers::<Test>::get().into_inner(),
            [Assayer {
                account: 2,
                key: key(2),
                bond: BOND
            }]
        );
        assert_eq!(Balances::total_balance_on_hold(&2), BOND);
        assert_eq!(Balances::free_balance(2), ENDOWMENT - BOND);
        assert_eq!(
            take_events(),
            [Event::Registered {
                account: 2,
                key: key(2)
            }]
        );
    });
}

#[test]
fn register_fails_when_not_root() {
    build_and_execute_with(0, || {
        assert_noop!(
            Assays::register(RuntimeOrigin::signed(2), 2, key(2)),
            BadOrigin
        );
    });
}

#[test]
fn register_fails_when_registered() {
    build_and_execute_with(1, || {
        assert_noop!(
            Assays::register(RuntimeOrigin::root(), ASSAYER, key(5)),
            Error::<Test>::AlreadyRegistered
        );
    });
}

#[test]
fn register_fails_when_the_key_is_in_use() {
    build_and_execute_with(1, || {
        assert_noop!(
            Assays::register(RuntimeOrigin::root(), 2, key(ASSAYER)),
            Error::<Test>::KeyInUse
        );
    });
}

#[test]
fn register_fails_when_the_set_is_full() {
    build_and_execute_with(1, || {
        assert_noop!(
            Assays::register(RuntimeOrigin::root(), 2, key(2)),
            Error::<Test>::SetFull
        );
    });
}

#[test]
fn register_fails_when_the_bond_cannot_be_paid() {
    build_and_execute_with(0, || {
        assert_noop!(
            Assays::register(RuntimeOrigin::root(), 77, key(77)),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
    });
}

#[test]
fn genesis_holds_bonds() {
    build_and_execute_with(3, || {
        for account in 1..=3 {
            assert_eq!(Balances::total_balance_on_hold(&account), BOND);
        }
        assert_eq!(Assayers::<Test>::get().len(), 3);
    });
}

#[test]
#[should_panic(expected = "cannot make 10 an assayer")]
fn genesis_fails_when_a_bond_cannot_be_paid() {
    // Accounts 1 to 9 have money.
    new_test_ext_with(10);
}
