use super::{hands, near, Adversary};
use crate::{
    game::{gradient, Game},
    person::Hand,
};

/// Attack: fills each round's seats with 16 gradients that are worth nothing, all but the same, so that nobody else has
/// one.
pub struct SeatFiller(Vec<Hand>);

impl SeatFiller {
    pub fn new() -> Self {
        Self(hands(16))
    }
}

impl Adversary for SeatFiller {
    fn act(&mut self, game: &mut Game) {
        for hand in &mut self.0 {
            hand.reveal(game, |_, _, _| true);
        }
        if !game.is_open() || self.0.iter_mut().any(Hand::waits) || game.round().is_some() {
            return;
        }
        let best = game.parameters(game.best());
        for hand in &mut self.0 {
            let to = near(game, &best, 1e-3);
            hand.commit_on_best(game, gradient(&best, &to));
        }
    }
}
