//! Bytes of blocks that are booked for reveals.
//!
//! Blocks are counted in buckets of [`BUCKET_BLOCKS`]. A commitment books the greatest possible size
//! of its gradient in one of the buckets that lie wholly in the round's reveal window, the one with
//! the most room: whoever waits for his turn there finds room in its blocks, whatever others do. What
//! is booked is nobody else's, so it costs a fee, which rises steeply as a bucket fills up.

use crate::{
    types::{Booking, MAX_BUCKETS},
    Booked, Bookings, Config, Error, Pallet,
};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::DispatchResult, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{round, Balance, RoundId};
use sp_runtime::SaturatedConversion;

/// Blocks of a bucket.
pub const BUCKET_BLOCKS: u32 = 10;

impl<T: Config> Pallet<T> {
    /// Books `size` bytes each for the reveals of `count` commitments, in the window of blocks from
    /// `closes` up to but not including `reveals_end`. Fails, having changed storage, if there is no
    /// room.
    pub(crate) fn book_bytes(
        id: RoundId,
        (closes, reveals_end): (BlockNumberFor<T>, BlockNumberFor<T>),
        size: u32,
        count: u32,
    ) -> DispatchResult {
        let mut booking = Bookings::<T>::get(id).unwrap_or(Booking {
            size,
            buckets: Default::default(),
        });
        let mut left = count;
        for (bucket, booked) in Self::buckets_of((closes, reveals_end)) {
            if left == 0 {
                break;
            }
            let free = Self::bytes_per_bucket().saturating_sub(booked);
            let fits = free.checked_div(booking.size).unwrap_or(left).min(left);
            if fits == 0 {
                continue;
            }
            let known = booking.buckets.iter_mut().find(|(of, _)| *of == bucket);
            match known {
                Some((_, commitments)) => *commitments = commitments.saturating_add(fits),
                None => booking
                    .buckets
                    .try_push((bucket, fits))
                    .map_err(|_| Error::<T>::RevealsBookedUp)?,
            }
            let bytes = fits.saturating_mul(booking.size);
            Booked::<T>::insert(bucket, booked.saturating_add(bytes));
            left = left.saturating_sub(fits);
        }
        if left > 0 {
            return Err(Error::<T>::RevealsBookedUp.into());
        }
        Bookings::<T>::insert(id, booking);
        Ok(())
    }

    /// What booking `size` bytes in this window costs. `None` if there is no room.
    pub(crate) fn booking_fee(
        window: (BlockNumberFor<T>, BlockNumberFor<T>),
        size: u32,
    ) -> Option<Balance> {
        let (_, booked) = Self::buckets_of(window).into_iter().next()?;
        let capacity = Self::bytes_per_bucket();
        (booked.saturating_add(size) <= capacity)
            .then(|| round::booking_fee(size, T::BookingFeePerByte::get(), booked, capacity))
    }

    /// The buckets that lie wholly in this window, with the bytes that are booked in each; the one
    /// with the most room comes first.
    fn buckets_of(
        (closes, reveals_end): (BlockNumberFor<T>, BlockNumberFor<T>),
    ) -> Vec<(u32, u32)> {
        let mut buckets: Vec<_> = buckets(closes.saturated_into(), reveals_end.saturated_into())
            .map(|bucket| (bucket, Booked::<T>::get(bucket)))
            .collect();
        buckets.sort_by_key(|(_, booked)| *booked);
        buckets
    }

    /// Gives up what a round has booked. Returns it.
    pub(crate) fn unbook_bytes(id: RoundId) -> Option<Booking> {
        let booking = Bookings::<T>::take(id)?;
        for (bucket, commitments) in &booking.buckets {
            let bytes = commitments.saturating_mul(booking.size);
            Booked::<T>::mutate_exists(bucket, |booked| {
                let left = booked.unwrap_or_default().saturating_sub(bytes);
                *booked = (left > 0).then_some(left);
            });
        }
        Some(booking)
    }

    /// The bytes that may be booked in one bucket.
    pub(crate) fn bytes_per_bucket() -> u32 {
        T::RevealBytesPerBlock::get().saturating_mul(BUCKET_BLOCKS)
    }
}

/// The buckets that lie wholly in the blocks from `start` up to but not including `end`.
fn buckets(start: u32, end: u32) -> impl Iterator<Item = u32> {
    (start.div_ceil(BUCKET_BLOCKS)..end / BUCKET_BLOCKS).take(MAX_BUCKETS as usize)
}
