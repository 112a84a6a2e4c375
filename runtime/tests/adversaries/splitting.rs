//! What somebody gains in a round by sending one contribution from several accounts.

use crate::{assayer::Measured, game::Outcome, outcome::rule};
use sonar_primitives::round::part;
use sonar_runtime::{Balance, Runtime};
use syft::round::Decision;

/// Rounds in which he had several accounts, together.
#[derive(Default)]
pub struct Splitting {
    pub rounds: u32,
    /// Rounds in which that earned more than one account would have.
    pub gained: u32,
    /// Rounds in which others would have had a share, and have none.
    pub shut_out: u32,
    /// His part of the shares, and what it would have been with one account; sums over the rounds.
    pub part: f64,
    pub alone: f64,
    /// The greatest difference.
    pub most: f64,
    /// What the accounts besides the first have paid for assays, in SNR, and what the rounds paid.
    pub price: f64,
    pub paid: f64,
}

/// A round with several accounts of his.
pub struct Split {
    /// Gradients in the round that are his, and those that are not.
    pub own: usize,
    pub others: usize,
    /// Those that were seated, and the seats.
    pub own_seated: usize,
    pub seated: usize,
    pub seats: usize,
    /// Whether all gradients lead to the same model.
    pub identical: bool,
    pub part: f64,
    pub alone: f64,
    /// What more parts he paid than alone.
    pub price: Balance,
    pub paid: Balance,
}

impl Split {
    /// Whether somebody else would have had a share if he had had one account.
    pub fn shuts_others_out(&self) -> bool {
        self.part == 1.0 && self.alone < 1.0
    }
}

/// All rounds of a game that brought something with several of his gradients.
pub fn splits(outcome: &Outcome) -> Vec<Split> {
    let rule = rule(outcome.game.campaign);
    let measured = outcome.game.assayer.measured.iter();
    measured
        .filter_map(|round| split(outcome, round, rule.as_ref()?))
        .collect()
}

fn split(
    outcome: &Outcome,
    measured: &Measured,
    rule: &sonar_primitives::payout::PayoutRule,
) -> Option<Split> {
    let decision = measured.decision.as_ref()?;
    let own: Vec<bool> = measured
        .points
        .iter()
        .map(|(account, _)| outcome.adversary.contains(account))
        .collect();
    let count = own.iter().filter(|own| **own).count();
    if count < 2 {
        return None;
    }
    let first = own.iter().position(|own| *own)?;
    let (kept, alone) = measured.without(|at| !own[at] || at == first);
    let round = pallet_gradients::Rounds::<Runtime>::get(measured.round)?;
    let model = pallet_gradients::Models::<Runtime>::get(measured.round)?;
    let price = |reveals: usize| part(round.price, reveals as u32, round.seats);
    Some(Split {
        own: count,
        others: own.len() - count,
        own_seated: seated(decision, |at| own[at]),
        seated: decision.seats.len(),
        seats: measured.rules.seats.into(),
        identical: measured
            .points
            .iter()
            .all(|(_, point)| *point == measured.points[0].1),
        part: share(decision, |at| own[at]),
        alone: alone.map_or(0.0, |alone| share(&alone, |at| kept[at] == first)),
        price: (price(own.len()) * count as Balance).saturating_sub(price(kept.len())),
        paid: model
            .former_record
            .map_or(0, |from| rule.step_pays(from, model.error)),
    })
}

fn seated(decision: &Decision, of: impl Fn(usize) -> bool) -> usize {
    let seats = decision.seats.iter();
    seats.filter(|seat| of(seat.member as usize)).count()
}

/// The part of all shares that some members have.
pub fn share(decision: &Decision, of: impl Fn(usize) -> bool) -> f64 {
    let all: u128 = decision.seats.iter().map(|seat| seat.share).sum();
    let seats = decision.seats.iter();
    let own: u128 = seats
        .filter(|seat| of(seat.member as usize))
        .map(|seat| seat.share)
        .sum();
    own as f64 / all as f64
}

impl Splitting {
    /// Takes a round in.
    pub fn add(&mut self, split: &Split) {
        const UNIT: f64 = sonar_runtime::SNR as f64;
        self.rounds += 1;
        self.gained += u32::from(split.part > split.alone);
        self.shut_out += u32::from(split.shuts_others_out());
        self.part += split.part;
        self.alone += split.alone;
        self.most = self.most.max(split.part - split.alone);
        self.price += split.price as f64 / UNIT;
        self.paid += split.paid as f64 / UNIT;
    }
}

impl std::fmt::Display for Splitting {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let rounds = f64::from(self.rounds.max(1));
        write!(
            f,
            "{} rounds, {} with a gain, others shut out of {}: {:.1} % of a round instead of {:.1} %, at most {:.1} % more; for {:.4} SNR a round, \
             which paid {:.2} SNR",
            self.rounds,
            self.gained,
            self.shut_out,
            100.0 * self.part / rounds,
            100.0 * self.alone / rounds,
            100.0 * self.most,
            self.price / rounds,
            self.paid / rounds,
        )
    }
}
