//! What a round gives, written straight from the definition, and as slowly.

use crate::table::{subsets, up_to, Table};
use std::collections::BTreeMap;
use syft::round::{Decision, RoundRules, Seat, MAX_SEATS};
use syft::Random;

/// The seats in the order in which they are taken, and the decision.
pub fn decide(table: &Table, rules: &RoundRules) -> (Vec<u32>, Option<Decision>) {
    let mut order: Vec<u32> = Vec::new();
    while order.len() < rules.seats.min(MAX_SEATS).into() && order.len() < table.members as usize {
        let others = (0..table.members).filter(|member| !order.contains(member));
        let joined = others.map(|member| {
            let mut set = [&order[..], &[member]].concat();
            set.sort_unstable();
            (table.error(&set).error, member)
        });
        let (_, next) = joined.min().unwrap();
        order.push(next);
    }
    let mut seated = order.clone();
    seated.sort_unstable();

    let mut best: Option<(Vec<u32>, u64, bool)> = None;
    for set in subsets(&seated).into_iter().skip(1) {
        let found = table.error(&set);
        let better = best.as_ref().is_none_or(|(other, error, with_best)| {
            let before = |a: &[u32], b: &[u32]| a < b;
            found.error < *error
                || found.error == *error
                    && (set.len() < other.len()
                        || set.len() == other.len()
                            && (!found.with_best & *with_best
                                || found.with_best == *with_best && before(&set, other)))
        });
        if better {
            best = Some((set, found.error, found.with_best));
        }
    }
    let accepted = best.filter(|(_, error, _)| {
        u128::from(*error) + u128::from(rules.minimum_step) <= u128::from(rules.best_error)
    });
    let decision = accepted.map(|(best_set, error, with_best)| {
        let shares = shares(table, rules, &seated);
        Decision {
            error,
            best_set,
            with_best,
            seats: seated
                .iter()
                .map(|&member| Seat {
                    member,
                    share: shares[&member],
                })
                .collect(),
        }
    });
    (order, decision)
}

/// `b - min(b, max(T, least E(C) over non-empty C in S))`.
pub fn value(table: &Table, rules: &RoundRules, set: &[u32]) -> u64 {
    let inner = subsets(set).into_iter().filter(|inner| !inner.is_empty());
    let least = inner.map(|inner| table.error(&inner).error).min();
    least.map_or(0, |least| {
        rules.best_error - rules.best_error.min(rules.target.max(least))
    })
}

/// What each adds to those before it, summed over all orders of the seated.
fn shares(table: &Table, rules: &RoundRules, seated: &[u32]) -> BTreeMap<u32, u128> {
    let values: BTreeMap<Vec<u32>, u64> = subsets(seated)
        .into_iter()
        .map(|set| (set.clone(), value(table, rules, &set)))
        .collect();
    let mut shares: BTreeMap<u32, u128> = seated.iter().map(|&member| (member, 0)).collect();
    for order in orders(seated) {
        let mut before: Vec<u32> = Vec::new();
        for member in order {
            let earlier = values[&before];
            before.push(member);
            before.sort_unstable();
            *shares.get_mut(&member).unwrap() += u128::from(values[&before] - earlier);
        }
    }
    shares
}

fn orders(members: &[u32]) -> Vec<Vec<u32>> {
    if members.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for &last in members {
        let others: Vec<u32> = members.iter().copied().filter(|&m| m != last).collect();
        for mut order in orders(&others) {
            order.push(last);
            all.push(order);
        }
    }
    all
}

#[test]
fn ten_thousand_random_rounds() {
    let mut random = Random::new(7, 0);
    let (mut accepted, mut crowded, mut merged) = (0, 0, 0);
    for _ in 0..10_000 {
        let members = random.below(8);
        // Small errors make ties.
        let most = [3, 12, 1_000_000_000, u64::MAX][random.below(4) as usize];
        let table = Table::new(members, |_| [(); 2].map(|()| up_to(&mut random, most)));
        let rules = RoundRules {
            best_error: up_to(&mut random, most),
            target: up_to(&mut random, most / 2),
            minimum_step: up_to(&mut random, most / 8),
            seats: random.below(8) as u8,
        };
        let found = table.decide(&rules);
        let (order, expected) = decide(&table, &rules);
        assert_eq!(found, expected, "{table:?} {rules:?}");
        assert_eq!(table.seats_in_order(rules.seats.min(MAX_SEATS)), order);
        let Some(found) = found else { continue };
        let shares: u128 = found.seats.iter().map(|seat| seat.share).sum();
        let seated: Vec<u32> = found.seats.iter().map(|seat| seat.member).collect();
        let orders: u128 = (1..=seated.len() as u128).product();
        assert_eq!(shares, orders * u128::from(value(&table, &rules, &seated)));
        accepted += 1;
        crowded += u32::from(members as usize > seated.len());
        merged += u32::from(found.best_set.len() > 1 && found.with_best);
    }
    assert!(
        accepted > 3_000 && crowded > 1_000 && merged > 300,
        "{accepted} {crowded} {merged}"
    );
}
