//! From a settlement to entitlements, and forgetting them.

use crate::{split::split, Claimable, Config, Entitlements, Error, Event, Pallet, Settled};
use crate::{Entitlement, SettledCampaign};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use sonar_primitives::{
    traits::{Payouts, Settlement},
    Balance, CampaignId,
};

impl<T: Config> Payouts<T::AccountId, Balance> for Pallet<T> {
    fn settle(settlement: Settlement<T::AccountId, Balance>) -> DispatchResult {
        let campaign = settlement.campaign;
        ensure!(
            !Settled::<T>::contains_key(campaign),
            Error::<T>::AlreadySettled
        );
        let parts = split(&settlement).ok_or(Error::<T>::Unbalanced)?;
        let unclaimed = parts.values().map(Entitlement::total).sum();
        Settled::<T>::insert(
            campaign,
            SettledCampaign {
                escrow: settlement.escrow,
                unclaimed,
            },
        );
        for (account, entitlement) in parts {
            Claimable::<T>::insert(&account, campaign, ());
            Entitlements::<T>::insert(campaign, &account, &entitlement);
            Self::deposit_event(Event::Entitled {
                campaign,
                account,
                earned: entitlement.earned,
                expertise: entitlement.expertise,
                refund: entitlement.refund,
            });
        }
        Ok(())
    }

    fn unclaimed(campaign: CampaignId) -> Balance {
        Settled::<T>::get(campaign).map_or(0, |settled| settled.unclaimed)
    }

    fn forget(campaign: CampaignId, limit: u32) -> u32 {
        if Self::unclaimed(campaign) > 0 {
            // The caller must check; money is never forgotten.
            return 0;
        }
        // Collected first: a map must not change while it is iterated.
        let accounts: Vec<_> = Entitlements::<T>::iter_key_prefix(campaign)
            .take(limit as usize)
            .collect();
        for account in &accounts {
            Entitlements::<T>::remove(campaign, account);
        }
        let forgotten = accounts.len() as u32;
        if forgotten < limit {
            Settled::<T>::remove(campaign);
        }
        forgotten
    }
}

impl<T: Config> Pallet<T> {
    /// What everybody gets from a settled campaign, in no particular order.
    pub fn entitlements(campaign: CampaignId) -> Vec<(T::AccountId, Entitlement)> {
        Entitlements::<T>::iter_prefix(campaign).collect()
    }

    /// What an account can claim, in the order of campaigns from `from` (included), at most
    /// `limit`. Reads all that the account can claim: for runtime APIs, not for calls.
    pub fn claimable(
        account: &T::AccountId,
        from: CampaignId,
        limit: u32,
    ) -> Vec<(CampaignId, Entitlement)> {
        let mut campaigns: Vec<_> = Claimable::<T>::iter_key_prefix(account)
            .filter(|campaign| *campaign >= from)
            .collect();
        campaigns.sort_unstable();
        campaigns
            .into_iter()
            .take(limit as usize)
            .filter_map(|campaign| Some((campaign, Entitlements::<T>::get(campaign, account)?)))
            .collect()
    }
}
