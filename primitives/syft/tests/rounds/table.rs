//! Rounds whose errors are given.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use syft::round::{decide, measurements, Decision, RoundRules, SetError};
use syft::Random;

/// The errors of all sets of the members 0, 1, ...: of their mean, and of that with the best model.
#[derive(Debug)]
pub struct Table {
    pub members: u32,
    errors: BTreeMap<Vec<u32>, [u64; 2]>,
}

impl Table {
    pub fn new(members: u32, mut errors: impl FnMut(&[u32]) -> [u64; 2]) -> Self {
        let all: Vec<u32> = (0..members).collect();
        let sets = subsets(&all).into_iter().filter(|set| !set.is_empty());
        Self {
            members,
            errors: sets.map(|set| (set.clone(), errors(&set))).collect(),
        }
    }

    /// The lesser error; without the best model on ties.
    pub fn error(&self, set: &[u32]) -> SetError {
        let [without, with] = self.errors[set];
        SetError {
            error: without.min(with),
            with_best: with < without,
        }
    }

    /// Decides with these errors. Checks that each set is asked for once, and as many as are paid for; and that it makes no
    /// difference if errors which cannot matter are left out.
    pub fn decide(&self, rules: &RoundRules) -> Option<Decision> {
        let mut asked = BTreeSet::new();
        let decision = self.decide_by(rules, |sets, _| {
            for set in sets {
                assert!(set.is_sorted_by(|a, b| a < b) && !set.is_empty());
                assert!(asked.insert(set.clone()), "{set:?} is asked for twice");
            }
            sets.iter().map(|set| Some(self.error(set))).collect()
        });
        let paid = measurements(self.members, rules.seats);
        assert_eq!(2 * asked.len() as u64, paid);

        let mut asked = BTreeSet::new();
        let thrifty = self.decide_by(rules, |sets, compared| {
            asked.extend(sets.iter().cloned());
            let least = sets.iter().map(|set| self.error(set).error).min();
            let errors = sets.iter().map(|set| {
                let found = self.error(set);
                let smaller = subsets(set).into_iter();
                let mut smaller = smaller.filter(|other| other != set && asked.contains(other));
                let matters = found.error <= rules.best_error
                    && smaller.all(|other| found.error < self.error(&other).error);
                let needed = compared && Some(found.error) == least;
                (matters || needed).then_some(found)
            });
            errors.collect()
        });
        assert_eq!(thrifty, decision);
        decision
    }

    fn decide_by(
        &self,
        rules: &RoundRules,
        mut errors: impl FnMut(&[Vec<u32>], bool) -> Vec<Option<SetError>>,
    ) -> Option<Decision> {
        let measure = |sets: &[Vec<u32>], compared| Ok::<_, Infallible>(errors(sets, compared));
        decide(self.members, rules, measure).unwrap()
    }

    /// The seats in the order in which they are taken: one more with each more there is.
    pub fn seats_in_order(&self, seats: u8) -> Vec<u32> {
        let mut order = Vec::new();
        for seats in 1..=seats.min(self.members as u8) {
            // Anything is accepted.
            let rules = RoundRules {
                best_error: u64::MAX,
                target: 0,
                minimum_step: 0,
                seats,
            };
            let taken = self.decide(&rules).unwrap().seats;
            assert_eq!(taken.len(), usize::from(seats));
            order.extend(
                taken
                    .iter()
                    .map(|seat| seat.member)
                    .find(|member| !order.contains(member)),
            );
        }
        order
    }
}

/// All subsets of an ascending set, each ascending.
pub fn subsets(set: &[u32]) -> Vec<Vec<u32>> {
    match set.split_last() {
        None => vec![vec![]],
        Some((&last, before)) => {
            let without = subsets(before);
            let with = without.iter().map(|set| [&set[..], &[last]].concat());
            without.iter().cloned().chain(with).collect()
        }
    }
}

/// A number from 0 to `most`.
pub fn up_to(random: &mut Random, most: u64) -> u64 {
    let bits = u128::from(random.bits()) << 32 | u128::from(random.bits());
    ((bits * (u128::from(most) + 1)) >> 64) as u64
}
