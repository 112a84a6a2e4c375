//! Renewing blobs, so that nodes that prune blocks keep them.
//!
//! A blob has a **phase**, the number of a block modulo the retention period, and is renewed in the
//! blocks of that phase. So there are as many phases as the period has blocks, and each has one list
//! that is not empty: that of its next block, on which all its blobs are. Every list has room for
//! as many blobs as one block renews. It cannot overflow:
//!
//! - Only three things put blobs on the list of block `n + period`: the renewal at the start of block
//!   `n`, which moves the list of block `n` there as a whole, and then, until the start of block
//!   `n + period`, stores in block `n` and blobs in booked places of that phase.
//! - The blobs on a phase's list and the places booked in it are never more than the list holds: a
//!   place is booked only if both together leave room, a blob that takes it gives the booking up, and
//!   a store counts both.
//!
//! So a renewal always has room, however many blobs are stored: none is ever forgotten. Were a blob
//! put on another phase's list when its own is full, stores could take the room of renewals.
//!
//! Stores of one block all have its phase and fill at most half of its list. The other half of each
//! is for places booked before, which are sought in many phases: stores cannot keep them out.

use crate::{BlobOf, Blobs, BookedPlaces, Config, Error, Pallet, Renewals};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{traits::Place, BlobHash};
use sp_io::transaction_index;
use sp_runtime::{traits::Saturating, SaturatedConversion};

/// The transaction that renewals are attached to: a block's first, which is always an inherent.
const FIRST_TRANSACTION: u32 = 0;
/// In how many phases a place to book is sought.
const PHASES_TRIED: u32 = 64;

impl<T: Config> Pallet<T> {
    /// Renews the blobs that are due now. Returns how many were due.
    pub(crate) fn renew_due(now: BlockNumberFor<T>) -> u32 {
        let mut due = Renewals::<T>::take(now);
        let count = due.len() as u32;
        // A blob that another hook removed earlier in this block is still on the list.
        due.retain(|blob| Blobs::<T>::contains_key(blob));
        for blob in &due {
            transaction_index::renew(FIRST_TRANSACTION, blob.0);
        }
        if !due.is_empty() {
            Renewals::<T>::insert(now.saturating_add(T::RetentionPeriod::get()), due);
        }
        count
    }

    /// The phase of a block.
    pub(crate) fn phase_of(block: BlockNumberFor<T>) -> Place {
        // The integrity test makes sure that the period is not zero, and fits.
        (block % T::RetentionPeriod::get()).saturated_into()
    }

    /// The first block after this one that renews the blobs of a phase.
    pub(crate) fn next_renewal(phase: Place) -> BlockNumberFor<T> {
        let (now, period) = (Self::now(), T::RetentionPeriod::get());
        let in_this_period = now
            .saturating_sub(now % period)
            .saturating_add(phase.into());
        if in_this_period > now {
            in_this_period
        } else {
            in_this_period.saturating_add(period)
        }
    }

    /// The blobs of a phase, and the places that are booked in it.
    fn taken(phase: Place) -> u32 {
        let blobs = Renewals::<T>::decode_len(Self::next_renewal(phase)).unwrap_or_default();
        (blobs as u32).saturating_add(BookedPlaces::<T>::get(phase))
    }

    /// The phase of a blob that is stored without a booked place: that of this block.
    pub(crate) fn phase_for_store() -> Result<Place, Error<T>> {
        let phase = Self::phase_of(Self::now());
        ensure!(
            Self::taken(phase) < T::MaxRenewalsPerBlock::get() / 2,
            Error::<T>::AgendaFull
        );
        Ok(phase)
    }

    /// Books a place in the first of the next phases that has room.
    pub(crate) fn do_book() -> Result<Place, Error<T>> {
        let tried: BlockNumberFor<T> = PHASES_TRIED.into();
        let tried = tried.min(T::RetentionPeriod::get());
        let phase = (1..=tried.saturated_into::<u32>())
            .map(|blocks| Self::phase_of(Self::now().saturating_add(blocks.into())))
            .find(|phase| Self::taken(*phase) < T::MaxRenewalsPerBlock::get())
            .ok_or(Error::<T>::AgendaFull)?;
        BookedPlaces::<T>::mutate(phase, |booked| *booked = booked.saturating_add(1));
        Ok(phase)
    }

    /// Gives a booked place up. Fails if none is booked in that phase.
    pub(crate) fn do_unbook(phase: Place) -> DispatchResult {
        BookedPlaces::<T>::try_mutate_exists(phase, |slot| {
            let booked = slot.unwrap_or_default();
            let left = booked.checked_sub(1).ok_or(Error::<T>::NotBooked)?;
            *slot = (left > 0).then_some(left);
            Ok(())
        })
    }

    /// Puts a blob on the list of its first renewal.
    pub(crate) fn schedule_renewal(blob: BlobHash, record: &BlobOf<T>) -> Result<(), Error<T>> {
        Renewals::<T>::try_mutate(Self::next_renewal(record.phase), |due| due.try_push(blob))
            .map_err(|_| Error::<T>::AgendaFull)
    }

    /// Takes a blob off the list of its next renewal, and so makes room for another.
    pub(crate) fn cancel_renewal(blob: BlobHash, record: &BlobOf<T>) {
        Renewals::<T>::mutate_exists(Self::next_renewal(record.phase), |slot| {
            if let Some(due) = slot {
                due.retain(|other| *other != blob);
                if due.is_empty() {
                    *slot = None;
                }
            }
        });
    }

    /// The number of this block.
    pub(crate) fn now() -> BlockNumberFor<T> {
        frame_system::Pallet::<T>::block_number()
    }
}
