//! Benchmarks of every call and of the renewals.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sonar_primitives::{Balance, BlobHash};
use sp_io::hashing::blake2_256;
use sp_runtime::traits::{One, Saturating};

/// An account that can pay every deposit.
fn depositor<T: Config>() -> T::AccountId {
    let account: T::AccountId = whitelisted_caller();
    T::Currency::set_balance(&account, Balance::MAX / 4);
    account
}

/// Makes `data` the last bytes of the running transaction, as they are in a signed `store`.
fn run_transaction<T: Config>(index: u32, data: &[u8]) {
    frame_system::Pallet::<T>::set_extrinsic_index(index);
    frame_system::Pallet::<T>::note_extrinsic(data.to_vec());
}

/// Stores `data` by a transaction of its own. Returns the blob's name.
fn stored<T: Config>(depositor: &T::AccountId, index: u32, data: Vec<u8>) -> BlobHash {
    let blob = BlobHash::from(blake2_256(&data));
    run_transaction::<T>(index, &data);
    Pallet::<T>::store(RawOrigin::Signed(depositor.clone()).into(), data).unwrap();
    blob
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn store(b: Linear<1, { T::MaxBlobSize::get() }>) {
        let caller = depositor::<T>();
        // The list of renewals has room for one more blob.
        let most = T::MaxRenewalsPerBlock::get() / 2;
        for index in 1..most {
            stored::<T>(&caller, index, index.to_le_bytes().to_vec());
        }
        let data = vec![7_u8; b as usize];
        let blob = BlobHash::from(blake2_256(&data));
        run_transaction::<T>(most, &data);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), data);

        assert!(Blobs::<T>::contains_key(blob));
    }

    #[benchmark]
    fn remove() {
        let caller = depositor::<T>();
        let mut blob = BlobHash::zero();
        for index in 1..=T::MaxRenewalsPerBlock::get() / 2 {
            blob = stored::<T>(&caller, index, index.to_le_bytes().to_vec());
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), blob);

        assert!(!Blobs::<T>::contains_key(blob));
    }

    #[benchmark]
    fn renew(n: Linear<0, { T::MaxRenewalsPerBlock::get() }>) {
        let now: BlockNumberFor<T> = One::one();
        frame_system::Pallet::<T>::set_block_number(now);
        let caller = depositor::<T>();
        // In booked places, because stores fill half of a list only.
        let due = now.saturating_add(T::RetentionPeriod::get());
        let phase = Pallet::<T>::phase_of(now);
        BookedPlaces::<T>::insert(phase, n);
        for index in 1..=n {
            let data = index.to_le_bytes();
            run_transaction::<T>(index, &data);
            Pallet::<T>::do_put(&caller, &data, phase).unwrap();
        }

        #[block]
        {
            Pallet::<T>::renew_due(due);
        }

        let next = due.saturating_add(T::RetentionPeriod::get());
        assert_eq!(Renewals::<T>::get(next).len(), n as usize);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
