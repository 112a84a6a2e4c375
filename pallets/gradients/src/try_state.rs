//! What must hold between blocks.

mod models;
mod rounds;
mod submissions;

use crate::{Config, Pallet};
use alloc::collections::BTreeSet;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - every account has on hold exactly deposit and part of its pending submissions;
    /// - the lists of models, rounds and submissions, by campaign, by account and by round, all and
    ///   pending ones, name what is stored, and nothing else;
    /// - exactly those submissions that wait for their reveal have a place and a booking, within their
    ///   round's window, and no block is booked beyond its limit;
    /// - what waits for the end of its time is on the agenda, which has later blocks only;
    /// - only a campaign's lowest undecided round is measured;
    /// - counters, records and best models are true, each step of a record starts where the one before
    ///   ended, and every model that came out of a round is better than the branch's best before, made
    ///   of models with lower numbers, and known to those who contributed.
    ///
    /// A campaign without a [`Tree`](crate::Tree) is being forgotten, in steps: what belongs to it may
    /// be missing.
    ///
    /// Fails, naming the broken rule.
    pub fn do_try_state() -> Result<(), DispatchError> {
        Self::check_submissions()?;
        Self::check_rounds()?;
        Self::check_bookings()?;
        Self::check_agenda()?;
        Self::check_models()?;
        Self::check_trees()
    }
}

/// The keys of a double map that is a list.
fn keys<A: Ord, B: Ord>(list: impl Iterator<Item = (A, B, ())>) -> BTreeSet<(A, B)> {
    list.map(|(first, second, ())| (first, second)).collect()
}
