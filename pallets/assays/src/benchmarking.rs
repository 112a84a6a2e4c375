//! Benchmarks of the pallet's calls.
//!
//! What the receivers of a decision do is not measured here: they know nothing of the nodes that
//! are made up. [`weights`](crate::weights) adds it.
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
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sonar_primitives::{
    assay::{AssayKind, Verdict},
    traits::AssayQueue,
    BlobHash, NodeId,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use sp_runtime::traits::{One, Saturating};

/// A node that no other pallet knows.
const NODE: NodeId = NodeId::MAX;

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

/// An assay of [`NODE`], and its assayer's report, signed.
fn pending<T: Config>() -> Result<(ReportOf<T>, SignatureOf<T>), BenchmarkError> {
    let (account, key) = assayer::<T>()?;
    let subject = BlobHash::repeat_byte(1);
    Pallet::<T>::request(NODE, 0, account.clone(), subject, AssayKind::Candidate)?;
    let told = Report {
        node: NODE,
        account,
        subject,
        verdict: Verdict::Improved {
            error: 0,
            candidate: H256::repeat_byte(2),
        },
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

        assert!(!Tasks::<T>::contains_key(NODE) && !Reports::<T>::contains_key(NODE));
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
        let deadline = Tasks::<T>::get(NODE)
            .ok_or(BenchmarkError::Stop("no assay is pending"))?
            .deadline;
        let over: BlockNumberFor<T> = deadline.saturating_add(One::one());
        Due::<T>::remove(over);
        frame_system::Pallet::<T>::set_block_number(over);
        let caller: T::AccountId = whitelisted_caller();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), NODE);

        assert!(!Tasks::<T>::contains_key(NODE));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_benchmark_ext(), crate::mock::Test);
}
