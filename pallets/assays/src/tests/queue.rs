use crate::{mock::*, Due, Error, Event, Reports, Tasks};
use frame_support::{assert_noop, assert_ok, traits::Hooks};
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    traits::AssayQueue,
    ModelId,
};

#[test]
fn request_works() {
    build_and_execute(|| {
        assert_ok!(Assays::request(5, CAMPAIGN, AssayKind::Round, subject(5)));
        assert_eq!(
            Tasks::<Test>::get(5),
            Some(AssayTask {
                id: 5,
                campaign: CAMPAIGN,
                kind: AssayKind::Round,
                subject: subject(5),
                deadline: 1 + WINDOW,
            })
        );
        assert_eq!(Due::<Test>::get(2 + WINDOW).into_inner(), [5]);
        assert_eq!(
            take_events(),
            [Event::Requested {
                id: 5,
                campaign: CAMPAIGN,
                kind: AssayKind::Round
            }]
        );
    });
}

#[test]
fn request_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        for id in 0..16 {
            assert_ok!(request(id, AssayKind::Root));
        }
        let full = || {
            assert_noop!(request(20, AssayKind::Root), Error::<Test>::QueueFull);
        };
        full();
        // Until an assay is decided or withdrawn.
        assert_ok!(report(ASSAYER, 3, Verdict::Measured { error: 1 }));
        assert_ok!(request(16, AssayKind::Root));
        full();
        Assays::withdraw(4);
        assert_ok!(request(17, AssayKind::Root));
        full();
    });
}

/// Those who are owed.
fn withdraw(id: ModelId) -> Vec<AccountId> {
    Assays::withdraw(id)
}

#[test]
fn withdraw_works() {
    build_and_execute_with(4, || {
        assert_ok!(request(5, AssayKind::Root));
        assert_ok!(report(ASSAYER, 5, Verdict::Measured { error: 1 }));
        take_events();
        assert!(withdraw(5).is_empty());
        assert_eq!(take_events(), [Event::Withdrawn { id: 5 }]);
        assert_eq!(Tasks::<Test>::count(), 0);
        assert!(!Reports::<Test>::contains_key(5));
        assert_noop!(
            report(ASSAYER + 1, 5, Verdict::Measured { error: 1 }),
            Error::<Test>::NothingToMeasure
        );
        run_to(3 + WINDOW);
        assert!(Decisions::get().is_empty() && Undecided::get().is_empty());
    });
}

#[test]
fn withdraw_of_nothing_does_nothing() {
    build_and_execute(|| {
        assert!(withdraw(5).is_empty());
        assert!(take_events().is_empty());
    });
}

/// From the next block on they may have measured; after the window they were silent.
#[test]
fn withdraw_names_those_who_are_owed() {
    build_and_execute_with(4, || {
        for id in 5..9 {
            assert_ok!(request(id, AssayKind::Round));
        }
        let requested_at = System::block_number();
        assert!(withdraw(5).is_empty());
        let assayers: Vec<_> = (0..4).map(|n| ASSAYER + n).collect();
        run_to(requested_at + 1);
        assert_eq!(withdraw(6), assayers);
        run_to(requested_at + WINDOW);
        assert_eq!(withdraw(7), assayers);
        // Before the chain has seen to it.
        System::set_block_number(requested_at + WINDOW + 1);
        assert!(withdraw(8).is_empty());
        Assays::on_initialize(requested_at + WINDOW + 1);
    });
}
