//! A campaign's money: contributions, and their settlement.

use crate::{CampaignOf, Campaigns, Config, Error, Event, Pallet, Sponsors};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{fungible::Mutate, tokens::Preservation},
};
use sonar_primitives::{
    traits::{ModelTree, Settlement},
    Balance, CampaignId,
};
use sp_runtime::{traits::AccountIdConversion, ArithmeticError};

impl<T: Config> Pallet<T> {
    /// The account that holds a campaign's money.
    pub fn escrow(id: CampaignId) -> T::AccountId {
        T::PalletId::get().into_sub_account_truncating(id)
    }

    /// Adds to the bounty of an open campaign.
    pub(crate) fn do_fund(
        sponsor: T::AccountId,
        id: CampaignId,
        amount: Balance,
    ) -> DispatchResult {
        let mut campaign = Self::open_campaign(id)?;
        ensure!(
            amount >= T::MinimumContribution::get(),
            Error::<T>::AmountTooSmall
        );
        campaign.bounty = campaign
            .bounty
            .checked_add(amount)
            .ok_or(ArithmeticError::Overflow)?;
        let mut sponsors = Sponsors::<T>::get(id);
        match sponsors.iter_mut().find(|(account, _)| *account == sponsor) {
            // No overflow: it is a part of the bounty, which was checked.
            Some((_, contribution)) => *contribution = contribution.saturating_add(amount),
            None => sponsors
                .try_push((sponsor.clone(), amount))
                .map_err(|_| Error::<T>::TooManySponsors)?,
        }
        T::Currency::transfer(&sponsor, &Self::escrow(id), amount, Preservation::Preserve)?;
        Sponsors::<T>::insert(id, sponsors);
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Funded {
            campaign: id,
            sponsor,
            amount,
        });
        Ok(())
    }

    /// What the payouts must know to split the bounty. The same at every call, once a campaign has
    /// left `Open`.
    pub(crate) fn settlement(
        id: CampaignId,
        campaign: &CampaignOf<T>,
    ) -> Settlement<T::AccountId, Balance> {
        let parts = campaign.rules.split.parts(campaign.bounty);
        let sponsors = Sponsors::<T>::get(id).into_inner();
        let owner = &campaign.owner;
        // Otherwise a reputation could be made of campaigns with oneself.
        let counts = sponsors.iter().any(|(sponsor, _)| sponsor != owner)
            || T::Tree::others_contributed(id, owner);
        Settlement {
            campaign: id,
            owner: owner.clone(),
            escrow: Self::escrow(id),
            data: parts.data,
            expertise: parts.expertise,
            unearnable: parts.unearnable,
            sponsors,
            start: campaign.start.unwrap_or(campaign.rules.target),
            target: campaign.rules.target,
            steepness: campaign.rules.rounds.steepness,
            counts,
        }
    }
}
