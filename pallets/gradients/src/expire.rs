//! Reveal windows that are over.

use crate::{conclude::Bill, Config, Due, Error, Event, Pallet, SubmissionOf, Submissions};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{reputation::Deed, traits::Reputations, tree::SubmissionState, NodeId};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_expire(id: NodeId) -> DispatchResult {
        let submission = Submissions::<T>::get(id).ok_or(Error::<T>::UnknownSubmission)?;
        let reveal_by = Self::reveal_by(&submission)?;
        ensure!(
            frame_system::Pallet::<T>::block_number() > reveal_by,
            Error::<T>::RevealWindowOpen
        );
        let campaign = submission.campaign;
        Self::conclude_not_revealed(id, submission);
        Self::tell_if_nothing_pending(campaign);
        Ok(())
    }

    /// Ends the submissions whose reveal window is over. Returns how many were looked at.
    pub(crate) fn expire_due(now: BlockNumberFor<T>) -> u32 {
        let due = Due::<T>::take(now);
        for id in &due {
            // Those that were revealed, or are forgotten, fail: that is as it should be.
            let _ = Self::do_expire(*id);
        }
        due.len() as u32
    }

    /// Ends a submission that was not revealed: the deposit is lost. The caller tells the campaign.
    pub(crate) fn conclude_not_revealed(id: NodeId, submission: SubmissionOf<T>) {
        let campaign = submission.campaign;
        T::Reputations::note(&submission.account, Deed::DepositLost);
        Self::conclude(id, submission, SubmissionState::NotRevealed, Bill::Lost);
        Self::deposit_event(Event::DepositLost {
            campaign,
            submission: id,
        });
    }
}
