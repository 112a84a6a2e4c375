//! Storing, removing and pinning blobs.

use crate::{
    Blob, BlobOf, Blobs, Config, Error, Event, HoldReason, LastTransaction, Pallet, StoredBytes,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    traits::{fungible::hold::Mutate, tokens::Precision, Defensive},
};
use sonar_primitives::{traits, Balance, BlobHash};
use sp_io::{hashing::blake2_256, transaction_index};
use sp_runtime::ArithmeticError;

impl<T: Config> Pallet<T> {
    /// What is held for a blob of `size` bytes. Fails if that is more than an amount can be.
    pub fn deposit_for(size: u32) -> Result<Balance, ArithmeticError> {
        T::DepositPerByte::get()
            .checked_mul(size.into())
            .and_then(|bytes| bytes.checked_add(T::DepositBase::get()))
            .ok_or(ArithmeticError::Overflow)
    }

    pub(crate) fn do_store(depositor: T::AccountId, data: &[u8]) -> DispatchResult {
        ensure!(!data.is_empty(), Error::<T>::Empty);
        let size = u32::try_from(data.len()).map_err(|_| Error::<T>::TooLarge)?;
        ensure!(size <= T::MaxBlobSize::get(), Error::<T>::TooLarge);
        let transaction = Self::indexable_transaction(data)?;
        let blob = BlobHash::from(blake2_256(data));
        ensure!(!Blobs::<T>::contains_key(blob), Error::<T>::AlreadyStored);

        let stored_at = frame_system::Pallet::<T>::block_number();
        let deposit = Self::deposit_for(size)?;
        T::Currency::hold(&HoldReason::Blob.into(), &depositor, deposit)?;
        let record = Blob {
            size,
            depositor: depositor.clone(),
            deposit,
            pins: 0,
            stored_at,
        };
        Self::schedule_renewal(blob, &record)?;
        Blobs::<T>::insert(blob, record);
        StoredBytes::<T>::mutate(|bytes| *bytes = bytes.saturating_add(size.into()));
        LastTransaction::<T>::put(transaction);
        // After everything that can fail, because a failure does not undo it.
        transaction_index::index(transaction, size, blob.0);
        Self::deposit_event(Event::Stored {
            blob,
            size,
            depositor,
            deposit,
        });
        Ok(())
    }

    pub(crate) fn do_remove(who: T::AccountId, blob: BlobHash) -> DispatchResult {
        let record = Blobs::<T>::get(blob).ok_or(Error::<T>::UnknownBlob)?;
        ensure!(record.depositor == who, Error::<T>::NotDepositor);
        ensure!(record.pins == 0, Error::<T>::Pinned);

        let Blob { size, deposit, .. } = record;
        T::Currency::release(&HoldReason::Blob.into(), &who, deposit, Precision::Exact)?;
        Self::cancel_renewal(blob, &record);
        Blobs::<T>::remove(blob);
        StoredBytes::<T>::mutate(|bytes| *bytes = bytes.saturating_sub(size.into()));
        Self::deposit_event(Event::Removed {
            blob,
            depositor: who,
            deposit,
        });
        Ok(())
    }

    /// The index of the running transaction, if indexing it stores exactly `data`.
    ///
    /// The node indexes the last bytes of a transaction, whatever they are, and of several
    /// indexings of one transaction only the last. So `data` must be those bytes, and the
    /// transaction must not have been indexed for a part of them before.
    fn indexable_transaction(data: &[u8]) -> Result<u32, Error<T>> {
        let index =
            frame_system::Pallet::<T>::extrinsic_index().ok_or(Error::<T>::NotInTransaction)?;
        ensure!(
            LastTransaction::<T>::get() != Some(index),
            Error::<T>::OnePerTransaction
        );
        // While a block is initialised the index is that of the first transaction, whose bytes are
        // not known yet.
        let transaction = frame_system::Pallet::<T>::extrinsic_data(index);
        ensure!(!transaction.is_empty(), Error::<T>::NotInTransaction);
        ensure!(transaction.ends_with(data), Error::<T>::NotLast);
        Ok(index)
    }

    /// Changes a stored blob.
    fn try_mutate(
        blob: BlobHash,
        change: impl FnOnce(&mut BlobOf<T>) -> Result<(), Error<T>>,
    ) -> DispatchResult {
        Blobs::<T>::try_mutate(blob, |record| {
            let record = record.as_mut().ok_or(Error::<T>::UnknownBlob)?;
            change(record).map_err(DispatchError::from)
        })
    }
}

impl<T: Config> traits::Blobs for Pallet<T> {
    fn size(blob: BlobHash) -> Option<u32> {
        Blobs::<T>::get(blob).map(|record| record.size)
    }

    fn pin(blob: BlobHash) -> DispatchResult {
        Self::try_mutate(blob, |record| {
            record.pins = record.pins.checked_add(1).ok_or(Error::<T>::TooManyPins)?;
            Ok(())
        })
    }

    fn unpin(blob: BlobHash) {
        let unpinned = Blobs::<T>::mutate(blob, |record| {
            let record = record.as_mut()?;
            record.pins = record.pins.checked_sub(1)?;
            Some(())
        });
        let _ = unpinned.defensive_proof("only a pinned blob is unpinned");
    }
}
