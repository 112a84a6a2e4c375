//! Storing, removing and pinning blobs.

use crate::{
    Blob, BlobOf, Blobs, Config, Error, Event, HoldReason, LastTransaction, Pallet, StoredBytes,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    storage::with_storage_layer,
    traits::{fungible::hold::Mutate, tokens::Precision, Defensive},
};
use sonar_primitives::{
    traits::{self, Place},
    Balance, BlobHash,
};
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
        let size = Self::size_of(data)?;
        let transaction = Self::indexable_transaction(data)?;
        let blob = BlobHash::from(blake2_256(data));
        ensure!(!Blobs::<T>::contains_key(blob), Error::<T>::AlreadyStored);

        let record = Blob {
            size,
            depositor,
            deposit: Self::deposit_for(size)?,
            pins: 0,
            pinned_only: false,
            stored_at: Self::now(),
            phase: Self::phase_for_store()?,
        };
        Self::insert(blob, record, transaction)
    }

    /// Stores a blob in a booked place, and pins it. If it is stored already, only pins it and gives
    /// the place up.
    pub(crate) fn do_put(
        depositor: &T::AccountId,
        data: &[u8],
        place: Place,
    ) -> Result<BlobHash, DispatchError> {
        let size = Self::size_of(data)?;
        let blob = BlobHash::from(blake2_256(data));
        Self::do_unbook(place)?;
        if Blobs::<T>::contains_key(blob) {
            Self::do_pin(blob)?;
            return Ok(blob);
        }
        let transaction = Self::indexable_transaction(data)?;
        let record = Blob {
            size,
            depositor: depositor.clone(),
            deposit: Self::deposit_for(size)?,
            pins: 1,
            pinned_only: true,
            stored_at: Self::now(),
            phase: place,
        };
        Self::insert(blob, record, transaction)?;
        Ok(blob)
    }

    /// Takes the deposit, records a blob that is not stored, and has its bytes indexed.
    fn insert(blob: BlobHash, record: BlobOf<T>, transaction: u32) -> DispatchResult {
        let BlobOf::<T> {
            size,
            ref depositor,
            deposit,
            ..
        } = record;
        T::Currency::hold(&HoldReason::Blob.into(), depositor, deposit)?;
        Self::schedule_renewal(blob, &record)?;
        StoredBytes::<T>::mutate(|bytes| *bytes = bytes.saturating_add(size.into()));
        LastTransaction::<T>::put(transaction);
        // After everything that can fail, because a failure does not undo it.
        transaction_index::index(transaction, size, blob.0);
        Self::deposit_event(Event::Stored {
            blob,
            size,
            depositor: depositor.clone(),
            deposit,
        });
        Blobs::<T>::insert(blob, record);
        Ok(())
    }

    /// The size of a blob, if that is possible.
    fn size_of(data: &[u8]) -> Result<u32, Error<T>> {
        ensure!(!data.is_empty(), Error::<T>::Empty);
        u32::try_from(data.len())
            .ok()
            .filter(|size| *size <= T::MaxBlobSize::get())
            .ok_or(Error::<T>::TooLarge)
    }

    pub(crate) fn do_remove(who: T::AccountId, blob: BlobHash) -> DispatchResult {
        let record = Blobs::<T>::get(blob).ok_or(Error::<T>::UnknownBlob)?;
        ensure!(record.depositor == who, Error::<T>::NotDepositor);
        ensure!(record.pins == 0, Error::<T>::Pinned);
        Self::forget(blob, record)
    }

    /// Gives a blob's deposit back and drops all that is recorded of it.
    fn forget(blob: BlobHash, record: BlobOf<T>) -> DispatchResult {
        Self::cancel_renewal(blob, &record);
        let Blob {
            size,
            depositor,
            deposit,
            ..
        } = record;
        let reason = HoldReason::Blob.into();
        T::Currency::release(&reason, &depositor, deposit, Precision::Exact)?;
        Blobs::<T>::remove(blob);
        StoredBytes::<T>::mutate(|bytes| *bytes = bytes.saturating_sub(size.into()));
        Self::deposit_event(Event::Removed {
            blob,
            depositor,
            deposit,
        });
        Ok(())
    }

    fn do_pin(blob: BlobHash) -> DispatchResult {
        Blobs::<T>::try_mutate(blob, |record| {
            let record = record.as_mut().ok_or(Error::<T>::UnknownBlob)?;
            record.pins = record.pins.checked_add(1).ok_or(Error::<T>::TooManyPins)?;
            Ok(())
        })
    }

    fn do_unpin(blob: BlobHash) -> DispatchResult {
        let mut record = Blobs::<T>::get(blob).ok_or(Error::<T>::UnknownBlob)?;
        record.pins = record.pins.checked_sub(1).ok_or(Error::<T>::UnknownBlob)?;
        if record.pins == 0 && record.pinned_only {
            return Self::forget(blob, record);
        }
        Blobs::<T>::insert(blob, record);
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
}

impl<T: Config> traits::Blobs<T::AccountId> for Pallet<T> {
    fn size(blob: BlobHash) -> Option<u32> {
        Blobs::<T>::get(blob).map(|record| record.size)
    }

    fn pin(blob: BlobHash) -> DispatchResult {
        Self::do_pin(blob)
    }

    fn unpin(blob: BlobHash) {
        let unpinned = with_storage_layer(|| Self::do_unpin(blob));
        let _ = unpinned.defensive_proof("only a pinned blob is unpinned, and its deposit is held");
    }

    fn book() -> Result<Place, DispatchError> {
        Ok(Self::do_book()?)
    }

    fn unbook(place: Place) {
        let unbooked = Self::do_unbook(place);
        let _ = unbooked.defensive_proof("only a booked place is given up");
    }

    fn put(depositor: &T::AccountId, data: &[u8], place: Place) -> Result<BlobHash, DispatchError> {
        Self::do_put(depositor, data, place)
    }
}
