use super::{hands, near, Adversary};
use crate::{
    door::Aim,
    game::{gradient, Game},
    person::Hand,
};
use sonar_runtime::Balance;

/// Attack: takes the public best model and a little more, as one gradient on the root, to be paid for all of the way.
pub struct Takeover(Hand);

impl Takeover {
    pub fn new() -> Self {
        Self(hands(1).remove(0))
    }
}

impl Adversary for Takeover {
    fn act(&mut self, game: &mut Game) {
        self.0.reveal(game, |_, _, _| true);
        let (best, root) = (game.best(), game.root);
        if self.0.waits() || best == root || !game.is_open() {
            return;
        }
        let (from, to) = (game.parameters(root), game.parameters(best));
        let to = near(game, &to, 0.02);
        let aim = Aim {
            base: root,
            ..game.aim()
        };
        let _ = self.0.commit(game, aim, gradient(&from, &to), Balance::MAX);
    }
}
