//! Benchmarks of every call, of verdicts and of the hook.

use crate::{
    Call, CheckReveal, Commitments, Config, Models, NextModel, NextSubmission, Pallet,
    RevealAttempts, RoundFor, Rounds, Submissions,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    dispatch::{DispatchInfo, PostDispatchInfo},
    traits::{
        fungible::{Inspect, Mutate},
        Get, IsSubType,
    },
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, AssayTask, RoundVerdict, SeatShare, Verdict},
    round::{RoundState, MAX_COMMITMENTS},
    submission::{commitment, proposal_hash, Salt, SubmissionState},
    traits::{AssaySubjects, Campaigns},
    Balance, CampaignId, ModelId, RoundId, SubmissionId,
};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use sp_runtime::traits::{
    AsSystemOriginSigner, AsTransactionAuthorizedOrigin, DispatchTransaction, Dispatchable, One,
    Saturating,
};
use syft::Architecture;

const SALT: Salt = [7; 32];

/// Makes what benchmarks need in other pallets.
pub trait BenchmarkHelper<AccountId> {
    /// Makes an open campaign whose rounds hold [`MAX_COMMITMENTS`] and to which everybody may commit
    /// and add proposals. Returns it and its root, which is planted.
    fn open_campaign() -> (CampaignId, ModelId);
    /// A gradient for the campaign's model.
    fn gradient(campaign: CampaignId) -> Vec<u8>;
    /// A model that the campaign does not have yet, with initial parameters.
    fn proposal() -> (Architecture, Vec<u8>);
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

/// Makes `data` the last bytes of the running transaction.
fn run_transaction<T: Config>(index: u32, data: &[u8]) {
    frame_system::Pallet::<T>::set_extrinsic_index(index);
    frame_system::Pallet::<T>::note_extrinsic(data.to_vec());
}

/// A round to which so many accounts have committed to the same gradient. Returns it and its campaign,
/// and who committed to what.
#[allow(clippy::type_complexity)]
fn committed<T: Config>(
    count: u32,
) -> Result<(RoundId, Vec<u8>, Vec<(T::AccountId, SubmissionId)>), BenchmarkError> {
    let (campaign, root) = T::BenchmarkHelper::open_campaign();
    let gradient = T::BenchmarkHelper::gradient(campaign);
    let round = NextModel::<T>::get();
    let mut submissions = Vec::new();
    for index in 0..count {
        let account = funded::<T>(index)?;
        let hash = blake2_256(&gradient).into();
        submissions.push((account.clone(), NextSubmission::<T>::get()));
        Pallet::<T>::commit(
            RawOrigin::Signed(account.clone()).into(),
            campaign,
            root,
            root,
            commitment(&account, campaign, Some(root), hash, &SALT),
            Balance::MAX,
        )?;
    }
    Ok((round, gradient, submissions))
}

/// Reveals what was committed to, in the first block in which that counts.
fn reveal_all<T: Config>(
    round: RoundId,
    gradient: &[u8],
    submissions: &[(T::AccountId, SubmissionId)],
) -> Result<(), BenchmarkError> {
    frame_system::Pallet::<T>::set_block_number(known::<T>(round)?.closes);
    for (index, (account, submission)) in (1..).zip(submissions) {
        run_transaction::<T>(index, gradient);
        let origin = RawOrigin::Signed(account.clone()).into();
        Pallet::<T>::reveal(origin, *submission, SALT, gradient.to_vec())
            .map_err(|failed| failed.error)?;
    }
    Ok(())
}

fn known<T: Config>(round: RoundId) -> Result<RoundFor<T>, BenchmarkError> {
    Rounds::<T>::get(round).ok_or(BenchmarkError::Stop("the round was opened"))
}

fn state_of<T: Config>(id: SubmissionId) -> Option<SubmissionState> {
    Submissions::<T>::get(id).map(|submission| submission.state)
}

/// Commits to the proposal of the helper. Returns who did, what, and the submission.
#[allow(clippy::type_complexity)]
fn proposed<T: Config>(
) -> Result<(T::AccountId, Architecture, Vec<u8>, SubmissionId), BenchmarkError> {
    let (campaign, _) = T::BenchmarkHelper::open_campaign();
    let (architecture, parameters) = T::BenchmarkHelper::proposal();
    let caller = funded::<T>(0)?;
    let content = proposal_hash(&architecture, blake2_256(&parameters).into());
    let submission = NextSubmission::<T>::get();
    Pallet::<T>::commit_proposal(
        RawOrigin::Signed(caller.clone()).into(),
        campaign,
        commitment(&caller, campaign, None, content, &SALT),
        Balance::MAX,
    )?;
    Ok((caller, architecture, parameters, submission))
}

/// The verdict that brings a round's branch a model, short of the campaign's target: what is done at
/// the target is the campaign's.
fn accepted<T: Config>(round: &RoundFor<T>) -> Result<Verdict, BenchmarkError> {
    let base = T::Campaigns::assay_base(round.campaign, round.root)
        .ok_or(BenchmarkError::Stop("the campaign is open"))?;
    let places = || 0..round.reveals.min(round.seats.into()) as u8;
    let seats = places().map(|place| SeatShare { place, share: 1 });
    Ok(Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: Some(AcceptedRound {
            error: base.target.saturating_add(1),
            parameters: H256::repeat_byte(1),
            best_set: BoundedVec::truncate_from(places().collect()),
            with_previous: true,
            seats: BoundedVec::truncate_from(seats.collect()),
        }),
    }))
}

#[benchmarks(where
    T: Send + Sync,
    T::RuntimeCall: From<Call<T>>
        + IsSubType<Call<T>>
        + Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
    T::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + AsTransactionAuthorizedOrigin,
)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn commit() -> Result<(), BenchmarkError> {
        let (campaign, root) = T::BenchmarkHelper::open_campaign();
        let caller = funded::<T>(0)?;
        let round = NextModel::<T>::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            campaign,
            root,
            root,
            H256::repeat_byte(1),
            Balance::MAX,
        );

        assert_eq!(Commitments::<T>::get(round).len(), 1);
        Ok(())
    }

    /// The last reveal of a round.
    #[benchmark]
    fn reveal(c: Linear<1, MAX_COMMITMENTS>) -> Result<(), BenchmarkError> {
        let (round, gradient, mut submissions) = committed::<T>(c)?;
        let Some((caller, submission)) = submissions.pop() else {
            return Err(BenchmarkError::Stop("there is one"));
        };
        reveal_all::<T>(round, &gradient, &submissions)?;
        run_transaction::<T>(c, &gradient);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), submission, SALT, gradient);

        assert_eq!(known::<T>(round)?.state, RoundState::Assaying);
        Ok(())
    }

    #[benchmark]
    fn commit_proposal() -> Result<(), BenchmarkError> {
        let (campaign, _) = T::BenchmarkHelper::open_campaign();
        let caller = funded::<T>(0)?;
        let submission = NextSubmission::<T>::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            campaign,
            H256::repeat_byte(1),
            Balance::MAX,
        );

        assert!(Submissions::<T>::contains_key(submission));
        Ok(())
    }

    #[benchmark]
    fn reveal_proposal() -> Result<(), BenchmarkError> {
        let (caller, architecture, parameters, submission) = proposed::<T>()?;
        let now = frame_system::Pallet::<T>::block_number();
        frame_system::Pallet::<T>::set_block_number(now.saturating_add(One::one()));
        run_transaction::<T>(1, &parameters);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            submission,
            SALT,
            architecture,
            parameters,
        );

        assert!(matches!(
            state_of::<T>(submission),
            Some(SubmissionState::Proposed { .. })
        ));
        Ok(())
    }

    /// Nobody has revealed.
    #[benchmark]
    fn advance(c: Linear<1, MAX_COMMITMENTS>) -> Result<(), BenchmarkError> {
        let (round, _, _) = committed::<T>(c)?;
        frame_system::Pallet::<T>::set_block_number(known::<T>(round)?.reveals_end);
        let caller: T::AccountId = whitelisted_caller();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), round);

        assert_eq!(known::<T>(round)?.state, RoundState::Empty);
        Ok(())
    }

    #[benchmark]
    fn expire() -> Result<(), BenchmarkError> {
        let (_, _, _, submission) = proposed::<T>()?;
        let now = frame_system::Pallet::<T>::block_number();
        let end = now
            .saturating_add(T::ProposalWindow::get())
            .saturating_add(One::one());
        frame_system::Pallet::<T>::set_block_number(end);
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
    fn store_model() -> Result<(), BenchmarkError> {
        let (_, root) = T::BenchmarkHelper::open_campaign();
        let (_, parameters) = T::BenchmarkHelper::proposal();
        // As if it had come out of a round.
        Models::<T>::mutate(root, |model| {
            if let Some(model) = model {
                model.stored = false;
                model.parameters = blake2_256(&parameters).into();
            }
        });
        let caller = funded::<T>(0)?;
        run_transaction::<T>(1, &parameters);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), root, parameters);

        assert!(Models::<T>::get(root).is_some_and(|model| model.stored));
        Ok(())
    }

    #[benchmark]
    fn decided(c: Linear<1, MAX_COMMITMENTS>) -> Result<(), BenchmarkError> {
        let (round, gradient, submissions) = committed::<T>(c)?;
        reveal_all::<T>(round, &gradient, &submissions)?;
        let known_round = known::<T>(round)?;
        let task = AssayTask::<BlockNumberFor<T>> {
            id: round,
            campaign: known_round.campaign,
            kind: AssayKind::Round,
            subject: Pallet::<T>::subject(round, &known_round)
                .ok_or(BenchmarkError::Stop("the campaign is open"))?,
            deadline: known_round.reveals_end,
        };
        let verdict = accepted::<T>(&known_round)?;
        let payees = [funded::<T>(c)?];

        #[block]
        {
            <Pallet<T> as AssaySubjects<_, _>>::decided(&task, &verdict, &payees);
        }

        assert_eq!(known::<T>(round)?.state, RoundState::Accepted);
        Ok(())
    }

    #[benchmark]
    fn due(c: Linear<1, MAX_COMMITMENTS>) -> Result<(), BenchmarkError> {
        let (round, _, _) = committed::<T>(c)?;
        let end = known::<T>(round)?.reveals_end;
        frame_system::Pallet::<T>::set_block_number(end);

        #[block]
        {
            Pallet::<T>::see_to_due(end);
        }

        assert_eq!(known::<T>(round)?.state, RoundState::Empty);
        Ok(())
    }

    /// The transaction extension, for a reveal that passes.
    #[benchmark]
    fn check_reveal() -> Result<(), BenchmarkError> {
        let (round, gradient, mut submissions) = committed::<T>(1)?;
        let Some((caller, submission)) = submissions.pop() else {
            return Err(BenchmarkError::Stop("there is one"));
        };
        frame_system::Pallet::<T>::set_block_number(known::<T>(round)?.closes);
        let origin = RawOrigin::Signed(caller).into();
        let call = T::RuntimeCall::from(Call::reveal {
            submission,
            salt: SALT,
            gradient,
        });
        let info = DispatchInfo::default();

        #[block]
        {
            CheckReveal::<T>::new()
                .test_run(origin, &call, &info, 0, 0, |_| Ok(().into()))
                .map_err(|_| BenchmarkError::Stop("the reveal is valid"))?
                .map_err(|failed| failed.error)?;
        }

        assert_eq!(RevealAttempts::<T>::get(submission), 1);
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
