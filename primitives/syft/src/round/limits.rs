//! Up to which errors the sets of a round need be measured.

use super::SetError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

/// Sets that are measured side by side: the errors that have been found, and which others can still matter.
///
/// Limits only fall, so an error above one at any time is above the last one.
pub(super) struct Limits {
    sets: Vec<Entry>,
    /// The least error found; 0 if it does not matter which one is the least.
    least: AtomicU64,
}

struct Entry {
    /// No error above this matters, unless it is the least.
    most: u64,
    /// The sets that it contains.
    inner: Vec<usize>,
    /// The errors without and with the best model.
    errors: [OnceLock<u64>; 2],
}

impl Limits {
    /// For these sets, given the errors of others. `compared` says that the least error matters in any case.
    pub(super) fn new(
        best_error: u64,
        known: &[(Vec<u32>, u64)],
        sets: &[Vec<u32>],
        compared: bool,
    ) -> Self {
        let entry = |set: &Vec<u32>| {
            let inner = known.iter().filter(|(other, _)| contains(set, other));
            let others = (0..sets.len()).filter(|&other| contains(set, &sets[other]));
            Entry {
                most: best_error.min(below(inner.map(|(_, error)| *error))),
                inner: others.collect(),
                errors: [OnceLock::new(), OnceLock::new()],
            }
        };
        Self {
            sets: sets.iter().map(entry).collect(),
            least: AtomicU64::new(if compared { u64::MAX } else { 0 }),
        }
    }

    /// Whether a mean of this set that has at least this error cannot matter.
    pub(super) fn passed(&self, set: usize, with_best: bool, error: u64) -> bool {
        let without = || self.sets[set].errors[0].get();
        error > self.limit(set) || with_best && without().is_some_and(|other| error >= *other)
    }

    /// Notes an error that may matter.
    pub(super) fn found(&self, set: usize, with_best: bool, error: u64) {
        self.least.fetch_min(error, Ordering::Relaxed);
        self.sets[set].errors[usize::from(with_best)].get_or_init(|| error);
    }

    /// The lesser error of a set, once all have been measured; `None` if it cannot matter.
    pub(super) fn error(&self, set: usize) -> Option<SetError> {
        let (error, with_best) = self.sets[set].lesser()?;
        // Of one above its limit perhaps only the greater was measured.
        (error <= self.limit(set)).then_some(SetError { error, with_best })
    }

    fn limit(&self, set: usize) -> u64 {
        let Entry { most, inner, .. } = &self.sets[set];
        let inner = inner.iter().filter_map(|&other| self.sets[other].lesser());
        let least = self.least.load(Ordering::Relaxed);
        below(inner.map(|(error, _)| error)).min(*most).max(least)
    }
}

impl Entry {
    /// The lesser of the errors found, and whether it is that with the best model.
    fn lesser(&self) -> Option<(u64, bool)> {
        let found = |with_best: bool| {
            let error = self.errors[usize::from(with_best)].get();
            error.map(|&error| (error, with_best))
        };
        [false, true].into_iter().filter_map(found).min()
    }
}

/// Whether a set contains another one, and more.
fn contains(set: &[u32], other: &[u32]) -> bool {
    other.len() < set.len() && other.iter().all(|member| set.contains(member))
}

/// The greatest error that is less than all of these, if there is one.
fn below(errors: impl Iterator<Item = u64>) -> u64 {
    errors
        .min()
        .map_or(u64::MAX, |least| least.saturating_sub(1))
}
