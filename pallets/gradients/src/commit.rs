//! Committing to a gradient.

use crate::{
    door::NewCommitment, Branches, Commitments, Config, Error, Event, Models, Pallet, RoundFor,
    RoundOf, Rounds, ToRebuild,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::{
        fungible::Mutate,
        tokens::{Fortitude, Precision, Preservation},
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    campaign::MAX_STEPS,
    round::{largest_part, surcharge, MAX_ROUNDS_ABOVE_STORED},
    submission::SubmissionKind,
    traits::{Campaigns, CommitTerms},
    Balance, CampaignId, ModelId, RoundId,
};
use sp_core::H256;

/// The terms of a campaign for one commitment.
pub(crate) type TermsFor<T> = CommitTerms<Balance, BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit(
        who: T::AccountId,
        campaign: CampaignId,
        root: ModelId,
        base: ModelId,
        commitment: H256,
        max_hold: Balance,
    ) -> DispatchResult {
        let branch = Branches::<T>::get(campaign, root).ok_or(Error::<T>::UnknownRoot)?;
        let model = Models::<T>::get(base).ok_or(Error::<T>::UnknownModel)?;
        ensure!(model.root == root, Error::<T>::BaseOfOtherBranch);
        let terms = T::Campaigns::commit_terms(campaign, root, &who)?;
        ensure!(u64::from(branch.models) < MAX_STEPS, Error::<T>::BranchFull);
        let (round_id, round) = match Self::round_that_takes(root) {
            Some(known) => known,
            None => Self::open_round(campaign, root, &terms)?,
        };
        let place = Self::next_place(&round, &terms)?;
        ensure!(
            !RoundOf::<T>::contains_key(round_id, &who),
            Error::<T>::AlreadyCommitted
        );
        Self::note_to_rebuild(round_id, [base, branch.best])?;
        let (window, size) = ((round.closes, round.reveals_end), terms.max_gradient_size);
        let fee = Self::booking_fee(window, size).ok_or(Error::<T>::RevealsBookedUp)?;
        Self::book_bytes(round_id, window, size, 1)?;
        let (id, hold) = Self::take_commitment(
            &who,
            NewCommitment {
                campaign,
                commitment,
                kind: SubmissionKind::Gradient {
                    round: round_id,
                    place,
                    base,
                },
                deposit: Self::base_deposit(&who, terms.base_deposit),
                part: Self::part_to_hold(&round, place, &terms),
                max_hold: max_hold
                    .checked_sub(fee)
                    .ok_or(Error::<T>::HoldAboveMaximum)?,
            },
        )?;
        T::Currency::burn_from(
            &who,
            fee,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )?;
        Self::join(round_id, round, &who, id)?;
        Self::deposit_event(Event::Committed {
            campaign,
            submission: id,
            round: round_id,
            base,
            account: who,
            hold,
            fee,
        });
        Ok(())
    }

    /// Takes note of what must be rebuilt to measure a round with these models, so that an assayer
    /// never has to keep too many.
    fn note_to_rebuild(id: RoundId, models: [ModelId; 2]) -> Result<(), Error<T>> {
        let mut to_rebuild = ToRebuild::<T>::get(id);
        for model in models {
            let needed = Self::models_to_build([model], MAX_ROUNDS_ABOVE_STORED)
                .ok_or(Error::<T>::StoreModelFirst)?;
            for (needed, _) in needed.into_iter().filter(|(_, model)| !model.stored) {
                to_rebuild
                    .try_insert(needed)
                    .map_err(|_| Error::<T>::StoreModelFirst)?;
            }
        }
        ToRebuild::<T>::insert(id, to_rebuild);
        Ok(())
    }

    /// The place of the next commitment to a round. Fails if it is full.
    pub(crate) fn next_place(round: &RoundFor<T>, terms: &TermsFor<T>) -> Result<u8, Error<T>> {
        ensure!(
            round.commitments < terms.max_commitments,
            Error::<T>::RoundFull
        );
        u8::try_from(round.commitments).map_err(|_| Error::<T>::RoundFull)
    }

    /// What is held of the round's assay for the commitment in this place.
    pub(crate) fn part_to_hold(round: &RoundFor<T>, place: u8, terms: &TermsFor<T>) -> Balance {
        largest_part(round.price, terms.max_commitments, round.seats)
            .saturating_mul(surcharge(place.into()))
    }

    /// Enters a submission into its round.
    fn join(
        id: RoundId,
        round: RoundFor<T>,
        who: &T::AccountId,
        submission: u64,
    ) -> DispatchResult {
        Commitments::<T>::try_mutate(id, |commitments| {
            commitments
                .try_push(submission)
                .map_err(|_| DispatchError::from(Error::<T>::RoundFull))
        })?;
        RoundOf::<T>::insert(id, who, submission);
        Rounds::<T>::insert(
            id,
            RoundFor::<T> {
                commitments: round.commitments.saturating_add(1),
                ..round
            },
        );
        Ok(())
    }
}
