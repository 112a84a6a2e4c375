//! Three mines with different parts of the digits data set reach the target together.

use crate::{
    examples::{digits, digits_model, mine_data, run},
    world::{account, Faults, View, World, BOUNTY, CAMPAIGN, FUNDS},
};
use mine_client::{
    event::Event,
    journal::Journal,
    miner::{Miner, Round},
    policy::Policy,
};
use sonar_primitives::{campaign::State, tree::SubmissionState};

/// The demo's campaign.
const TARGET: u64 = 50_000_000;
const STEP: u64 = 2_500_000;

/// Lets three mines take turns until the campaign is over or nobody knows better. Returns the errors
/// on the way to the best node, and how many submissions were turned down.
async fn take_turns(seed: u64) -> (Vec<u64>, usize, usize) {
    let (validation, parts) = digits(3);
    let world = World::new(validation, digits_model(), seed, TARGET, STEP);
    let policy = Policy::default();
    let folder = tempfile::tempdir().unwrap();
    let mut journals: Vec<Journal> = (0..3)
        .map(|mine| Journal::open(&folder.path().join(format!("{mine}.redb"))).unwrap())
        .collect();
    let data: Vec<_> = parts
        .iter()
        .map(|part| mine_data("digits", part, &policy))
        .collect();
    let mut reports: Vec<_> = (0..3).map(|_| |_: Event| {}).collect();
    let mut miners: Vec<Miner<'_>> = journals
        .iter_mut()
        .zip(&data)
        .zip(&mut reports)
        .map(|((journal, data), report)| Miner::new(journal, &policy, data, report))
        .collect();
    for _ in 0..2_000 {
        let mut idle = 0;
        for (mine, miner) in miners.iter_mut().enumerate() {
            let view = View {
                world: world.clone(),
                account: account(mine as u8 + 1),
                faults: Faults::default(),
            };
            if miner.round(&view).await.unwrap() == Round::Idle {
                idle += 1;
            }
        }
        let mut world = world.borrow_mut();
        if matches!(world.state, State::Settled { .. }) || idle == 3 && !world.has_pending() {
            break;
        }
        world.block();
    }
    let world = world.borrow();
    let failed = world
        .submissions
        .values()
        .filter(|one| !matches!(one.state, SubmissionState::Accepted { .. }))
        .count();
    let path = world.path().iter().map(|(_, error)| *error).collect();
    // Most gradients are stored in a byte per value rather than four.
    let gradients = world
        .nodes
        .values()
        .filter(|(node, _)| node.parent.is_some());
    let (stored, whole) = gradients.fold((0, 0), |(stored, whole), (node, parameters)| {
        let size = world.blobs[&node.blob].len();
        (stored + size, whole + 4 * parameters.values().len())
    });
    assert!(2 * stored < whole, "{stored} of {whole} bytes");
    (path, world.nodes.len() - 1, failed)
}

#[tokio::test]
async fn three_mines_reach_the_target_in_turns() {
    for seed in [7, 1, 2, 3, 4, 5, 6, 8] {
        let (path, accepted, failed) = take_turns(seed).await;
        println!("seed {seed}: {path:?}, {accepted} accepted, {failed} failed");
        assert!(path[0] > 800_000_000, "{path:?}");
        assert!(path.last().unwrap() <= &TARGET, "seed {seed}: {path:?}");
        assert!((3..=9).contains(&path.len()), "{path:?}");
    }
}

#[tokio::test]
async fn three_mines_at_once_reach_the_target_and_are_paid() {
    let (validation, parts) = digits(3);
    let world = World::new(validation, digits_model(), 7, TARGET, STEP);
    let policy = Policy::default();
    let folder = tempfile::tempdir().unwrap();
    let mine = async |mine: usize| {
        let view = View {
            world: world.clone(),
            account: account(mine as u8 + 1),
            faults: Faults::default(),
        };
        let mut journal = Journal::open(&folder.path().join(format!("{mine}.redb"))).unwrap();
        let data = mine_data("digits", &parts[mine], &policy);
        run(&view, &mut journal, &policy, &data)
            .await
            .unwrap()
            .unwrap();
        let received: u128 = journal
            .received(&view.account)
            .map(|(_, amount)| amount)
            .sum();
        received
    };
    let (a, b, c) = tokio::join!(mine(0), mine(1), mine(2));
    let world = world.borrow();
    println!(
        "{:?}, {} accepted, paid {a} {b} {c}",
        world.path(),
        world.nodes.len() - 1
    );
    assert!(world.best().0 <= TARGET);
    assert_eq!(a + b + c, BOUNTY);
    for (mine, received) in [a, b, c].into_iter().enumerate() {
        let who = account(mine as u8 + 1);
        let lost = world
            .submissions
            .values()
            .filter(|one| one.account == who)
            .filter(|one| !matches!(one.state, SubmissionState::Accepted { .. }))
            .count() as u128;
        assert_eq!(world.balance(&who), FUNDS + received - lost);
        assert_eq!(world.claims.contains(&who), received > 0);
    }
    // The campaign may close in the very block of a commitment: once per mine, at no deposit.
    assert!(world.refused <= 3, "{} refused", world.refused);
    assert!(matches!(world.state, State::Settled { .. }), "{CAMPAIGN}");
}
