//! From a settlement to entitlements, and forgetting them.

use crate::{
    Claimable, Config, Entitlement, Entitlements, Error, Event, Pallet, Settled, SettledCampaign,
    Settling, SettlingCampaign,
};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use sonar_primitives::{
    payout::{bounty, split, Part, Portion},
    reputation::ReputationChange,
    traits::{Payouts, Reputations, Settlement},
    tree::RecordStep,
    Balance, CampaignId,
};

impl<T: Config> Payouts<T::AccountId, Balance> for Pallet<T> {
    fn settle(
        settlement: &Settlement<T::AccountId, Balance>,
        steps: &[RecordStep<T::AccountId>],
        last: bool,
    ) -> DispatchResult {
        let campaign = settlement.campaign;
        ensure!(
            !Settled::<T>::contains_key(campaign),
            Error::<T>::AlreadySettled
        );
        let mut settling =
            Settling::<T>::get(campaign).unwrap_or_else(|| SettlingCampaign::new(settlement.start));
        let bounty = bounty(settlement).ok_or(Error::<T>::Unbalanced)?;
        let portion =
            split(settlement, settling.progress(), steps, last).ok_or(Error::<T>::Unbalanced)?;
        settling.note(portion.progress, &portion.parts);
        if settlement.counts {
            Self::count(settlement, &settling, &portion, last);
        }
        for (account, part) in portion.parts {
            Self::entitle(campaign, account, part);
        }
        if last {
            Settling::<T>::remove(campaign);
            Settled::<T>::insert(
                campaign,
                SettledCampaign {
                    escrow: settlement.escrow.clone(),
                    unclaimed: bounty,
                },
            );
        } else {
            Settling::<T>::insert(campaign, settling);
        }
        Ok(())
    }

    fn unclaimed(campaign: CampaignId) -> Balance {
        Settled::<T>::get(campaign).map_or(0, |settled| settled.unclaimed)
    }

    fn forget(campaign: CampaignId, limit: u32) -> u32 {
        if Self::unclaimed(campaign) > 0 || Settling::<T>::contains_key(campaign) {
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
    /// Adds to what an account can claim once the campaign is settled.
    fn entitle(campaign: CampaignId, account: T::AccountId, part: Part) {
        Claimable::<T>::insert(&account, campaign, ());
        Entitlements::<T>::mutate(campaign, &account, |entitlement| {
            entitlement.get_or_insert_default().add(&part);
        });
        Self::deposit_event(Event::Entitled {
            campaign,
            account,
            earned: part.earned,
            expertise: part.expertise,
            refund: part.refund,
        });
    }

    /// Counts what a portion of a settlement means for reputations. Putting money up counts only if
    /// it paid somebody else, which is known with the last portion.
    fn count(
        settlement: &Settlement<T::AccountId, Balance>,
        settling: &SettlingCampaign<T::AccountId>,
        portion: &Portion<T::AccountId>,
        last: bool,
    ) {
        for (account, improvement) in &portion.improvements {
            Self::note(account, ReputationChange::Contributed(*improvement));
        }
        if !last {
            return;
        }
        for (sponsor, _) in &settlement.sponsors {
            if settling.payees.are_others_than(sponsor) {
                Self::note(sponsor, ReputationChange::Sponsored);
            }
        }
        if settling.payees.are_others_than(&settlement.owner) {
            Self::note(&settlement.owner, ReputationChange::Settled);
        }
    }

    /// What everybody gets from a campaign, as far as it is settled, in no particular order.
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
            .filter(|campaign| *campaign >= from && Settled::<T>::contains_key(campaign))
            .collect();
        campaigns.sort_unstable();
        campaigns
            .into_iter()
            .take(limit as usize)
            .filter_map(|campaign| Some((campaign, Entitlements::<T>::get(campaign, account)?)))
            .collect()
    }
}
