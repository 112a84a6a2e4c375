//! Benchmarks of every call and of the hook.

use crate::{Call, Config, Due, NextNode, Pallet, SubmissionOf, Submissions};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sonar_primitives::{
    tree::{commitment, Salt, SubmissionState},
    Balance, BlobHash, CampaignId, NodeId,
};
use sp_runtime::traits::{One, Saturating, Zero};

const SALT: Salt = [7; 32];

/// Makes what benchmarks need in other pallets.
pub trait BenchmarkHelper<AccountId> {
    /// Makes an open campaign whose reserve can pay an assay for every submission that can be
    /// pending, and plants its root. Returns both.
    fn open_campaign() -> (CampaignId, NodeId);
    /// Stores a blob whose size is that of a gradient for the campaign's model.
    fn store_gradient(campaign: CampaignId) -> BlobHash;
}

/// An account that can pay every deposit.
fn funded<T: Config>(index: u32) -> Result<T::AccountId, BenchmarkError> {
    let account = account("miner", index, 0);
    let unit = T::Currency::minimum_balance().saturating_add(1);
    T::Currency::mint_into(
        &account,
        unit.saturating_add(Balance::from(u64::MAX).saturating_mul(1 << 16)),
    )?;
    Ok(account)
}

/// Commits to `gradient`. Returns the submission.
fn commit_to<T: Config>(
    account: &T::AccountId,
    campaign: CampaignId,
    root: NodeId,
    gradient: BlobHash,
    salt: Salt,
) -> Result<NodeId, BenchmarkError> {
    let submission = NextNode::<T>::get();
    Pallet::<T>::commit(
        RawOrigin::Signed(account.clone()).into(),
        campaign,
        root,
        commitment(account, campaign, root, gradient, &salt),
    )?;
    Ok(submission)
}

/// Goes on by this many blocks, without their hooks.
fn skip_blocks<T: Config>(blocks: BlockNumberFor<T>) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks));
}

fn state_of<T: Config>(id: NodeId) -> Option<SubmissionState<BlockNumberFor<T>>> {
    Submissions::<T>::get(id).map(|submission: SubmissionOf<T>| submission.state)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn commit(p: Linear<0, { T::MaxPendingPerAccount::get() - 1 }>) -> Result<(), BenchmarkError> {
        let (campaign, root) = T::BenchmarkHelper::open_campaign();
        let caller = funded::<T>(0)?;
        for index in 0..p {
            let salt = [index as u8; 32];
            commit_to::<T>(&caller, campaign, root, BlobHash::zero(), salt)?;
        }
        let submission = NextNode::<T>::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            campaign,
            root,
            BlobHash::repeat_byte(1),
        );

        assert!(Submissions::<T>::contains_key(submission));
        Ok(())
    }

    /// The worst case: a copy was revealed first, and may have been measured.
    #[benchmark]
    fn reveal() -> Result<(), BenchmarkError> {
        let (campaign, root) = T::BenchmarkHelper::open_campaign();
        let gradient = T::BenchmarkHelper::store_gradient(campaign);
        let (caller, copier) = (funded::<T>(0)?, funded::<T>(1)?);
        let submission = commit_to::<T>(&caller, campaign, root, gradient, SALT)?;
        let copy = commit_to::<T>(&copier, campaign, root, gradient, SALT)?;
        skip_blocks::<T>(One::one());
        Pallet::<T>::reveal(RawOrigin::Signed(copier).into(), copy, gradient, SALT)?;
        skip_blocks::<T>(One::one());

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), submission, gradient, SALT);

        assert_eq!(
            state_of::<T>(submission),
            Some(SubmissionState::Revealed { gradient })
        );
        assert_eq!(
            state_of::<T>(copy),
            Some(SubmissionState::Duplicate { of: submission })
        );
        Ok(())
    }

    #[benchmark]
    fn expire() -> Result<(), BenchmarkError> {
        let (campaign, root) = T::BenchmarkHelper::open_campaign();
        let submitter = funded::<T>(0)?;
        let submission = commit_to::<T>(&submitter, campaign, root, BlobHash::zero(), SALT)?;
        skip_blocks::<T>(T::RevealWindow::get().saturating_add(One::one()));
        let caller: T::AccountId = whitelisted_caller();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), submission);

        assert_eq!(
            state_of::<T>(submission),
            Some(SubmissionState::NotRevealed)
        );
        Ok(())
    }

    #[benchmark]
    fn expire_due(n: Linear<0, { T::MaxDuePerBlock::get() }>) -> Result<(), BenchmarkError> {
        let (campaign, root) = T::BenchmarkHelper::open_campaign();
        let per_account = T::MaxPendingPerAccount::get();
        for index in 0..n {
            let submitter = funded::<T>(index / per_account)?;
            let salt = [(index % per_account) as u8; 32];
            commit_to::<T>(&submitter, campaign, root, BlobHash::zero(), salt)?;
        }
        let wait = T::RevealWindow::get().saturating_add(One::one());
        skip_blocks::<T>(wait);
        let now = frame_system::Pallet::<T>::block_number();
        assert_eq!(Due::<T>::get(now).len(), n as usize);

        #[block]
        {
            Pallet::<T>::expire_due(now);
        }

        assert!(Due::<T>::get(now).len().is_zero());
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
