use crate::{mock::*, Branches, Contributors, Record, RecordSteps, Trees};
use frame_support::assert_ok;
use sonar_primitives::{
    assay::{Malformed, RoundVerdict, Verdict},
    round::{part, RoundState},
    submission::SubmissionState,
    traits::{AssaySubjects, Phase},
    tree::{Contributor, ModelOrigin},
    RoundId,
};

#[test]
fn an_accepted_round_is_the_next_model() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB, CAROL]);
        events();
        decide(id, accepts(800, &[(0, 60), (1, 36), (2, 0)], &[0, 1], true));

        let submissions = submissions_of(id);
        let contributor = |place: usize, account: AccountId, share| Contributor {
            submission: submissions[place],
            account,
            base: ROOT,
            gradient: hash(&gradient(account)),
            share,
            in_best_set: true,
        };
        let contributors = vec![contributor(0, ALICE, 60), contributor(1, BOB, 36)];
        assert_eq!(
            model(id),
            Model {
                campaign: CAMPAIGN,
                root: ROOT,
                parameters: hash(&parameters(800)),
                stored: false,
                error: 800,
                former_record: Some(START),
                origin: ModelOrigin::Merged {
                    previous: ROOT,
                    with_previous: true,
                    contributors: contributors.clone().try_into().unwrap(),
                },
            }
        );
        // Three pay a third of 14 measurements each, rounded up.
        let paid = (14 * PRICE).div_ceil(3);
        assert_eq!(
            events(),
            [
                Event::AssayPaid {
                    campaign: CAMPAIGN,
                    amount: 3 * paid,
                },
                Event::RoundAccepted {
                    campaign: CAMPAIGN,
                    round: id,
                    root: ROOT,
                    error: 800,
                    former_record: Some(START),
                    contributors: contributors.try_into().unwrap(),
                },
            ]
        );
        for who in [ALICE, BOB, CAROL] {
            assert_eq!((free(who), held(who)), (BALANCE - paid, 0));
        }
        assert_eq!(free(TREASURY), BALANCE);
        let contributed = |share| SubmissionState::Contributed { model: id, share };
        assert_eq!(
            submissions.into_iter().map(state).collect::<Vec<_>>(),
            [
                contributed(60),
                contributed(36),
                SubmissionState::NotContributed
            ]
        );
        // Only what the model is made of is kept.
        let pins = |account| Pins::get(hash(&gradient(account)));
        assert_eq!([ALICE, BOB, CAROL].map(pins), [Some(1), Some(1), None]);
        assert_eq!(round(id).state, RoundState::Accepted);
        let branch = Branches::<Test>::get(CAMPAIGN, ROOT).unwrap();
        assert_eq!((branch.best, branch.models), (id, 2));
        let tree = Trees::<Test>::get(CAMPAIGN).unwrap();
        assert_eq!((tree.accepted, tree.pending, tree.steps), (1, 0, 1));
        let record = Record {
            error: 800,
            model: id,
        };
        assert_eq!(tree.record, record);
        assert_eq!(tree.contributors, Contributors::Several);
        assert_eq!(RecordSteps::<Test>::get(CAMPAIGN, 0), Some(id));
        assert_eq!(
            told(),
            [
                Told::RoundDecided(CAMPAIGN, Some(800)),
                Told::NothingPending(CAMPAIGN)
            ]
        );
    });
}

/// A share without a place in the best set earns, and its gradient is not needed any more; a place in
/// the best set without a share earns nothing, and its gradient is kept.
#[test]
fn shares_and_the_best_set_are_not_the_same() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB, CAROL]);
        decide(id, accepts(800, &[(0, 9), (1, 0), (2, 0)], &[1], false));
        let pins = |account| Pins::get(hash(&gradient(account)));
        assert_eq!([ALICE, BOB, CAROL].map(pins), [None, Some(1), None]);
        let contributed = |share| SubmissionState::Contributed { model: id, share };
        assert_eq!(
            submissions_of(id)
                .into_iter()
                .map(state)
                .collect::<Vec<_>>(),
            [
                contributed(9),
                contributed(0),
                SubmissionState::NotContributed
            ]
        );
        // Only who earns has contributed to the record.
        let tree = Trees::<Test>::get(CAMPAIGN).unwrap();
        assert_eq!(tree.contributors, Contributors::One(ALICE));
    });
}

#[test]
fn a_malformed_gradient_does_not_stop_the_others() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB, CAROL]);
        events();
        let mut verdict = accepts(800, &[(0, 1), (2, 3)], &[0, 2], false);
        verdict.malformed = vec![1].try_into().unwrap();
        decide(id, verdict);
        let submissions = submissions_of(id);
        assert_eq!(state(submissions[1]), SubmissionState::Malformed);
        assert!(events().contains(&Event::Malformed {
            campaign: CAMPAIGN,
            submission: submissions[1],
        }));
        // It was measured as the others were.
        assert_eq!(free(BOB), BALANCE - part(PRICE, 3, SEATS));
        assert_eq!(free(BOB), free(ALICE));
        assert_eq!(round(id).state, RoundState::Accepted);
    });
}

#[test]
fn malformed_gradients_are_told_of_also_if_nothing_improves() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB]);
        decide(id, refuses(&[0]));
        let states: Vec<_> = submissions_of(id).into_iter().map(state).collect();
        assert_eq!(
            states,
            [SubmissionState::Malformed, SubmissionState::NotContributed]
        );
        assert_eq!(round(id).state, RoundState::NotImproved);
    });
}

/// Places in a verdict are those among the revealed gradients.
#[test]
fn places_of_verdicts_do_not_count_what_was_not_revealed() {
    build_and_execute(|| {
        let [_, bob, carol] = [(ALICE, 1), (BOB, 2), (CAROL, 3)].map(|(a, s)| commit(a, s));
        to_reveals(FIRST);
        reveal(CAROL, carol, 3).unwrap();
        reveal(BOB, bob, 2).unwrap();
        to_end(FIRST);
        decide(FIRST, accepts(800, &[(0, 0), (1, 2)], &[1], false));
        assert_eq!(state(bob), SubmissionState::NotContributed);
        assert!(matches!(
            state(carol),
            SubmissionState::Contributed { share: 2, .. }
        ));
    });
}

#[test]
fn without_a_quorum_everything_goes_back() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB]);
        events();
        no_quorum(id);
        let submissions = submissions_of(id);
        let returned = |submission| Event::Returned {
            campaign: CAMPAIGN,
            submission,
        };
        assert_eq!(
            events(),
            [
                returned(submissions[0]),
                returned(submissions[1]),
                Event::RoundEnded {
                    campaign: CAMPAIGN,
                    round: id,
                    state: RoundState::NoQuorum,
                }
            ]
        );
        for (who, submission) in [ALICE, BOB].into_iter().zip(submissions) {
            assert_eq!((free(who), held(who)), (BALANCE, 0));
            assert_eq!(state(submission), SubmissionState::Returned);
        }
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().record.error, START);
        // The next round proceeds.
        let next = accepted(ROOT, CAROL, 900);
        assert_eq!(model(next).former_record, Some(START));
    });
}

#[test]
fn a_verdict_that_breaks_the_rules_is_no_quorum() {
    let broken: [RoundVerdict; 4] = [
        // Not better by the minimum step.
        accepts(991, &[(0, 1)], &[0], false),
        // Of a gradient that is not there.
        accepts(900, &[(2, 1)], &[2], false),
        accepts(900, &[(0, 0)], &[0], false),
        refuses(&[2]),
    ];
    for verdict in broken {
        build_and_execute(|| {
            let id = play(ROOT, &[ALICE, BOB]);
            decide(id, verdict);
            assert_eq!(round(id).state, RoundState::NoQuorum);
            assert_eq!((free(ALICE), free(BOB)), (BALANCE, BALANCE));
        });
    }
    for verdict in [
        Verdict::Measured { error: 1 },
        Verdict::Malformed(Malformed::NotFinite),
    ] {
        build_and_execute(|| {
            let id = play(ROOT, &[ALICE]);
            let task = Tasks::take(id).unwrap();
            <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
            assert_eq!(round(id).state, RoundState::NoQuorum);
            assert_eq!(free(ALICE), BALANCE);
        });
    }
}

/// An improvement by exactly the minimum step is one.
#[test]
fn the_minimum_step_is_enough() {
    build_and_execute(|| {
        let id = accepted(ROOT, ALICE, START - MINIMUM_STEP);
        assert_eq!(model(id).error, START - MINIMUM_STEP);
    });
}

#[test]
fn verdicts_bind_to_what_is_judged() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE]);
        let task = Tasks::get(id).unwrap();
        let verdict = Verdict::Round(accepts(900, &[(0, 1)], &[0], false));
        let mut other = task.clone();
        other.subject.0[0] ^= 1;
        <Gradients as AssaySubjects<_, _>>::decided(&other, &verdict, &ASSAYERS);
        <Gradients as AssaySubjects<_, _>>::undecided(&other);
        assert_eq!(round(id).state, RoundState::Assaying);
        Tasks::remove(id);
        <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
        assert_eq!(round(id).state, RoundState::Accepted);
        // Once more says nothing new.
        let before = free(ALICE);
        <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
        <Gradients as AssaySubjects<_, _>>::undecided(&task);
        assert_eq!(
            (free(ALICE), round(id).state),
            (before, RoundState::Accepted)
        );
    });
}

/// A verdict that comes when the campaign is not judged any more changes nothing of its tree.
#[test]
fn a_verdict_after_the_end_dissolves_the_round() {
    for phase in [Some(Phase::Dissolving), None] {
        build_and_execute(|| {
            let id = play(ROOT, &[ALICE]);
            let task = Tasks::take(id).unwrap();
            if phase.is_none() {
                // Nothing is known to measure it with: it ends when it is advanced.
                set_phase(CAMPAIGN, None);
                Tasks::insert(id, task);
                assert_ok!(advance(id));
            } else {
                set_phase(CAMPAIGN, phase);
                let verdict = Verdict::Round(accepts(900, &[(0, 1)], &[0], false));
                <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
            }
            assert_eq!(round(id).state, RoundState::Dissolved);
            assert_eq!(free(ALICE), BALANCE);
            assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().accepted, 0);
        });
    }
}

#[test]
fn after_a_decision_the_next_round_is_measured_at_once() {
    build_and_execute(|| {
        let ids: Vec<RoundId> = [ROOT, SECOND_ROOT]
            .into_iter()
            .map(|root| {
                commit_on(ALICE, root, root, 1).unwrap();
                crate::OpenRound::<Test>::get(root).unwrap()
            })
            .collect();
        to_reveals(ids[0]);
        for id in &ids {
            reveal(ALICE, submissions_of(*id)[0], 1).unwrap();
        }
        events();
        decide(ids[0], refuses(&[]));
        assert_eq!(
            events().last(),
            Some(&Event::RoundClosed {
                campaign: CAMPAIGN,
                round: ids[1],
                reveals: 1
            })
        );
        assert_eq!(told(), [Told::RoundDecided(CAMPAIGN, None)]);
    });
}
