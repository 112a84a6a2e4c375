//! A campaign's money: contributions, the reserve, and assays paid from it.

use crate::{share::bounty_parts, CampaignOf, Campaigns, Config, Error, Event, Pallet, Sponsors};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{fungible::Mutate, tokens::Preservation},
};
use sonar_primitives::{
    campaign::State,
    payout::equal_parts,
    reputation::Deed,
    traits::{Payouts, Reputations, Settlement},
    tree::WinningPath,
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
            None => {
                sponsors
                    .try_push((sponsor.clone(), amount))
                    .map_err(|_| Error::<T>::TooManySponsors)?;
                T::Reputations::note(&sponsor, Deed::Sponsored);
            }
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

    /// Adds to the reserve of a campaign that is not over.
    pub(crate) fn do_top_up_reserve(
        owner: T::AccountId,
        id: CampaignId,
        amount: Balance,
    ) -> DispatchResult {
        let mut campaign = Self::owned(id, &owner)?;
        ensure!(
            matches!(campaign.state, State::Proposed | State::Open),
            Error::<T>::NotOpen
        );
        ensure!(amount > 0, Error::<T>::AmountTooSmall);
        campaign.reserve.free = campaign
            .reserve
            .free
            .checked_add(amount)
            .ok_or(ArithmeticError::Overflow)?;
        T::Currency::transfer(&owner, &Self::escrow(id), amount, Preservation::Preserve)?;
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::ReserveToppedUp {
            campaign: id,
            amount,
        });
        Ok(())
    }

    /// Pays at most `price` of what is set aside to `payees` in equal parts, the first takes the
    /// rounding. The part of a payee whose account cannot take it stays in the reserve.
    pub(crate) fn pay_from_reserve(id: CampaignId, price: Balance, payees: &[T::AccountId]) {
        let Some(mut campaign) = Campaigns::<T>::get(id) else {
            return;
        };
        let escrow = Self::escrow(id);
        let price = campaign.reserve.take(price);
        let mut paid = 0;
        for (payee, part) in payees.iter().zip(equal_parts(price, payees.len())) {
            let moved = T::Currency::transfer(&escrow, payee, part, Preservation::Preserve);
            paid += moved.unwrap_or(0);
        }
        campaign.reserve.free = campaign.reserve.free.saturating_add(price - paid);
        Campaigns::<T>::insert(id, campaign);
        if paid > 0 {
            Self::deposit_event(Event::AssayPaid {
                campaign: id,
                amount: paid,
            });
        }
    }

    /// Hands bounty and reserve over to the payouts. Only the deposit stays this pallet's.
    pub(crate) fn hand_over(
        id: CampaignId,
        campaign: &mut CampaignOf<T>,
        path: Option<WinningPath<T::AccountId>>,
    ) -> DispatchResult {
        let parts = bounty_parts(campaign.bounty, &campaign.rules.split);
        T::Payouts::settle(Settlement {
            campaign: id,
            owner: campaign.owner.clone(),
            escrow: Self::escrow(id),
            data: parts.data,
            expertise: parts.expertise,
            unearnable: parts.unearnable,
            reserve: campaign.reserve.total(),
            sponsors: Sponsors::<T>::get(id).into_inner(),
            target: campaign.rules.target,
            path,
        })?;
        campaign.reserve = Default::default();
        Ok(())
    }
}
