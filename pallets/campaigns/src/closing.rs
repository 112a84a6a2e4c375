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
    traits::{Campaigns as _, ModelTree, Payouts, Phase},
    CampaignId, MeasuredError,
};
use sp_runtime::traits::{One, Saturating};

/// The hook uses at most about one part in this many of a block; what is left over is done later.
const BLOCK_PARTS: u64 = 4;
/// Steps of the record that one call of `settle` splits, at most.
pub const STEPS_PER_SETTLE: u32 = 64;

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
                ensure!(T::Tree::accepted(id) == 0, Error::<T>::RoundAccepted);
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

    /// Notes that a round was decided: the campaign closes if the round's error is at the target, and
    /// one that is closing already grants the next round another grace period.
    pub(crate) fn note_decided(id: CampaignId, accepted: Option<MeasuredError>) {
        // Nothing is decided any more in a campaign in another phase: its rounds dissolve.
        let Some(Phase::Open | Phase::Judging) = Self::phase(id) else {
            return;
        };
        let Some(mut campaign) = Campaigns::<T>::get(id) else {
            return;
        };
        if accepted.is_none_or(|error| error > campaign.rules.target) {
            if let State::Closing { reason, .. } = campaign.state {
                campaign.state = Self::closing(reason);
                Campaigns::<T>::insert(id, campaign);
            }
            return;
        }
        let closed =
            with_storage_layer(|| Self::start_closing(id, campaign, Closed::TargetReached));
        if let Err(error) = closed {
            log::error!(
                target: crate::LOG_TARGET,
                "campaign {id} is at its target and could not be closed: {error:?}",
            );
        }
    }

    /// Takes no more commitments; what is pending has the grace period to finish, if it is judged at
    /// all.
    fn start_closing(
        id: CampaignId,
        mut campaign: CampaignOf<T>,
        reason: Closed,
    ) -> DispatchResult {
        Self::withdraw_proposals(id)?;
        campaign.state = Self::closing(reason);
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Closed {
            campaign: id,
            reason,
        });
        // After the state is written: the tree asks for the campaign's phase.
        T::Tree::stop(id, reason)?;
        if T::Tree::pending(id) == 0 {
            Self::settle_soon(id);
        }
        Ok(())
    }

    /// A closing campaign with the whole grace period ahead.
    fn closing(reason: Closed) -> State<BlockNumberFor<T>> {
        let grace_ends = System::<T>::block_number().saturating_add(T::GracePeriod::get());
        State::Closing { reason, grace_ends }
    }

    /// Nothing is pending any more, so a closing campaign can be settled.
    pub(crate) fn settle_soon(id: CampaignId) {
        let closing = Campaigns::<T>::get(id)
            .is_some_and(|campaign| matches!(campaign.state, State::Closing { .. }));
        if closing {
            let tomorrow = System::<T>::block_number().saturating_add(One::one());
            schedule::<T>(tomorrow, id);
        }
    }

    /// Splits the bounty of a closing campaign of which nothing is pending by the next steps of its
    /// record; after the last ones it is settled.
    pub(crate) fn do_settle(id: CampaignId) -> DispatchResult {
        let mut campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        ensure!(
            matches!(campaign.state, State::Closing { .. }),
            Error::<T>::NotClosing
        );
        ensure!(T::Tree::pending(id) == 0, Error::<T>::StillPending);

        let from = campaign.settled_steps.unwrap_or_default();
        let steps = T::Tree::record_steps(id, from, STEPS_PER_SETTLE);
        let last = (steps.len() as u32) < STEPS_PER_SETTLE;
        T::Payouts::settle(&Self::settlement(id, &campaign), &steps, last)?;
        if last {
            campaign.state = State::Settled {
                at: System::<T>::block_number(),
            };
            campaign.settled_steps = None;
            Campaigns::<T>::insert(id, campaign);
            Self::deposit_event(Event::Settled { campaign: id });
        } else {
            campaign.settled_steps = Some(from.saturating_add(STEPS_PER_SETTLE));
            Campaigns::<T>::insert(id, campaign);
            Self::settle_soon(id);
        }
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
        // The campaign and its number of pending rounds.
        let look = T::DbWeight::get().reads(2);
        let Some(campaign) = Campaigns::<T>::get(id) else {
            return look;
        };
        let (weight, outcome) = match campaign.state {
            State::Open if now > campaign.rules.deadline => (
                T::WeightInfo::close(),
                with_storage_layer(|| Self::do_close(id)),
            ),
            State::Closing { .. } if T::Tree::pending(id) == 0 => (
                T::WeightInfo::settle(),
                with_storage_layer(|| Self::do_settle(id)),
            ),
            // An entry that was overtaken, by a call or by another entry.
            _ => return look,
        };
        if let Err(error) = outcome {
            log::warn!(target: crate::LOG_TARGET, "campaign {id} could not be advanced: {error:?}");
        }
        weight.saturating_add(look)
    }
}
