use crate::{mock::*, Best, Candidates, NodeOf, Nodes, Revealed, Trees};
use frame_support::traits::{fungible::Mutate, tokens::Preservation};
use sonar_primitives::{
    assay::{AssayRequest, Baseline, Malformed, Verdict},
    traits::AssaySubjects,
    tree::SubmissionState,
};
use sp_core::H256;
use syft::Metric;

/// What each assayer gets of the price of one assay; the first also gets the rounding.
const PART: u128 = ASSAY_PRICE / 3;
const ROUNDING: u128 = ASSAY_PRICE % 3;

/// Checks that the assay of Alice's only submission was paid from her deposit.
fn assert_assay_paid_by_alice() {
    assert_eq!((free(ALICE), held(ALICE)), (BALANCE - ASSAY_PRICE, 0));
    assert_eq!(
        ASSAYERS.map(free),
        [BALANCE + PART + ROUNDING, BALANCE + PART, BALANCE + PART]
    );
    assert_eq!(reputation(ALICE).rejected, 1);
    assert_eq!(reputation(ALICE).accepted, 0);
    assert_eq!(Reserves::get(CAMPAIGN).unwrap().free, 5_000);
}

#[test]
fn work_names_everything_to_measure() {
    build_and_execute(|| {
        let first = accepted(ALICE, ROOT, gradient(1), 900);
        let second = accepted(BOB, first, gradient(2), 800);
        let id = submit(CAROL, second, gradient(3));
        let task = Tasks::get(id).unwrap();
        assert_eq!(
            Gradients::work(&task),
            Some((
                AssayRequest {
                    architecture: architecture(),
                    metric: Metric::MeanSquaredError,
                    validation: H256::repeat_byte(0xee),
                    rows: 9,
                    root: parameters(ROOT),
                    gradients: vec![gradient(1), gradient(2), gradient(3)],
                    limit: Some(800 - MINIMUM_STEP),
                },
                Some(Baseline {
                    error: 800,
                    minimum_step: MINIMUM_STEP
                })
            ))
        );
        // Bound to account and gradient.
        let mut other = task.clone();
        other.account = ALICE;
        assert_eq!(Gradients::work(&other), None);
        let mut other = task.clone();
        other.subject = gradient(4);
        assert_eq!(Gradients::work(&other), None);
        improve(id, 700, model(9));
        assert_eq!(Gradients::work(&task), None);
    });
}

#[test]
fn an_improvement_is_accepted() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        events();
        improve(id, START - MINIMUM_STEP, model(1));

        assert_eq!(state(id), SubmissionState::Accepted { node: id });
        assert_eq!(
            Nodes::<Test>::get(id),
            Some(NodeOf::<Test> {
                campaign: CAMPAIGN,
                parent: Some(ROOT),
                root: ROOT,
                author: ALICE,
                blob: gradient(1),
                candidate: model(1),
                error: 990,
                depth: 1,
                committed: id,
            })
        );
        assert_eq!(
            events(),
            [Event::Accepted {
                campaign: CAMPAIGN,
                submission: id,
                account: ALICE,
                parent: ROOT,
                error: 990
            }]
        );
        // The campaign hears of the node before it hears that nothing is pending.
        assert_eq!(
            told(),
            [
                Told::Accepted(CAMPAIGN, 990),
                Told::NothingPending(CAMPAIGN)
            ]
        );
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(free(ASSAYERS[0]), BALANCE + ASSAY_PRICE);
        let reserve = Reserves::get(CAMPAIGN).unwrap();
        assert_eq!((reserve.free, reserve.set_aside), (5_000 - ASSAY_PRICE, 0));
        assert_eq!(
            (reputation(ALICE).accepted, reputation(ALICE).improvement),
            (1, 10)
        );
        assert_eq!(Pins::get(gradient(1)), Some(1));
        let tree = Trees::<Test>::get(CAMPAIGN).unwrap();
        let best = Best {
            error: 990,
            committed: id,
            node: id,
        };
        assert_eq!((tree.accepted, tree.pending, tree.best), (1, 0, Some(best)));
    });
}

/// The Ladder's rule holds whatever the assayers say.
#[test]
fn an_improvement_below_the_step_is_not_accepted() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        improve(id, START - MINIMUM_STEP + 1, model(1));
        assert_eq!(state(id), SubmissionState::NotImproved);
        assert_assay_paid_by_alice();
    });
}

#[test]
fn what_is_not_improved_pays_its_assay() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        events();
        decide(id, Verdict::NotImproved);
        assert_eq!(state(id), SubmissionState::NotImproved);
        assert_eq!(
            events(),
            [Event::NotImproved {
                campaign: CAMPAIGN,
                submission: id
            }]
        );
        assert_assay_paid_by_alice();
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
        assert_eq!(Pins::get(gradient(1)), None);
        assert_eq!(Revealed::<Test>::get(ROOT, gradient(1)), None);
        assert!(!Nodes::<Test>::contains_key(id));
    });
}

#[test]
fn what_is_malformed_pays_its_assay() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        events();
        decide(id, Verdict::Malformed(Malformed::NotFinite));
        let reason = Malformed::NotFinite;
        assert_eq!(state(id), SubmissionState::Malformed(reason));
        assert_eq!(
            events(),
            [Event::Malformed {
                campaign: CAMPAIGN,
                submission: id,
                reason
            }]
        );
        assert_assay_paid_by_alice();
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
    });
}

/// An assayer whose account is gone cannot be paid less than the existential deposit: its part stays
/// with the submitter, and the others are paid.
#[test]
fn a_payee_who_cannot_be_paid_does_not_stop_the_others() {
    build_and_execute(|| {
        let gone = 77;
        // Parts of 4, below the existential deposit.
        let payees = [ASSAYERS[0], gone, ASSAYERS[1], ASSAYERS[2], 78, 79, 80, 81];
        const { assert!(ASSAY_PRICE / 8 < EXISTENTIAL_DEPOSIT) };
        let id = submit(ALICE, ROOT, gradient(1));
        let task = Tasks::take(id).unwrap();
        Gradients::decided(&task, &Verdict::NotImproved, &payees);
        assert_eq!(ASSAYERS.map(free), [BALANCE + 4; 3]);
        assert_eq!((free(gone), free(81)), (0, 0));
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE - 12, 0));
    });
}

#[test]
fn a_verdict_without_payees_costs_nothing() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        let task = Tasks::take(id).unwrap();
        Gradients::decided(&task, &Verdict::NotImproved, &[]);
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
    });
}

/// Alice has spent everything else in the meantime: her deposit pays nevertheless.
#[test]
fn a_deposit_pays_whatever_else_the_account_has() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        let rest = BALANCE - DEPOSIT - EXISTENTIAL_DEPOSIT;
        Balances::transfer(&ALICE, &BOB, rest, Preservation::Preserve).unwrap();
        decide(id, Verdict::NotImproved);
        assert_eq!(free(ALICE), EXISTENTIAL_DEPOSIT + BASE);
    });
}

/// Bob's copy adds some spaces to the gradient's header: another blob, but the same model.
#[test]
fn the_same_model_is_a_duplicate() {
    build_and_execute(|| {
        let node = accepted(BOB, ROOT, gradient(1), 900);
        let before = free(ASSAYERS[1]);
        let copy = submit(ALICE, ROOT, gradient(2));
        events();
        improve(copy, 900, model(node));
        assert_eq!(state(copy), SubmissionState::Duplicate { of: node });
        assert_eq!(
            events(),
            [Event::Duplicate {
                campaign: CAMPAIGN,
                submission: copy,
                of: node
            }]
        );
        // It was measured, so it is paid.
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE - ASSAY_PRICE, 0));
        assert_eq!(free(ASSAYERS[1]), before + PART);
        assert_eq!(reputation(ALICE).rejected, 1);
        assert_eq!(Nodes::<Test>::get(node).unwrap().author, BOB);
        assert_eq!(Pins::get(gradient(2)), None);
    });
}

#[test]
fn the_same_model_of_an_earlier_commitment_takes_the_node_over() {
    build_and_execute(|| {
        let early = commit(ALICE, ROOT, gradient(1)).unwrap();
        let node = accepted(BOB, ROOT, gradient(2), 900);
        reveal(ALICE, early, gradient(1)).unwrap();
        let paid = free(ASSAYERS[0]);
        events();
        improve(early, 900, model(node));

        assert_eq!(state(early), SubmissionState::Accepted { node });
        assert_eq!(state(node), SubmissionState::Duplicate { of: node });
        assert_eq!(
            events(),
            [
                Event::Duplicate {
                    campaign: CAMPAIGN,
                    submission: node,
                    of: node
                },
                Event::TakenOver {
                    campaign: CAMPAIGN,
                    submission: early,
                    node,
                    account: ALICE
                }
            ]
        );
        let taken = Nodes::<Test>::get(node).unwrap();
        assert_eq!(
            (taken.author, taken.committed, taken.blob),
            (ALICE, early, gradient(2))
        );
        // The node's gradient stays pinned, the other is not needed.
        assert_eq!(
            (Pins::get(gradient(1)), Pins::get(gradient(2))),
            (None, Some(1))
        );
        // A second assay was made, and the reserve has paid it.
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(free(ASSAYERS[0]), paid + ASSAY_PRICE);
        assert_eq!(reputation(ALICE).accepted, 1);
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().accepted, 1);
    });
}

#[test]
fn the_parameters_of_another_root_are_a_duplicate() {
    build_and_execute(|| {
        let root = allocate();
        plant(CAMPAIGN, root, OWNER, 500);
        let copy = submit(ALICE, ROOT, gradient(1));
        improve(copy, 500, parameters(root));
        assert_eq!(state(copy), SubmissionState::Duplicate { of: root });
    });
}

/// Somebody proposes Alice's model as a root after her commitment. The root keeps its author, and
/// Alice her node.
#[test]
fn a_root_proposed_later_does_not_stand_in_the_way() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        let root = allocate();
        plant(CAMPAIGN, root, BOB, 500);
        next_block();
        reveal(ALICE, id, gradient(1)).unwrap();
        improve(id, 500, parameters(root));
        assert_eq!(state(id), SubmissionState::Accepted { node: id });
        assert_eq!(Nodes::<Test>::get(root).unwrap().author, BOB);
        assert_eq!(
            Candidates::<Test>::get(CAMPAIGN, parameters(root)),
            Some(id)
        );
    });
}

#[test]
fn a_root_planted_on_a_known_model_does_not_replace_it() {
    build_and_execute(|| {
        let root = allocate();
        let id = submit(ALICE, ROOT, gradient(1));
        improve(id, 500, parameters(root));
        plant(CAMPAIGN, root, BOB, 500);
        assert_eq!(
            Candidates::<Test>::get(CAMPAIGN, parameters(root)),
            Some(id)
        );
    });
}

#[test]
fn without_a_quorum_everything_goes_back() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        let task = Tasks::take(id).unwrap();
        events();
        Gradients::undecided(&task);
        assert_eq!(state(id), SubmissionState::Undecided);
        assert_eq!(
            events(),
            [Event::Undecided {
                campaign: CAMPAIGN,
                submission: id
            }]
        );
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(ASSAYERS.map(free), [BALANCE; 3]);
        assert_eq!(reputation(ALICE), Default::default());
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
        assert_eq!(Pins::get(gradient(1)), None);
    });
}

#[test]
fn a_roots_verdict_decides_nothing() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        decide(id, Verdict::Measured { error: 1 });
        assert_eq!(state(id), SubmissionState::Undecided);
        assert_eq!(free(ALICE), BALANCE);
    });
}

#[test]
fn a_verdict_on_something_else_is_ignored() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        let mut task = Tasks::get(id).unwrap();
        task.account = BOB;
        Gradients::decided(&task, &Verdict::NotImproved, &ASSAYERS);
        Gradients::undecided(&task);
        task.account = ALICE;
        task.subject = gradient(2);
        Gradients::decided(&task, &Verdict::NotImproved, &ASSAYERS);
        task.node = 99;
        Gradients::decided(&task, &Verdict::NotImproved, &ASSAYERS);
        assert!(state(id).is_pending());
        // A second verdict on a decided one too.
        task = Tasks::get(id).unwrap();
        improve(id, 900, model(1));
        Gradients::decided(&task, &Verdict::NotImproved, &ASSAYERS);
        assert_eq!(state(id), SubmissionState::Accepted { node: id });
    });
}
