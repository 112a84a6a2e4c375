use super::{hands, Adversary};
use crate::{
    game::{gradient, Game},
    person::Hand,
};

/// Attack: gradients that are no files, or hold NaN, infinities or huge numbers, to break whoever adds them up.
pub struct Poison(Vec<Hand>);

impl Poison {
    pub fn new() -> Self {
        Self(hands(3))
    }
}

impl Adversary for Poison {
    fn act(&mut self, game: &mut Game) {
        for hand in &mut self.0 {
            hand.reveal(game, |_, _, _| true);
            if hand.waits() || !game.is_open() {
                continue;
            }
            let best = game.parameters(game.best());
            // But for the poison it is no step, so that nothing is earned by luck.
            let mut bytes = gradient(&best, &best);
            let last = bytes.len() - 4;
            let value = match game.random.below(7) {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => f32::MAX,
                3 => -3e38,
                4 => 1e20,
                5 => f32::MIN_POSITIVE / 8.0,
                _ => {
                    // A header that says something else.
                    bytes[9] ^= 0x55;
                    0.0
                }
            };
            bytes[last..].copy_from_slice(&value.to_le_bytes());
            hand.commit_on_best(game, bytes);
        }
    }
}
