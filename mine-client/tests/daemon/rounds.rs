//! How a mine plays rounds.

use crate::{
    examples::{digits, digits_model, mine_data, points_model, points_named, points_world, work},
    mine::Mine,
    view::View,
    world::{round_of, Call, World, BLOB_DEPOSIT, DEPOSIT, ROOT},
};
use mine_client::{
    chain::ChainError,
    event::Event,
    lifecycle::Outcome,
    miner::{Miner, Tick},
    policy::Policy,
};
use sonar_primitives::{
    campaign::State,
    submission::{SubmissionKind, SubmissionState},
    AccountId, ModelId, RoundId,
};
use std::{cell::RefCell, rc::Rc};

/// Round and base of each commitment of an account, with what became of it.
fn commitments(world: &World, who: &AccountId) -> Vec<(RoundId, ModelId, SubmissionState)> {
    let own = world.submissions.values().filter(|one| one.account == *who);
    own.map(|one| match one.kind {
        SubmissionKind::Gradient { round, base, .. } => (round, base, one.state),
        SubmissionKind::Proposal { .. } => unreachable!("there are no proposals"),
    })
    .collect()
}

#[tokio::test]
async fn an_open_round_is_joined() {
    let world = points_world();
    world.borrow_mut().strangers_commit(ROOT, 1);
    let open = world.borrow().open_round(ROOT).unwrap();
    let mut mine = Mine::of_points(1);
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    assert_eq!(commitments(&world.borrow(), &mine.account)[0].0, open);
    assert_eq!(mine.says(&format!("round {open} closes in 6 blocks")), 1);
    assert_eq!(
        mine.says(&format!("round {open} on branch {ROOT} closes in 5 blocks")),
        1
    );
}

/// A mine whose training takes longer than the round, in which another mine brings a better model.
async fn late(slow: &mut Mine, quick: &mut Mine, world: &Rc<RefCell<World>>) {
    let (slow_view, quick_view) = (
        View::of(world, slow.account.clone()),
        View::of(world, quick.account.clone()),
    );
    let (quick_journal, quick_account) = (&mut quick.journal, quick.account.clone());
    let mut quiet = |_: Event| {};
    let mut other = Miner::new(quick_journal, &quick.policy, &quick.data, &mut quiet);
    slow.at_work(async |miner| {
        assert_eq!(miner.tick(&slow_view).await.unwrap(), Tick::Waiting);
        assert!(miner.is_training());
        while world.borrow().models.len() == 1 {
            work(&mut other, &quick_view).await;
            world.borrow_mut().block();
        }
        assert_eq!(commitments(&world.borrow(), &quick_account).len(), 1);
        for _ in 0..60 {
            work(miner, &slow_view).await;
            if world.borrow().rounds.len() > 1 && !world.borrow().has_pending() {
                return;
            }
            world.borrow_mut().block();
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_too_late_for_one_round_is_used_in_the_next() {
    let (validation, parts) = digits(2);
    let world = World::new(validation, digits_model(), 7, 50_000_000, 2_500_000);
    let mut policy = Policy::default();
    let data = |part| mine_data("digits", part, &Policy::default());
    let mut slow = Mine::new(1, policy.clone(), data(&parts[0]));
    policy.training.epochs = 1;
    let mut quick = Mine::new(2, policy, data(&parts[1]));
    late(&mut slow, &mut quick, &world).await;
    let world = world.borrow();
    let own = commitments(&world, &slow.account);
    let (first, _) = world.rounds.first_key_value().unwrap();
    let (round, base, state) = own[0];
    assert!(round > *first, "{own:?}");
    assert_eq!(base, ROOT, "trained on the model of then");
    let contributed = matches!(state, SubmissionState::Contributed { model, share } if model == round && share > 0);
    assert!(contributed, "{own:?}");
    assert_eq!(
        slow.says("rounds take commitments for 6 blocks, this training took"),
        1
    );
}

#[tokio::test]
async fn what_no_longer_helps_is_not_submitted() {
    let (validation, parts) = digits(2);
    let world = World::new(validation, digits_model(), 7, 50_000_000, 2_500_000);
    let mut policy = Policy::default();
    let data = |part| mine_data("digits", part, &Policy::default());
    let mut quick = Mine::new(2, policy.clone(), data(&parts[1]));
    // It learns hardly anything.
    policy.training.learning_rate = 0.000_05;
    policy.training.epochs = 1;
    policy.training.attempts = 1;
    let mut slow = Mine::new(1, policy, data(&parts[0]));
    late(&mut slow, &mut quick, &world).await;
    let own = commitments(&world.borrow(), &slow.account);
    assert!(own.iter().all(|(_, base, _)| *base != ROOT), "{own:?}");
    assert_eq!(slow.says("it does not improve on model 2"), 1);
}

#[tokio::test]
async fn a_cancelled_campaign_judges_and_pays_what_was_committed() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    let closes = world.borrow().rounds.values().next().unwrap().closes;
    world.borrow_mut().cancel();
    mine.work_until(&world, |world| !world.claims.is_empty())
        .await;
    let world = world.borrow();
    let (_, round) = world.rounds.first_key_value().unwrap();
    assert!(round.closes < closes);
    assert_eq!((world.commits.len(), world.reveals.len()), (1, 1));
    let outcomes = mine.outcomes();
    assert!(
        matches!(outcomes[..], [Outcome::Contributed { share, .. }] if share > 0),
        "{outcomes:?}"
    );
    assert!(mine.journal.received(&mine.account).next().unwrap().1 > 0);
}

#[tokio::test]
async fn a_gradient_for_a_campaign_that_has_closed_is_given_up() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        assert_eq!(miner.tick(&view).await.unwrap(), Tick::Waiting);
        miner.training_ended().await;
        world.borrow_mut().cancel();
        assert_eq!(work(miner, &view).await, Tick::Idle);
    })
    .await;
    assert_eq!(mine.says("given up: the campaign closed"), 1);
    assert!(world.borrow().commits.is_empty());
    assert_eq!(world.borrow().refused, 0);
}

#[tokio::test]
async fn training_for_a_campaign_that_has_closed_ends() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    // Left alone, this would go on for a long time.
    mine.policy.training.epochs = 10_000;
    mine.policy.training.patience = u32::MAX;
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        assert_eq!(miner.tick(&view).await.unwrap(), Tick::Waiting);
        world.borrow_mut().cancel();
        assert_eq!(miner.tick(&view).await.unwrap(), Tick::Busy);
        assert!(!miner.is_training());
    })
    .await;
    assert_eq!(mine.says("it takes no gradients"), 1);
}

#[tokio::test]
async fn a_round_that_is_too_dear_is_left_to_others() {
    let world = points_world();
    world.borrow_mut().strangers_commit(ROOT, 16);
    let dear = world.borrow().open_round(ROOT).unwrap();
    let mut mine = Mine::of_points(1);
    let most = DEPOSIT + BLOB_DEPOSIT + world.borrow().part_after(0);
    mine.policy.maximum_hold = Some(most);
    mine.work_until(&world, |world| world.commits.len() > 16)
        .await;
    let world = world.borrow();
    let (round, _, _) = commitments(&world, &mine.account)[0];
    assert!(round > dear);
    assert_eq!(mine.says("waits for the next round"), 1);
    assert!(world.balance(&mine.account) >= crate::world::FUNDS - most);
}

#[tokio::test]
async fn a_full_round_is_left_to_others() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        assert_eq!(miner.tick(&view).await.unwrap(), Tick::Waiting);
        world.borrow_mut().strangers_commit(ROOT, 32);
        for _ in 0..80 {
            work(miner, &view).await;
            world.borrow_mut().block();
        }
    })
    .await;
    let world = world.borrow();
    let own = commitments(&world, &mine.account);
    assert!(
        own[0].0 > *world.rounds.first_key_value().unwrap().0,
        "{own:?}"
    );
    assert!(
        matches!(own[0].2, SubmissionState::Contributed { .. }),
        "{own:?}"
    );
}

#[tokio::test]
async fn a_model_that_cannot_be_fetched_is_tried_again() {
    let world = points_world();
    world.borrow_mut().missing_models = 3;
    let mut mine = Mine::of_points(1);
    mine.policy.training.attempts = 1;
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    assert_eq!(mine.says("a blob is missing"), 3);
}

#[tokio::test]
async fn what_passes_is_waited_out() {
    let world = points_world();
    let pool = || ChainError::NotIncluded("the pool is full".into());
    let booked = || ChainError::Refused("the blocks are booked out".into());
    world.borrow_mut().trouble = [
        (
            Call::Commit,
            vec![pool(), booked(), pool(), booked(), pool()],
        ),
        (
            Call::Reveal,
            vec![pool(), booked(), booked(), pool(), booked(), pool()],
        ),
        (Call::StoreModel, vec![pool(), booked()]),
        (Call::Claim, vec![pool(), pool()]),
    ]
    .map(|(call, errors)| (call, errors.into()))
    .into();
    let mut mine = Mine::of_points(1);
    mine.work_until(&world, |world| !world.claims.is_empty())
        .await;
    let world = world.borrow();
    assert!(world.trouble.values().all(|errors| errors.is_empty()));
    assert!(matches!(world.state, State::Settled { .. }));
    let outcomes = mine.outcomes();
    let contributed = |outcome: &Outcome| matches!(outcome, Outcome::Contributed { .. });
    assert!(outcomes.iter().all(contributed), "{outcomes:?}");
    assert_eq!(world.commits.len(), world.reveals.len());
    assert!(!world.stored.is_empty());
}

#[tokio::test]
async fn a_gradient_that_cannot_be_revealed_in_time_is_lost_and_the_next_one_comes() {
    let world = points_world();
    let booked = ChainError::NotIncluded("the blocks are full".into());
    let blocks = 40;
    world.borrow_mut().trouble = [(Call::Reveal, vec![booked; blocks].into())].into();
    let mut mine = Mine::of_points(1);
    mine.work_until(&world, |world| !world.reveals.is_empty())
        .await;
    let world = world.borrow();
    assert_eq!(mine.outcomes()[0], Outcome::NotRevealed);
    let own = commitments(&world, &mine.account);
    assert_eq!(own[0].2, SubmissionState::NotRevealed);
    assert!(own.len() > 1);
}

#[tokio::test]
async fn other_contributors_store_what_the_first_does_not() {
    let (validation, parts) = digits(2);
    let world = World::new(validation, digits_model(), 7, 50_000_000, 2_500_000);
    let policy = Policy::default();
    let data = |part| mine_data("digits", part, &policy);
    let mut first = Mine::new(1, policy.clone(), data(&parts[0]));
    let mut second = Mine::new(2, policy.clone(), data(&parts[1]));
    // Both are in one round, and train no more. The first one stops when it has revealed.
    first
        .work_until(&world, |world| world.commits.len() == 1)
        .await;
    first.policy.campaigns = Some(Vec::new());
    second
        .work_until(&world, |world| world.commits.len() == 2)
        .await;
    second.policy.campaigns = Some(Vec::new());
    first
        .work_until(&world, |world| world.reveals.len() == 1)
        .await;
    second
        .work_until(&world, |world| world.models.len() == 2)
        .await;
    let (model, decided) = (2, world.borrow().now);
    second
        .work_until(&world, |world| !world.stored.is_empty())
        .await;
    let world = world.borrow();
    assert_eq!(world.stored, [(second.account.clone(), model)]);
    assert!(world.now >= decided + mine_client::miner::TIME_FOR_THE_FIRST);
    assert_eq!(second.says("stored model 2"), 1);
}

#[tokio::test]
async fn a_model_that_takes_too_long_to_rebuild_is_stored_first() {
    let world = points_world();
    world.borrow_mut().grow(17);
    let (best, _) = world.borrow().best_of(ROOT);
    let mut mine = Mine::of_points(1);
    mine.policy.store_models = false;
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        for _ in 0..5 {
            work(miner, &view).await;
            world.borrow_mut().block();
        }
    })
    .await;
    assert!(world.borrow().commits.is_empty());
    assert_eq!(mine.says("too many rounds to rebuild model"), 1);
    mine.policy.store_models = true;
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    assert_eq!(world.borrow().stored, [(mine.account.clone(), best)]);
    assert_eq!(world.borrow().refused, 0);
}

#[tokio::test]
async fn while_one_branch_waits_another_is_worked_for() {
    let world = points_world();
    let other = world.borrow_mut().propose(points_model(), 11);
    let mut mine = Mine::of_points(1);
    mine.work_until(&world, |world| world.commits.len() == 2)
        .await;
    let world = world.borrow();
    let roots: Vec<ModelId> = commitments(&world, &mine.account)
        .iter()
        .map(|(round, _, _)| world.rounds[round].root)
        .collect();
    let error = |root: &ModelId| world.models[root].0.error;
    let mut expected = [ROOT, other];
    expected.sort_by_key(error);
    assert_eq!(roots, expected, "the better one first");
    let rounds: Vec<_> = world.submissions.values().map(round_of).collect();
    assert_ne!(rounds[0], rounds[1]);
}

#[tokio::test]
async fn training_hurries_for_a_round_that_is_about_to_close() {
    let world = points_world();
    world.borrow_mut().strangers_commit(ROOT, 1);
    let open = world.borrow().open_round(ROOT).unwrap();
    let mut mine = Mine::of_points(1);
    // Left alone, this would go on for a long time.
    mine.policy.training.epochs = 10_000;
    mine.policy.training.patience = u32::MAX;
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        for _ in 0..2 {
            miner.tick(&view).await.unwrap();
            world.borrow_mut().block();
        }
        work(miner, &view).await;
    })
    .await;
    let own = commitments(&world.borrow(), &mine.account);
    assert_eq!(own[0].0, open);
}

#[tokio::test]
async fn the_next_gradient_of_a_branch_waits_for_the_next_round() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    mine.policy.maximum_pending = 2;
    mine.work_until(&world, |world| world.commits.len() > 1)
        .await;
    let world = world.borrow();
    let own = commitments(&world, &mine.account);
    assert!(own[0].0 < own[1].0, "{own:?}");
    assert_eq!(
        mine.says("round 2 has a commitment of this account already"),
        1
    );
    assert_eq!(world.refused, 0);
}

#[tokio::test]
async fn nothing_is_sent_after_the_deadline() {
    for (blocks, commitments) in [(0, 0), (1, 1), (2, 1)] {
        let world = points_world();
        let deadline = world.borrow().now + blocks;
        world.borrow_mut().terms.deadline = deadline;
        let mut mine = Mine::of_points(1);
        let over = |world: &World| matches!(world.state, State::Settled { .. });
        mine.work_until(&world, over).await;
        let world = world.borrow();
        assert_eq!(world.commits.len(), commitments, "{blocks}");
        assert_eq!((world.reveals.len(), world.refused), (commitments, 0));
    }
}

#[tokio::test]
async fn a_mine_that_does_not_help_takes_part_less_and_less() {
    let world = points_world();
    let mut mine = Mine::of_points(1);
    mine.policy.maximum_failures = 2;
    mine.data = mine_data("wrong", &points_named(["right", "left"]), &mine.policy);
    let view = View::of(&world, mine.account.clone());
    // The branch's models since the first one, when each commitment was made.
    let mut models = Vec::new();
    mine.at_work(async |miner| {
        for model in 0..12 {
            for _ in 0..40 {
                work(miner, &view).await;
                world.borrow_mut().block();
                if world.borrow().commits.len() > models.len() {
                    models.push(model);
                }
            }
            world.borrow_mut().grow(1);
        }
    })
    .await;
    assert_eq!(models, [0, 0, 2, 5, 9]);
    assert!(mine.says("waits for 2 more of the branch's models") > 0);
    let outcomes = mine.outcomes();
    assert!(outcomes.iter().all(|one| *one == Outcome::NotContributed));
}

#[tokio::test]
async fn a_branch_on_which_nothing_is_to_be_earned_is_left_alone() {
    let world = points_world();
    let other = world.borrow_mut().propose(points_model(), 11);
    // Somebody else's record, far below what this mine reaches from the other root.
    world.borrow_mut().grow(1);
    let best = world.borrow().best_of(ROOT).0;
    world.borrow_mut().models.get_mut(&best).unwrap().0.error = 85_000_000;
    let mut mine = Mine::of_points(1);
    mine.policy.training.epochs = 1;
    mine.policy.training.learning_rate = 0.01;
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        for _ in 0..100 {
            work(miner, &view).await;
            world.borrow_mut().block();
        }
    })
    .await;
    let trainings = |base, root| mine.says(&format!("from model {base} of branch {root} (error"));
    assert!(trainings(best, ROOT) > 1);
    assert_eq!(trainings(other, other), 1);
}
