use super::{commit_from_root, hands, Adversary};
use crate::{
    game::{gradient, Game},
    person::Hand,
};

/// Attack: a gradient of zeros on the best model, for a share in what others bring.
pub struct ZeroGradient(Hand);

impl ZeroGradient {
    pub fn new() -> Self {
        Self(hands(1).remove(0))
    }
}

impl Adversary for ZeroGradient {
    fn act(&mut self, game: &mut Game) {
        self.0.reveal(game, |_, _, _| true);
        if !self.0.waits() && game.is_open() {
            let best = game.parameters(game.best());
            self.0.commit_on_best(game, gradient(&best, &best));
        }
    }
}

/// Attack: the way from the root to the last model, which others have made, over and over.
pub struct StaleCopy(Hand);

impl StaleCopy {
    pub fn new() -> Self {
        Self(hands(1).remove(0))
    }
}

impl Adversary for StaleCopy {
    fn act(&mut self, game: &mut Game) {
        commit_from_root(&mut self.0, game, |_, best| best.clone());
    }
}
