//! Killed at every moment, and cut off at every moment: the promises are kept all the same.

use crate::{
    disk::Disk,
    examples::{mine_data, points, points_policy, points_world, run, run_until},
    view::{Faults, View},
    world::{account, World, BOUNTY},
};
use mine_client::{
    daemon::Until,
    event::Event,
    journal::{Journal, JournalError},
    lifecycle::Stage,
    miner::MineError,
};
use proptest::prelude::*;
use sonar_primitives::{round::RoundState, Hash};
use std::collections::BTreeSet;

/// What must hold when the campaign is settled and the mine has ended by itself.
pub fn check(world: &World, journal: &Journal) {
    let who = account(1);
    let distinct: BTreeSet<Hash> = world.commits.iter().copied().collect();
    assert_eq!(distinct.len(), world.commits.len(), "committed twice");
    let revealed: BTreeSet<_> = world.reveals.iter().copied().collect();
    assert_eq!(revealed.len(), world.reveals.len(), "revealed twice");
    assert_eq!(
        revealed.len(),
        distinct.len(),
        "a commitment was not revealed"
    );
    assert_eq!(world.claims.len(), 1, "claimed once");
    let mut gradients = BTreeSet::new();
    for (_, entry) in journal.entries(&who) {
        assert!(
            gradients.insert((entry.base, entry.gradient)),
            "the same gradient twice"
        );
        assert!(entry.stage.is_final(), "{entry:?}");
        let committed = distinct.contains(&entry.commitment());
        assert_eq!(
            committed,
            matches!(entry.stage, Stage::Decided { .. }),
            "{entry:?}"
        );
    }
    for commitment in &distinct {
        let known = journal
            .entries(&who)
            .any(|(_, entry)| entry.commitment() == *commitment);
        assert!(known, "sent, but not written down");
    }
    assert_eq!(world.balance(&who), world.expected_balance(&who, BOUNTY));
    let received: Vec<_> = journal.received(&who).map(|(_, amount)| amount).collect();
    assert_eq!(received, [BOUNTY]);
    // Every model but the last one, with which the campaign was over, is stored.
    let accepted = world
        .rounds
        .values()
        .filter(|round| round.state == RoundState::Accepted);
    assert!(world.stored.len() + 1 >= accepted.count());
    let distinct: BTreeSet<_> = world.stored.iter().collect();
    assert_eq!(distinct.len(), world.stored.len(), "stored twice");
}

/// Runs a mine that is killed after each of `kills` calls in turn, then to the end. Returns how many
/// of the kills came before the end. With `in_flight`, what was being sent then still arrives.
async fn survive(kills: &[u32], in_flight: bool) -> usize {
    let world = points_world();
    let policy = points_policy();
    let data = mine_data("points", &points(), &policy);
    // In memory: hundreds of lives, without waiting for a disk at each step.
    let disk = Disk::roomy();
    let lives = kills.iter().map(|points| Faults::kill_after(*points));
    for (life, mut faults) in lives.chain([Faults::default()]).enumerate() {
        faults.in_flight = in_flight;
        let view = View::with_faults(&world, account(1), faults);
        let mut journal = Journal::with_backend(disk.clone()).unwrap();
        if let Some(ended) = run(&view, &mut journal, &policy, &data).await {
            ended.unwrap();
            check(&world.borrow(), &journal);
            return life;
        }
    }
    unreachable!("the last life is not cut short")
}

#[tokio::test]
async fn killed_at_every_moment_it_keeps_its_promises() {
    for in_flight in [false, true] {
        let mut moments = 0;
        loop {
            if survive(&[moments], in_flight).await == 0 {
                break;
            }
            moments += 1;
        }
        println!("{moments} moments");
        assert!(moments > 100, "only {moments} moments");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn killed_again_and_again_it_keeps_its_promises(
        kills in prop::collection::vec(0..40u32, 1..8),
        in_flight: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(survive(&kills, in_flight));
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let world = points_world();
    let policy = points_policy();
    let data = mine_data("points", &points(), &policy);
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
    let mut retries = 0;
    let report = |event: Event| retries += u32::from(matches!(event, Event::Retrying { .. }));
    let view = View::with_faults(&world, account(1), Faults::disconnect_every(397));
    let until = Until::Settled(crate::world::CAMPAIGN);
    let ended = run_until(&view, &mut journal, &policy, &data, until, report).await;
    ended.unwrap().unwrap();
    check(&world.borrow(), &journal);
    assert!(retries > 0);
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let world = points_world();
    let policy = points_policy();
    let data = mine_data("points", &points(), &policy);
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
    journal.bind(Hash::repeat_byte(1)).unwrap();
    let view = View::of(&world, account(1));
    let ended = run(&view, &mut journal, &policy, &data).await.unwrap();
    let error = ended.unwrap_err();
    assert!(matches!(
        error,
        MineError::Journal(JournalError::OtherChain { .. })
    ));
    assert!(error.to_string().contains("another chain"));
    assert!(world.borrow().commits.is_empty());
}
