use super::{hands, near, Adversary};
use crate::{
    game::{gradient, Game, ADVERSARY},
    honest::Honest,
    person::{Account, Hand},
};

/// Attack: has rows like an honest miner, and sends what he learns from them from several accounts, for several shares.
pub struct Sybil {
    hands: Vec<Hand>,
    miner: Option<Honest>,
    /// By how much his gradients differ.
    distance: f32,
    redundant: bool,
}

impl Sybil {
    /// With so many accounts. In `redundant` games every miner has the same rows, and comes to the same gradient.
    pub fn new(accounts: u8, distance: f32, redundant: bool) -> Self {
        Self {
            hands: hands(accounts),
            miner: None,
            distance,
            redundant,
        }
    }
}

impl Adversary for Sybil {
    fn honest_have_his_rows(&self) -> bool {
        self.redundant
    }

    fn act(&mut self, game: &mut Game) {
        for hand in &mut self.hands {
            hand.reveal(game, |_, _, _| true);
        }
        if !game.is_open() || self.hands.iter_mut().any(Hand::waits) {
            return;
        }
        let same = self.redundant;
        let miner = self
            .miner
            .get_or_insert_with(|| Honest::new(Account::new(ADVERSARY), game, same));
        let Some(bytes) = miner.improve(game) else {
            return;
        };
        let best = game.parameters(game.best());
        let point = syft::Gradient::decode(&game.task.architecture, &bytes)
            .unwrap()
            .apply(&best)
            .unwrap();
        for hand in &mut self.hands {
            let point = match self.distance > 0.0 {
                true => near(game, &point, self.distance),
                false => point.clone(),
            };
            hand.commit_on_best(game, gradient(&best, &point));
        }
    }
}
