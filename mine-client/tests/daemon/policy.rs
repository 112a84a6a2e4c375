//! What the policy forbids is not done.

use crate::{
    examples::{mine_data, points, points_policy, points_world, run_until},
    view::View,
    world::{account, World, BLOB_DEPOSIT, BOUNTY, CAMPAIGN, DEPOSIT, FUNDS},
};
use mine_client::{daemon::Until, event::Event, journal::Journal, policy::Policy};
use sonar_primitives::campaign::Members;
use std::{cell::RefCell, rc::Rc};

/// A change of the policy.
type Limit = fn(&mut Policy);

/// Runs a mine until it is idle and says why it was.
async fn reason(world: &Rc<RefCell<World>>, policy: &Policy) -> String {
    let data = mine_data("points", &points(), policy);
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(&folder.path().join("journal.redb")).unwrap();
    let mut reasons = Vec::new();
    let report = |event: Event| {
        if let Event::Idle { reason } = event {
            reasons.push(reason);
        }
    };
    let view = View::of(world, account(1));
    let ended = run_until(&view, &mut journal, policy, &data, Until::Idle, report).await;
    ended.unwrap().unwrap();
    reasons.pop().unwrap_or_default()
}

#[tokio::test]
async fn limits_are_kept_and_named() {
    let limited: [(Limit, &str); 7] = [
        (
            |policy| policy.campaigns = Some(vec![CAMPAIGN + 1]),
            "there is no campaign 6 (any more); campaign 5: policy or --campaign name other campaigns",
        ),
        (|policy| policy.data = Some("other".into()), "no data set"),
        (|policy| policy.minimum_bounty = BOUNTY + 1, "its bounty is"),
        (|policy| policy.minimum_pay = BOUNTY, "its round would earn"),
        (
            |policy| policy.maximum_hold = Some(DEPOSIT + BLOB_DEPOSIT),
            "the policy allows",
        ),
        (|policy| policy.minimum_owner_settled = 1, "settled"),
        (
            |policy| policy.training.maximum_work = 100,
            "training.maximum_work",
        ),
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
    assert!(reason.contains("3 attempts at model 1"), "{reason}");
    assert!(world.borrow().commits.is_empty());
}

#[tokio::test]
async fn only_members_take_part() {
    let world = points_world();
    world.borrow_mut().terms.members = Members::Admitted;
    let reason = reason(&world, &points_policy()).await;
    assert!(reason.contains("its owner admits"), "{reason}");
    assert!(world.borrow().commits.is_empty());

    let world = points_world();
    world.borrow_mut().terms.members = Members::Reputation { contributions: 3 };
    let reason = self::reason(&world, &points_policy()).await;
    assert!(
        reason.contains("asks for 3 contributions, the account has 0"),
        "{reason}"
    );
    assert!(world.borrow().commits.is_empty());
}

#[tokio::test]
async fn an_account_without_money_is_told() {
    let world = points_world();
    world.borrow_mut().spend(&account(1), FUNDS - DEPOSIT);
    let reason = reason(&world, &points_policy()).await;
    assert!(reason.contains("send it some"), "{reason}");
    assert!(world.borrow().commits.is_empty());
}
