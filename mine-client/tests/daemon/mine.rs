//! A mine with what it needs besides the world.

use crate::{
    examples::{mine_data, points, points_policy, work},
    view::View,
    world::{account, World},
};
use mine_client::{
    event::Event,
    journal::Journal,
    lifecycle::{Outcome, Stage},
    miner::{MineData, Miner},
    policy::Policy,
};
use sonar_primitives::AccountId;
use std::{cell::RefCell, rc::Rc};
use tempfile::TempDir;

/// What a mine needs besides the world.
pub struct Mine {
    pub account: AccountId,
    pub policy: Policy,
    pub data: Vec<MineData>,
    pub journal: Journal,
    pub events: Vec<Event>,
    _folder: TempDir,
}

impl Mine {
    pub fn new(number: u8, policy: Policy, data: Vec<MineData>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            account: account(number),
            journal: Journal::open(&folder.path().join("journal.redb")).unwrap(),
            policy,
            data,
            events: Vec::new(),
            _folder: folder,
        }
    }

    pub fn of_points(number: u8) -> Self {
        let policy = points_policy();
        let data = mine_data("points", &points(), &policy);
        Self::new(number, policy, data)
    }

    /// Works with a miner that lasts as long as `work` does.
    pub async fn at_work<T>(&mut self, work: impl AsyncFnOnce(&mut Miner<'_>) -> T) -> T {
        let events = &mut self.events;
        let mut report = |event| events.push(event);
        let mut miner = Miner::new(&mut self.journal, &self.policy, &self.data, &mut report);
        work(&mut miner).await
    }

    /// Works in every block, and does not train any more once `done` says so.
    pub async fn work_until(&mut self, world: &Rc<RefCell<World>>, done: impl Fn(&World) -> bool) {
        let view = View::of(world, self.account.clone());
        self.at_work(async |miner| {
            for _ in 0..500 {
                work(miner, &view).await;
                if done(&world.borrow()) {
                    return;
                }
                world.borrow_mut().block();
            }
            panic!("not done: {:?}", world.borrow().records());
        })
        .await;
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.journal
            .entries(&self.account)
            .filter_map(|(_, entry)| match entry.stage {
                Stage::Decided { outcome, .. } => Some(outcome),
                _ => None,
            })
            .collect()
    }

    /// The place of the first event whose text has this in it.
    pub fn first(&self, text: &str) -> usize {
        let mut events = self.events.iter();
        let place = events.position(|event| event.to_string().contains(text));
        place.unwrap_or_else(|| panic!("no event says {text:?}"))
    }

    pub fn says(&self, text: &str) -> usize {
        let mut events = self.events.iter();
        let count = events
            .by_ref()
            .filter(|event| event.to_string().contains(text));
        count.count()
    }
}
