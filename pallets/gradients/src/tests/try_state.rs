//! The checks notice what they are there for.

use crate::{
    mock::*, Booking, Bookings, Branches, Contributors, Due, DueItem, HoldReason, Models, ModelsIn,
    OpenRound, OrderedId, PendingRounds, PlaceOf, RevealAttempts, RoundOf, Rounds, RoundsIn,
    SubmissionsIn, SubmissionsOf, Tree, Trees,
};
use frame_support::traits::{fungible::hold::Mutate, tokens::Precision};
use sonar_primitives::{round::RoundState, submission::SubmissionState, tree::ModelOrigin};
use sp_runtime::DispatchError;

/// A model; a round on it that is measured, and one in which one gradient is revealed and one is not;
/// a round that takes commitments; then `harm`, which gets their numbers. Returns what was noticed.
fn noticed(harm: impl FnOnce([u64; 4])) -> Result<(), DispatchError> {
    new_test_ext().execute_with(|| {
        let model = accepted(ROOT, ALICE, 900);
        let measured = play(ROOT, &[ALICE]);
        let waiting = measured + 1;
        let bob = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 1).unwrap();
        commit_on(CAROL, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        to_reveals(waiting);
        reveal(BOB, bob, 1).unwrap();
        commit(CAROL, 3);
        let open = waiting + 1;
        commit_proposal(OWNER, 1).unwrap();
        check();
        harm([model, measured, waiting, open]);
        Gradients::do_try_state()
    })
}

fn assert_noticed(harm: impl FnOnce([u64; 4]), what: &'static str) {
    assert_eq!(noticed(harm), Err(DispatchError::Other(what)));
}

#[test]
fn nothing_is_noticed_without_harm() {
    assert_eq!(noticed(|_| {}), Ok(()));
}

#[test]
fn missing_money_is_noticed() {
    assert_noticed(
        |_| {
            let reason = HoldReason::Submission.into();
            Balances::release(&reason, &BOB, 1, Precision::Exact).unwrap();
        },
        "an account has not deposits and parts of its pending submissions on hold",
    );
}

#[test]
fn wrong_lists_are_noticed() {
    assert_noticed(
        |[_, _, _, open]| Rounds::<Test>::remove(open),
        "an open round is not known",
    );
    assert_noticed(
        |[_, _, _, open]| RoundsIn::<Test>::remove(CAMPAIGN, OrderedId::from(open)),
        "RoundsIn is not the list of rounds",
    );
    assert_noticed(
        |[_, _, waiting, _]| PendingRounds::<Test>::remove(CAMPAIGN, OrderedId::from(waiting)),
        "PendingRounds is not the list of undecided rounds",
    );
    assert_noticed(
        |_| SubmissionsOf::<Test>::remove(BOB, OrderedId::from(2)),
        "SubmissionsOf is not the list of submissions",
    );
    assert_noticed(
        |_| SubmissionsIn::<Test>::remove(CAMPAIGN, OrderedId::from(2)),
        "SubmissionsIn is not the list of submissions",
    );
    assert_noticed(
        |[_, _, waiting, _]| RoundOf::<Test>::remove(waiting, BOB),
        "RoundOf is not the list of pending gradients",
    );
    assert_noticed(
        |[model, ..]| ModelsIn::<Test>::remove(CAMPAIGN, OrderedId::from(model)),
        "ModelsIn is not the list of models",
    );
    assert_noticed(
        |_| {
            let waits = |id: &u64| state(*id) == SubmissionState::Committed;
            let id = PlaceOf::<Test>::iter_keys().find(waits).unwrap();
            PlaceOf::<Test>::remove(id);
        },
        "PlaceOf is not the list of submissions that wait for their reveal",
    );
    assert_noticed(
        |_| RevealAttempts::<Test>::insert(0, 1),
        "tries of a reveal are counted that is not awaited",
    );
}

fn change_round(id: u64, change: impl FnOnce(&mut Round)) {
    Rounds::<Test>::mutate(id, |round| change(round.as_mut().unwrap()));
}

#[test]
fn wrong_rounds_are_noticed() {
    assert_noticed(
        |[_, _, waiting, _]| change_round(waiting, |round| round.state = RoundState::Assaying),
        "a round is measured before its turn",
    );
    assert_noticed(
        |[_, _, waiting, _]| change_round(waiting, |round| round.reveals += 1),
        "a round's count of reveals is wrong",
    );
    assert_noticed(
        |[_, _, waiting, _]| change_round(waiting, |round| round.commitments += 1),
        "a round's count of commitments is wrong",
    );
    assert_noticed(
        |_| OpenRound::<Test>::remove(ROOT),
        "a round that takes commitments is not the open one of its root",
    );
    assert_noticed(
        |_| OpenRound::<Test>::mutate(SECOND_ROOT, |id| *id = OpenRound::<Test>::get(ROOT)),
        "an open round is on another root",
    );
    assert_noticed(
        |[_, measured, ..]| {
            change_round(measured, |round| round.state = RoundState::NotImproved);
        },
        "a submission of a decided round is pending",
    );
}

#[test]
fn wrong_bookings_are_noticed() {
    let change = |id, change: fn(&mut Booking)| {
        Bookings::<Test>::mutate(id, |booking| change(booking.as_mut().unwrap()));
    };
    assert_noticed(
        |[_, _, waiting, _]| drop(Bookings::<Test>::take(waiting)),
        "nothing is booked for a submission that waits for its reveal",
    );
    assert_noticed(
        |[_, _, _, open]| change(open, |booking| booking.buckets[0].0 += 9),
        "a booking is not in its round's window",
    );
    assert_noticed(
        |[_, _, _, open]| change(open, |booking| booking.buckets[0].1 += 1),
        "a round has not booked for each of its commitments",
    );
    assert_noticed(
        |[_, _, _, open]| change(open, |booking| booking.size += 1),
        "what is booked is not the sum of bookings",
    );
    assert_noticed(
        |_| RevealBytesPerBlock::set(1),
        "more is booked than may be",
    );
}

#[test]
fn forgotten_ends_are_noticed() {
    assert_noticed(
        |[_, _, waiting, _]| Due::<Test>::remove(round(waiting).reveals_end),
        "the end of a round's reveals is not on the agenda",
    );
    assert_noticed(
        |_| {
            for (at, due) in Due::<Test>::iter().collect::<Vec<_>>() {
                if due.iter().any(|item| matches!(item, DueItem::Proposal(_))) {
                    Due::<Test>::remove(at);
                }
            }
        },
        "the end of a proposal's time is not on the agenda",
    );
    assert_noticed(
        |_| Due::<Test>::insert(1, Due::<Test>::iter_values().next().unwrap()),
        "the agenda has a block that is over",
    );
}

#[test]
fn wrong_trees_are_noticed() {
    let change = |change: fn(&mut Tree<AccountId>)| {
        Trees::<Test>::mutate(CAMPAIGN, |tree| change(tree.as_mut().unwrap()));
    };
    type Change = fn(&mut Tree<AccountId>);
    let cases: [(Change, &str); 6] = [
        (
            |tree| tree.accepted += 1,
            "a tree's count of accepted rounds is wrong",
        ),
        (
            |tree| tree.pending += 1,
            "a tree's count of undecided rounds is wrong",
        ),
        (
            |tree| tree.record.error += 1,
            "a record is not the least error",
        ),
        (
            |tree| tree.record.model = ROOT,
            "a record is not the least error",
        ),
        (|tree| tree.steps += 1, "a record's steps are missing"),
        (
            |tree| tree.contributors = Contributors::Several,
            "a record's contributors are wrong",
        ),
    ];
    for (harm, what) in cases {
        assert_noticed(|_| change(harm), what);
    }
    assert_noticed(
        |_| {
            Branches::<Test>::mutate(CAMPAIGN, ROOT, |branch| {
                branch.as_mut().unwrap().best = ROOT;
            })
        },
        "a branch's best model is not its last, or its count is wrong",
    );
}

#[test]
fn wrong_models_are_noticed() {
    let change = |id, change: fn(&mut Model)| {
        Models::<Test>::mutate(id, |model| change(model.as_mut().unwrap()));
    };
    type Change = fn(&mut Model);
    let cases: [(Change, &str); 4] = [
        (
            |model| model.error = START,
            "a model is not better than the branch's best before",
        ),
        (
            |model| model.former_record = Some(900),
            "a model has not broken the record that it says",
        ),
        (
            |model| match &mut model.origin {
                ModelOrigin::Merged { contributors, .. } => contributors[0].share = 0,
                ModelOrigin::Proposed { .. } => panic!("it came out of a round"),
            },
            "nobody has a share in a model, or it is made of nothing",
        ),
        (
            |model| match &mut model.origin {
                ModelOrigin::Merged { contributors, .. } => contributors[0].account = CAROL,
                ModelOrigin::Proposed { .. } => panic!("it came out of a round"),
            },
            "a contribution is not known to its submission",
        ),
    ];
    for (harm, what) in cases {
        assert_noticed(|[model, ..]| change(model, harm), what);
    }
    assert_noticed(
        |[model, ..]| change_round(model, |round| round.state = RoundState::NotImproved),
        "a model has no accepted round",
    );
    assert_noticed(
        |_| change(ROOT, |model| model.stored = false),
        "a root is not its own root",
    );
}
