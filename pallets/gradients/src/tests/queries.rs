use crate::{mock::*, CommitmentQuote};
use sonar_primitives::{
    api::{QuoteRefused, MAX_PAGE},
    recipe::{Point, RecipeStep},
    round::part,
    traits::Phase,
};
use sp_core::H256;

#[test]
fn lists_come_in_pages_in_the_order_of_numbers() {
    build_and_execute(|| {
        let rounds: Vec<_> = (1..=4)
            .map(|step| accepted(ROOT, ALICE, START - 100 * step))
            .collect();
        accepted(OTHER_ROOT, ALICE, 900);
        let models = |from, limit| -> Vec<u64> {
            let page = Gradients::models_of(CAMPAIGN, from, limit);
            page.into_iter().map(|(id, _)| id).collect()
        };
        let all = [vec![ROOT, SECOND_ROOT], rounds.clone()].concat();
        assert_eq!(models(0, 10), all);
        assert_eq!(models(0, 2), all[..2]);
        assert_eq!(models(rounds[1], 2), rounds[1..3]);
        assert!(models(rounds[3] + 1, 2).is_empty());
        let page = Gradients::rounds_of(CAMPAIGN, rounds[1], 2);
        assert_eq!(
            page,
            [(rounds[1], round(rounds[1])), (rounds[2], round(rounds[2]))]
        );
        let submissions = Gradients::submissions_of(&ALICE, 1, 2);
        let ids: Vec<_> = submissions.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [1, 2]);
        assert_eq!(Gradients::submissions_of(&ALICE, 0, 10).len(), 5);
        assert!(Gradients::submissions_of(&BOB, 0, 10).is_empty());
    });
}

#[test]
fn a_page_has_a_limit() {
    build_and_execute(|| {
        MaxCommitments::set(256);
        for who in 1_000..1_000 + u64::from(MAX_PAGE) + 2 {
            enrich(who, 1_000_000);
            commit(who, 1);
        }
        let first = Gradients::submissions_in(FIRST, 0, u32::MAX);
        assert_eq!(first.len(), MAX_PAGE as usize);
        let rest = Gradients::submissions_in(FIRST, MAX_PAGE, u32::MAX);
        let places: Vec<_> = rest.iter().map(|(id, _)| *id).collect();
        assert_eq!(places, [100, 101]);
        assert!(Gradients::submissions_in(FIRST, 102, 10).is_empty());
        assert!(Gradients::submissions_in(99, 0, 10).is_empty());
    });
}

#[test]
fn a_recipe_leads_back_to_stored_parameters() {
    build_and_execute(|| {
        let first = accepted(ROOT, ALICE, 900);
        let second = accepted(ROOT, BOB, 800);
        // On three bases: the best, the one before and the root.
        for (who, base) in [(ALICE, ROOT), (BOB, second), (CAROL, ROOT)] {
            commit_on(who, ROOT, base, 100 + who).unwrap();
        }
        let id = second + 1;
        to_reveals(id);
        for (who, submission) in [ALICE, BOB, CAROL].into_iter().zip(submissions_of(id)) {
            reveal(who, submission, 100 + who).unwrap();
        }
        decide(id, accepts(700, &[(0, 1), (1, 2), (2, 9)], &[0, 1], true));

        let merged = |members: &[(u32, u64)], previous, error| RecipeStep::Merged {
            members: members
                .iter()
                .map(|(base, seed)| Point {
                    base: *base,
                    gradient: hash(&gradient(*seed)),
                })
                .collect(),
            previous,
            parameters: hash(&parameters(error)),
        };
        let recipe = Gradients::recipe(id).unwrap();
        assert_eq!((recipe.error, recipe.architecture), (700, architecture()));
        assert_eq!(
            recipe.recipe,
            [
                RecipeStep::Stored {
                    parameters: H256::from_low_u64_be(0xa000)
                },
                merged(&[(0, ALICE)], None, 900),
                merged(&[(1, BOB)], None, 800),
                merged(&[(0, 100 + ALICE), (2, 100 + BOB)], Some(2), 700),
            ]
        );
        let origin = RuntimeOrigin::signed(CAROL);
        Gradients::store_model(origin, first, parameters(900)).unwrap();
        let origin = RuntimeOrigin::signed(CAROL);
        Gradients::store_model(origin, second, parameters(800)).unwrap();
        assert_eq!(
            Gradients::recipe(id).unwrap().recipe,
            [
                RecipeStep::Stored {
                    parameters: H256::from_low_u64_be(0xa000)
                },
                RecipeStep::Stored {
                    parameters: hash(&parameters(800))
                },
                merged(&[(0, 100 + ALICE), (1, 100 + BOB)], Some(1), 700),
            ]
        );
        assert_eq!(Gradients::recipe(99), None);
    });
}

#[test]
fn a_quote_is_what_a_commitment_needs() {
    build_and_execute(|| {
        let quote = Gradients::quote(&ALICE, ROOT).unwrap();
        assert_eq!(
            quote,
            CommitmentQuote {
                deposit: BASE,
                part: part(PRICE, ROUND_SIZE, SEATS),
                fee: 0,
                accepted_up_to: Some(START - MINIMUM_STEP),
                best: ROOT,
                round: None,
                closes: 1 + ROUND_BLOCKS,
            }
        );
        for who in 100..116 {
            enrich(who, BALANCE);
            commit(who, who);
        }
        next_block();
        let next = Gradients::quote(&ALICE, ROOT).unwrap();
        assert_eq!((next.round, next.closes), (Some(FIRST), 1 + ROUND_BLOCKS));
        assert_eq!(next.part, 2 * quote.part);
        commit(ALICE, 1);
        assert_eq!(held(ALICE), next.deposit + next.part);
    });
}

#[test]
fn a_quote_says_why_there_is_none() {
    build_and_execute(|| {
        let quote = |who, root| Gradients::quote(&who, root).unwrap_err();
        assert_eq!(quote(ALICE, 99), QuoteRefused::UnknownRoot);
        assert_eq!(quote(STRANGER, ROOT), QuoteRefused::NotOpen);
        MaxCommitments::set(1);
        let round = play(ROOT, &[ALICE]);
        assert!(Gradients::quote(&BOB, ROOT).is_ok());
        decide(round, accepts(5, &[(0, 1)], &[0], false));
        assert_eq!(quote(BOB, round), QuoteRefused::UnknownRoot);
        set_phase(CAMPAIGN, Some(Phase::Open));
        // Nothing is better than the best by the minimum step.
        let last = Gradients::quote(&BOB, ROOT).unwrap();
        assert_eq!(last.accepted_up_to, None);
        commit_on(ALICE, OTHER_ROOT, OTHER_ROOT, 1).unwrap();
        assert_eq!(quote(BOB, OTHER_ROOT), QuoteRefused::RoundFull);
    });
}
