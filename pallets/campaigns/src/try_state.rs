//! What must hold between the pallet's storage items, and the money.

use crate::{
    CampaignOf, Campaigns, Config, Due, HoldReason, NextCampaign, Pallet, ProposalFor, Proposals,
    ProposalsOf, Sponsors, TermsOf,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
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
    /// - every escrow holds deposit, bounty and reserve, or, once the campaign is over, deposit and
    ///   what is unclaimed (it may hold more: anybody can send money there),
    /// - contributions sum to the bounty, and the start is above the target,
    /// - a campaign's state fits that of its first proposal, and its items exist,
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
                && Sponsors::<T>::iter_keys().all(Campaigns::<T>::contains_key),
            "something is left of a campaign that was removed"
        );
        Self::check_proposals()
    }

    fn check_money(id: CampaignId, campaign: &CampaignOf<T>) -> Result<(), DispatchError> {
        let owed = match campaign.state {
            State::Settled { .. } | State::Rejected { .. } => {
                ensure!(campaign.reserve.total() == 0, "reserve was not handed over");
                T::Payouts::unclaimed(id)
            }
            _ => campaign
                .bounty
                .checked_add(campaign.reserve.total())
                .ok_or("bounty and reserve overflow")?,
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
            State::Proposed => {
                first.state == ProposalState::Pending
                    && campaign.reserve.set_aside == first.assay_price
            }
            State::Rejected { reason, .. } => first.state == ProposalState::Rejected(reason),
            _ => campaign
                .start
                .is_some_and(|error| first.state == ProposalState::Accepted { error }),
        };
        ensure!(fits, "the state is not that of the first proposal");
        ensure!(
            campaign
                .start
                .is_none_or(|start| start > campaign.rules.target)
                && campaign.best <= campaign.start,
            "the errors are out of order"
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
            if proposal.state == ProposalState::Pending {
                ensure!(
                    campaign.root == root || campaign.state == State::Open,
                    "a proposal is pending in a campaign that is not open"
                );
            }
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
        if matches!(proposal.state, ProposalState::Rejected(_)) {
            return Ok(());
        }
        ensure!(
            T::Blobs::size(proposal.model.parameters).is_some(),
            "a proposal's parameters are gone"
        );
        ensure!(
            proposal.state == ProposalState::Pending || proposal.deposit == 0,
            "money is held for a proposal that was judged"
        );
        Ok(())
    }
}
