use crate::{mock::*, Due, Error, Event, Reports, Tasks};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::GetDispatchInfo,
    traits::{Get, Hooks},
    weights::RuntimeDbWeight,
};
use sonar_primitives::{assay::AssayKind, traits::AssaySubjects};
use sp_runtime::traits::BadOrigin;

/// The block after the deadline of what is requested in block 1.
const OVER: u64 = 2 + WINDOW;

#[test]
fn expire_works() {
    build_and_execute_with(4, || {
        assert_ok!(request(5, AssayKind::Round));
        assert_ok!(report(ASSAYER, 5, not_improved()));
        take_events();
        // Without the hook.
        Due::<Test>::remove(OVER);
        System::set_block_number(OVER);
        assert_ok!(Assays::expire(RuntimeOrigin::signed(9), 5));
        assert_eq!(Undecided::get(), [5]);
        assert!(!Reports::<Test>::contains_key(5));
        assert_eq!(
            take_events(),
            [Event::Expired {
                id: 5,
                campaign: CAMPAIGN,
                kind: AssayKind::Round
            }]
        );
        assert!(Decisions::get().is_empty() && Changes::get().is_empty());
    });
}

#[test]
fn expire_fails_when_not_signed() {
    build_and_execute(|| {
        assert_noop!(Assays::expire(RuntimeOrigin::none(), 5), BadOrigin);
    });
}

#[test]
fn expire_fails_when_the_window_is_open() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Round));
        run_to(OVER - 1);
        assert_noop!(
            Assays::expire(RuntimeOrigin::signed(9), 5),
            Error::<Test>::WindowOpen
        );
    });
}

#[test]
fn expire_fails_when_nothing_is_pending() {
    build_and_execute(|| {
        let expire = || Assays::expire(RuntimeOrigin::signed(9), 5);
        assert_noop!(expire(), Error::<Test>::NothingToMeasure);
        assert_ok!(request(5, AssayKind::Round));
        run_to(OVER);
        assert_noop!(expire(), Error::<Test>::NothingToMeasure);
    });
}

#[test]
fn the_chain_expires_by_itself() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Round));
        run_to(OVER - 1);
        assert!(Undecided::get().is_empty());
        run_to(OVER);
        assert_eq!(Undecided::get(), [5]);
        assert!(!Due::<Test>::contains_key(OVER));
    });
}

#[test]
fn what_was_decided_does_not_expire() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Round));
        assert_ok!(report(ASSAYER, 5, not_improved()));
        run_to(OVER + 1);
        assert!(Undecided::get().is_empty());
    });
}

#[test]
fn a_full_agenda_moves_on() {
    build_and_execute(|| {
        for id in 0..10 {
            assert_ok!(request(id, AssayKind::Root));
        }
        run_to(OVER);
        assert_eq!(Undecided::get(), [0, 1, 2, 3]);
        // Anyone can go ahead of it.
        assert_ok!(Assays::expire(RuntimeOrigin::signed(9), 9));
        run_to(OVER + 2);
        assert_eq!(Undecided::get(), [0, 1, 2, 3, 9, 4, 5, 6, 7, 8]);
        assert_eq!(Tasks::<Test>::count(), 0);
    });
}

#[test]
fn the_hook_weighs_what_it_does() {
    build_and_execute(|| {
        let idle = Assays::on_initialize(2);
        // One that was decided, and one that expires.
        assert_ok!(request(6, AssayKind::Round));
        assert_ok!(report(ASSAYER, 6, not_improved()));
        assert_ok!(request(5, AssayKind::Round));
        System::set_block_number(OVER);
        let busy = Assays::on_initialize(OVER);
        let db: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
        let decision = Others::weight_of_decision(AssayKind::Round, 0);
        assert_eq!(
            busy,
            idle + <() as crate::WeightInfo>::expire() + decision + db.reads(1)
        );
    });
}

/// What a full round takes may be a good part of a block: the next waits for the next one.
#[test]
fn the_hook_leaves_room_in_the_block() {
    build_and_execute(|| {
        for id in 0..3 {
            assert_ok!(request(id, AssayKind::Round));
        }
        run_to(OVER);
        assert_eq!(Undecided::get(), [0]);
        run_to(OVER + 2);
        assert_eq!(Undecided::get(), [0, 1, 2]);
    });
}

#[test]
fn expire_weighs_what_it_does() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        Due::<Test>::remove(OVER);
        System::set_block_number(OVER);
        let most = crate::Call::<Test>::expire { id: 5 }
            .get_dispatch_info()
            .call_weight;
        let post = Assays::expire(RuntimeOrigin::signed(9), 5).unwrap();
        let weight = <() as crate::WeightInfo>::expire();
        let decision = |kind| Others::weight_of_decision(kind, 0);
        assert_eq!(most, weight + decision(AssayKind::Round));
        assert_eq!(post.actual_weight, Some(weight + decision(AssayKind::Root)));
    });
}
