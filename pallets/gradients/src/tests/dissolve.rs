//! The end of a campaign, as its rounds see it.

use crate::{mock::*, Bookings, Due, DueItem, OpenRound, Trees};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::Closed,
    round::{part, RoundState},
    submission::SubmissionState,
    traits::{ModelTree, Phase},
    Balance,
};

/// The state of the rounds from the first on.
fn states(count: u64) -> Vec<RoundState> {
    (FIRST..FIRST + count).map(|id| round(id).state).collect()
}

/// Cancelling stops commitments; what was committed to is judged and paid.
#[test]
fn a_cancelled_round_closes_with_the_next_block() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        next_block();
        assert_ok!(cancel());
        for id in [FIRST, FIRST + 1] {
            assert_eq!((round(id).closes, round(id).reveals_end), (3, 3 + WINDOW));
            assert!(Bookings::<Test>::contains_key(id));
            assert!(Due::<Test>::get(3 + WINDOW).contains(&DueItem::Round(id)));
        }
        check();
        assert_noop!(commit_on(CAROL, ROOT, ROOT, 3), "closed");
        assert_noop!(reveal(ALICE, alice, 1), Error::TooEarly);
        next_block();
        assert_ok!(reveal(ALICE, alice, 1));
        decide(FIRST, accepts(900, &[(0, 1)], &[0], false));
        run_to(3 + WINDOW - 1);
        assert_ok!(reveal(BOB, bob, 2));
        decide(FIRST + 1, refuses(&[]));
        assert_eq!(told().last(), Some(&Told::NothingPending(CAMPAIGN)));
        assert_eq!(<Gradients as ModelTree<_>>::record(CAMPAIGN), Some(900));
    });
}

/// A round that is closed already keeps its window.
#[test]
fn a_cancel_does_not_touch_closed_rounds() {
    build_and_execute(|| {
        commit(ALICE, 1);
        to_reveals(FIRST);
        commit(BOB, 2);
        let before = round(FIRST);
        assert_ok!(cancel());
        assert_eq!(round(FIRST), before);
        assert_eq!(round(FIRST + 1).closes, System::block_number() + 1);
    });
}

/// In the last block before it closes there is nothing to shorten.
#[test]
fn a_cancel_in_the_last_block_of_a_round_changes_nothing() {
    build_and_execute(|| {
        commit(ALICE, 1);
        run_to(round(FIRST).closes - 1);
        let before = round(FIRST);
        assert_ok!(cancel());
        assert_eq!(round(FIRST), before);
    });
}

/// Without room for the reveals a cancel fails, changes nothing, and can be tried again.
#[test]
fn a_cancel_needs_room_for_the_reveals() {
    build_and_execute(|| {
        room_for_reveals(2);
        run_to(6);
        // Reveals of the other campaign's round count in blocks 11 to 40 and fill the buckets from 20
        // and from 30.
        let others = [ALICE, BOB, CAROL, OWNER];
        let submissions =
            others.map(|who| (who, commit_on(who, OTHER_ROOT, OTHER_ROOT, 1).unwrap()));
        run_to(10);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), Error::RevealsBookedUp);
        run_to(16);
        // Those of this one count in blocks 21 to 50, which have the bucket from 40.
        commit(ALICE, 1);
        commit(BOB, 2);
        let id = OpenRound::<Test>::get(ROOT).unwrap();
        // If it was cancelled now they would in blocks 17 to 46.
        assert_noop!(cancel(), Error::RevealsBookedUp);
        assert_eq!(round(id).closes, 21);
        // Once the others have revealed there is room again.
        for (who, submission) in submissions {
            reveal(who, submission, 1).unwrap();
        }
        assert_ok!(cancel());
        assert_eq!(round(id).closes, 17);
    });
}

#[test]
fn a_cancel_needs_room_on_the_agenda() {
    build_and_execute(|| {
        commit(ALICE, 1);
        let before = (round(FIRST), Bookings::<Test>::get(FIRST));
        MaxDuePerBlock::set(0);
        assert_noop!(cancel(), Error::AgendaFull);
        assert_eq!((round(FIRST), Bookings::<Test>::get(FIRST)), before);
        MaxDuePerBlock::set(4);
    });
}

/// When the target is reached later rounds dissolve, one in each block, and everything returns.
#[test]
fn later_rounds_dissolve_at_the_target() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        to_reveals(FIRST);
        // One that takes commitments still.
        let carol = commit(CAROL, 3);
        reveal(ALICE, alice, 1).unwrap();
        reveal(BOB, bob, 2).unwrap();
        decide(FIRST, accepts(TARGET, &[(0, 1)], &[0], false));
        use RoundState::{Accepted, Dissolved, Pending};
        assert_eq!(states(3), [Accepted, Pending, Pending]);
        next_block();
        assert_eq!(states(3), [Accepted, Dissolved, Pending]);
        assert_eq!(state(bob), SubmissionState::Returned);
        assert_eq!((free(BOB), held(BOB)), (BALANCE, 0));
        next_block();
        assert_eq!(states(3), [Accepted, Dissolved, Dissolved]);
        assert_eq!(state(carol), SubmissionState::Returned);
        assert_eq!((free(CAROL), held(CAROL)), (BALANCE, 0));
        assert!(!OpenRound::<Test>::contains_key(ROOT));
        assert_eq!(
            told(),
            [
                Told::RoundDecided(CAMPAIGN, Some(TARGET)),
                Told::NothingPending(CAMPAIGN)
            ]
        );
        assert_eq!(reputation(CAROL).deposits_lost, 0);
    });
}

/// Anyone can dissolve what the agenda has not come to, in any order.
#[test]
fn anyone_can_dissolve() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        commit(BOB, 2);
        commit_on(CAROL, SECOND_ROOT, SECOND_ROOT, 3).unwrap();
        decide(FIRST, accepts(TARGET - 1, &[(0, 1)], &[0], false));
        assert_ok!(advance(FIRST + 2));
        assert_eq!(held(CAROL), 0);
        assert_ok!(advance(FIRST + 1));
        assert_eq!(held(BOB), 0);
        assert_eq!(told().last(), Some(&Told::NothingPending(CAMPAIGN)));
        next_block();
    });
}

/// What was not revealed before the campaign was over is lost all the same.
#[test]
fn dissolving_does_not_forgive_a_missed_reveal() {
    build_and_execute(|| {
        let [alice, bob] = [(ALICE, 1), (BOB, 2)].map(|(a, s)| commit(a, s));
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        to_end(FIRST);
        set_phase(CAMPAIGN, Some(Phase::Dissolving));
        assert_ok!(advance(FIRST));
        assert_eq!(state(alice), SubmissionState::Returned);
        assert_eq!(state(bob), SubmissionState::NotRevealed);
        assert_eq!(round(FIRST).state, RoundState::Dissolved);
    });
}

/// A later round whose window ends only after the target was reached: nobody may reveal any more, and
/// nobody loses anything, however late it is dissolved.
#[test]
fn who_may_not_reveal_any_more_loses_nothing() {
    build_and_execute(|| {
        let [alice, bob] = [(ALICE, 1), (BOB, 2)].map(|(a, s)| commit(a, s));
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        set_phase(CAMPAIGN, Some(Phase::Dissolving));
        // In the meantime many other rounds are dissolved, one by one.
        System::set_block_number(round(FIRST).reveals_end + 100);
        Due::<Test>::remove(round(FIRST).reveals_end);
        assert_ok!(advance(FIRST));
        for id in [alice, bob] {
            assert_eq!(state(id), SubmissionState::Returned);
        }
        for who in [ALICE, BOB] {
            assert_eq!((free(who), held(who)), (BALANCE, 0));
        }
    });
}

/// When the grace is over what is measured is withdrawn, and everything goes back.
#[test]
fn an_assay_in_flight_is_withdrawn() {
    for phase in [Some(Phase::Dissolving), None] {
        build_and_execute(|| {
            let id = play(ROOT, &[ALICE, BOB]);
            set_phase(CAMPAIGN, phase);
            assert_ok!(stop(CAMPAIGN, Closed::DeadlinePassed));
            assert_eq!(round(id).state, RoundState::Assaying);
            next_block();
            assert_eq!(round(id).state, RoundState::Dissolved);
            assert!(!Tasks::contains_key(id));
            for who in [ALICE, BOB] {
                assert_eq!((free(who), held(who)), (BALANCE, 0));
            }
            assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().pending, 0);
            assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
            assert_noop!(advance(id), Error::RoundDecided);
        });
    }
}

/// After the deadline rounds go on as they are.
#[test]
fn a_deadline_changes_no_round() {
    build_and_execute(|| {
        set_deadline(3);
        let alice = commit(ALICE, 1);
        run_to(4);
        set_phase(CAMPAIGN, Some(Phase::Judging));
        let before = round(FIRST);
        assert_ok!(stop(CAMPAIGN, Closed::DeadlinePassed));
        next_block();
        assert_eq!(round(FIRST), before);
        reveal(ALICE, alice, 1).unwrap();
        decide(FIRST, accepts(900, &[(0, 1)], &[0], false));
        let paid: Balance = part(PRICE, 1, SEATS);
        assert_eq!(free(ALICE), BALANCE - paid);
    });
}

/// Only this campaign's rounds are stopped.
#[test]
fn other_campaigns_go_on() {
    build_and_execute(|| {
        commit(ALICE, 1);
        commit_on(BOB, OTHER_ROOT, OTHER_ROOT, 2).unwrap();
        let before = round(FIRST + 1);
        assert_ok!(cancel());
        assert_eq!(round(FIRST + 1), before);
        commit_on(CAROL, OTHER_ROOT, OTHER_ROOT, 3).unwrap();
    });
}
