//! What others ask of campaigns: the gradients, and runtime APIs.

use crate::{
    share::bounty_parts, CampaignOf, Campaigns, Config, Error, NextCampaign, Pallet, Proposals,
    TermsOf,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    storage::with_storage_layer,
};
use frame_system::Pallet as System;
use sonar_primitives::{
    campaign::{ProposalState, State},
    payout::step_pays,
    traits::{AssayBase, Campaigns as CampaignsTrait, CommitTerms},
    Balance, CampaignId, MeasuredError, NodeId,
};

impl<T: Config> CampaignsTrait<T::AccountId, Balance> for Pallet<T> {
    fn commit_terms(
        campaign: CampaignId,
        root: NodeId,
    ) -> Result<CommitTerms<Balance>, DispatchError> {
        Self::open_campaign(campaign)?;
        Self::terms(campaign, root).ok_or(Error::<T>::UnknownProposal.into())
    }

    fn terms(campaign: CampaignId, root: NodeId) -> Option<CommitTerms<Balance>> {
        let proposal = Proposals::<T>::get(root).filter(|proposal| {
            proposal.campaign == campaign
                && matches!(proposal.state, ProposalState::Accepted { .. })
        })?;
        let rules = Campaigns::<T>::get(campaign)?.rules;
        Some(CommitTerms {
            assay_price: proposal.assay_price,
            minimum_step: rules.minimum_step,
            minimum_reputation: rules.minimum_reputation,
            plan: proposal.model.architecture.plan().ok()?,
        })
    }

    fn assay_base(campaign: CampaignId, root: NodeId) -> Option<AssayBase> {
        let proposal =
            Proposals::<T>::get(root).filter(|proposal| proposal.campaign == campaign)?;
        let terms = TermsOf::<T>::get(campaign)?;
        Some(AssayBase {
            architecture: proposal.model.architecture,
            metric: terms.metric,
            validation: terms.validation.blob,
            rows: terms.validation.rows,
            root: proposal.model.parameters,
        })
    }

    fn set_assay_aside(campaign: CampaignId, price: Balance) -> DispatchResult {
        Campaigns::<T>::try_mutate(campaign, |campaign| {
            let reserve = &mut campaign
                .as_mut()
                .ok_or(Error::<T>::UnknownCampaign)?
                .reserve;
            reserve.free = reserve
                .free
                .checked_sub(price)
                .ok_or(Error::<T>::ReserveExhausted)?;
            // No overflow: both are parts of one balance.
            reserve.set_aside = reserve.set_aside.saturating_add(price);
            Ok(())
        })
    }

    fn put_assay_back(campaign: CampaignId, price: Balance) {
        Campaigns::<T>::mutate(campaign, |campaign| {
            if let Some(campaign) = campaign {
                let back = campaign.reserve.take(price);
                campaign.reserve.free = campaign.reserve.free.saturating_add(back);
            }
        });
    }

    fn pay_assay(campaign: CampaignId, price: Balance, payees: &[T::AccountId]) {
        Self::pay_from_reserve(campaign, price, payees);
    }

    fn accepted(campaign: CampaignId, error: MeasuredError) {
        let outcome = with_storage_layer(|| Self::note_accepted(campaign, error));
        if let Err(error) = outcome {
            log::error!(
                target: crate::LOG_TARGET,
                "accepted gradient of campaign {campaign} could not be noted: {error:?}",
            );
        }
    }

    fn nothing_pending(campaign: CampaignId) {
        Self::settle_soon(campaign);
    }
}

impl<T: Config> Pallet<T> {
    /// A campaign that takes commitments, proposals and contributions; the error says why not.
    pub(crate) fn open_campaign(id: CampaignId) -> Result<CampaignOf<T>, DispatchError> {
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        ensure!(campaign.state == State::Open, Error::<T>::NotOpen);
        ensure!(
            System::<T>::block_number() <= campaign.rules.deadline,
            Error::<T>::DeadlinePassed
        );
        Ok(campaign)
    }

    /// A campaign, if `who` is its owner.
    pub(crate) fn owned(
        id: CampaignId,
        who: &T::AccountId,
    ) -> Result<CampaignOf<T>, DispatchError> {
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        ensure!(campaign.owner == *who, Error::<T>::NotOwner);
        Ok(campaign)
    }

    /// Campaigns in the order of their numbers, from `from` (included), at most `limit`. Passes over
    /// removed ones, so it may read more: for runtime APIs, not for calls.
    pub fn campaigns(from: CampaignId, limit: u32) -> Vec<(CampaignId, CampaignOf<T>)> {
        (from..NextCampaign::<T>::get())
            .filter_map(|id| Some((id, Campaigns::<T>::get(id)?)))
            .take(limit as usize)
            .collect()
    }

    /// What a step from the error `parent` to `error` would earn of a campaign's bounty as it is
    /// now, if it leads to the winner; `start` is the measured error of the step's root. `None` if
    /// there is no such campaign.
    pub fn quote(
        id: CampaignId,
        start: MeasuredError,
        parent: MeasuredError,
        error: MeasuredError,
    ) -> Option<Balance> {
        let campaign = Campaigns::<T>::get(id)?;
        let data = bounty_parts(campaign.bounty, &campaign.rules.split).data;
        Some(step_pays(data, start, campaign.rules.target, parent, error))
    }
}
