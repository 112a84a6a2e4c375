//! What the policy forbids is not done.

use crate::{
    examples::{mine_data, points, points_policy, points_world},
    world::{account, Faults, View, World, CAMPAIGN},
};
use mine_client::{
    daemon::{self, Until},
    event::Event,
    journal::Journal,
    miner::Miner,
    policy::Policy,
};
use std::{cell::RefCell, rc::Rc};

/// A change of the policy.
type Limit = fn(&mut Policy);

/// Runs a mine until it is idle and says why it was.
async fn reason(world: &Rc<RefCell<World>>, policy: &Policy) -> String {
    let data = mine_data("points", &points(), policy);
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
    let mut reasons = Vec::new();
    let mut report = |event: Event| {
        if let Event::Idle { reason } = event {
            reasons.push(reason);
        }
    };
    let mut miner = Miner::new(&mut journal, policy, &data, &mut report);
    let view = View {
        world: world.clone(),
        account: account(1),
        faults: Faults::default(),
    };
    let connect = async || Ok(view.clone());
    daemon::run(&mut miner, connect, Until::Idle).await.unwrap();
    reasons.pop().unwrap_or_default()
}

#[tokio::test]
async fn limits_are_kept_and_named() {
    let limited: [(Limit, &str); 6] = [
        (
            |policy| policy.campaigns = Some(vec![CAMPAIGN + 1]),
            "other campaigns",
        ),
        (|policy| policy.data = Some("other".into()), "no data set"),
        (|policy| policy.minimum_bounty = 1_001, "its bounty is"),
        (
            |policy| policy.minimum_pay = 1_001,
            "reaching its target pays",
        ),
        (|policy| policy.maximum_deposit = Some(9), "a deposit of"),
        (|policy| policy.minimum_owner_settled = 1, "settled"),
    ];
    for (limit, says) in limited {
        let world = points_world();
        let mut policy = points_policy();
        limit(&mut policy);
        let reason = reason(&world, &policy).await;
        assert!(reason.contains(says), "{reason}");
        assert!(world.borrow().commits.is_empty());
    }
}

#[tokio::test]
async fn data_of_another_form_are_named() {
    let world = World::new(
        crate::examples::digits(1).0,
        crate::examples::digits_model(),
        7,
        50_000_000,
        5_000_000,
    );
    let reason = reason(&world, &points_policy()).await;
    assert!(
        reason.contains("data set points: it has 2 input fields"),
        "{reason}"
    );
    assert!(world.borrow().commits.is_empty());
}

#[tokio::test]
async fn a_mine_that_knows_nothing_better_stops_trying() {
    let world = points_world();
    let mut policy = points_policy();
    policy.training.learning_rate = 1e-9;
    policy.training.attempts = 3;
    let reason = reason(&world, &policy).await;
    assert!(reason.contains("3 attempts at node 1"), "{reason}");
    assert!(world.borrow().commits.is_empty());
}
