//! Submissions, and the money that is held for them.

use super::keys;
use crate::{
    conclude::held_for, Config, HoldReason, NextSubmission, OrderedId, Pallet, PlaceOf,
    RevealAttempts, RoundOf, Submissions, SubmissionsIn, SubmissionsOf,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};
use sonar_primitives::{
    submission::{SubmissionKind, SubmissionState},
    Balance,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    pub(super) fn check_submissions() -> Result<(), DispatchError> {
        let mut holds = BTreeMap::<T::AccountId, Balance>::new();
        let mut in_campaign = BTreeSet::new();
        let mut of_account = BTreeSet::new();
        let mut in_round = BTreeSet::new();
        let mut unrevealed = BTreeSet::new();
        for (id, submission) in Submissions::<T>::iter() {
            ensure!(
                id < NextSubmission::<T>::get(),
                "a submission has a number not given out"
            );
            let account = &submission.account;
            in_campaign.insert((submission.campaign, OrderedId::from(id)));
            of_account.insert((account.clone(), OrderedId::from(id)));
            let hold = holds.entry(account.clone()).or_default();
            if !submission.state.is_pending() {
                continue;
            }
            *hold = hold.saturating_add(held_for::<T>(&submission));
            if submission.state == SubmissionState::Committed {
                unrevealed.insert(id);
            }
            if let SubmissionKind::Gradient { round, .. } = submission.kind {
                in_round.insert((round, account.clone(), id));
            }
        }
        for (account, hold) in holds {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Submission.into(), &account) == hold,
                "an account has not deposits and parts of its pending submissions on hold"
            );
        }
        ensure!(
            keys(SubmissionsIn::<T>::iter()) == in_campaign,
            "SubmissionsIn is not the list of submissions"
        );
        ensure!(
            keys(SubmissionsOf::<T>::iter()) == of_account,
            "SubmissionsOf is not the list of submissions"
        );
        ensure!(
            RoundOf::<T>::iter().collect::<BTreeSet<_>>() == in_round,
            "RoundOf is not the list of pending gradients"
        );
        ensure!(
            PlaceOf::<T>::iter_keys().collect::<BTreeSet<_>>() == unrevealed,
            "PlaceOf is not the list of submissions that wait for their reveal"
        );
        ensure!(
            RevealAttempts::<T>::iter_keys().all(|id| unrevealed.contains(&id)),
            "tries of a reveal are counted that is not awaited"
        );
        Ok(())
    }
}
