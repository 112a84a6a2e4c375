//! Reveals come before everything else.

use crate::{
    examples::{points_model, points_world, work},
    mine::Mine,
    view::View,
    world::{Call, World},
};
use mine_client::chain::ChainError;
use sonar_primitives::ModelId;
use std::{cell::RefCell, rc::Rc};

/// A world whose only round closes with the next block and has one commitment, of `mine`, and another branch to work for.
async fn committed(mine: &mut Mine) -> (Rc<RefCell<World>>, ModelId) {
    let world = points_world();
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    let closes = world.borrow().rounds.values().next().unwrap().closes;
    let other = {
        let mut world = world.borrow_mut();
        while world.now + 1 < closes {
            world.block();
        }
        world.propose(points_model(), 11)
    };
    (world, other)
}

fn training_for(root: ModelId) -> String {
    format!("from model {root} of branch {root}")
}

#[tokio::test]
async fn a_model_that_takes_long_to_fetch_does_not_keep_a_reveal_waiting() {
    let mut mine = Mine::of_points(1);
    let world = points_world();
    mine.work_until(&world, |world| !world.commits.is_empty())
        .await;
    {
        let mut world = world.borrow_mut();
        world.propose(points_model(), 11);
        // Longer than the round and its window for reveals.
        world.models_from = world.now + 100;
    }
    mine.work_until(&world, |world| world.commits.len() > 1)
        .await;
    assert!(world.borrow().reveals.contains(&1));
    assert_eq!(mine.says("takes too long to fetch"), 1);
    // When nothing is to be revealed any more, it is waited for.
    assert!(world.borrow().now >= world.borrow().models_from);
}

#[tokio::test]
async fn nothing_else_is_sent_while_a_reveal_is_due() {
    let pool = ChainError::NotIncluded("the pool is full".into());
    let mut mine = Mine::of_points(1);
    let (world, other) = committed(&mut mine).await;
    world.borrow_mut().trouble = [(Call::Reveal, vec![pool; 10].into())].into();
    mine.work_until(&world, |world| world.commits.len() > 1)
        .await;
    assert!(world.borrow().reveals.contains(&1));
    assert!(mine.first("revealed submission 1") < mine.first(&training_for(other)));
}

/// It is tried again later, and what is claimed meanwhile may pay for it.
#[tokio::test]
async fn a_reveal_that_the_chain_refuses_keeps_nothing_waiting() {
    let booked = ChainError::Refused("funds are missing".into());
    let mut mine = Mine::of_points(1);
    let (world, other) = committed(&mut mine).await;
    world.borrow_mut().trouble = [(Call::Reveal, vec![booked].into())].into();
    mine.work_until(&world, |world| world.reveals.contains(&1))
        .await;
    assert!(mine.first("revealed submission 1") > mine.first(&training_for(other)));
}

#[tokio::test]
async fn a_mine_that_is_to_end_reveals_what_it_has_committed_to() {
    let mut mine = Mine::of_points(1);
    let (world, _) = committed(&mut mine).await;
    let view = View::of(&world, mine.account.clone());
    mine.at_work(async |miner| {
        let mut left = miner.wind_down(&view).await.unwrap();
        assert_eq!(left, 1);
        while left > 0 {
            work(miner, &view).await;
            world.borrow_mut().block();
            left = miner.wind_down(&view).await.unwrap();
        }
    })
    .await;
    let world = world.borrow();
    assert_eq!((world.commits.len(), world.reveals.len()), (1, 1));
    assert_eq!(mine.says("1 commitment is not revealed yet"), 1);
}
