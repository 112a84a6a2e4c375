//! What must hold between blocks.

use crate::{Blobs, BookedPlaces, Config, HoldReason, Pallet, Renewals, StoredBytes};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, pallet_prelude::Get, traits::fungible::InspectHold};
use sonar_primitives::Balance;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - every depositor has on hold exactly the deposits of its blobs;
    /// - [`StoredBytes`] is the sum of the blobs' sizes;
    /// - every blob is on exactly one list of renewals, that of its next, and nothing else is;
    /// - no list has more blobs and booked places than it can hold;
    /// - a blob that goes with its last pin has one.
    ///
    /// Fails, naming the broken rule.
    pub fn do_try_state() -> Result<(), DispatchError> {
        let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
        let mut bytes = 0_u64;
        let mut expected = BTreeSet::new();
        for (blob, record) in Blobs::<T>::iter() {
            ensure!(
                record.pins > 0 || !record.pinned_only,
                "a blob outlived its last pin"
            );
            expected.insert((Self::next_renewal(record.phase), blob));
            bytes = bytes.saturating_add(record.size.into());
            let deposit = deposits.entry(record.depositor).or_default();
            *deposit = deposit.saturating_add(record.deposit);
        }
        for (depositor, deposit) in deposits {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Blob.into(), &depositor) == deposit,
                "a depositor has not its deposits on hold"
            );
        }
        ensure!(
            StoredBytes::<T>::get() == bytes,
            "StoredBytes is not the sum of the sizes"
        );

        let mut scheduled = BTreeSet::new();
        for (at, due) in Renewals::<T>::iter() {
            ensure!(!due.is_empty(), "an empty list of renewals is kept");
            for blob in due {
                ensure!(
                    scheduled.insert((at, blob)),
                    "a blob is twice on a list of renewals"
                );
            }
        }
        ensure!(
            scheduled == expected,
            "the renewals are not those of the stored blobs"
        );
        for (phase, booked) in BookedPlaces::<T>::iter() {
            ensure!(booked > 0, "an empty booking is kept");
            ensure!(
                phase == Self::phase_of(phase.into()),
                "a place is booked in a phase that does not exist"
            );
            let blobs = Renewals::<T>::decode_len(Self::next_renewal(phase)).unwrap_or_default();
            ensure!(
                (blobs as u32).saturating_add(booked) <= T::MaxRenewalsPerBlock::get(),
                "more places are booked than a list holds"
            );
        }
        Ok(())
    }
}
