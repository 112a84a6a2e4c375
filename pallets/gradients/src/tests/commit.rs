use crate::{
    mock::*, Branches, Commitments, Due, DueItem, OpenRound, OrderedId, PendingRounds, RoundOf,
    Rounds, RoundsIn, Submissions, SubmissionsIn, SubmissionsOf, ToRebuild, Trees,
};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    round::RoundState,
    submission::{SubmissionKind, SubmissionState},
    traits::Phase,
    Balance,
};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, TokenError};

/// The largest part of a round of 64: 510 measurements by 64.
const PART: Balance = (510 * PRICE).div_ceil(64);

#[test]
fn the_first_commitment_opens_a_round() {
    build_and_execute(|| {
        let hash = H256::repeat_byte(9);
        assert_ok!(Gradients::commit(
            RuntimeOrigin::signed(ALICE),
            CAMPAIGN,
            ROOT,
            ROOT,
            hash,
            BASE + PART,
        ));

        let (closes, reveals_end) = (1 + ROUND_BLOCKS, 1 + ROUND_BLOCKS + WINDOW);
        assert_eq!(
            events(),
            [
                Event::RoundOpened {
                    campaign: CAMPAIGN,
                    round: FIRST,
                    root: ROOT,
                    closes,
                    reveals_end,
                },
                Event::Committed {
                    campaign: CAMPAIGN,
                    submission: 0,
                    round: FIRST,
                    base: ROOT,
                    account: ALICE,
                    hold: BASE + PART,
                    fee: 0,
                }
            ]
        );
        assert_eq!(
            Rounds::<Test>::get(FIRST),
            Some(Round {
                campaign: CAMPAIGN,
                root: ROOT,
                opened_at: 1,
                closes,
                reveals_end,
                price: PRICE,
                seats: SEATS,
                commitments: 1,
                reveals: 0,
                state: RoundState::Pending,
            })
        );
        assert_eq!(
            Submissions::<Test>::get(0),
            Some(Submission {
                campaign: CAMPAIGN,
                account: ALICE,
                commitment: hash,
                committed_at: 1,
                kind: SubmissionKind::Gradient {
                    round: FIRST,
                    place: 0,
                    base: ROOT,
                },
                deposit: BASE,
                part: PART,
                state: SubmissionState::Committed,
            })
        );
        let (round, submission) = (OrderedId::from(FIRST), OrderedId::from(0));
        assert!(RoundsIn::<Test>::contains_key(CAMPAIGN, round));
        assert!(PendingRounds::<Test>::contains_key(CAMPAIGN, round));
        assert!(SubmissionsIn::<Test>::contains_key(CAMPAIGN, submission));
        assert!(SubmissionsOf::<Test>::contains_key(ALICE, submission));
        assert_eq!(OpenRound::<Test>::get(ROOT), Some(FIRST));
        assert_eq!(Commitments::<Test>::get(FIRST).to_vec(), [0]);
        assert_eq!(RoundOf::<Test>::get(FIRST, ALICE), Some(0));
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().pending, 1);
        assert_eq!(
            Due::<Test>::get(reveals_end).to_vec(),
            [DueItem::Round(FIRST)]
        );
        let hold = BASE + PART;
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE - hold, hold));
    });
}

#[test]
fn others_join_until_the_round_closes() {
    build_and_execute(|| {
        commit(ALICE, 1);
        run_to(round(FIRST).closes - 1);
        commit(BOB, 2);
        assert_eq!(round(FIRST).commitments, 2);

        next_block();
        commit(CAROL, 3);
        assert_eq!(round(FIRST).commitments, 2);
        let second = round(FIRST + 1);
        assert_eq!(
            (second.commitments, second.opened_at),
            (1, 1 + ROUND_BLOCKS)
        );
        assert_eq!(OpenRound::<Test>::get(ROOT), Some(FIRST + 1));
    });
}

#[test]
fn every_root_and_campaign_has_its_own_rounds() {
    build_and_execute(|| {
        for (root, id) in [(ROOT, 3), (SECOND_ROOT, 4), (OTHER_ROOT, 5)] {
            assert_ok!(commit_on(ALICE, root, root, 1));
            assert_eq!((round(id).root, round(id).commitments), (root, 1));
        }
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().pending, 2);
        assert_eq!(Trees::<Test>::get(OTHER_CAMPAIGN).unwrap().pending, 1);
    });
}

#[test]
fn a_round_closes_with_the_deadline() {
    build_and_execute(|| {
        set_deadline(3);
        commit(ALICE, 1);
        assert_eq!(round(FIRST).closes, 4);
        assert_eq!(round(FIRST).reveals_end, 4 + WINDOW);
        run_to(3);
        commit(BOB, 2);
        next_block();
        assert_noop!(commit_on(CAROL, ROOT, ROOT, 3), "closed");
        reveal(ALICE, 0, 1).unwrap();
        reveal(BOB, 1, 2).unwrap();
        assert_eq!(round(FIRST).state, RoundState::Assaying);
    });
}

#[test]
fn the_base_is_a_model_of_the_branch() {
    build_and_execute(|| {
        let merged = accepted(ROOT, ALICE, 900);
        let cases = [
            (ROOT, SECOND_ROOT, Error::BaseOfOtherBranch),
            (SECOND_ROOT, merged, Error::BaseOfOtherBranch),
            (ROOT, OTHER_ROOT, Error::BaseOfOtherBranch),
            (ROOT, 99, Error::UnknownModel),
        ];
        for (root, base, error) in cases {
            assert_noop!(commit_on(BOB, root, base, 1), error);
        }
        // An older base is as good as the best.
        assert_ok!(commit_on(ALICE, ROOT, merged, 1));
        assert_ok!(commit_on(BOB, ROOT, ROOT, 2));
    });
}

#[test]
fn the_root_is_one_of_the_campaign() {
    build_and_execute(|| {
        let merged = accepted(ROOT, ALICE, 900);
        for (campaign, root) in [(CAMPAIGN, OTHER_ROOT), (CAMPAIGN, merged), (9, ROOT)] {
            assert_noop!(
                commit_to(BOB, campaign, root, root, &[]),
                Error::UnknownRoot
            );
        }
    });
}

#[test]
fn an_account_commits_once_to_a_round() {
    build_and_execute(|| {
        commit(ALICE, 1);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 2), Error::AlreadyCommitted);
        assert_ok!(commit_on(ALICE, SECOND_ROOT, SECOND_ROOT, 2));
        run_to(round(FIRST).closes);
        // To the same bytes again, in the next round: another gradient as any.
        commit(ALICE, 1);
        assert_eq!(round(FIRST + 2).commitments, 1);
    });
}

#[test]
fn the_part_doubles_every_16_commitments() {
    build_and_execute(|| {
        for place in 0..33u64 {
            let who = 100 + place;
            enrich(who, BALANCE);
            commit(who, place);
            let part = match place {
                0..16 => PART,
                16..32 => 2 * PART,
                _ => 4 * PART,
            };
            assert_eq!(held(who), BASE + part, "place {place}");
        }
    });
}

#[test]
fn no_more_is_held_than_allowed() {
    build_and_execute(|| {
        for who in 100..116 {
            enrich(who, BALANCE);
            commit(who, who);
        }
        let commit = |max_hold| {
            let hash = H256::repeat_byte(9);
            let origin = RuntimeOrigin::signed(ALICE);
            Gradients::commit(origin, CAMPAIGN, ROOT, ROOT, hash, max_hold)
        };
        let needed = BASE + 2 * PART;
        assert_noop!(commit(needed - 1), Error::HoldAboveMaximum);
        assert_ok!(commit(needed));
    });
}

#[test]
fn a_full_round_takes_no_more() {
    build_and_execute(|| {
        MaxCommitments::set(2);
        commit(ALICE, 1);
        commit(BOB, 2);
        assert_noop!(commit_on(CAROL, ROOT, ROOT, 3), Error::RoundFull);
        to_reveals(FIRST);
        commit(CAROL, 3);
        assert_eq!(round(FIRST + 1).commitments, 1);
    });
}

#[test]
fn a_reputation_lowers_the_deposit() {
    build_and_execute(|| {
        contributed(ALICE, 8);
        commit(ALICE, 1);
        assert_eq!(held(ALICE), BASE / 2 + PART);
    });
}

#[test]
fn what_cannot_be_held_or_booked_undoes_everything() {
    build_and_execute(|| {
        assert_noop!(commit_on(POOR, ROOT, ROOT, 1), TokenError::FundsUnavailable);
        PlacesForBlobs::set(0);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), "no place");
        PlacesForBlobs::set(1);
        RevealBytesPerBlock::set(0);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), Error::RevealsBookedUp);
        RevealBytesPerBlock::set(max_gradient_size());
        commit(ALICE, 1);
    });
}

#[test]
fn a_branch_has_an_end() {
    build_and_execute(|| {
        let models = |count| {
            Branches::<Test>::mutate(CAMPAIGN, ROOT, |branch| {
                branch.as_mut().unwrap().models = count
            })
        };
        models(1_024);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), Error::BranchFull);
        models(1_023);
        commit(ALICE, 1);
        models(1);
    });
}

#[test]
fn a_full_agenda_opens_no_round() {
    build_and_execute(|| {
        MaxDuePerBlock::set(0);
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), Error::AgendaFull);
    });
}

#[test]
fn the_campaign_has_its_say() {
    build_and_execute(|| {
        assert_noop!(commit_on(STRANGER, ROOT, ROOT, 1), "no member");
        set_phase(CAMPAIGN, Some(Phase::Judging));
        assert_noop!(commit_on(ALICE, ROOT, ROOT, 1), "closed");
        let commitment = H256::zero();
        let unsigned = RuntimeOrigin::none();
        assert_noop!(
            Gradients::commit(unsigned, CAMPAIGN, ROOT, ROOT, commitment, 0),
            BadOrigin
        );
    });
}

/// 16 rounds above stored parameters are as many as may be; stored parameters start anew.
#[test]
fn a_base_is_at_most_16_rounds_above_stored_parameters() {
    build_and_execute(|| {
        let mut models = vec![ROOT];
        for step in 1..=17 {
            models.push(accepted(ROOT, ALICE, START - 10 * step));
        }
        let last = models[17];
        assert_eq!(Branches::<Test>::get(CAMPAIGN, ROOT).unwrap().best, last);
        // The best model must be built too, whatever the base.
        for base in [last, models[16], ROOT] {
            assert_noop!(commit_on(BOB, ROOT, base, 1), Error::StoreModelFirst);
        }
        assert_ok!(commit_on(BOB, SECOND_ROOT, SECOND_ROOT, 1));

        let bytes = parameters(START - 170);
        let origin = RuntimeOrigin::signed(CAROL);
        assert_ok!(Gradients::store_model(origin, last, bytes));
        assert_ok!(commit_on(ALICE, ROOT, last, 1));
        assert_ok!(commit_on(BOB, ROOT, models[16], 1));
    });
}

/// So that an assayer never has to rebuild more for one round, whatever its gradients were trained on.
#[test]
fn a_round_rebuilds_64_models_at_most() {
    build_and_execute(|| {
        // Each branch off stored parameters is 16 models long.
        let mut ends = Vec::new();
        for step in 1..=17 * 4 + 1 {
            let error = START - 10 * step;
            let id = accepted(ROOT, ALICE, error);
            if step % 17 == 0 {
                let origin = RuntimeOrigin::signed(CAROL);
                assert_ok!(Gradients::store_model(origin, id, parameters(error)));
            } else if step % 17 == 16 {
                ends.push(id);
            }
        }
        let best = Branches::<Test>::get(CAMPAIGN, ROOT).unwrap().best;
        for (who, base) in [ALICE, BOB, CAROL].into_iter().zip(&ends) {
            assert_ok!(commit_on(who, ROOT, *base, 1));
        }
        let open = OpenRound::<Test>::get(ROOT).unwrap();
        assert_eq!(ToRebuild::<Test>::get(open).len(), 3 * 16 + 1);
        assert_noop!(commit_on(OWNER, ROOT, ends[3], 1), Error::StoreModelFirst);
        assert_ok!(commit_on(OWNER, ROOT, best, 1));
    });
}

/// Rounds that lead to a model in more than one way count once.
#[test]
fn rounds_above_stored_parameters_are_counted_once() {
    build_and_execute(|| {
        for step in 1..=16 {
            let id = play(ROOT, &[ALICE]);
            // The mean of the best model and of a gradient on it.
            decide(id, accepts(START - 10 * step, &[(0, 1)], &[0], true));
        }
        assert_ok!(commit_on(BOB, ROOT, ROOT, 1));
    });
}
