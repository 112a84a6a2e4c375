//! Renewing blobs, so that nodes that prune blocks keep them.
//!
//! A blob stored in block `n` is renewed in `n + period`, `n + 2 * period` and so on. Only two can
//! put blobs on the list of block `n + period`: the renewal at the start of block `n`, which moves
//! the list of block `n` there as a whole, and then `store` in block `n`, which fails if no room is
//! left. So a renewal always has room, however many blobs are stored: none is ever forgotten. Were
//! a blob put on a later list when its own is full, stores could take the room of renewals.

use crate::{BlobOf, Blobs, Config, Error, Pallet, Renewals};
use frame_support::pallet_prelude::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::BlobHash;
use sp_io::transaction_index;
use sp_runtime::traits::Saturating;

/// The transaction that renewals are attached to: a block's first, which is always an inherent.
const FIRST_TRANSACTION: u32 = 0;

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

    /// Puts a blob on the list of its first renewal.
    pub(crate) fn schedule_renewal(blob: BlobHash, record: &BlobOf<T>) -> Result<(), Error<T>> {
        Renewals::<T>::try_mutate(Self::next_renewal(record), |due| due.try_push(blob))
            .map_err(|_| Error::<T>::AgendaFull)
    }

    /// Takes a blob off the list of its next renewal, and so makes room for another.
    pub(crate) fn cancel_renewal(blob: BlobHash, record: &BlobOf<T>) {
        Renewals::<T>::mutate_exists(Self::next_renewal(record), |slot| {
            if let Some(due) = slot {
                due.retain(|other| *other != blob);
                if due.is_empty() {
                    *slot = None;
                }
            }
        });
    }

    /// The block in which a blob is renewed next.
    pub(crate) fn next_renewal(record: &BlobOf<T>) -> BlockNumberFor<T> {
        record.next_renewal(
            frame_system::Pallet::<T>::block_number(),
            T::RetentionPeriod::get(),
        )
    }
}
