//! The door through which gradients and proposals come: a commitment, then its reveal.

use crate::{
    Bookings, Config, Error, HoldReason, NextSubmission, OrderedId, Pallet, PlaceOf,
    RevealAttempts, Rounds, SubmissionOf, Submissions, SubmissionsIn, SubmissionsOf,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::fungible::hold::Mutate,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    submission::{commitment, Salt, SubmissionKind, SubmissionState},
    traits::{Blobs, Reputations},
    Balance, BlobHash, CampaignId, ModelId, RoundId, SubmissionId,
};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use sp_runtime::ArithmeticError;

/// A commitment to take.
pub(crate) struct NewCommitment<BlockNumber> {
    pub campaign: CampaignId,
    pub commitment: H256,
    pub kind: SubmissionKind<BlockNumber>,
    pub deposit: Balance,
    pub part: Balance,
    pub max_hold: Balance,
}

/// A gradient that may be revealed now.
pub(crate) struct Revealable<T: Config> {
    pub submission: SubmissionOf<T>,
    pub round: RoundId,
    pub root: ModelId,
}

impl<T: Config> Pallet<T> {
    /// The part of `base` that a commitment of `account` must deposit.
    pub(crate) fn base_deposit(account: &T::AccountId, base: Balance) -> Balance {
        T::Reputations::of(account).base_deposit(base)
    }

    /// Holds deposit and part, books a place for the blob and records the submission. Returns its
    /// number and what is held.
    pub(crate) fn take_commitment(
        who: &T::AccountId,
        new: NewCommitment<BlockNumberFor<T>>,
    ) -> Result<(SubmissionId, Balance), DispatchError> {
        let hold = new
            .deposit
            .checked_add(new.part)
            .ok_or(ArithmeticError::Overflow)?;
        ensure!(hold <= new.max_hold, Error::<T>::HoldAboveMaximum);
        T::Currency::hold(&HoldReason::Submission.into(), who, hold)?;
        let id = NextSubmission::<T>::mutate(|next| {
            let id = *next;
            *next = id.saturating_add(1);
            id
        });
        PlaceOf::<T>::insert(id, T::Blobs::book()?);
        SubmissionsIn::<T>::insert(new.campaign, OrderedId::from(id), ());
        SubmissionsOf::<T>::insert(who, OrderedId::from(id), ());
        let submission = SubmissionOf::<T> {
            campaign: new.campaign,
            account: who.clone(),
            commitment: new.commitment,
            committed_at: frame_system::Pallet::<T>::block_number(),
            kind: new.kind,
            deposit: new.deposit,
            part: new.part,
            state: SubmissionState::Committed,
        };
        Submissions::<T>::insert(id, submission);
        Ok((id, hold))
    }

    /// The submission, if it waits for its reveal.
    pub(crate) fn unrevealed(id: SubmissionId) -> Result<SubmissionOf<T>, Error<T>> {
        let submission = Submissions::<T>::get(id).ok_or(Error::<T>::UnknownSubmission)?;
        match submission.state {
            SubmissionState::Committed => Ok(submission),
            SubmissionState::Revealed { .. } | SubmissionState::Proposed { .. } => {
                Err(Error::<T>::AlreadyRevealed)
            }
            _ => Err(Error::<T>::AlreadyDecided),
        }
    }

    /// Checks all of a gradient's reveal that is cheap to check, the hash of the bytes last: it is
    /// `who`'s, it is the time for it, its round will be judged, there is room for the bytes, and they are what was committed
    /// to.
    pub(crate) fn check_reveal(
        who: &T::AccountId,
        id: SubmissionId,
        salt: &Salt,
        gradient: &[u8],
    ) -> Result<Revealable<T>, Error<T>> {
        let submission = Self::unrevealed(id)?;
        ensure!(submission.account == *who, Error::<T>::NotSubmitter);
        let SubmissionKind::Gradient {
            round: round_id,
            base,
            ..
        } = submission.kind
        else {
            return Err(Error::<T>::IsProposal);
        };
        let round = Rounds::<T>::get(round_id).ok_or(Error::<T>::UnknownRound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now >= round.closes, Error::<T>::TooEarly);
        ensure!(now < round.reveals_end, Error::<T>::RevealWindowOver);
        ensure!(
            Self::is_judged(submission.campaign),
            Error::<T>::CampaignOver
        );
        let booking = Bookings::<T>::get(round_id).ok_or(Error::<T>::RevealWindowOver)?;
        ensure!(
            gradient.len() <= booking.size as usize,
            Error::<T>::MalformedGradient
        );
        Self::check_commitment(&submission, Some(base), blake2_256(gradient).into(), salt)?;
        Ok(Revealable {
            submission,
            round: round_id,
            root: round.root,
        })
    }

    /// Checks that a submission is a commitment to this.
    pub(crate) fn check_commitment(
        submission: &SubmissionOf<T>,
        base: Option<ModelId>,
        content: H256,
        salt: &Salt,
    ) -> Result<(), Error<T>> {
        let expected = commitment(
            &submission.account,
            submission.campaign,
            base,
            content,
            salt,
        );
        ensure!(
            submission.commitment == expected,
            Error::<T>::CommitmentMismatch
        );
        Ok(())
    }

    /// Stores and pins what was revealed, in the place that was booked for it.
    pub(crate) fn store_revealed(
        id: SubmissionId,
        submission: &SubmissionOf<T>,
        bytes: &[u8],
    ) -> Result<BlobHash, DispatchError> {
        RevealAttempts::<T>::remove(id);
        let place = PlaceOf::<T>::take(id).ok_or(Error::<T>::AlreadyRevealed)?;
        T::Blobs::put(&submission.account, bytes, place)
    }

    /// Gives a submission another state.
    pub(crate) fn set_state(id: SubmissionId, submission: SubmissionOf<T>, state: SubmissionState) {
        Submissions::<T>::insert(
            id,
            SubmissionOf::<T> {
                state,
                ..submission
            },
        );
    }

    /// Stores bytes that nothing was booked for.
    pub(crate) fn store_unbooked(who: &T::AccountId, bytes: &[u8]) -> DispatchResult {
        let place = T::Blobs::book()?;
        T::Blobs::put(who, bytes, place).map(drop)
    }
}
