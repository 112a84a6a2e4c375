//! Committing to a gradient.

use crate::{
    door::NewCommitment, Branches, Commitments, Config, Error, Event, Models, Pallet, RoundFor,
    RoundOf, Rounds,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    round::{largest_part, surcharge, MAX_COMMITMENTS, MAX_ROUNDS_ABOVE_STORED},
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
        for needed in [base, branch.best] {
            ensure!(
                Self::models_to_build([needed], MAX_ROUNDS_ABOVE_STORED).is_some(),
                Error::<T>::StoreModelFirst
            );
        }

        let (round_id, round) = match Self::round_that_takes(root) {
            Some(known) => known,
            None => Self::open_round(campaign, root, &terms)?,
        };
        let place = Self::next_place(&round, &terms)?;
        ensure!(
            !RoundOf::<T>::contains_key(round_id, &who),
            Error::<T>::AlreadyCommitted
        );
        let window = (round.closes, round.reveals_end);
        Self::book_bytes(round_id, window, terms.max_gradient_size, 1)?;
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
                max_hold,
            },
        )?;
        Self::join(round_id, round, &who, id)?;
        Self::deposit_event(Event::Committed {
            campaign,
            submission: id,
            round: round_id,
            base,
            account: who,
            hold,
        });
        Ok(())
    }

    /// The place of the next commitment to a round. Fails if it is full.
    pub(crate) fn next_place(round: &RoundFor<T>, terms: &TermsFor<T>) -> Result<u8, Error<T>> {
        let most = terms.max_commitments.min(MAX_COMMITMENTS);
        ensure!(round.commitments < most, Error::<T>::RoundFull);
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
