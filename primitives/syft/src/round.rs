//! Rounds: what each of several gradients is worth, by the errors of their means.
//!
//! The members of a round are points in parameter space, each what a gradient makes of its base, in the order of their
//! commitments. A set of members is measured by its mean and by the mean that takes in the best model so far as one point
//! more; the lesser error counts. So one part of the best model is free: whoever repeats it earns nothing, unless a second
//! part makes means better still, where the others have gone much too far.
//!
//! [`decide`] is the rule, in whole numbers, for any way to measure; [`measure_round`] measures by a validation set.

#[cfg(feature = "std")]
mod limits;
#[cfg(feature = "std")]
mod means;
#[cfg(feature = "std")]
mod measure;
mod shapley;
#[cfg(feature = "std")]
mod worker;

#[cfg(feature = "std")]
pub use measure::measure_round;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::iter;
use shapley::shapley;

/// Seats at most.
pub const MAX_SEATS: u8 = 6;

/// What a round is judged by. Errors are those of one [`Metric`](crate::Metric).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundRules {
    /// The error of the best model so far.
    pub best_error: u64,
    /// Errors below this are worth no more than it.
    pub target: u64,
    /// By how much the best set has to be better than the best model so far.
    pub minimum_step: u64,
    /// Members that can get a share, at most; no more than [`MAX_SEATS`] count.
    pub seats: u8,
}

/// The error of a set: the lesser of that of its mean, and that of the mean that takes in the best model so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetError {
    /// The lesser error.
    pub error: u64,
    /// Whether it is that with the best model; not if they are equal.
    pub with_best: bool,
}

/// A member whose contribution was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// Its position among the members, from 0.
    pub member: u32,
    /// Its Shapley value times `n!`, with `n` the number of seats taken.
    pub share: u128,
}

/// How an accepted round ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The error of the next model.
    pub error: u64,
    /// The members whose mean it is, ascending.
    pub best_set: Vec<u32>,
    /// Whether the mean takes in the best model so far, after the members.
    pub with_best: bool,
    /// The members whose contribution was measured, ascending; their shares sum to `n!` times what all of them are worth.
    pub seats: Vec<Seat>,
}

/// Models that are measured in a round of so many members: each of the sets that [`decide`] asks for, with and without the
/// best model. `2 (m s + 2^s - 1 - s^2)` with `s = min(m, seats)`, 0 without members.
pub fn measurements(members: u32, seats: u8) -> u64 {
    let members = u64::from(members);
    let seats = members.min(seats.min(MAX_SEATS).into());
    2 * (members * seats + (1 << seats) - 1 - seats * seats)
}

/// Decides a round of so many members; `None` if it brings nothing that is accepted.
///
/// `E(C)` is the [error](SetError) of a set `C`, `b` that of the best model and `T` the target.
///
/// - **Seats**: first the member `i` with the least `E({i})`, then whichever makes `E(C + i)` least with those seated `C`,
///   until all seats are taken; the first one on ties.
/// - **Value** of a set `S` of the seated: `b - min(b, max(T, least E(C) over non-empty C in S))`.
/// - **Shares**: the Shapley values times `n!`, with `n` seated:
///   `sum over S without i of |S|! (n - |S| - 1)! (value(S + i) - value(S))`.
/// - **Best set**, among those of the seated: the least error, then fewer members, then without the best model, then the
///   lexicographically least list of members.
/// - **Accepted** if the best set's error and the minimum step are together at most `b`.
///
/// `measure` is asked several times for sets, each ascending, that it can measure side by side; for no set twice, for
/// [`measurements`]`(members, rules.seats) / 2` in all. It gives their errors in the same order, or `None` for one that
/// cannot matter: if it is above `b`, or not below that of a set inside this one, as the smaller set is then worth as much.
/// But when it is told that sets are compared for a seat, no `None` for the least of them.
///
/// # Errors
///
/// Those of `measure`.
pub fn decide<E>(
    members: u32,
    rules: &RoundRules,
    measure: impl FnMut(&[Vec<u32>], bool) -> Result<Vec<Option<SetError>>, E>,
) -> Result<Option<Decision>, E> {
    let mut errors = Errors {
        measure,
        known: BTreeMap::new(),
    };
    let seated = seat(members, rules.seats.min(MAX_SEATS).into(), &mut errors)?;
    let sets = subsets(&seated);
    errors.learn(sets.clone(), false)?;

    let candidates = sets.iter().filter_map(|set| {
        let SetError { error, with_best } = errors.of(set)?;
        Some((error, set.len(), with_best, set))
    });
    let Some((error, _, with_best, best_set)) = candidates.min() else {
        return Ok(None);
    };
    match error.checked_add(rules.minimum_step) {
        Some(sum) if sum <= rules.best_error => {}
        _ => return Ok(None),
    }
    let values = values(sets.iter().map(|set| errors.of(set)), rules);
    // The last of the seated has the lowest bit.
    let shares = shapley(&values).into_iter().rev();
    let seats = seated.iter().zip(shares);
    Ok(Some(Decision {
        error,
        best_set: best_set.clone(),
        with_best,
        seats: seats
            .map(|(&member, share)| Seat { member, share })
            .collect(),
    }))
}

/// Errors of sets, as far as they are known.
struct Errors<F> {
    measure: F,
    known: BTreeMap<Vec<u32>, Option<SetError>>,
}

impl<F> Errors<F> {
    /// Measures those of the sets that have not been; `compared` says that the least matters in any case.
    fn learn<E>(&mut self, mut sets: Vec<Vec<u32>>, compared: bool) -> Result<(), E>
    where
        F: FnMut(&[Vec<u32>], bool) -> Result<Vec<Option<SetError>>, E>,
    {
        sets.retain(|set| !self.known.contains_key(set));
        if !sets.is_empty() {
            let errors = (self.measure)(&sets, compared)?;
            self.known.extend(sets.into_iter().zip(errors));
        }
        Ok(())
    }

    /// `None` where it cannot matter.
    fn of(&self, set: &[u32]) -> Option<SetError> {
        self.known.get(set).copied().flatten()
    }
}

/// The members that get seats, ascending.
fn seat<E, F>(members: u32, seats: usize, errors: &mut Errors<F>) -> Result<Vec<u32>, E>
where
    F: FnMut(&[Vec<u32>], bool) -> Result<Vec<Option<SetError>>, E>,
{
    if members as usize <= seats {
        // Whatever the order, so there is nothing to wait for.
        return Ok((0..members).collect());
    }
    let mut seated: Vec<u32> = Vec::new();
    while seated.len() < seats {
        let others = (0..members).filter(|member| !seated.contains(member));
        let sets: Vec<_> = others
            .map(|member| (member, join(&seated, member)))
            .collect();
        errors.learn(sets.iter().map(|(_, set)| set.clone()).collect(), true)?;
        let known = sets.into_iter().filter_map(|(member, set)| {
            let error = errors.of(&set)?.error;
            Some((error, member, set))
        });
        match known.min() {
            Some((_, _, set)) => seated = set,
            None => break,
        }
    }
    Ok(seated)
}

/// An ascending set with one member more.
fn join(set: &[u32], member: u32) -> Vec<u32> {
    let (before, after) = set.split_at(set.partition_point(|&other| other < member));
    [before, &[member], after].concat()
}

/// All sets of the seated but the empty one. The positions of a set's members, the last of the seated being 0, are the bits
/// of its place in the list, counted from 1: so a set comes after all sets that it contains, and often right after the one
/// that it continues.
fn subsets(seated: &[u32]) -> Vec<Vec<u32>> {
    let seats = seated.len();
    let set = |bits: usize| {
        let members = seated.iter().enumerate();
        let chosen = members.filter(|(position, _)| bits >> (seats - 1 - position) & 1 == 1);
        chosen.map(|(_, &member)| member).collect()
    };
    (1..1 << seats).map(set).collect()
}

/// What each set of the seated is worth, in the order of [`subsets`] but with the empty set before them, given their errors
/// in that order.
fn values(errors: impl Iterator<Item = Option<SetError>>, rules: &RoundRules) -> Vec<u64> {
    let alone = errors.map(|error| error.map_or(u64::MAX, |error| error.error));
    let mut least: Vec<u64> = iter::once(u64::MAX).chain(alone).collect();
    for set in 1..least.len() {
        // Those with one member less have all the others' errors in them.
        let smaller = (0..least.len().ilog2()).map(|bit| set & !(1 << bit));
        least[set] = smaller.fold(least[set], |error, smaller| error.min(least[smaller]));
    }
    let RoundRules {
        best_error, target, ..
    } = *rules;
    let value = |error: u64| best_error.saturating_sub(error.max(target));
    least.into_iter().map(value).collect()
}
