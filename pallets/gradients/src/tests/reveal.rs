use crate::{mock::*, Bookings, Due, OpenRound, PlaceOf, RevealAttempts};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
};
use sonar_primitives::{
    assay::{AssayKind, AssayTask},
    round::RoundState,
    submission::SubmissionState,
    traits::Phase,
};
use sp_runtime::traits::BadOrigin;

#[test]
fn the_last_reveal_asks_for_the_assay() {
    build_and_execute(|| {
        let (alice, bob) = (commit(ALICE, 1), commit(BOB, 2));
        to_reveals(FIRST);
        events();
        assert_ok!(reveal(ALICE, alice, 1));

        let (first, second) = (hash(&gradient(1)), hash(&gradient(2)));
        let revealed = |submission, gradient| Event::Revealed {
            campaign: CAMPAIGN,
            submission,
            round: FIRST,
            gradient,
        };
        assert_eq!(events(), [revealed(alice, first)]);
        let state_of_revealed = SubmissionState::Revealed { gradient: first };
        assert_eq!(state(alice), state_of_revealed);
        assert_eq!(Pins::get(first), Some(1));
        assert!(!PlaceOf::<Test>::contains_key(alice));
        assert_eq!(round(FIRST).reveals, 1);
        assert_eq!(round(FIRST).state, RoundState::Pending);

        assert_ok!(reveal(BOB, bob, 2));
        let closed = Event::RoundClosed {
            campaign: CAMPAIGN,
            round: FIRST,
            reveals: 2,
        };
        assert_eq!(events(), [revealed(bob, second), closed]);
        assert_eq!(round(FIRST).state, RoundState::Assaying);
        assert_eq!(round(FIRST).reveals, 2);
        assert!(!Bookings::<Test>::contains_key(FIRST));
        let AssayTask {
            id, campaign, kind, ..
        } = Tasks::get(FIRST).unwrap();
        assert_eq!((id, campaign, kind), (FIRST, CAMPAIGN, AssayKind::Round));
        // Everything is still held.
        assert!(held(ALICE) > 0 && held(ALICE) == held(BOB));
    });
}

#[test]
fn reveals_count_from_the_closing_on_to_the_end_of_the_window() {
    build_and_execute(|| {
        let submissions = [commit(ALICE, 1), commit(BOB, 2), commit(CAROL, 3)];
        run_to(round(FIRST).closes - 1);
        assert_noop!(reveal(ALICE, submissions[0], 1), Error::TooEarly);
        next_block();
        assert_ok!(reveal(ALICE, submissions[0], 1));
        run_to(round(FIRST).reveals_end - 1);
        assert_ok!(reveal(BOB, submissions[1], 2));
        next_block();
        // The chain has seen to it already.
        assert_noop!(reveal(CAROL, submissions[2], 3), Error::AlreadyDecided);
    });
}

/// Also if the agenda has not yet seen to the end of the window.
#[test]
fn a_late_reveal_does_not_count() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        let end = round(FIRST).reveals_end;
        System::set_block_number(end);
        Due::<Test>::remove(end);
        assert_noop!(reveal(ALICE, id, 1), Error::RevealWindowOver);
        assert_ok!(advance(FIRST));
        assert_eq!(state(id), SubmissionState::NotRevealed);
    });
}

#[test]
fn only_what_was_committed_to_can_be_revealed() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        commit(BOB, 2);
        let proposal = commit_proposal(ALICE, 1).unwrap();
        to_reveals(FIRST);
        assert_noop!(reveal(ALICE, id, 2), Error::CommitmentMismatch);
        let other_salt = [8; 32];
        let origin = RuntimeOrigin::signed(ALICE);
        assert_noop!(
            Gradients::reveal(origin, id, other_salt, gradient(1)),
            Error::CommitmentMismatch
        );
        assert_noop!(reveal(BOB, id, 1), Error::NotSubmitter);
        assert_noop!(reveal(ALICE, 99, 1), Error::UnknownSubmission);
        assert_noop!(reveal(ALICE, proposal, 1), Error::IsProposal);
        assert_noop!(
            Gradients::reveal(RuntimeOrigin::none(), id, SALT, gradient(1)),
            BadOrigin
        );
        assert_ok!(reveal(ALICE, id, 1));
        assert_noop!(reveal(ALICE, id, 1), Error::AlreadyRevealed);
    });
}

/// A commitment names its base: the gradient cannot be revealed as one on another model.
#[test]
fn a_commitment_is_bound_to_its_base() {
    build_and_execute(|| {
        let merged = accepted(ROOT, ALICE, 900);
        let hash = sonar_primitives::submission::commitment(
            &BOB,
            CAMPAIGN,
            Some(merged),
            hash(&gradient(1)),
            &SALT,
        );
        let origin = RuntimeOrigin::signed(BOB);
        assert_ok!(Gradients::commit(origin, CAMPAIGN, ROOT, ROOT, hash, 1_000));
        let id = OpenRound::<Test>::get(ROOT).unwrap();
        to_reveals(id);
        assert_noop!(
            reveal(BOB, submissions_of(id)[0], 1),
            Error::CommitmentMismatch
        );
    });
}

#[test]
fn what_is_no_gradient_cannot_be_revealed() {
    build_and_execute(|| {
        let junk = b"not a gradient".to_vec();
        let truncated = gradient(1)[1..].to_vec();
        let long = vec![0; max_gradient_size() as usize + 1];
        let cases = [(ALICE, junk), (BOB, truncated), (CAROL, long)];
        let submissions = cases.map(|(who, bytes)| {
            let id = commit_to(who, CAMPAIGN, ROOT, ROOT, &bytes).unwrap();
            (who, id, bytes)
        });
        to_reveals(FIRST);
        for (who, id, bytes) in submissions {
            assert_noop!(reveal_bytes(who, id, bytes), Error::MalformedGradient);
        }
    });
}

/// Nobody is hurt by a copy: both gradients wait for the verdict, and the blob is stored once.
#[test]
fn several_may_reveal_the_same_bytes() {
    build_and_execute(|| {
        let (alice, bob) = (commit(ALICE, 1), commit(BOB, 1));
        to_reveals(FIRST);
        reveal(BOB, bob, 1).unwrap();
        reveal(ALICE, alice, 1).unwrap();
        assert_eq!(Pins::get(hash(&gradient(1))), Some(2));
        decide(FIRST, accepts(900, &[(0, 1), (1, 0)], &[0], false));
        assert_eq!(Pins::get(hash(&gradient(1))), Some(1));
        assert_eq!(state(bob), SubmissionState::NotContributed);
    });
}

#[test]
fn a_round_waits_for_those_with_lower_numbers() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        to_reveals(FIRST + 1);
        reveal(BOB, bob, 2).unwrap();
        assert_eq!(round(FIRST + 1).state, RoundState::Pending);
        assert_noop!(advance(FIRST + 1), Error::RoundNotReady);
        reveal(ALICE, alice, 1).unwrap();
        assert_eq!(round(FIRST).state, RoundState::Assaying);

        decide(FIRST, refuses(&[]));
        assert_eq!(round(FIRST + 1).state, RoundState::Assaying);
    });
}

/// Campaigns do not wait for each other.
#[test]
fn rounds_of_other_campaigns_do_not_count() {
    build_and_execute(|| {
        commit(ALICE, 1);
        let bob = commit_on(BOB, OTHER_ROOT, OTHER_ROOT, 2).unwrap();
        to_reveals(FIRST + 1);
        reveal(BOB, bob, 2).unwrap();
        assert_eq!(round(FIRST + 1).state, RoundState::Assaying);
    });
}

#[test]
fn nothing_is_revealed_in_a_campaign_that_is_over() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        to_reveals(FIRST);
        for phase in [Some(Phase::Dissolving), None] {
            set_phase(CAMPAIGN, phase);
            assert_noop!(reveal(ALICE, id, 1), Error::CampaignOver);
        }
        set_phase(CAMPAIGN, Some(Phase::Judging));
        assert_ok!(reveal(ALICE, id, 1));
    });
}

#[test]
fn a_reveal_forgets_its_tries() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        to_reveals(FIRST);
        RevealAttempts::<Test>::insert(id, 1);
        assert_ok!(reveal(ALICE, id, 1));
        assert!(!RevealAttempts::<Test>::contains_key(id));
    });
}

/// Only the last reveal of a round pays for looking at all of them.
#[test]
fn the_weight_is_that_of_what_was_done() {
    build_and_execute(|| {
        let submissions = [commit(ALICE, 1), commit(BOB, 2)];
        to_reveals(FIRST);
        let call = |submission, seed| crate::Call::<Test>::reveal {
            submission,
            salt: SALT,
            gradient: gradient(seed),
        };
        let info = call(submissions[0], 1).get_dispatch_info();
        assert_eq!(info.class, DispatchClass::Operational);
        let weight = |who, submission, seed| {
            let origin = RuntimeOrigin::signed(who);
            Gradients::reveal(origin, submission, SALT, gradient(seed))
                .unwrap()
                .actual_weight
                .unwrap()
        };
        let first = weight(ALICE, submissions[0], 1);
        let last = weight(BOB, submissions[1], 2);
        assert!(first.ref_time() < last.ref_time());
        assert!(last.ref_time() < info.call_weight.ref_time());
    });
}
