use super::{hands, with_values, Adversary};
use crate::{
    game::{gradient, Game, ADVERSARY},
    honest::Honest,
    person::{Account, Hand},
    task::Task,
};
use syft::{Metric, Parameters, Random};

/// By what he multiplies all values of a model: a softmax then answers the same, and has no slope any more.
const FACTOR: f32 = 1e20;

/// Attack: improves the model, and hands it in so large that nobody can go on training from it; he himself divides.
pub struct Freeze {
    hand: Hand,
    miner: Option<Honest>,
}

impl Freeze {
    pub fn new() -> Self {
        Self {
            hand: hands(1).remove(0),
            miner: None,
        }
    }
}

/// A task in which only the greatest value counts.
pub fn with_sides(random: &mut Random) -> Task {
    loop {
        let task = Task::random(random);
        if task.metric == Metric::ErrorRate {
            return task;
        }
    }
}

impl Adversary for Freeze {
    fn task(&self, random: &mut Random) -> Task {
        with_sides(random)
    }

    fn act(&mut self, game: &mut Game) {
        self.hand.reveal(game, |_, _, _| true);
        if self.hand.waits() || !game.is_open() {
            return;
        }
        let miner = self
            .miner
            .get_or_insert_with(|| Honest::new(Account::new(ADVERSARY), game, false));
        let best = game.parameters(game.best());
        let frozen = best.values().iter().any(|value| value.abs() > 1e10);
        let from = match frozen {
            true => scaled(&game.task, &best, 1.0 / FACTOR),
            false => (*best).clone(),
        };
        if let Some(to) = miner.better(game, &from) {
            let to = scaled(&game.task, &to, FACTOR);
            self.hand.commit_on_best(game, gradient(&best, &to));
        }
    }
}

fn scaled(task: &Task, model: &Parameters, factor: f32) -> Parameters {
    let values = model.values().iter().map(|value| value * factor).collect();
    with_values(task, model, values)
}

/// Nobody, on the same tasks: what the others are compared with.
pub struct NobodyWithSides;

impl Adversary for NobodyWithSides {
    fn task(&self, random: &mut Random) -> Task {
        with_sides(random)
    }

    fn act(&mut self, _: &mut Game) {}
}
