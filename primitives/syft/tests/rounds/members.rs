//! Who gets how much for what.

use crate::table::{up_to, Table};
use syft::round::{Decision, RoundRules};
use syft::Random;

/// A round of some members, and of others that stand for them: `table` of sets of the former, and which each member is, if
/// it is any. Sets without any of them have the best model's error.
fn round_of(who: &[Option<u32>], table: &Table, best_error: u64) -> Table {
    Table::new(who.len() as u32, |set| {
        let mut stand_for: Vec<u32> = set
            .iter()
            .filter_map(|&member| who[member as usize])
            .collect();
        stand_for.sort_unstable();
        stand_for.dedup();
        match stand_for.is_empty() {
            true => [best_error; 2],
            false => [table.error(&stand_for).error; 2],
        }
    })
}

fn shuffled<T: Clone>(random: &mut Random, values: &[T]) -> Vec<T> {
    let order = random.permutation(values.len() as u32);
    order.into_iter().map(|at| values[at].clone()).collect()
}

/// Errors at random, of the three members that matter; rules by which all sets count.
fn three(random: &mut Random) -> (Table, RoundRules) {
    let best_error = 1_000;
    let table = Table::new(3, |_| [(); 2].map(|()| up_to(random, best_error)));
    let rules = RoundRules {
        best_error,
        target: up_to(random, 500),
        minimum_step: 1,
        seats: 6,
    };
    (table, rules)
}

fn share(decision: &Decision, member: usize) -> u128 {
    let mut seats = decision.seats.iter();
    seats
        .find(|seat| seat.member as usize == member)
        .map_or(0, |seat| seat.share)
}

/// A copy of the best model, a zero gradient, noise: no set is better with them.
#[test]
fn members_that_improve_nothing_earn_nothing() {
    let mut random = Random::new(11, 0);
    let mut accepted = 0;
    for _ in 0..1_000 {
        let (table, rules) = three(&mut random);
        let who = shuffled(&mut random, &[Some(0), None, Some(1), None, Some(2)]);
        let harm = up_to(&mut random, 100);
        let with_idle = Table::new(5, |set| {
            let busy: Vec<u32> = set
                .iter()
                .copied()
                .filter(|&m| who[m as usize].is_some())
                .collect();
            let idle = (set.len() - busy.len()) as u64;
            let alone = round_of(&who, &table, rules.best_error).error(set).error;
            [alone + harm * idle; 2]
        });
        let (Some(found), Some(alone)) = (with_idle.decide(&rules), table.decide(&rules)) else {
            continue;
        };
        accepted += 1;
        for (member, who) in who.iter().enumerate() {
            let expected = match who {
                // Times 5! rather than 3!.
                Some(who) => share(&alone, *who as usize) * 20,
                None => 0,
            };
            assert_eq!(share(&found, member), expected);
        }
    }
    assert!(accepted > 900);
}

/// One member in two, three or four pieces of which any does what all do together.
#[test]
fn splits_lose_nothing_in_sum() {
    let mut random = Random::new(12, 0);
    for _ in 0..1_000 {
        let (table, rules) = three(&mut random);
        let pieces = 2 + random.below(3) as usize;
        let mut who = vec![Some(0); pieces];
        who.extend([Some(1), Some(2)]);
        let who = shuffled(&mut random, &who);
        let split = round_of(&who, &table, rules.best_error).decide(&rules);
        let whole = table.decide(&rules);
        assert_eq!(split.is_some(), whole.is_some());
        let (Some(split), Some(whole)) = (split, whole) else {
            continue;
        };
        assert_eq!(split.error, whole.error);
        let sum = |decision: &Decision| decision.seats.iter().map(|seat| seat.share).sum::<u128>();
        // Each sum is as many times the same value as there are orders.
        let orders = |seats: usize| (1..=seats as u128).product::<u128>();
        assert_eq!(sum(&split) * orders(3), sum(&whole) * orders(pieces + 2));
    }
}

/// Copies come early and are many, but take no seat from anybody who improves something.
#[test]
fn copies_keep_nobody_out() {
    for copied in 0..3 {
        // Each member that joins improves every set.
        let table = Table::new(3, |set| {
            let error =
                900 - 250 * set.len() as u64 + set.iter().map(|m| u64::from(*m)).sum::<u64>();
            [error; 2]
        });
        let rules = RoundRules {
            best_error: 900,
            target: 0,
            minimum_step: 1,
            seats: 3,
        };
        let mut who = vec![Some(copied); 6];
        who.extend((0..3).map(Some));
        let decision = round_of(&who, &table, 900).decide(&rules).unwrap();
        let mut seated: Vec<_> = decision
            .seats
            .iter()
            .map(|seat| who[seat.member as usize])
            .collect();
        seated.sort_unstable();
        assert_eq!(seated, [Some(0), Some(1), Some(2)]);
        assert_eq!(decision.seats[0].member, 0, "the first of the copies");
    }
}
