use crate::{mock::*, Booked, Due, Error, Event, Reports, Tasks};
use frame_support::{assert_noop, assert_ok, traits::Hooks};
use proptest::prelude::*;
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    traits::AssayQueue,
    ModelId,
};

#[test]
fn request_works() {
    build_and_execute(|| {
        assert_ok!(Assays::book());
        assert_ok!(Assays::book());
        Assays::request(5, CAMPAIGN, AssayKind::Round, subject(5));
        assert_eq!(Booked::<Test>::get(), 1);
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
fn book_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        for id in 0..10 {
            assert_ok!(request(id, AssayKind::Root));
        }
        for _ in 0..6 {
            assert_ok!(Assays::book());
        }
        let full = || {
            assert_noop!(Assays::book(), Error::<Test>::QueueFull);
        };
        full();
        // There was room for it, so what was booked can be asked for, and takes no more.
        Assays::request(10, CAMPAIGN, AssayKind::Root, subject(10));
        full();
        // Until an assay is decided, withdrawn or given up before.
        assert_ok!(report(ASSAYER, 3, Verdict::Measured { error: 1 }));
        assert_ok!(Assays::book());
        full();
        Assays::withdraw(4);
        assert_ok!(Assays::book());
        full();
        Assays::unbook();
        assert_ok!(Assays::book());
        full();
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is done in whatever order, who booked can ask, and pending and booked assays are what
    /// they should be.
    #[test]
    fn bookings_are_counted(actions in prop::collection::vec(0..4u8, 0..60)) {
        build_and_execute(|| {
            let (mut booked, mut pending, mut next) = (0u32, Vec::new(), 0);
            for action in actions {
                match action {
                    0 => match Assays::book() {
                        Ok(()) => booked += 1,
                        Err(_) => assert_eq!(booked as usize + pending.len(), 16),
                    },
                    1 if booked > 0 => {
                        Assays::unbook();
                        booked -= 1;
                    }
                    2 if booked > 0 => {
                        Assays::request(next, CAMPAIGN, AssayKind::Round, subject(next));
                        booked -= 1;
                        pending.push(next);
                        next += 1;
                    }
                    3 if !pending.is_empty() => {
                        let first = pending.remove(0);
                        assert_ok!(report(ASSAYER, first, not_improved()));
                    }
                    _ => {}
                }
                assert_eq!(Booked::<Test>::get(), booked);
                assert_eq!(Tasks::<Test>::count() as usize, pending.len());
                Assays::do_try_state().unwrap();
            }
        });
    }
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
