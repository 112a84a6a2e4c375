use crate::{mock::*, Bookings, Due, DueItem, PendingRounds};
use frame_support::{assert_noop, assert_ok, traits::Hooks};
use sonar_primitives::{
    round::{part, RoundState},
    submission::SubmissionState,
};
use sp_runtime::traits::BadOrigin;

/// Withheld reveals: those who withhold lose everything, and the one who revealed pays for a round
/// of one.
#[test]
fn what_was_not_revealed_is_lost() {
    build_and_execute(|| {
        let [alice, bob, carol] = [(ALICE, 1), (BOB, 2), (CAROL, 3)].map(|(a, s)| commit(a, s));
        let hold = held(ALICE);
        to_reveals(FIRST);
        reveal(BOB, bob, 2).unwrap();
        events();
        to_end(FIRST);

        let lost = |submission, account| Event::DepositLost {
            campaign: CAMPAIGN,
            submission,
            account,
            amount: hold,
        };
        assert_eq!(
            events(),
            [
                lost(alice, ALICE),
                lost(carol, CAROL),
                Event::RoundClosed {
                    campaign: CAMPAIGN,
                    round: FIRST,
                    reveals: 1,
                }
            ]
        );
        for (account, submission) in [(ALICE, alice), (CAROL, carol)] {
            assert_eq!(state(submission), SubmissionState::NotRevealed);
            assert_eq!((free(account), held(account)), (BALANCE - hold, 0));
            assert_eq!(reputation(account).deposits_lost, 1);
        }
        assert_eq!(free(TREASURY), BALANCE + 2 * hold);
        assert_eq!(round(FIRST).state, RoundState::Assaying);
        assert!(!Bookings::<Test>::contains_key(FIRST));

        decide(FIRST, refuses(&[]));
        assert_eq!(free(BOB), BALANCE - part(PRICE, 1, SEATS));
        assert_eq!(free(TREASURY), BALANCE + 2 * hold);
    });
}

/// While as many assays are pending as can be, a round asks again in every block.
#[test]
fn a_round_asks_for_its_assay_until_there_is_room() {
    build_and_execute(|| {
        AssayQueueLength::set(0);
        let id = commit(ALICE, 1);
        to_reveals(FIRST);
        reveal(ALICE, id, 1).unwrap();
        for _ in 0..3 {
            assert_eq!(round(FIRST).state, RoundState::Pending);
            next_block();
        }
        AssayQueueLength::set(1);
        next_block();
        assert_eq!(round(FIRST).state, RoundState::Assaying);
        decide(FIRST, refuses(&[]));
        assert_eq!(state(id), SubmissionState::NotContributed);
    });
}

#[test]
fn without_a_reveal_a_round_is_empty() {
    build_and_execute(|| {
        commit(ALICE, 1);
        to_reveals(FIRST);
        events();
        to_end(FIRST);
        assert_eq!(round(FIRST).state, RoundState::Empty);
        assert_eq!(
            events().last(),
            Some(&Event::RoundEnded {
                campaign: CAMPAIGN,
                round: FIRST,
                state: RoundState::Empty,
            })
        );
        assert_eq!(
            told(),
            [
                Told::RoundDecided(CAMPAIGN, None),
                Told::NothingPending(CAMPAIGN)
            ]
        );
        assert_eq!(PendingRounds::<Test>::iter().count(), 0);
    });
}

/// Deposits are lost at the end of the window even while the round waits for its turn.
#[test]
fn a_waiting_round_loses_its_unrevealed_in_time() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        commit_on(CAROL, SECOND_ROOT, SECOND_ROOT, 3).unwrap();
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        reveal(BOB, bob, 2).unwrap();
        to_end(FIRST + 1);
        assert_eq!(round(FIRST).state, RoundState::Assaying);
        assert_eq!(round(FIRST + 1).state, RoundState::Pending);
        assert_eq!((held(CAROL), reputation(CAROL).deposits_lost), (0, 1));
        assert!(held(BOB) > 0);

        no_quorum(FIRST);
        assert_eq!(round(FIRST + 1).state, RoundState::Assaying);
        assert_eq!(told(), [Told::RoundDecided(CAMPAIGN, None)]);
    });
}

/// Rounds that are empty when it is their turn end one in each block.
#[test]
fn no_block_ends_many_rounds() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        for id in FIRST + 1..FIRST + 4 {
            commit(BOB, 2);
            to_reveals(id);
        }
        to_end(FIRST + 3);
        let states = || [1, 2, 3].map(|n| round(FIRST + n).state);
        use RoundState::{Empty, Pending};
        assert_eq!(states(), [Pending, Pending, Pending]);

        no_quorum(FIRST);
        assert_eq!(states(), [Pending, Pending, Pending]);
        next_block();
        assert_eq!(states(), [Empty, Pending, Pending]);
        next_block();
        assert_eq!(states(), [Empty, Empty, Pending]);
        next_block();
        assert_eq!(states(), [Empty, Empty, Empty]);
    });
}

/// One that was revealed in full is measured as soon as the empty ones before it have ended.
#[test]
fn an_empty_round_passes_its_turn_on() {
    build_and_execute(|| {
        commit(ALICE, 1);
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        to_reveals(FIRST);
        reveal(BOB, bob, 2).unwrap();
        run_to(round(FIRST).reveals_end - 1);
        assert_eq!(round(FIRST + 1).state, RoundState::Pending);
        next_block();
        assert_eq!(round(FIRST).state, RoundState::Empty);
        assert_eq!(round(FIRST + 1).state, RoundState::Assaying);
    });
}

#[test]
fn anyone_can_do_what_the_agenda_could_not() {
    build_and_execute(|| {
        let [alice, bob] = [(ALICE, 1), (BOB, 2)].map(|(a, s)| commit(a, s));
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        let end = round(FIRST).reveals_end;
        run_to(end - 1);
        assert_noop!(advance(FIRST), Error::RoundNotReady);
        Due::<Test>::remove(end);
        next_block();
        assert_eq!(state(bob), SubmissionState::Committed);

        assert_ok!(advance(FIRST));
        assert_eq!(state(bob), SubmissionState::NotRevealed);
        assert_eq!(round(FIRST).state, RoundState::Assaying);
        assert_noop!(advance(FIRST), Error::RoundNotReady);
        decide(FIRST, refuses(&[]));
        assert_noop!(advance(FIRST), Error::RoundDecided);
        assert_noop!(advance(99), Error::UnknownRound);
        assert_noop!(Gradients::advance(RuntimeOrigin::none(), FIRST), BadOrigin);
    });
}

/// A round that takes commitments has nothing to do.
#[test]
fn an_open_round_does_not_go_on() {
    build_and_execute(|| {
        commit(ALICE, 1);
        assert_noop!(advance(FIRST), Error::RoundNotReady);
        to_reveals(FIRST);
        assert_noop!(advance(FIRST), Error::RoundNotReady);
    });
}

/// Once the submissions of a full round were looked at, the rest of the agenda waits for the next
/// block.
#[test]
fn the_agenda_does_a_bounded_amount_in_a_block() {
    build_and_execute(|| {
        MaxCommitments::set(256);
        for (root, campaign_of) in [(ROOT, 0), (OTHER_ROOT, 1_000)] {
            // Beyond the 64th the part is doubled so often that the test would need more than money.
            for who in 1_000 + campaign_of..1_000 + campaign_of + 256 {
                enrich(who, 10_000_000);
                commit_on(who, root, root, 1).unwrap();
            }
        }
        commit_on(ALICE, SECOND_ROOT, SECOND_ROOT, 1).unwrap();
        let end = round(FIRST).reveals_end;
        assert_eq!(
            Due::<Test>::get(end).to_vec(),
            [3, 4, 5].map(DueItem::Round)
        );
        run_to(end - 1);
        System::set_block_number(end);
        let weight = Gradients::on_initialize(end);
        assert_eq!(round(FIRST).state, RoundState::Empty);
        assert_eq!(round(FIRST + 1).state, RoundState::Pending);
        assert!(held(ALICE) > 0);
        // A block of the runtime has one second.
        assert!(weight.ref_time() < 1_000_000_000_000, "{weight:?}");
        check();
        next_block();
        assert_eq!(round(FIRST + 1).state, RoundState::Empty);
        next_block();
        assert_eq!(round(FIRST + 2).state, RoundState::Empty);
        assert_eq!(held(ALICE), 0);
    });
}
