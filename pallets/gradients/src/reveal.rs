//! Revealing a gradient.

use crate::{door::Revealable, Config, Error, Event, Pallet, Rounds};
use frame_support::pallet_prelude::DispatchError;
use sonar_primitives::{
    submission::{Salt, SubmissionState},
    traits::Campaigns,
    SubmissionId,
};

impl<T: Config> Pallet<T> {
    /// Returns how many submissions of its round were looked at besides.
    pub(crate) fn do_reveal(
        who: T::AccountId,
        id: SubmissionId,
        salt: &Salt,
        gradient: &[u8],
    ) -> Result<u32, DispatchError> {
        let Revealable {
            submission,
            round: round_id,
            root,
        } = Self::check_reveal(&who, id, salt, gradient)?;
        let campaign = submission.campaign;
        let base = T::Campaigns::assay_base(campaign, root).ok_or(Error::<T>::CampaignOver)?;
        syft::check_gradient(&base.architecture, gradient)
            .map_err(|_| Error::<T>::MalformedGradient)?;

        let hash = Self::store_revealed(id, &submission, gradient)?;
        let state = SubmissionState::Revealed { gradient: hash };
        Self::set_state(id, submission, state);
        Self::deposit_event(Event::Revealed {
            campaign,
            submission: id,
            round: round_id,
            gradient: hash,
        });

        let round = Rounds::<T>::try_mutate(round_id, |round| {
            let round = round.as_mut().ok_or(Error::<T>::UnknownRound)?;
            round.reveals = round.reveals.saturating_add(1);
            Ok::<_, Error<T>>(round.clone())
        })?;
        if round.reveals < round.commitments {
            return Ok(0);
        }
        Self::unbook_bytes(round_id);
        // It may still have to wait for its turn.
        Ok(Self::proceed(round_id).unwrap_or(0))
    }
}
