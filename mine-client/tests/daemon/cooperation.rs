//! Mines with different parts of the digits data set reach the target together.

use crate::{
    examples::{digits, digits_model, mine_data, run, take_turns},
    view::View,
    world::{account, round_of, World, BOUNTY},
};
use mine_client::{event::Event, journal::Journal, miner::Miner, policy::Policy};
use sonar_primitives::{campaign::State, submission::SubmissionState, tree::ModelOrigin, Balance};
use std::{cell::RefCell, collections::BTreeSet, rc::Rc};
use syft::Dataset;

/// The demo's campaign.
const TARGET: u64 = 50_000_000;
const STEP: u64 = 2_500_000;

/// Lets mines with these rows take turns until the campaign is over or nobody knows better.
async fn cooperate(seed: u64, validation: Dataset, parts: &[Dataset]) -> Rc<RefCell<World>> {
    let world = World::new(validation, digits_model(), seed, TARGET, STEP);
    let policy = Policy::default();
    let folder = tempfile::tempdir().unwrap();
    let mut journals: Vec<Journal> = (0..parts.len())
        .map(|mine| Journal::open(&folder.path().join(format!("{mine}.redb"))).unwrap())
        .collect();
    let data: Vec<_> = parts
        .iter()
        .map(|part| mine_data("digits", part, &policy))
        .collect();
    let mut reports: Vec<_> = parts.iter().map(|_| |_: Event| {}).collect();
    let mut miners: Vec<Miner<'_>> = journals
        .iter_mut()
        .zip(&data)
        .zip(&mut reports)
        .map(|((journal, data), report)| Miner::new(journal, &policy, data, report))
        .collect();
    take_turns(&world, &mut miners).await;
    world
}

/// What the mines have earned, in the order of their numbers.
fn earned(world: &World, mines: u8) -> Vec<Balance> {
    let earned = |mine: u8| {
        let mut all = world.entitlements.iter();
        all.find(|one| one.account == account(mine))
            .map_or(0, |one| one.earned)
    };
    (1..=mines).map(earned).collect()
}

/// All models but the last are stored, each by the first of those whose gradients are in it.
fn winners_have_stored(world: &World) {
    let last = world.models.keys().next_back().unwrap();
    for (id, (model, _)) in &world.models {
        let ModelOrigin::Merged { contributors, .. } = &model.origin else {
            continue;
        };
        let first = contributors.iter().find(|one| one.in_best_set).unwrap();
        assert!(model.stored || id == last, "model {id} is not stored");
        let by = world.stored.iter().find(|(_, stored)| stored == id);
        assert!(by.is_none_or(|(by, _)| *by == first.account));
    }
}

#[tokio::test]
async fn three_mines_reach_the_target_together() {
    for seed in [7, 1, 2, 3] {
        let (validation, parts) = digits(3);
        let world = cooperate(seed, validation, &parts).await;
        let world = world.borrow();
        let (records, earned) = (world.records(), earned(&world, 3));
        println!("seed {seed}: records {records:?}, earned {earned:?}");
        assert!(records[0] > 800_000_000, "{records:?}");
        assert!(
            records.last().unwrap() <= &TARGET,
            "seed {seed}: {records:?}"
        );
        assert!((2..=9).contains(&records.len()), "{records:?}");
        assert_eq!(earned.iter().sum::<Balance>(), BOUNTY);
        winners_have_stored(&world);

        // Most gradients are revealed in a byte per value rather than four.
        let revealed = world.blobs.values().map(Vec::len).sum::<usize>();
        let whole = world.reveals.len() * 4 * world.models[&1].1.values().len();
        assert!(2 * revealed < whole, "{revealed} of {whole} bytes");
    }
}

#[tokio::test]
async fn three_equal_mines_earn_fair_parts() {
    for seed in [7, 1, 2, 3] {
        let (validation, parts) = digits(3);
        let world = cooperate(seed, validation, &parts).await;
        let earned = earned(&world.borrow(), 3);
        for part in &earned {
            let per_cent = 100 * part / BOUNTY;
            assert!((15..=55).contains(&per_cent), "seed {seed}: {earned:?}");
        }
    }
}

#[tokio::test]
async fn three_mines_at_once_reach_the_target_and_are_paid() {
    let (validation, parts) = digits(3);
    let world = World::new(validation, digits_model(), 7, TARGET, STEP);
    let policy = Policy::default();
    let folder = tempfile::tempdir().unwrap();
    let mine = async |mine: usize| {
        let view = View::of(&world, account(mine as u8 + 1));
        let mut journal = Journal::open(&folder.path().join(format!("{mine}.redb"))).unwrap();
        let data = mine_data("digits", &parts[mine], &policy);
        run(&view, &mut journal, &policy, &data)
            .await
            .unwrap()
            .unwrap();
        let received: Balance = journal
            .received(&view.account)
            .map(|(_, amount)| amount)
            .sum();
        received
    };
    let (a, b, c) = tokio::join!(mine(0), mine(1), mine(2));
    let world = world.borrow();
    println!("{:?}, paid {a} {b} {c}", world.records());
    assert!(world.best().0 <= TARGET);
    assert_eq!(a + b + c, BOUNTY);
    for (mine, received) in [a, b, c].into_iter().enumerate() {
        let who = account(mine as u8 + 1);
        assert_eq!(world.balance(&who), world.expected_balance(&who, received));
        assert_eq!(world.claims.contains(&who), received > 0);
    }
    let once: BTreeSet<_> = world
        .submissions
        .values()
        .map(|one| (round_of(one), one.account.clone()))
        .collect();
    assert_eq!(once.len(), world.submissions.len(), "twice in one round");
    let lost = |state: &SubmissionState| *state == SubmissionState::NotRevealed;
    assert!(!world.submissions.values().any(|one| lost(&one.state)));
    assert!(matches!(world.state, State::Settled { .. }));
}
