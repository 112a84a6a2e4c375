//! Committing to a gradient.

use crate::{
    Config, Due, Error, Event, HoldReason, NextNode, Nodes, Pallet, PendingIn, PendingOf,
    SubmissionOf, Submissions, SubmissionsIn, SubmissionsOf, Trees,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    traits::fungible::hold::Mutate,
};
use sonar_primitives::{
    agenda,
    traits::{Campaigns, Reputations},
    tree::SubmissionState,
    Balance, CampaignId, NodeId,
};
use sp_core::H256;
use sp_runtime::{
    traits::{One, Saturating},
    ArithmeticError,
};

impl<T: Config> Pallet<T> {
    /// What is held from `account` for a gradient whose assay costs `assay_price`. Fails if that is
    /// more than an amount can be.
    pub fn deposit_for(
        account: &T::AccountId,
        assay_price: Balance,
    ) -> Result<Balance, ArithmeticError> {
        T::Reputations::of(account)
            .base_deposit(T::BaseDeposit::get())
            .checked_add(assay_price)
            .ok_or(ArithmeticError::Overflow)
    }

    pub(crate) fn do_commit(
        who: T::AccountId,
        campaign: CampaignId,
        parent: NodeId,
        commitment: H256,
    ) -> DispatchResult {
        let node = Nodes::<T>::get(parent).ok_or(Error::<T>::UnknownParent)?;
        ensure!(node.campaign == campaign, Error::<T>::ParentOfOtherCampaign);
        ensure!(node.depth < T::MaxDepth::get(), Error::<T>::TooDeep);
        let terms = T::Campaigns::commit_terms(campaign, node.root)?;
        ensure!(
            T::Reputations::of(&who).accepted >= terms.minimum_reputation,
            Error::<T>::ReputationTooLow
        );
        let pending = PendingOf::<T>::get(campaign, &who);
        let reused = |id| Submissions::<T>::get(id).is_some_and(|s| s.commitment == commitment);
        ensure!(!pending.iter().any(reused), Error::<T>::CommitmentReused);

        let deposit = Self::deposit_for(&who, terms.assay_price)?;
        T::Currency::hold(&HoldReason::Submission.into(), &who, deposit)?;
        T::Campaigns::set_assay_aside(campaign, terms.assay_price)?;

        let now = frame_system::Pallet::<T>::block_number();
        let reveal_by = now.saturating_add(T::RevealWindow::get());
        let id = Self::next_node();
        ensure!(
            agenda::schedule::<Due<T>, _, _, _>(reveal_by.saturating_add(One::one()), id),
            Error::<T>::AgendaFull
        );
        Self::record(
            id,
            SubmissionOf::<T> {
                campaign,
                parent,
                account: who.clone(),
                commitment,
                deposit,
                assay_price: terms.assay_price,
                committed_at: now,
                state: SubmissionState::Committed { reveal_by },
            },
        )?;
        Self::deposit_event(Event::Committed {
            campaign,
            submission: id,
            parent,
            account: who,
            deposit,
            reveal_by,
        });
        Ok(())
    }

    /// A fresh number for a proposal or submission.
    pub(crate) fn next_node() -> NodeId {
        NextNode::<T>::mutate(|next| {
            let id = *next;
            *next = id.saturating_add(1);
            id
        })
    }

    /// Enters a new submission everywhere. Fails if there are as many pending ones as possible.
    fn record(id: NodeId, submission: SubmissionOf<T>) -> DispatchResult {
        let campaign = submission.campaign;
        PendingOf::<T>::try_mutate(campaign, &submission.account, |pending| {
            pending.try_push(id).map_err(|_| Error::<T>::TooManyPending)
        })?;
        Trees::<T>::try_mutate(campaign, |tree| {
            let tree = tree.as_mut().ok_or(Error::<T>::UnknownParent)?;
            ensure!(
                tree.pending < T::MaxPendingPerCampaign::get(),
                Error::<T>::CampaignBusy
            );
            tree.pending = tree.pending.saturating_add(1);
            Ok::<_, DispatchError>(())
        })?;
        PendingIn::<T>::insert(campaign, crate::OrderedId::from(id), ());
        SubmissionsIn::<T>::insert(campaign, crate::OrderedId::from(id), ());
        SubmissionsOf::<T>::insert(&submission.account, crate::OrderedId::from(id), ());
        Submissions::<T>::insert(id, submission);
        Ok(())
    }
}
