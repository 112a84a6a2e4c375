//! What others ask of campaigns: the gradients, and runtime APIs.

use crate::{
    CampaignOf, Campaigns, Config, Error, NextCampaign, Pallet, ProposalFor, Proposals,
    ProposalsOf, TermsOf, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, Get, Weight},
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sonar_primitives::{
    campaign::{Closed, InitialModel, ProposalState, State},
    payout::PayoutRule,
    round,
    traits::{AssayBase, Campaigns as CampaignsTrait, CommitTerms, ModelTree, Phase},
    Balance, CampaignId, MeasuredError, ModelId,
};

impl<T: Config> CampaignsTrait<T::AccountId, Balance, BlockNumberFor<T>> for Pallet<T> {
    fn commit_terms(
        id: CampaignId,
        root: ModelId,
        account: &T::AccountId,
    ) -> Result<CommitTerms<Balance, BlockNumberFor<T>>, DispatchError> {
        let campaign = Self::open_campaign(id)?;
        Self::check_member(id, &campaign, account)?;
        let proposal = Self::proposal_of(id, root)
            .filter(|proposal| matches!(proposal.state, ProposalState::Accepted { .. }))
            .ok_or(Error::<T>::UnknownProposal)?;
        let plan = proposal
            .model
            .architecture
            .plan()
            .map_err(|_| Error::<T>::ArchitectureNotAccepted)?;
        let rules = campaign.rules;
        Ok(CommitTerms {
            rounds: rules.rounds,
            deadline: rules.deadline,
            price: proposal.assay_price,
            base_deposit: round::base_deposit(T::BaseDeposit::get(), campaign.bounty),
            max_commitments: Self::max_commitments(&plan, rules.rows, rules.rounds.seats),
            max_gradient_size: Self::max_gradient_size(&plan)?,
        })
    }

    fn proposal_terms(id: CampaignId, account: &T::AccountId) -> Result<Balance, DispatchError> {
        let campaign = Self::open_campaign(id)?;
        let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        Self::may_propose(&campaign, &terms, account)?;
        Self::room_among(&ProposalsOf::<T>::get(id))?;
        Ok(round::base_deposit(T::BaseDeposit::get(), campaign.bounty))
    }

    fn propose(
        campaign: CampaignId,
        author: &T::AccountId,
        model: InitialModel,
    ) -> Result<ModelId, DispatchError> {
        Self::do_propose(campaign, author, model)
    }

    fn phase(id: CampaignId) -> Option<Phase> {
        let campaign = Campaigns::<T>::get(id).filter(|c| c.settled_steps.is_none())?;
        let now = System::<T>::block_number();
        match campaign.state {
            State::Open if now <= campaign.rules.deadline => Some(Phase::Open),
            // Nobody has closed it yet.
            State::Open => Some(Phase::Judging),
            State::Closing {
                reason: Closed::TargetReached,
                ..
            } => Some(Phase::Dissolving),
            State::Closing { grace_ends, .. } if now < grace_ends => Some(Phase::Judging),
            State::Closing { .. } => Some(Phase::Dissolving),
            State::Proposed | State::Settled { .. } | State::Rejected { .. } => None,
        }
    }

    fn assay_base(id: CampaignId, root: ModelId) -> Option<AssayBase> {
        let proposal = Self::proposal_of(id, root)?;
        let terms = TermsOf::<T>::get(id)?;
        Some(AssayBase {
            architecture: proposal.model.architecture,
            metric: terms.metric,
            validation: terms.validation.blob,
            rows: terms.validation.rows,
            target: terms.target_error,
            minimum_step: terms.minimum_step,
        })
    }

    fn round_decided(campaign: CampaignId, accepted: Option<MeasuredError>) {
        Self::note_decided(campaign, accepted);
    }

    fn weight_of_round_decided() -> Weight {
        // At the target.
        T::WeightInfo::close()
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

    /// A proposal, if it is one of this campaign.
    fn proposal_of(id: CampaignId, root: ModelId) -> Option<ProposalFor<T>> {
        Proposals::<T>::get(root).filter(|proposal| proposal.campaign == id)
    }

    /// Campaigns in the order of their numbers, from `from` (included), at most `limit`. Passes over
    /// removed ones, so it may read more: for runtime APIs, not for calls.
    pub fn campaigns(from: CampaignId, limit: u32) -> Vec<(CampaignId, CampaignOf<T>)> {
        (from..NextCampaign::<T>::get())
            .filter_map(|id| Some((id, Campaigns::<T>::get(id)?)))
            .take(limit as usize)
            .collect()
    }

    /// What a round that takes the record to `error` would earn of a campaign's bounty as it is now,
    /// all its contributors together; nothing if the record is as good. `None` if there is no such
    /// campaign, or its start is not measured.
    pub fn quote(id: CampaignId, error: MeasuredError) -> Option<Balance> {
        let campaign = Campaigns::<T>::get(id)?;
        let rule = PayoutRule {
            bounty: campaign.rules.split.parts(campaign.bounty).data,
            start: campaign.start?,
            target: campaign.rules.target,
            steepness: campaign.rules.rounds.steepness,
        };
        Some(rule.step_pays(T::Tree::record(id)?, error))
    }
}
