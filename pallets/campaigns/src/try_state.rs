//! What must hold between the pallet's storage items, and the money.

use crate::{
    Admitted, CampaignOf, Campaigns, Config, Due, HoldReason, NextCampaign, Pallet, ProposalFor,
    Proposals, ProposalsOf, Sponsors, TermsOf,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    pallet_prelude::Get,
    traits::fungible::{Inspect, InspectHold},
};
use frame_system::Pallet as System;
use sonar_primitives::{
    campaign::{ProposalState, State},
    traits::{Blobs, Payouts},
    Balance, CampaignId,
};
use sp_runtime::{traits::Saturating, DispatchError};

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - every escrow holds deposit and bounty, or, once the campaign is over, deposit and what is
    ///   unclaimed (it may hold more: anybody can send money there),
    /// - contributions sum to the bounty, and the start is above the target,
    /// - a campaign's state fits that of its first proposal, and its items exist,
    /// - as many accounts are admitted as was counted,
    /// - every blob that is still needed is stored,
    /// - what is held from an author is what its pending proposals need, and
    /// - an open campaign is on the agenda of its deadline.
    pub fn do_try_state() -> Result<(), DispatchError> {
        for (id, campaign) in Campaigns::<T>::iter() {
            ensure!(id < NextCampaign::<T>::get(), "number was not given out");
            Self::check_money(id, &campaign)?;
            Self::check_state(id, &campaign)?;
            Self::check_agenda(id, &campaign)?;
        }
        ensure!(
            TermsOf::<T>::iter_keys().all(Campaigns::<T>::contains_key)
                && ProposalsOf::<T>::iter_keys().all(Campaigns::<T>::contains_key)
                && Sponsors::<T>::iter_keys().all(Campaigns::<T>::contains_key)
                && Admitted::<T>::iter_keys().all(|(id, _)| Campaigns::<T>::contains_key(id)),
            "something is left of a campaign that was removed"
        );
        Self::check_proposals()
    }

    fn check_money(id: CampaignId, campaign: &CampaignOf<T>) -> Result<(), DispatchError> {
        let owed = match campaign.state {
            State::Settled { .. } | State::Rejected { .. } => T::Payouts::unclaimed(id),
            _ => campaign.bounty,
        };
        let owed = owed.checked_add(campaign.deposit).ok_or("debt overflows")?;
        ensure!(
            T::Currency::balance(&Self::escrow(id)) >= owed,
            "the escrow holds less than is owed"
        );
        let contributed: Balance = Sponsors::<T>::get(id).iter().map(|(_, part)| *part).sum();
        ensure!(
            contributed == campaign.bounty,
            "contributions are not the bounty"
        );
        Ok(())
    }

    fn check_state(id: CampaignId, campaign: &CampaignOf<T>) -> Result<(), DispatchError> {
        let terms = TermsOf::<T>::get(id).ok_or("campaign without terms")?;
        ensure!(
            T::Blobs::size(terms.validation.blob).is_some(),
            "the validation set is gone"
        );
        let first = Proposals::<T>::get(campaign.root).ok_or("campaign without a proposal")?;
        ensure!(
            ProposalsOf::<T>::get(id).contains(&campaign.root),
            "the first proposal is not listed"
        );
        let fits = match campaign.state {
            State::Proposed => first.state == ProposalState::Pending,
            State::Rejected { reason, .. } => first.state == ProposalState::Rejected(reason),
            _ => campaign
                .start
                .is_some_and(|error| first.state == ProposalState::Accepted { error }),
        };
        ensure!(fits, "the state is not that of the first proposal");
        ensure!(
            campaign
                .start
                .is_none_or(|start| start > campaign.rules.target),
            "the start is at the target"
        );
        ensure!(
            campaign.settled_steps.is_none() || matches!(campaign.state, State::Closing { .. }),
            "a campaign that is not closing is being settled"
        );
        ensure!(
            Admitted::<T>::iter_key_prefix(id).count() as u32 == campaign.admitted
                && campaign.admitted <= T::MaxAdmitted::get(),
            "the admitted accounts are not as many as were counted"
        );
        Ok(())
    }

    fn check_agenda(id: CampaignId, campaign: &CampaignOf<T>) -> Result<(), DispatchError> {
        let now = System::<T>::block_number();
        let deadline = campaign.rules.deadline;
        if campaign.state != State::Open || now > deadline {
            return Ok(());
        }
        // A full block moves an entry to one of the next.
        let on_agenda = (1u32..=16).any(|blocks| {
            let due = Due::<T>::get(deadline.saturating_add(blocks.into()));
            due.contains(&id) || due.is_full()
        });
        ensure!(on_agenda, "an open campaign is not on the agenda");
        Ok(())
    }

    fn check_proposals() -> Result<(), DispatchError> {
        let mut held = BTreeMap::<T::AccountId, Balance>::new();
        for (root, proposal) in Proposals::<T>::iter() {
            let campaign =
                Campaigns::<T>::get(proposal.campaign).ok_or("proposal without a campaign")?;
            ensure!(
                ProposalsOf::<T>::get(proposal.campaign).contains(&root),
                "a proposal is not listed"
            );
            Self::check_proposal(&proposal)?;
            let waits = match proposal.state {
                ProposalState::Pending => campaign.root == root || campaign.state == State::Open,
                ProposalState::Offered => campaign.state == State::Open,
                _ => true,
            };
            ensure!(waits, "a proposal waits in a campaign that is not open");
            let sum = held.entry(proposal.author.clone()).or_default();
            *sum = sum.checked_add(proposal.deposit).ok_or("holds overflow")?;
        }
        for (author, deposit) in held {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Proposal.into(), &author) == deposit,
                "what is held is not what proposals need"
            );
        }
        Ok(())
    }

    fn check_proposal(proposal: &ProposalFor<T>) -> Result<(), DispatchError> {
        let held = match proposal.state {
            ProposalState::Offered | ProposalState::Pending => proposal.assay_price,
            ProposalState::Accepted { .. } | ProposalState::Rejected(_) => 0,
        };
        ensure!(
            proposal.deposit == held,
            "what is held for a proposal is not the price of its assay"
        );
        ensure!(
            matches!(proposal.state, ProposalState::Rejected(_))
                || T::Blobs::size(proposal.model.parameters).is_some(),
            "a proposal's parameters are gone"
        );
        Ok(())
    }
}
