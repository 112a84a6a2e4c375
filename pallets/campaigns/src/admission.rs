//! Who may commit to gradients.

use crate::{Admitted, CampaignOf, Campaigns, Config, Error, Event, Pallet};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use sonar_primitives::{
    campaign::{Members, State},
    traits::Reputations,
    CampaignId,
};

impl<T: Config> Pallet<T> {
    /// Lets an account commit to gradients.
    pub(crate) fn do_admit(
        owner: T::AccountId,
        id: CampaignId,
        account: T::AccountId,
    ) -> DispatchResult {
        let mut campaign = Self::owned(id, &owner)?;
        ensure!(
            matches!(campaign.state, State::Proposed | State::Open),
            Error::<T>::NotOpen
        );
        ensure!(
            campaign.rules.members == Members::Admitted,
            Error::<T>::AdmissionNotNeeded
        );
        ensure!(
            !Admitted::<T>::contains_key(id, &account),
            Error::<T>::AlreadyAdmitted
        );
        ensure!(
            campaign.admitted < T::MaxAdmitted::get(),
            Error::<T>::TooManyAdmitted
        );
        campaign.admitted = campaign.admitted.saturating_add(1);
        Campaigns::<T>::insert(id, campaign);
        Admitted::<T>::insert(id, &account, ());
        Self::deposit_event(Event::Admitted {
            campaign: id,
            account,
        });
        Ok(())
    }

    /// Checks that an account may commit to gradients of a campaign; the error says why not.
    pub(crate) fn check_member(
        id: CampaignId,
        campaign: &CampaignOf<T>,
        account: &T::AccountId,
    ) -> Result<(), Error<T>> {
        match campaign.rules.members {
            Members::Everybody => Ok(()),
            Members::Reputation { contributions } => {
                let reputation = T::Reputations::of(account);
                ensure!(
                    reputation.contributions >= contributions,
                    Error::<T>::ReputationTooLow
                );
                Ok(())
            }
            Members::Admitted => {
                ensure!(
                    Admitted::<T>::contains_key(id, account),
                    Error::<T>::NotAdmitted
                );
                Ok(())
            }
        }
    }

    /// Accounts that the owner of a campaign has admitted, in no particular order, at most `limit`;
    /// `after` is the last one of the page before.
    pub fn admitted(id: CampaignId, after: Option<T::AccountId>, limit: u32) -> Vec<T::AccountId> {
        let accounts = match after {
            Some(after) => {
                let last = Admitted::<T>::hashed_key_for(id, after);
                Admitted::<T>::iter_key_prefix_from(id, last)
            }
            None => Admitted::<T>::iter_key_prefix(id),
        };
        accounts.take(limit as usize).collect()
    }

    /// Forgets at most `limit` admitted accounts. Returns how many it forgot; fewer than `limit` means
    /// that none is left.
    pub(crate) fn forget_admitted(id: CampaignId, limit: u32) -> u32 {
        // Collected first: a map must not change while it is iterated.
        let accounts = Self::admitted(id, None, limit);
        for account in &accounts {
            Admitted::<T>::remove(id, account);
        }
        let forgotten = accounts.len() as u32;
        Campaigns::<T>::mutate(id, |campaign| {
            if let Some(campaign) = campaign {
                campaign.admitted = campaign.admitted.saturating_sub(forgotten);
            }
        });
        forgotten
    }
}
