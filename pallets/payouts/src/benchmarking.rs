//! Benchmarks of the pallet's calls.

use crate::{Call, Claimable, Config, Pallet, Settled};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::{Inspect, Mutate};
use frame_system::RawOrigin;
use sonar_primitives::{
    traits::{Payouts, Settlement},
    Balance,
};

const CAMPAIGN: u32 = 7;

/// A settled campaign of which `account` gets everything back.
fn settled<T: Config>(account: &T::AccountId) -> Result<(), BenchmarkError> {
    let escrow: T::AccountId = whitelisted_caller();
    let unit: Balance = T::Currency::minimum_balance().saturating_add(1);
    T::Currency::mint_into(&escrow, unit.saturating_mul(10))?;
    let settlement = Settlement {
        campaign: CAMPAIGN,
        owner: account.clone(),
        escrow,
        data: unit,
        expertise: unit,
        unearnable: unit,
        sponsors: alloc::vec![(account.clone(), unit.saturating_mul(3))],
        start: 1,
        target: 0,
        steepness: 1,
        counts: true,
    };
    Pallet::<T>::settle(&settlement, &[], true)?;
    Ok(())
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn claim() -> Result<(), BenchmarkError> {
        let who: T::AccountId = account("miner", 0, 0);
        settled::<T>(&who)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), CAMPAIGN);

        assert!(!Claimable::<T>::contains_key(&who, CAMPAIGN));
        Ok(())
    }

    #[benchmark]
    fn claim_for() -> Result<(), BenchmarkError> {
        let who: T::AccountId = account("miner", 0, 0);
        settled::<T>(&who)?;
        let caller: T::AccountId = account("caller", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), CAMPAIGN, who.clone());

        assert_eq!(Settled::<T>::get(CAMPAIGN).map(|s| s.unclaimed), Some(0));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
