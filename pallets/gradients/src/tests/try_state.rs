//! The checks notice what they are there for.

use crate::{mock::*, Due, Nodes, PendingIn, PendingOf, Revealed, Submissions, Trees};
use frame_support::traits::{fungible::hold::Mutate, tokens::Precision};
use sonar_primitives::tree::SubmissionState;
use sp_runtime::DispatchError;

/// A node, and a commitment and a revealed gradient on it; then `harm`. Returns what was noticed.
fn noticed(harm: impl FnOnce(u64, u64, u64)) -> Result<(), DispatchError> {
    new_test_ext().execute_with(|| {
        let node = accepted(ALICE, ROOT, gradient(1), 900);
        let revealed = submit(BOB, node, gradient(2));
        let committed = commit(CAROL, node, gradient(3)).unwrap();
        check();
        harm(node, revealed, committed);
        Gradients::do_try_state()
    })
}

fn assert_noticed(harm: impl FnOnce(u64, u64, u64), what: &'static str) {
    assert_eq!(noticed(harm), Err(DispatchError::Other(what)));
}

#[test]
fn a_missing_deposit_is_noticed() {
    assert_noticed(
        |_, _, _| {
            let reason = crate::HoldReason::Submission.into();
            Balances::release(&reason, &BOB, 1, Precision::Exact).unwrap();
        },
        "an account has not its deposits on hold",
    );
}

#[test]
fn a_wrong_list_is_noticed() {
    assert_noticed(
        |_, revealed, _| PendingIn::<Test>::remove(CAMPAIGN, crate::OrderedId::from(revealed)),
        "PendingIn is not the list of pending submissions",
    );
    assert_noticed(
        |_, _, _| PendingOf::<Test>::remove(CAMPAIGN, BOB),
        "PendingOf is not the list of pending submissions",
    );
    assert_noticed(
        |node, _, _| Nodes::<Test>::remove(node),
        "NodesIn is not the list of nodes",
    );
}

#[test]
fn a_forgotten_window_is_noticed() {
    assert_noticed(
        |_, _, committed| {
            let SubmissionState::Committed { reveal_by } = state(committed) else {
                panic!("it was not revealed");
            };
            Due::<Test>::remove(reveal_by + 1);
        },
        "a submission that waits for its reveal is not on the agenda",
    );
}

#[test]
fn a_wrong_tree_is_noticed() {
    let change = |change: fn(&mut crate::Tree)| {
        Trees::<Test>::mutate(CAMPAIGN, |tree| change(tree.as_mut().unwrap()))
    };
    assert_noticed(
        |_, _, _| change(|tree| tree.accepted += 1),
        "a tree's count of accepted gradients is wrong",
    );
    assert_noticed(
        |_, _, _| change(|tree| tree.pending += 1),
        "a tree's count of pending submissions is wrong",
    );
    assert_noticed(
        |_, _, _| change(|tree| tree.best = None),
        "a tree's best node is not the best",
    );
}

#[test]
fn a_wrong_node_is_noticed() {
    let change = |node: u64, change: fn(&mut crate::NodeOf<Test>)| {
        Nodes::<Test>::mutate(node, |node| change(node.as_mut().unwrap()))
    };
    assert_noticed(
        |node, _, _| change(node, |node| node.error = START),
        "a node is not better than its parent",
    );
    assert_noticed(
        |node, _, _| change(node, |node| node.author = CAROL),
        "a node is not its submission's",
    );
    assert_noticed(
        |node, _, _| change(node, |node| node.root = OTHER_ROOT),
        "a node's parent is in another tree",
    );
    assert_noticed(
        |_, revealed, _| {
            let parent = Submissions::<Test>::get(revealed).unwrap().parent;
            Revealed::<Test>::remove(parent, gradient(2));
        },
        "a pending gradient is not known as revealed",
    );
}
