//! Named strategies against honest miners: random campaigns in real blocks, with the verdicts that the gradients
//! deserve. After every block every pallet's invariants hold; in the end all money is where the rules say, an honest miner
//! has lost no more than fees and parts, and the adversary has paid for what he did.
//!
//! `ADVERSARIES_GAMES` says how many games, `ADVERSARIES_SEED` from which seed on, and with `ADVERSARIES_PRINT` who ends with
//! what is printed. `scripts/adversaries` sets them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod assayer;
#[path = "../common/chain.rs"]
mod chain;
#[path = "../common/door.rs"]
mod door;
mod game;
mod honest;
#[path = "../common/ledger.rs"]
mod ledger;
mod outcome;
mod person;
mod splitting;
mod strategies;
mod task;

use game::{world, Game, Outcome};
use outcome::Figures;
use splitting::{splits, Split, Splitting};
use std::collections::BTreeMap;
use strategies::*;

/// Tests that play.
const STRATEGIES: u64 = 14;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect(variable))
}

/// Tells which game it was if something is wrong with it.
struct Playing<'a>(&'a str, u64);

impl Drop for Playing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "{}: ADVERSARIES_SEED={} ADVERSARIES_GAMES=1",
                self.0, self.1
            );
        }
    }
}

/// Plays a strategy's part of the games.
fn games(
    name: &str,
    adversary: impl Fn(u64) -> Box<dyn Adversary>,
    mut judge: impl FnMut(&Outcome, &Figures),
) -> Figures {
    let games = number("ADVERSARIES_GAMES", 300).div_ceil(STRATEGIES);
    let first = number("ADVERSARIES_SEED", 1);
    let mut all = Figures::default();
    for seed in first..first + games {
        let _playing = Playing(name, seed);
        world().execute_with(|| {
            let outcome = Game::play(seed, &mut *adversary(seed));
            let figures = outcome.check();
            if std::env::var("ADVERSARIES_PRINT").is_ok_and(|print| print == "all") {
                println!("{name} {seed}: {figures}");
            }
            judge(&outcome, &figures);
            all.add(figures);
        });
    }
    if std::env::var("ADVERSARIES_PRINT").is_ok() {
        println!("{name}: {all}");
    }
    all
}

fn pays_for_it(_: &Outcome, figures: &Figures) {
    assert!(figures.profit <= 0, "{figures}");
}

/// Honest miners alone reach targets that can be reached.
#[test]
fn nobody() {
    let all = games("nobody", |_| Box::new(Nobody), pays_for_it);
    assert_eq!(all.profit, 0);
    assert!(all.honest_profit > 0);
}

#[test]
fn withhold() {
    games("withhold", |_| Box::new(Withhold::new()), pays_for_it);
}

#[test]
fn zero_gradient() {
    games(
        "zero gradient",
        |_| Box::new(ZeroGradient::new()),
        |_, _| (),
    );
}

#[test]
fn stale_copy() {
    games("stale copy", |_| Box::new(StaleCopy::new()), |_, _| ());
}

#[test]
fn takeover() {
    games("takeover", |_| Box::new(Takeover::new()), |_, _| ());
}

#[test]
fn poison() {
    games("poison", |_| Box::new(Poison::new()), |_, _| ());
}

#[test]
fn seat_filler() {
    games("seat filler", |_| Box::new(SeatFiller::new()), |_, _| ());
}

/// Plays with 2 to 6 accounts; prints what splitting brings for each number.
fn sybils(name: &str, distance: f32, redundant: bool, mut judge: impl FnMut(&Split)) {
    let accounts = |seed: u64| 2 + (seed % 5) as usize;
    let mut all = BTreeMap::<usize, Splitting>::new();
    let make = |seed| Box::new(Sybil::new(accounts(seed) as u8, distance, redundant)) as _;
    games(name, make, |outcome, _| {
        for split in splits(outcome) {
            judge(&split);
            all.entry(split.own).or_default().add(&split);
        }
    });
    if std::env::var("ADVERSARIES_PRINT").is_ok() {
        for (accounts, splitting) in all {
            println!("{name}, {accounts} accounts: {splitting}");
        }
    }
}

#[test]
fn sybil() {
    sybils("sybil", 0.003, false, |_| ());
}

#[test]
fn sybil_with_copies() {
    sybils("sybil with copies", 0.0, false, |_| ());
}

/// Each of the seated gets the same where all bring the same: `k` accounts of `n + k - 1`, as the protocol says, as long
/// as there are seats for all.
#[test]
fn sybil_where_data_are_redundant() {
    sybils("redundant sybil", 0.0, true, |split| {
        if !split.identical {
            // Somebody has begun to learn later than the others.
            return;
        }
        let expected = split.own_seated as f64 / split.seated as f64;
        assert!((split.part - expected).abs() < 1e-9);
        if split.own + split.others <= split.seats {
            let all = (split.own + split.others) as f64;
            assert!((split.part - split.own as f64 / all).abs() < 1e-9);
        }
    });
}

#[test]
fn stuff() {
    games("stuff", |_| Box::new(Stuff::new()), pays_for_it);
}

#[test]
fn jam() {
    games("jam", |seed| Box::new(Jam::new(seed % 8 == 0)), |_, _| ());
}

#[test]
fn owners_proposal() {
    games(
        "owner's proposal",
        |_| Box::new(OwnersProposal::new()),
        |_, _| (),
    );
}

#[test]
fn liar() {
    let make = |seed| {
        Box::new(match seed % 3 {
            0 => Liar::FalseClaim,
            1 => Liar::AtTarget,
            _ => Liar::Cancels,
        }) as _
    };
    games("liar", make, pays_for_it);
}
