//! Who pays for assays, and what becomes of the money.

use crate::{mock::*, Branches};
use frame_support::traits::fungible::Mutate;
use sonar_primitives::{
    assay::{AssayKind, Verdict},
    payout::equal_parts,
    round::{part, surcharge, RoundState},
    submission::SubmissionState,
    traits::{AssaySubjects, ModelTree},
    Balance,
};

/// What the assayers got in all.
fn fees() -> Balance {
    ASSAYERS.into_iter().map(|who| free(who) - BALANCE).sum()
}

/// What the assayers get of a sum.
fn parts_of(sum: Balance) -> Vec<Balance> {
    equal_parts(sum, ASSAYERS.len())
        .map(|part| BALANCE + part)
        .collect()
}

fn balances_of_assayers() -> Vec<Balance> {
    ASSAYERS.map(free).to_vec()
}

/// 16 copies of one account each against 3 honest gradients: the copies that come after the 16th
/// place pay twice, and nobody but the seated has a share.
#[test]
fn copies_pay_as_everybody_does() {
    build_and_execute(|| {
        let copiers: Vec<AccountId> = (100..116).collect();
        copiers.iter().for_each(|who| enrich(*who, BALANCE));
        let honest = [ALICE, BOB, CAROL];
        let mut submissions: Vec<_> = copiers
            .iter()
            .map(|who| (*who, commit(*who, 0), 0))
            .collect();
        submissions.extend(honest.map(|who| (who, commit(who, who), who)));
        to_reveals(FIRST);
        for (who, id, seed) in &submissions {
            reveal(*who, *id, *seed).unwrap();
        }
        let seats = [(0, 0), (16, 5), (17, 7), (18, 12)];
        decide(FIRST, accepts(800, &seats, &[16, 17, 18], false));

        let paid = part(PRICE, 19, SEATS);
        for who in copiers {
            assert_eq!((free(who), held(who)), (BALANCE - paid, 0));
        }
        for who in honest {
            assert_eq!((free(who), held(who)), (BALANCE - 2 * paid, 0));
        }
        // What the place adds is lost; the assayers get the equal parts.
        assert_eq!(free(TREASURY), BALANCE + 3 * paid);
        assert_eq!(fees(), 19 * paid);
        assert_eq!(balances_of_assayers(), parts_of(19 * paid));
        for (_, id, seed) in submissions {
            let contributed = matches!(state(id), SubmissionState::Contributed { .. });
            assert_eq!(contributed, seed != 0);
        }
        let steps = <Gradients as ModelTree<_>>::record_steps(CAMPAIGN, 0, 9);
        assert_eq!(steps[0].contributors, [(ALICE, 5), (BOB, 7), (CAROL, 12)]);
    });
}

#[test]
fn a_round_that_does_not_improve_is_paid_for_all_the_same() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE, BOB]);
        events();
        decide(id, refuses(&[]));
        let paid = 6 * PRICE / 2;
        assert_eq!(
            events(),
            [
                Event::AssayPaid {
                    campaign: CAMPAIGN,
                    amount: 2 * paid,
                },
                Event::RoundEnded {
                    campaign: CAMPAIGN,
                    round: id,
                    state: RoundState::NotImproved,
                },
            ]
        );
        for (who, submission) in [ALICE, BOB].into_iter().zip(submissions_of(id)) {
            assert_eq!((free(who), held(who)), (BALANCE - paid, 0));
            assert_eq!(state(submission), SubmissionState::NotContributed);
        }
        assert_eq!(balances_of_assayers(), parts_of(2 * paid));
        assert_eq!(Pins::iter().count(), 0);
        assert_eq!(Branches::<Test>::get(CAMPAIGN, ROOT).unwrap().best, ROOT);
        assert_eq!(
            told(),
            [
                Told::RoundDecided(CAMPAIGN, None),
                Told::NothingPending(CAMPAIGN)
            ]
        );
    });
}

/// What an assayer's account cannot take is lost; it holds up nobody.
#[test]
fn what_cannot_be_paid_is_lost() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE]);
        let task = Tasks::take(id).unwrap();
        // One of 14 in 4 parts is below the existential deposit.
        let gone = 77;
        let payees = [ASSAYERS[0], gone, ASSAYERS[1], ASSAYERS[2]];
        let verdict = Verdict::Round(refuses(&[]));
        <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &payees);
        assert_eq!(free(ALICE), BALANCE - 14);
        assert_eq!(free(gone), 0);
        assert_eq!(free(TREASURY), BALANCE + 3);
        assert_eq!(fees(), 11);
    });
}

/// An account that cannot be paid at all, and nobody to take what is lost: it goes back.
#[test]
fn what_cannot_even_be_lost_goes_back() {
    build_and_execute(|| {
        let id = play(ROOT, &[ALICE]);
        Balances::set_balance(&TREASURY, 0);
        let task = Tasks::take(id).unwrap();
        let verdict = Verdict::Round(refuses(&[]));
        <Gradients as AssaySubjects<_, _>>::decided(&task, &verdict, &[70, 71, 72, 73, 74, 75, 76]);
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(round(id).state, RoundState::NotImproved);
    });
}

/// An assayer may have data of its own.
#[test]
fn an_assayer_can_pay_itself() {
    build_and_execute(|| {
        let [first, second, third] = ASSAYERS;
        let id = play(ROOT, &[first]);
        decide(id, refuses(&[]));
        assert_eq!(free(first), BALANCE - 14 + 6);
        assert_eq!((free(second), free(third)), (BALANCE + 4, BALANCE + 4));
    });
}

/// One verdict concludes 256 submissions, in less than a block.
#[test]
fn a_round_of_256_is_concluded_at_once() {
    build_and_execute(|| {
        MaxCommitments::set(256);
        let accounts: Vec<AccountId> = (1_000..1_256).collect();
        let money = 1 << 30;
        accounts.iter().for_each(|who| enrich(*who, money));
        let submissions: Vec<_> = accounts.iter().map(|who| commit(*who, *who)).collect();
        let refused = commit_on(ALICE, ROOT, ROOT, 1);
        assert_eq!(refused, Err(Error::RoundFull.into()));
        to_reveals(FIRST);
        for (who, id) in accounts.iter().zip(&submissions) {
            reveal(*who, *id, *who).unwrap();
        }
        check();
        let seats = [(0, 3), (100, 1), (200, 0), (255, 20)];
        decide(FIRST, accepts(800, &seats, &[100, 255], false));

        let paid = part(PRICE, 256, SEATS);
        let mut lost = 0;
        for (place, who) in (0..).zip(&accounts) {
            let owed = paid * surcharge(place);
            assert_eq!((free(*who), held(*who)), (money - owed, 0), "place {place}");
            lost += owed - paid;
        }
        assert_eq!(free(TREASURY), BALANCE + lost);
        assert_eq!(fees(), 256 * paid);
        assert_eq!(state(submissions[254]), SubmissionState::NotContributed);
        assert!(matches!(
            state(submissions[255]),
            SubmissionState::Contributed { share: 20, .. }
        ));
        // A block of the runtime has one second.
        let weight = <Gradients as AssaySubjects<_, _>>::weight_of_decision(AssayKind::Round, 100);
        assert!(weight.ref_time() < 1_000_000_000_000, "{weight:?}");
    });
}
