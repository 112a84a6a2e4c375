//! What rounds bring: steps of the record, and nothing for what the branch has already.

use crate::{mock::*, Branches, Record, Trees};
use sonar_primitives::{round::part, submission::SubmissionState, traits::ModelTree, ModelId};

/// Adding nothing to the public best model brings nothing, and costs a part of the assay.
#[test]
fn a_zero_gradient_pays_and_earns_nothing() {
    build_and_execute(|| {
        let best = accepted(ROOT, ALICE, 900);
        let before = [free(BOB), free(CAROL)];
        let id = play(ROOT, &[BOB, CAROL]);
        // Bob's is worth what the best model does for free.
        decide(id, accepts(800, &[(0, 0), (1, 200)], &[1], false));
        let [bob, carol] = submissions_of(id)[..] else {
            panic!("there are two");
        };
        assert_eq!(state(bob), SubmissionState::NotContributed);
        assert!(matches!(
            state(carol),
            SubmissionState::Contributed { share: 200, .. }
        ));
        let paid = part(PRICE, 2, SEATS);
        assert_eq!([free(BOB), free(CAROL)], before.map(|free| free - paid));
        let steps = <Gradients as ModelTree<_>>::record_steps(CAMPAIGN, 0, 9);
        assert_eq!(steps[0].model, best);
        assert_eq!(steps[1].contributors, [(CAROL, 200)]);
    });
}

/// Taking the public best model over from the root earns the own step only; the others' steps stay
/// theirs.
#[test]
fn a_takeover_from_the_root_takes_nothing() {
    build_and_execute(|| {
        let first = accepted(ROOT, ALICE, 700);
        let second = accepted(ROOT, BOB, 400);
        let takeover = commit_on(CAROL, ROOT, ROOT, 9).unwrap();
        let id = second + 1;
        to_reveals(id);
        reveal(CAROL, takeover, 9).unwrap();
        decide(id, accepts(390, &[(0, 10)], &[0], false));
        let steps: Vec<(ModelId, u64, u64, Vec<_>)> =
            <Gradients as ModelTree<_>>::record_steps(CAMPAIGN, 0, 9)
                .into_iter()
                .map(|step| (step.model, step.from, step.to, step.contributors))
                .collect();
        assert_eq!(
            steps,
            [
                (first, START, 700, vec![(ALICE, 1)]),
                (second, 700, 400, vec![(BOB, 1)]),
                (id, 400, 390, vec![(CAROL, 10)]),
            ]
        );
    });
}

/// The last round's merged model, submitted as a gradient in the next round, is what the branch has
/// already.
#[test]
fn a_copy_of_the_best_model_pays_and_earns_nothing() {
    build_and_execute(|| {
        let best = accepted(ROOT, ALICE, 700);
        let before = free(BOB);
        let copy = commit_on(BOB, ROOT, ROOT, ALICE).unwrap();
        let id = best + 1;
        to_reveals(id);
        reveal(BOB, copy, ALICE).unwrap();
        decide(id, refuses(&[]));
        assert_eq!(state(copy), SubmissionState::NotContributed);
        assert_eq!(free(BOB), before - part(PRICE, 1, SEATS));
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().steps, 1);
        // The member of the model keeps its blob, though the copy of its bytes is released.
        assert_eq!(Pins::get(hash(&gradient(ALICE))), Some(1));
    });
}

/// A branch that is better than before but not than the record joins the tree and earns nothing yet.
#[test]
fn a_branch_is_paid_once_it_overtakes_the_record() {
    build_and_execute(|| {
        let leader = accepted(ROOT, ALICE, 900);
        let behind = accepted(SECOND_ROOT, BOB, 1_100);
        assert_eq!(model(behind).former_record, None);
        let level = accepted(SECOND_ROOT, BOB, 900);
        assert_eq!(model(level).former_record, None);
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().record.model, leader);
        assert!(!<Gradients as ModelTree<_>>::others_contributed(
            CAMPAIGN, &ALICE
        ));
        let ahead = accepted(SECOND_ROOT, BOB, 890);
        assert_eq!(model(ahead).former_record, Some(900));
        assert_eq!(
            Trees::<Test>::get(CAMPAIGN).unwrap().record,
            Record {
                error: 890,
                model: ahead
            }
        );
        assert_eq!(Branches::<Test>::get(CAMPAIGN, ROOT).unwrap().best, leader);
        let steps = <Gradients as ModelTree<_>>::record_steps(CAMPAIGN, 0, 9);
        let models: Vec<_> = steps.iter().map(|step| step.model).collect();
        assert_eq!(models, [leader, ahead]);
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().accepted, 4);
    });
}

/// A proposal that comes later may not be below the record, and never starts or lowers it.
#[test]
fn rounds_on_two_branches_are_decided_in_their_order() {
    build_and_execute(|| {
        let on_root = commit(ALICE, 1);
        let on_second = commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 2).unwrap();
        to_reveals(FIRST);
        // The later round has all its reveals first.
        reveal(BOB, on_second, 2).unwrap();
        reveal(ALICE, on_root, 1).unwrap();
        decide(FIRST, accepts(900, &[(0, 1)], &[0], false));
        decide(FIRST + 1, accepts(880, &[(0, 1)], &[0], false));
        let steps = <Gradients as ModelTree<_>>::record_steps(CAMPAIGN, 0, 9);
        let errors: Vec<_> = steps.iter().map(|step| (step.from, step.to)).collect();
        assert_eq!(errors, [(START, 900), (900, 880)]);
    });
}
