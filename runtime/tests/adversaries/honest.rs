//! A miner who follows the protocol: trains on his own rows, commits if that helps, reveals what he has committed to.

use crate::{
    game::{gradient, Game},
    person::{window, Account, Hand},
    task::unit,
};
use sonar_primitives::{
    round::{base_deposit, largest_part, MAX_COMMITMENTS},
    submission::SubmissionState,
    ModelId, SubmissionId,
};
use sonar_runtime::{
    configs::sonar::{BaseDeposit, Price},
    AccountId, Balance, Runtime, SNR,
};
use syft::{Dataset, Parameters, Random};

/// Gradients that he tries on one model before he gives up.
const TRIES: u32 = 3;
/// The largest booking fee that he pays.
const MAX_FEE: Balance = SNR / 100;

/// The parts that he pays at most where many others have committed before him.
pub const MAX_SURCHARGE: Balance = 4;

/// An honest miner.
pub struct Honest {
    hand: Hand,
    /// What he learns from, and what he checks it on.
    rows: Dataset,
    held_out: Dataset,
    rate: f32,
    epochs: u32,
    /// The model that he has tried to improve last, and how often.
    tried: (Option<ModelId>, u32),
    /// What waits for its verdict.
    pending: Option<SubmissionId>,
    /// Blocks after the first possible one in which he reveals.
    delay: u32,
    sent: bool,
    seed: u64,
}

impl Honest {
    /// Somebody with rows of his own, or with the same as everybody.
    pub fn new(account: Account, game: &mut Game, same: bool) -> Self {
        let mut own = Random::new(game.seed, 1);
        let random = if same { &mut own } else { &mut game.random };
        let count = 6 + random.below(20);
        let (rate, epochs) = (learning_rate(random), 1 + random.below(3));
        let task = &game.task;
        let (rows, held_out) = (task.rows(random, count), task.rows(random, 6));
        Self {
            hand: Hand::new(account),
            rows,
            held_out,
            rate,
            epochs,
            tried: (None, 0),
            pending: None,
            delay: game.random.below(4),
            sent: false,
            seed: game.seed,
        }
    }

    pub fn id(&self) -> AccountId {
        self.hand.account.id.clone()
    }

    /// What he does in one block.
    pub fn act(&mut self, game: &mut Game) {
        self.reveal(game);
        let waits = self.pending.is_some_and(|id| {
            let state = pallet_gradients::Submissions::<Runtime>::get(id).map(|one| one.state);
            state.is_some_and(|state: SubmissionState| state.is_pending())
        });
        if !waits && game.is_open() {
            self.commit(game);
        }
    }

    /// The way from the best model to what training makes of it, if that helps.
    pub fn improve(&self, game: &Game) -> Option<Vec<u8>> {
        let from = game.parameters(game.best());
        let to = self.better(game, &from)?;
        Some(gradient(&from, &to))
    }

    /// What training makes of a model, if that helps. Everybody with the same rows comes to the same.
    pub fn better(&self, game: &Game, from: &Parameters) -> Option<Parameters> {
        let seed = self.seed + game.best() * 10 + u64::from(self.tried.1);
        let task = &game.task;
        let to = task.learn(from, &self.rows, self.rate, self.epochs, seed);
        let helps = task.error_on(&to, &self.held_out) <= task.error_on(from, &self.held_out);
        (helps && to != *from).then_some(to)
    }

    fn commit(&mut self, game: &mut Game) {
        let best = game.best();
        if self.tried.0 != Some(best) {
            self.tried = (Some(best), 0);
        }
        if self.tried.1 >= TRIES {
            return;
        }
        let Some(gradient) = self.improve(game) else {
            self.tried.1 += 1;
            return;
        };
        // No place with more than a moderate surcharge, nor blocks that others have booked.
        let (aim, max_hold) = (game.aim(), max_hold(game));
        if self.hand.commit(game, aim, gradient, max_hold).is_ok() {
            self.tried.1 += 1;
            self.sent = false;
            self.pending = self.hand.secrets.last().map(|secret| secret.submission);
        }
    }

    /// Sends what is due, which everybody hears of, and has it in one of the next blocks.
    fn reveal(&mut self, game: &mut Game) {
        let now = game.chain.now();
        for secret in &self.hand.secrets {
            if !self.sent && window(secret).is_some_and(|(_, from, _)| now >= from) {
                game.gossip.push(secret.gradient.clone());
                self.sent = true;
            }
        }
        let delay = self.delay;
        self.hand.reveal(game, |from, _, now| now > from + delay);
    }
}

/// Mostly careful; some go too far.
fn learning_rate(random: &mut Random) -> f32 {
    match random.below(4) {
        0 => 0.05 + 0.15 * unit(random),
        _ => 0.004 + 0.03 * unit(random),
    }
}

/// What an honest miner lets be held: deposit, up to four parts and a moderate booking fee.
pub fn max_hold(game: &Game) -> Balance {
    let size = game.task.validation.encode().len() + game.task.initial.to_safetensors().len();
    let plan = game.task.architecture.plan().unwrap();
    let price = Price::get().of(plan.multiply_adds, crate::task::ROWS, size as u64);
    base_deposit(BaseDeposit::get(), game.terms.bounty)
        + MAX_SURCHARGE * largest_part(price, MAX_COMMITMENTS, game.terms.rounds.seats)
        + MAX_FEE
}
