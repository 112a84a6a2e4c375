//! From an open campaign to a settled one, by calls or by the chain itself.

use crate::{
    schedule, CampaignOf, Campaigns, Config, Due, Error, Event, Pallet, Proposals, WeightInfo,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get, Weight},
    storage::with_storage_layer,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sonar_primitives::{
    campaign::{Closed, State},
    reputation::Deed,
    traits::{ModelTree, Reputations},
    CampaignId, MeasuredError,
};
use sp_runtime::traits::{One, Saturating};

/// The hook uses at most about one part in this many of a block; what is left over is done later.
const BLOCK_PARTS: u64 = 4;

impl<T: Config> Pallet<T> {
    /// Ends a campaign that nobody has earned anything from.
    pub(crate) fn do_cancel(owner: T::AccountId, id: CampaignId) -> DispatchResult {
        let campaign = Self::owned(id, &owner)?;
        match campaign.state {
            State::Proposed => {
                let root = campaign.root;
                let proposal = Proposals::<T>::get(root).ok_or(Error::<T>::UnknownProposal)?;
                Self::withdraw(root, proposal)
            }
            State::Open => {
                ensure!(T::Tree::accepted(id) == 0, Error::<T>::GradientAccepted);
                Self::start_closing(id, campaign, Closed::Cancelled)
            }
            _ => Err(Error::<T>::NotOpen.into()),
        }
    }

    /// Closes an open campaign whose deadline has passed.
    pub(crate) fn do_close(id: CampaignId) -> DispatchResult {
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        ensure!(campaign.state == State::Open, Error::<T>::NotOpen);
        ensure!(
            System::<T>::block_number() > campaign.rules.deadline,
            Error::<T>::DeadlineNotPassed
        );
        Self::start_closing(id, campaign, Closed::DeadlinePassed)
    }

    /// Notes the error of an accepted gradient; the campaign closes if it is at the target.
    pub(crate) fn note_accepted(id: CampaignId, error: MeasuredError) -> DispatchResult {
        let mut campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        campaign.best = Some(campaign.best.map_or(error, |best| best.min(error)));
        if campaign.state == State::Open && error <= campaign.rules.target {
            Self::start_closing(id, campaign, Closed::TargetReached)
        } else {
            Campaigns::<T>::insert(id, campaign);
            Ok(())
        }
    }

    /// Takes no more commitments; what is pending has the grace period to finish.
    fn start_closing(
        id: CampaignId,
        mut campaign: CampaignOf<T>,
        reason: Closed,
    ) -> DispatchResult {
        Self::withdraw_proposals(id)?;
        let now = System::<T>::block_number();
        let grace_ends = now.saturating_add(T::GracePeriod::get());
        campaign.state = State::Closing { reason, grace_ends };
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Closed {
            campaign: id,
            reason,
        });
        let tomorrow = now.saturating_add(One::one());
        if T::Tree::pending(id) == 0 {
            schedule::<T>(tomorrow, id);
        } else {
            schedule::<T>(grace_ends.max(tomorrow), id);
        }
        Ok(())
    }

    /// Nothing is pending any more, so a closing campaign need not wait for its grace to end.
    pub(crate) fn settle_soon(id: CampaignId) {
        let closing = Campaigns::<T>::get(id)
            .is_some_and(|campaign| matches!(campaign.state, State::Closing { .. }));
        if closing {
            let tomorrow = System::<T>::block_number().saturating_add(One::one());
            schedule::<T>(tomorrow, id);
        }
    }

    /// Splits the money of a closing campaign of which nothing is pending, or whose grace is over.
    pub(crate) fn do_settle(id: CampaignId) -> DispatchResult {
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        let State::Closing { reason, grace_ends } = campaign.state else {
            return Err(Error::<T>::NotClosing.into());
        };
        let now = System::<T>::block_number();
        if T::Tree::pending(id) > 0 {
            ensure!(now >= grace_ends, Error::<T>::StillPending);
            T::Tree::end_pending(id);
            ensure!(T::Tree::pending(id) == 0, Error::<T>::StillPending);
        }
        // Read again: ending what was pending has put assays back into the reserve.
        let mut campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        let path = T::Tree::winning_path(id);
        // Otherwise a reputation could be made of campaigns created to be cancelled.
        if path.is_some() || reason != Closed::Cancelled {
            T::Reputations::note(&campaign.owner, Deed::Settled);
        }
        campaign.state = State::Settled { at: now };
        Self::hand_over(id, &mut campaign, path)?;
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Settled { campaign: id });
        Ok(())
    }

    /// Does what is due in this block, and says what it weighed.
    pub(crate) fn do_due(now: BlockNumberFor<T>) -> Weight {
        let mut used = T::WeightInfo::nothing_due();
        let budget = T::BlockWeights::get().max_block / BLOCK_PARTS;
        for id in Due::<T>::take(now) {
            if used.any_gt(budget) {
                schedule::<T>(now.saturating_add(One::one()), id);
                // As many lists as are passed over if they are full.
                used.saturating_accrue(T::DbWeight::get().reads_writes(16, 1));
            } else {
                used.saturating_accrue(Self::advance(id, now));
            }
        }
        used
    }

    /// Advances a campaign if its time has come. A failure is logged, and left to the calls.
    fn advance(id: CampaignId, now: BlockNumberFor<T>) -> Weight {
        // The campaign and its number of pending submissions.
        let look = T::DbWeight::get().reads(2);
        let Some(campaign) = Campaigns::<T>::get(id) else {
            return look;
        };
        let (weight, outcome) = match campaign.state {
            State::Open if now > campaign.rules.deadline => (
                T::WeightInfo::close(),
                with_storage_layer(|| Self::do_close(id)),
            ),
            State::Closing { grace_ends, .. } if now >= grace_ends || T::Tree::pending(id) == 0 => {
                (
                    T::WeightInfo::settle(),
                    with_storage_layer(|| Self::do_settle(id)),
                )
            }
            // An entry that was overtaken, by a call or by another entry.
            _ => return look,
        };
        if let Err(error) = outcome {
            log::warn!(target: crate::LOG_TARGET, "campaign {id} could not be advanced: {error:?}");
        }
        weight.saturating_add(look)
    }
}
