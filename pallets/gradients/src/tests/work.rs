//! What assayers are asked to measure.

use crate::mock::*;
use sonar_primitives::{
    assay::{AssayRequest, AssayWork, RoundWork},
    recipe::{Point, RecipeStep},
    traits::{AssaySubjects, Phase},
};
use sp_core::H256;
use syft::Metric;

fn work(id: u64) -> Option<AssayRequest> {
    let task = Tasks::get(id).unwrap();
    <Gradients as AssaySubjects<AccountId, _>>::work(&task)
}

#[test]
fn the_work_of_a_round_says_how_to_build_everything() {
    build_and_execute(|| {
        let best = accepted(ROOT, ALICE, 900);
        let bases = [(ALICE, best), (BOB, ROOT), (CAROL, best)];
        for (who, base) in bases {
            commit_on(who, ROOT, base, 10 + who).unwrap();
        }
        let id = best + 1;
        to_reveals(id);
        let submissions = submissions_of(id);
        // Revealed in another order, and one not at all.
        reveal(BOB, submissions[1], 10 + BOB).unwrap();
        reveal(ALICE, submissions[0], 10 + ALICE).unwrap();
        to_end(id);

        let point = |base, seed| Point {
            base,
            gradient: hash(&gradient(seed)),
        };
        assert_eq!(
            work(id),
            Some(AssayRequest {
                architecture: architecture(),
                metric: Metric::MeanSquaredError,
                validation: H256::repeat_byte(0xee),
                rows: 9,
                work: AssayWork::Round(RoundWork {
                    recipe: vec![
                        RecipeStep::Stored {
                            parameters: H256::from_low_u64_be(0xa000)
                        },
                        RecipeStep::Merged {
                            members: vec![point(0, ALICE)],
                            previous: None,
                            parameters: hash(&parameters(900)),
                        }
                    ],
                    best: 1,
                    best_error: 900,
                    target: TARGET,
                    minimum_step: MINIMUM_STEP,
                    seats: SEATS,
                    gradients: vec![point(1, 10 + ALICE), point(0, 10 + BOB)],
                }),
            })
        );
    });
}

/// A task of something else is not wanted: its subject binds all that is judged.
#[test]
fn a_task_is_wanted_as_long_as_it_is_true() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB]);
        let wanted = Tasks::get(id).unwrap();
        let work = |task| <Gradients as AssaySubjects<AccountId, _>>::work(task);
        assert!(work(&wanted).is_some());
        let mut other = wanted.clone();
        other.subject = H256::zero();
        assert_eq!(work(&other), None);
        let mut other = wanted.clone();
        other.id = ROOT;
        assert_eq!(work(&other), None);
        set_phase(CAMPAIGN, None);
        assert_eq!(work(&wanted), None);
        set_phase(CAMPAIGN, Some(Phase::Judging));
        assert!(work(&wanted).is_some());
        decide(id, refuses(&[]));
        assert_eq!(work(&wanted), None);
    });
}

#[test]
fn subjects_differ_with_what_is_judged() {
    let subject = |accounts: &[AccountId], error| {
        let mut subject = H256::zero();
        build_and_execute(|| {
            accepted(ROOT, ALICE, error);
            let id = play(ROOT, accounts);
            subject = Tasks::get(id).unwrap().subject;
        });
        subject
    };
    let one = subject(&[ALICE, BOB], 900);
    assert_eq!(one, subject(&[ALICE, BOB], 900));
    assert_ne!(one, subject(&[BOB, ALICE], 900));
    assert_ne!(one, subject(&[ALICE, BOB], 890));
    assert_ne!(one, subject(&[ALICE, CAROL], 900));
}
