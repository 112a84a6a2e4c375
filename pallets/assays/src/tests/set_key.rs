use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::assay::{AssayKind, Verdict};

const VERDICT: Verdict = Verdict::Measured { error: 1 };

#[test]
fn set_key_works() {
    build_and_execute(|| {
        assert_ok!(Assays::set_key(RuntimeOrigin::signed(ASSAYER), key(50)));
        assert_eq!(
            take_events(),
            [Event::KeySet {
                account: ASSAYER,
                key: key(50)
            }]
        );
        assert_ok!(request(1, AssayKind::Root));
        assert_noop!(report(ASSAYER, 1, VERDICT), Error::<Test>::NotAnAssayer);
        assert_ok!(report(50, 1, VERDICT));
        assert_eq!(Decisions::get(), [(1, VERDICT, vec![ASSAYER])]);
    });
}

#[test]
fn set_key_gives_no_second_vote() {
    build_and_execute_with(4, || {
        assert_ok!(request(1, AssayKind::Root));
        assert_ok!(report(ASSAYER, 1, VERDICT));
        assert_ok!(Assays::set_key(RuntimeOrigin::signed(ASSAYER), key(50)));
        assert_noop!(report(50, 1, VERDICT), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn set_key_fails_when_not_an_assayer() {
    build_and_execute(|| {
        assert_noop!(
            Assays::set_key(RuntimeOrigin::signed(5), key(50)),
            Error::<Test>::NotAnAssayer
        );
    });
}

#[test]
fn set_key_fails_when_the_key_is_in_use() {
    build_and_execute_with(2, || {
        for used in [ASSAYER, ASSAYER + 1] {
            assert_noop!(
                Assays::set_key(RuntimeOrigin::signed(ASSAYER), key(used)),
                Error::<Test>::KeyInUse
            );
        }
    });
}
