//! Those who would rather not play by the rules.

mod freeze;
mod jam;
mod liar;
mod owners_proposal;
mod poison;
mod seat_filler;
mod second_best;
mod stuff;
mod sybil;
mod takeover;
mod withhold;

pub use freeze::Freeze;
pub use jam::Jam;
pub use liar::Liar;
pub use owners_proposal::OwnersProposal;
pub use poison::Poison;
pub use seat_filler::SeatFiller;
pub use second_best::{StaleCopy, ZeroGradient};
pub use stuff::Stuff;
pub use sybil::Sybil;
pub use takeover::Takeover;
pub use withhold::Withhold;

use crate::{
    door::Aim,
    game::{gradient, Game, ADVERSARY},
    person::{Account, Hand},
    task::Task,
};
use sonar_primitives::campaign::Terms;
use sonar_runtime::{Balance, BlockNumber};
use syft::{Parameters, Random};

/// One person with any number of accounts.
pub trait Adversary {
    /// Whether the campaign is his.
    fn owns_the_campaign(&self) -> bool {
        false
    }

    /// What there is to learn.
    fn task(&self, random: &mut Random) -> Task {
        Task::random(random)
    }

    /// What he writes into the terms of his campaign, or plays best against.
    fn terms(&mut self, _task: &Task, _terms: &mut Terms<Balance, BlockNumber>) {}

    /// Whether every honest miner has the same rows as he: then what they bring is redundant.
    fn honest_have_his_rows(&self) -> bool {
        false
    }

    /// What he does in one block, before or after others.
    fn act(&mut self, game: &mut Game);
}

/// Nobody: what the others are compared with.
pub struct Nobody;

impl Adversary for Nobody {
    fn act(&mut self, _: &mut Game) {}
}

/// The adversary's accounts.
fn hands(count: u8) -> Vec<Hand> {
    (0..count)
        .map(|number| Hand::new(Account::new(ADVERSARY + number)))
        .collect()
}

/// Commits to the way from the root to what `change` makes of the best model, once that is another one.
fn commit_from_root(
    hand: &mut Hand,
    game: &mut Game,
    change: impl FnOnce(&mut Game, &Parameters) -> Parameters,
) {
    hand.reveal(game, |_, _, _| true);
    let (best, root) = (game.best(), game.root);
    if hand.waits() || best == root || !game.is_open() {
        return;
    }
    let (from, to) = (game.parameters(root), game.parameters(best));
    let to = change(game, &to);
    let aim = Aim {
        base: root,
        ..game.aim()
    };
    let _ = hand.commit(game, aim, gradient(&from, &to), Balance::MAX);
}

/// A model not far from another.
fn near(game: &mut Game, model: &Parameters, distance: f32) -> Parameters {
    let random = &mut game.random;
    let values = model
        .values()
        .iter()
        .map(|value| value + distance * random.normal())
        .collect();
    with_values(&game.task, model, values)
}

/// A model with all values multiplied.
pub fn scaled(task: &Task, model: &Parameters, factor: f32) -> Parameters {
    let values = model.values().iter().map(|value| value * factor).collect();
    with_values(task, model, values)
}

/// Parameters of the task's architecture with these values.
fn with_values(task: &Task, like: &Parameters, values: Vec<f32>) -> Parameters {
    let mut file = like.to_safetensors();
    let begin = file.len() - 4 * values.len();
    for (at, value) in values.iter().enumerate() {
        file[begin + 4 * at..][..4].copy_from_slice(&value.to_le_bytes());
    }
    Parameters::from_safetensors(&task.architecture, &file).unwrap()
}
