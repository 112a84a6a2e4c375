//! Benchmarks of the pallet's calls.
//!
//! What the receivers of a decision do is not measured here: they know nothing of the round that is
//! made up. They say its weight themselves.
//!
//! No variable here has the name of a benchmark: the macro makes a unit struct of each.

use crate::{Assayers, Call, Config, Due, Pallet, Report, ReportOf, Reports, SignatureOf, Tasks};
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::TransactionSource,
    traits::{
        fungible::{Inspect, Mutate},
        Authorize, EnsureOrigin, Get,
    },
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, RoundVerdict, SeatShare, Verdict},
    round::MAX_COMMITMENTS,
    traits::AssayQueue,
    ModelId,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use sp_runtime::traits::{One, Saturating};

/// A round that no other pallet knows.
const ROUND: ModelId = ModelId::MAX;

/// An account that can pay the bond, on a chain without assayers.
fn funded<T: Config>() -> Result<T::AccountId, BenchmarkError> {
    Assayers::<T>::kill();
    let account: T::AccountId = account("assayer", 0, 0);
    let money = T::Bond::get()
        .saturating_add(T::Currency::minimum_balance())
        .saturating_mul(2);
    T::Currency::mint_into(&account, money)?;
    Ok(account)
}

/// The only assayer.
fn assayer<T: Config>() -> Result<(T::AccountId, T::AssayerId), BenchmarkError> {
    let account = funded::<T>()?;
    let key = T::AssayerId::generate_pair(None);
    Pallet::<T>::add_assayer(account.clone(), key.clone())?;
    Ok((account, key))
}

/// The longest verdict.
fn verdict() -> Verdict {
    let places = || (0..MAX_COMMITMENTS).map(|place| place as u8);
    Verdict::Round(RoundVerdict {
        malformed: BoundedVec::truncate_from(places().collect()),
        accepted: Some(AcceptedRound {
            error: 0,
            parameters: H256::repeat_byte(2),
            best_set: BoundedVec::truncate_from(places().collect()),
            with_previous: true,
            seats: BoundedVec::truncate_from(
                places()
                    .map(|place| SeatShare {
                        place,
                        share: u128::MAX,
                    })
                    .collect(),
            ),
        }),
    })
}

/// An assay of [`ROUND`], and its assayer's report, signed.
fn pending<T: Config>() -> Result<(ReportOf<T>, SignatureOf<T>), BenchmarkError> {
    let (_, key) = assayer::<T>()?;
    let subject = H256::repeat_byte(1);
    Pallet::<T>::request(ROUND, 0, AssayKind::Round, subject)?;
    let told = Report {
        id: ROUND,
        subject,
        verdict: verdict(),
        assayer: key,
    };
    let signature = told
        .assayer
        .sign(&Pallet::<T>::payload(&told))
        .ok_or(BenchmarkError::Stop("the keystore does not sign"))?;
    Ok((told, signature))
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() -> Result<(), BenchmarkError> {
        let account = funded::<T>()?;
        let key = T::AssayerId::generate_pair(None);
        let origin = T::RegisterOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Stop("nobody may register assayers"))?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, account, key);

        assert_eq!(Assayers::<T>::get().len(), 1);
        Ok(())
    }

    #[benchmark]
    fn retire() -> Result<(), BenchmarkError> {
        let (account, _) = assayer::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(account));

        assert!(Assayers::<T>::get().is_empty());
        Ok(())
    }

    #[benchmark]
    fn set_key() -> Result<(), BenchmarkError> {
        let (account, _) = assayer::<T>()?;
        let key = T::AssayerId::generate_pair(None);

        #[extrinsic_call]
        _(RawOrigin::Signed(account), key.clone());

        assert!(Assayers::<T>::get()
            .iter()
            .any(|assayer| assayer.key == key));
        Ok(())
    }

    #[benchmark]
    fn report() -> Result<(), BenchmarkError> {
        let (told, signature) = pending::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, told, signature);

        assert!(!Tasks::<T>::contains_key(ROUND) && !Reports::<T>::contains_key(ROUND));
        Ok(())
    }

    #[benchmark]
    fn authorize_report() -> Result<(), BenchmarkError> {
        let (told, signature) = pending::<T>()?;
        let call = Call::<T>::report {
            report: told,
            signature,
        };

        #[block]
        {
            call.authorize(TransactionSource::External)
                .ok_or(BenchmarkError::Stop("reports are not authorized"))?
                .map_err(|_| BenchmarkError::Stop("the report is not valid"))?;
        }

        Ok(())
    }

    #[benchmark]
    fn expire() -> Result<(), BenchmarkError> {
        pending::<T>()?;
        let deadline = Tasks::<T>::get(ROUND)
            .ok_or(BenchmarkError::Stop("no assay is pending"))?
            .deadline;
        let over: BlockNumberFor<T> = deadline.saturating_add(One::one());
        Due::<T>::remove(over);
        frame_system::Pallet::<T>::set_block_number(over);
        let caller: T::AccountId = whitelisted_caller();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), ROUND);

        assert!(!Tasks::<T>::contains_key(ROUND));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_benchmark_ext(), crate::mock::Test);
}
