//! The agenda: what may have to go on in which block.

use crate::{Config, Due, DueItem, Pallet, LOG_TARGET};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{agenda, round::MAX_COMMITMENTS};
use sp_runtime::traits::{One, Saturating};

/// Notes that something is due at `at`, or in one of the next blocks. Returns whether there was room.
pub(crate) fn schedule<T: Config>(at: BlockNumberFor<T>, item: DueItem) -> bool {
    agenda::schedule::<Due<T>, _, _, _>(at, item)
}

/// Notes that something is due in the next block. If there is no room anyone can still see to it.
pub(crate) fn schedule_next<T: Config>(item: DueItem) {
    let now = frame_system::Pallet::<T>::block_number();
    if !schedule::<T>(now.saturating_add(One::one()), item) {
        log::warn!(target: LOG_TARGET, "{item:?} finds no room on the agenda: advance it by hand");
    }
}

impl<T: Config> Pallet<T> {
    /// Sees to what is due in a block. Once the submissions of a full round have been looked at, the
    /// rest waits for the next block. Returns how many items were on the agenda, and how many
    /// submissions were looked at: fewer than those of three full rounds.
    pub(crate) fn see_to_due(now: BlockNumberFor<T>) -> (u32, u32) {
        let due = Due::<T>::take(now);
        let mut looked_at = 0u32;
        for item in &due {
            if looked_at >= MAX_COMMITMENTS {
                schedule_next::<T>(*item);
                continue;
            }
            // What has nothing to do any more, or is forgotten, counts nothing.
            let submissions = match *item {
                DueItem::Round(id) => Self::proceed(id).unwrap_or(0),
                DueItem::Proposal(id) => Self::do_expire(id).map_or(0, |()| 1),
            };
            looked_at = looked_at.saturating_add(submissions);
        }
        (due.len() as u32, looked_at)
    }
}
