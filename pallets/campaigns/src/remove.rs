//! Removing what is over, in bounded steps.

use crate::{Campaigns, Config, Error, Event, Pallet, Proposals, ProposalsOf, Sponsors, TermsOf};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{
        fungible::{Inspect, Mutate},
        tokens::Preservation,
    },
};
use frame_system::Pallet as System;
use sonar_primitives::{
    campaign::{ProposalState, State},
    traits::{Blobs, ModelTree, Payouts},
    CampaignId,
};
use sp_runtime::traits::Saturating;

/// The most items that one call of `remove` forgets.
pub const MAX_REMOVED: u32 = 256;

impl<T: Config> Pallet<T> {
    /// Forgets at most `limit` models, rounds, submissions, entitlements and admitted accounts of a
    /// campaign that is over; if that is all, the campaign too, and its deposit goes back to its
    /// owner.
    pub(crate) fn do_remove(id: CampaignId, limit: u32) -> DispatchResult {
        ensure!(
            (1..=MAX_REMOVED).contains(&limit),
            Error::<T>::LimitOutOfRange
        );
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        let (State::Settled { at } | State::Rejected { at, .. }) = campaign.state else {
            return Err(Error::<T>::NotOver.into());
        };
        ensure!(
            System::<T>::block_number() > at.saturating_add(T::RetentionPeriod::get()),
            Error::<T>::RetentionNotOver
        );
        ensure!(T::Payouts::unclaimed(id) == 0, Error::<T>::Unclaimed);

        let parts: [fn(CampaignId, u32) -> u32; 3] =
            [T::Tree::forget, T::Payouts::forget, Self::forget_admitted];
        let mut left = limit;
        for forget in parts {
            left = left.saturating_sub(forget(id, left));
            if left == 0 {
                // There may be more: the next call goes on.
                return Ok(());
            }
        }
        // All that is left, so that not even money which somebody sent here by mistake is lost.
        // The deposit alone is enough to bring the owner's account into being.
        let escrow = Self::escrow(id);
        T::Currency::transfer(
            &escrow,
            &campaign.owner,
            T::Currency::balance(&escrow),
            Preservation::Expendable,
        )?;
        Self::forget(id);
        Self::deposit_event(Event::Removed { campaign: id });
        Ok(())
    }

    /// Drops all this pallet knows of a campaign, and the pins of its blobs.
    fn forget(id: CampaignId) {
        for root in ProposalsOf::<T>::take(id) {
            if let Some(proposal) = Proposals::<T>::take(root) {
                // A rejected one's were unpinned when it was rejected.
                if !matches!(proposal.state, ProposalState::Rejected(_)) {
                    T::Blobs::unpin(proposal.model.parameters);
                }
            }
        }
        if let Some(terms) = TermsOf::<T>::take(id) {
            T::Blobs::unpin(terms.validation.blob);
        }
        Sponsors::<T>::remove(id);
        Campaigns::<T>::remove(id);
    }
}
