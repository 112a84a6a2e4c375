use crate::{
    mock::*, Candidates, Nodes, NodesIn, OrderedId, Revealed, Submissions, SubmissionsIn,
    SubmissionsOf, Trees,
};
use sonar_primitives::{
    traits::ModelTree,
    tree::{PathStep, SubmissionState, WinningPath},
};

#[test]
fn numbers_are_one_sequence() {
    build_and_execute(|| {
        assert_eq!(allocate(), FIRST);
        assert_eq!(commit(ALICE, ROOT, gradient(1)), Ok(FIRST + 1));
        assert_eq!(allocate(), FIRST + 2);
    });
}

#[test]
fn plant_makes_a_root() {
    build_and_execute(|| {
        let node = Nodes::<Test>::get(ROOT).unwrap();
        assert_eq!(
            (node.parent, node.root, node.depth, node.committed),
            (None, ROOT, 0, ROOT)
        );
        assert_eq!(
            (node.author, node.error, node.blob),
            (OWNER, START, parameters(ROOT))
        );
        assert!(NodesIn::<Test>::contains_key(
            CAMPAIGN,
            OrderedId::from(ROOT)
        ));
        // A second root changes nothing of what there is.
        accepted(ALICE, ROOT, gradient(1), 900);
        let tree = Trees::<Test>::get(CAMPAIGN);
        let root = allocate();
        plant(CAMPAIGN, root, BOB, 100);
        assert_eq!(Trees::<Test>::get(CAMPAIGN), tree);
    });
}

#[test]
fn without_gradients_nobody_wins() {
    build_and_execute(|| {
        assert_eq!(Gradients::winning_path(CAMPAIGN), None);
        assert_eq!(Gradients::winning_path(99), None);
        assert_eq!(
            (Gradients::accepted(CAMPAIGN), Gradients::pending(CAMPAIGN)),
            (0, 0)
        );
        assert_eq!((Gradients::accepted(99), Gradients::pending(99)), (0, 0));
    });
}

#[test]
fn the_winning_path_leads_to_the_least_error() {
    build_and_execute(|| {
        let first = accepted(ALICE, ROOT, gradient(1), 900);
        let winner = accepted(BOB, first, gradient(2), 500);
        accepted(CAROL, first, gradient(3), 600);
        accepted(CAROL, ROOT, gradient(4), 800);
        commit(CAROL, winner, gradient(5)).unwrap();
        let step = |node, author, error| PathStep {
            node,
            author,
            error,
        };
        assert_eq!(
            Gradients::winning_path(CAMPAIGN),
            Some(WinningPath {
                proposer: OWNER,
                start: START,
                steps: vec![step(first, ALICE, 900), step(winner, BOB, 500)],
            })
        );
        assert_eq!(
            (Gradients::accepted(CAMPAIGN), Gradients::pending(CAMPAIGN)),
            (4, 1)
        );
    });
}

#[test]
fn the_longest_path_can_win() {
    build_and_execute(|| {
        let mut parent = ROOT;
        for step in 1..=MAX_DEPTH as u8 {
            parent = accepted(ALICE, parent, gradient(step), START - 10 * u64::from(step));
        }
        let path = Gradients::winning_path(CAMPAIGN).unwrap();
        assert_eq!(path.steps.len(), MAX_DEPTH as usize);
        assert_eq!(
            Gradients::lineage(parent).unwrap().1.len(),
            MAX_DEPTH as usize
        );
    });
}

/// The earlier commitment wins, whichever was accepted first.
#[test]
fn ties_go_to_the_earlier_commitment() {
    build_and_execute(|| {
        let early = commit(ALICE, ROOT, gradient(1)).unwrap();
        let late = accepted(BOB, ROOT, gradient(2), 900);
        reveal(ALICE, early, gradient(1)).unwrap();
        improve(early, 900, model(early));
        let steps = Gradients::winning_path(CAMPAIGN).unwrap().steps;
        assert_eq!(steps[0].node, early);
        assert!(early < late);
        accepted(CAROL, ROOT, gradient(3), 900);
        assert_eq!(Gradients::winning_path(CAMPAIGN).unwrap().steps, steps);
    });
}

/// A node that is taken over can win a tie that it lost before.
#[test]
fn a_takeover_counts_in_ties() {
    build_and_execute(|| {
        let alice = commit(ALICE, ROOT, gradient(1)).unwrap();
        let bob = accepted(BOB, ROOT, gradient(2), 900);
        let copy = accepted(CAROL, ROOT, gradient(1), 900);
        assert_eq!(
            Gradients::winning_path(CAMPAIGN).unwrap().steps[0].node,
            bob
        );
        reveal(ALICE, alice, gradient(1)).unwrap();
        let step = Gradients::winning_path(CAMPAIGN).unwrap().steps.remove(0);
        assert_eq!((step.node, step.author), (copy, ALICE));
    });
}

#[test]
fn end_pending_gives_back_what_is_not_overdue() {
    build_and_execute(|| {
        // Room for one: the second is overdue for a block.
        MaxDuePerBlock::set(1);
        let lost = commit(ALICE, ROOT, gradient(1)).unwrap();
        let overdue = commit(BOB, ROOT, gradient(2)).unwrap();
        run_to(REVEAL_WINDOW);
        let revealed = submit(CAROL, ROOT, gradient(3));
        next_block();
        let committed = commit(CAROL, ROOT, gradient(4)).unwrap();
        assert_eq!(state(lost), SubmissionState::NotRevealed);
        events();
        told();
        Gradients::end_pending(CAMPAIGN);

        assert_eq!(state(overdue), SubmissionState::NotRevealed);
        assert_eq!(state(revealed), SubmissionState::Undecided);
        assert_eq!(state(committed), SubmissionState::Undecided);
        assert_eq!(
            events(),
            [
                Event::DepositLost {
                    campaign: CAMPAIGN,
                    submission: overdue
                },
                Event::Undecided {
                    campaign: CAMPAIGN,
                    submission: revealed
                },
                Event::Undecided {
                    campaign: CAMPAIGN,
                    submission: committed
                }
            ]
        );
        assert_eq!(Tasks::iter().count(), 0);
        assert_eq!(Gradients::pending(CAMPAIGN), 0);
        assert_eq!((free(BOB), free(CAROL)), (BALANCE - DEPOSIT, BALANCE));
        // What was revealed may have been measured, in vain: the campaign pays for it.
        assert_eq!(
            Reserves::get(CAMPAIGN).unwrap(),
            Reserve {
                free: 5_000 - ASSAY_PRICE,
                set_aside: 0
            }
        );
        assert_eq!(free(ASSAYERS[0]), BALANCE + ASSAY_PRICE);
        // The campaign asked for it.
        assert_eq!(told(), []);
    });
}

#[test]
fn forget_goes_in_steps_and_leaves_nothing() {
    build_and_execute(|| {
        let copied = commit(ALICE, ROOT, gradient(1)).unwrap();
        let node = accepted(BOB, ROOT, gradient(1), 900);
        reveal(ALICE, copied, gradient(1)).unwrap();
        accepted(CAROL, node, gradient(2), 800);
        submit(ALICE, node, gradient(3));
        Gradients::end_pending(CAMPAIGN);
        let bob = RuntimeOrigin::signed(BOB);
        let hash = sp_core::H256::repeat_byte(1);
        Gradients::commit(bob, OTHER_CAMPAIGN, OTHER_ROOT, hash).unwrap();

        // Three nodes and four submissions, of which two are nodes.
        assert_eq!(Gradients::forget(CAMPAIGN, 2), 2);
        check();
        assert_eq!(Gradients::forget(CAMPAIGN, 3), 3);
        check();
        assert_eq!(Gradients::forget(CAMPAIGN, 10), 2);
        assert_eq!(Gradients::forget(CAMPAIGN, 10), 0);

        // What is left is the other campaign's.
        assert!(Nodes::<Test>::iter_keys().eq([OTHER_ROOT]));
        assert_eq!(NodesIn::<Test>::iter().count(), 1);
        assert_eq!(Submissions::<Test>::iter().count(), 1);
        assert_eq!(SubmissionsIn::<Test>::iter().count(), 1);
        assert_eq!(SubmissionsOf::<Test>::iter().count(), 1);
        assert_eq!(Candidates::<Test>::iter().count(), 1);
        assert_eq!(Revealed::<Test>::iter().count(), 0);
        assert_eq!(
            Trees::<Test>::iter_keys().collect::<Vec<_>>(),
            [OTHER_CAMPAIGN]
        );
        assert_eq!(Pins::iter().count(), 0);
    });
}

#[test]
fn forget_knows_nothing_of_a_campaign_without_a_tree() {
    build_and_execute(|| assert_eq!(Gradients::forget(99, 10), 0));
}
