//! Paying an entitlement.

use crate::{Claimable, Config, Entitlements, Error, Event, Pallet, Settled};
use frame_support::{
    pallet_prelude::DispatchResult,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sonar_primitives::CampaignId;

impl<T: Config> Pallet<T> {
    /// Pays an account what it gets from a settled campaign.
    pub(crate) fn do_claim(campaign: CampaignId, account: T::AccountId) -> DispatchResult {
        let mut settled = Settled::<T>::get(campaign).ok_or(Error::<T>::NotSettled)?;
        let mut entitlement =
            Entitlements::<T>::get(campaign, &account).ok_or(Error::<T>::NothingToClaim)?;
        if entitlement.claimed {
            return Err(Error::<T>::AlreadyClaimed.into());
        }
        let amount = entitlement.total();
        settled.unclaimed = settled
            .unclaimed
            .checked_sub(amount)
            .ok_or(Error::<T>::Unbalanced)?;
        // Preserve: the escrow's deposit belongs to the campaign.
        T::Currency::transfer(&settled.escrow, &account, amount, Preservation::Preserve)?;
        entitlement.claimed = true;
        Settled::<T>::insert(campaign, settled);
        Entitlements::<T>::insert(campaign, &account, entitlement);
        Claimable::<T>::remove(&account, campaign);
        Self::deposit_event(Event::Claimed {
            campaign,
            account,
            amount,
        });
        Ok(())
    }
}
