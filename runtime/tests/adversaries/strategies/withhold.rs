use super::{hands, near, Adversary};
use crate::{
    game::{gradient, Game},
    person::Hand,
};

/// Attack: commits in every round and never reveals, so that the others wait for the end of the window.
pub struct Withhold(Vec<Hand>);

impl Withhold {
    pub fn new() -> Self {
        Self(hands(2))
    }
}

impl Adversary for Withhold {
    fn act(&mut self, game: &mut Game) {
        for hand in &mut self.0 {
            if !hand.waits() && game.is_open() {
                let best = game.parameters(game.best());
                let to = near(game, &best, 0.1);
                hand.commit_on_best(game, gradient(&best, &to));
            }
        }
    }
}
