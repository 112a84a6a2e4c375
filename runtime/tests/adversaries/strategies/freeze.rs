use super::{hands, scaled, Adversary};
use crate::{
    game::{gradient, Game, ADVERSARY},
    honest::Honest,
    person::{Account, Hand},
    task::Task,
};
use syft::{Metric, Random};

/// Attack: improves the model, and hands it in so large that nobody can go on training from it; he himself divides.
pub struct Freeze {
    hand: Hand,
    miner: Option<Honest>,
    /// By what he multiplies all values of a model: a softmax then answers the same, and has no slope any more.
    factor: f32,
}

impl Freeze {
    pub fn new(factor: f32) -> Self {
        Self {
            hand: hands(1).remove(0),
            miner: None,
            factor,
        }
    }
}

impl Adversary for Freeze {
    fn task(&self, random: &mut Random) -> Task {
        loop {
            let task = Task::random(random);
            // Only which value is the greatest counts.
            if task.metric == Metric::ErrorRate {
                return task;
            }
        }
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
            true => scaled(&game.task, &best, 1.0 / self.factor),
            false => (*best).clone(),
        };
        if let Some(to) = miner.better(game, &from) {
            let to = scaled(&game.task, &to, self.factor);
            self.hand.commit_on_best(game, gradient(&best, &to));
        }
    }
}
