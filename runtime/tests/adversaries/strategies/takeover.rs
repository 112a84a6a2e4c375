use super::{commit_from_root, hands, near, Adversary};
use crate::{game::Game, person::Hand};

/// Attack: takes the public best model and a little more, as one gradient on the root, to be paid for all of the way.
pub struct Takeover(Hand);

impl Takeover {
    pub fn new() -> Self {
        Self(hands(1).remove(0))
    }
}

impl Adversary for Takeover {
    fn act(&mut self, game: &mut Game) {
        commit_from_root(&mut self.0, game, |game, best| near(game, best, 0.02));
    }
}
