//! Creating a campaign: everything that can be wrong with it is found here, before money moves.

use crate::{
    types::{Campaign, Rules},
    Campaigns, Config, Error, Event, NextCampaign, Pallet, Sponsors, TermsFor, TermsOf,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    traits::{fungible::Mutate, tokens::Preservation},
    BoundedVec,
};
use frame_system::Pallet as System;
use sonar_primitives::{
    campaign::{
        CampaignCost, InitialModel, Privacy, RoundTerms, State, REVEAL_WINDOW, ROUND_BLOCKS, SEATS,
        STEEPNESS,
    },
    round,
    traits::Blobs,
    Balance,
};
use sp_runtime::{traits::Saturating, ArithmeticError, Permill};
use syft::{Architecture, FitError, Plan};

/// The largest tolerance of a claim.
const MAX_TOLERANCE: Permill = Permill::from_percent(50);

impl<T: Config> Pallet<T> {
    /// What a campaign costs its owner, and its rounds those who commit. `bytes` is the size of
    /// parameters and validation set together. `None` if the architecture is over Syft's limits.
    pub fn cost(
        bounty: Balance,
        architecture: &Architecture,
        rows: u32,
        bytes: u64,
        seats: u8,
    ) -> Option<CampaignCost<Balance>> {
        let plan = architecture.plan().ok()?;
        let assay_price = T::AssayPrice::get().of(plan.multiply_adds, rows, bytes);
        let max_commitments = Self::max_commitments(&plan, rows, seats);
        Some(CampaignCost {
            bounty,
            deposit: T::CampaignDeposit::get(),
            assay_price,
            max_commitments,
            max_work_of_a_set: round::max_work_of_a_set(seats, T::MaxRoundWork::get()),
            largest_part: round::largest_part(assay_price, max_commitments, seats),
            base_deposit: round::base_deposit(T::BaseDeposit::get(), bounty),
        })
    }

    /// The most commitments of a round on a model that is measured on so many rows.
    pub(crate) fn max_commitments(plan: &Plan, rows: u32, seats: u8) -> u32 {
        let work = plan.multiply_adds.saturating_mul(rows.into());
        round::max_commitments(work, seats, T::MaxRoundWork::get())
    }

    /// The greatest possible size of a gradient, in bytes. Fails if it could not be stored.
    pub(crate) fn max_gradient_size(plan: &Plan) -> Result<u32, Error<T>> {
        u32::try_from(syft::max_gradient_size(plan))
            .ok()
            .filter(|size| *size <= T::MaxGradientSize::get())
            .ok_or(Error::<T>::GradientTooLarge)
    }

    /// Creates a campaign and asks for the assay of its first proposal.
    pub(crate) fn do_create(
        owner: T::AccountId,
        terms: TermsFor<T>,
        model: InitialModel,
    ) -> DispatchResult {
        Self::check_terms(&terms)?;
        let assay_price = Self::assay_price(&terms, &model)?;

        let id = NextCampaign::<T>::get();
        NextCampaign::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
        let (bounty, deposit) = (terms.bounty, T::CampaignDeposit::get());
        let paid = bounty
            .checked_add(deposit)
            .ok_or(ArithmeticError::Overflow)?;
        T::Currency::transfer(&owner, &Self::escrow(id), paid, Preservation::Preserve)?;
        T::Blobs::pin(model.parameters)?;
        T::Blobs::pin(terms.validation.blob)?;
        let root = Self::add(id, owner.clone(), model, assay_price)?;
        Self::request_assay(root)?;

        let mut sponsors = BoundedVec::new();
        sponsors
            .try_push((owner.clone(), bounty))
            .map_err(|_| Error::<T>::TooManySponsors)?;
        Sponsors::<T>::insert(id, sponsors);
        Campaigns::<T>::insert(
            id,
            Campaign {
                owner: owner.clone(),
                state: State::Proposed,
                bounty,
                deposit,
                root,
                start: None,
                admitted: 0,
                settled_steps: None,
                rules: Rules {
                    target: terms.target_error,
                    deadline: terms.deadline,
                    rows: terms.validation.rows,
                    split: terms.split,
                    members: terms.members,
                    rounds: terms.rounds,
                },
            },
        );
        TermsOf::<T>::insert(id, terms);
        Self::deposit_event(Event::Created {
            campaign: id,
            owner,
            bounty,
            root,
        });
        Ok(())
    }

    /// Checks the terms on their own; the model is checked by [`Self::assay_price`].
    fn check_terms(terms: &TermsFor<T>) -> DispatchResult {
        ensure!(
            !terms.title.as_str().trim().is_empty(),
            Error::<T>::TitleMissing
        );
        ensure!(
            terms.privacy == Privacy::Open,
            Error::<T>::EncryptionNotAvailable
        );
        ensure!(terms.split.is_whole(), Error::<T>::SplitNotWhole);
        ensure!(
            terms.split.compute.is_zero(),
            Error::<T>::ComputeNotAvailable
        );
        ensure!(!terms.split.data.is_zero(), Error::<T>::DataPartMissing);
        ensure!(
            terms.tolerance <= MAX_TOLERANCE,
            Error::<T>::ToleranceTooLarge
        );

        ensure!(
            terms.starting_error <= terms.metric.worst(),
            Error::<T>::StartAboveWorst
        );
        let room = terms
            .starting_error
            .checked_sub(terms.target_error)
            .filter(|room| *room > 0)
            .ok_or(Error::<T>::TargetNotBelowStart)?;
        ensure!(
            (terms.least_minimum_step()..=room).contains(&terms.minimum_step),
            Error::<T>::MinimumStepOutOfRange
        );
        ensure!(
            terms.bounty >= T::MinimumBounty::get(),
            Error::<T>::BountyTooSmall
        );
        Self::check_rounds(&terms.rounds)?;

        let now = System::<T>::block_number();
        let earliest = now.saturating_add(T::MinDuration::get());
        let latest = now.saturating_add(T::MaxDuration::get());
        ensure!(
            terms.deadline >= earliest && terms.deadline <= latest,
            Error::<T>::DeadlineOutOfRange
        );
        ensure!(
            (1..=T::MaxRows::get()).contains(&terms.validation.rows),
            Error::<T>::RowsOutOfRange
        );
        Ok(())
    }

    /// Checks how rounds are to be held and paid.
    fn check_rounds(rounds: &RoundTerms) -> Result<(), Error<T>> {
        ensure!(
            ROUND_BLOCKS.contains(&rounds.round_blocks),
            Error::<T>::RoundBlocksOutOfRange
        );
        ensure!(
            REVEAL_WINDOW.contains(&rounds.reveal_window),
            Error::<T>::RevealWindowOutOfRange
        );
        ensure!(SEATS.contains(&rounds.seats), Error::<T>::SeatsOutOfRange);
        ensure!(
            STEEPNESS.contains(&rounds.steepness),
            Error::<T>::SteepnessOutOfRange
        );
        Ok(())
    }

    /// Checks that a model can be trained, improved in rounds and measured under the terms, and says
    /// what one assay of it costs. Both blobs must be there.
    pub(crate) fn assay_price(
        terms: &TermsFor<T>,
        model: &InitialModel,
    ) -> Result<Balance, DispatchError> {
        terms
            .schema
            .fits(&model.architecture, terms.metric)
            .map_err(|error| match error {
                FitError::Schema(_) => Error::<T>::SchemaNotAccepted,
                FitError::Architecture(_) => Error::<T>::ArchitectureNotAccepted,
                _ => Error::<T>::ModelDoesNotFit,
            })?;
        let plan = model
            .architecture
            .plan()
            .map_err(|_| Error::<T>::ArchitectureNotAccepted)?;
        let bytes = Self::blob_sizes(terms, model, &plan)?;
        let rows = terms.validation.rows;
        ensure!(
            Self::max_commitments(&plan, rows, terms.rounds.seats) >= round::MIN_COMMITMENTS,
            Error::<T>::TooMuchWork
        );
        Self::max_gradient_size(&plan)?;
        Ok(T::AssayPrice::get().of(plan.multiply_adds, rows, bytes))
    }

    /// The bytes that one assay reads; both blobs must be there.
    fn blob_sizes(
        terms: &TermsFor<T>,
        model: &InitialModel,
        plan: &Plan,
    ) -> Result<u64, DispatchError> {
        let parameters =
            u64::from(T::Blobs::size(model.parameters).ok_or(Error::<T>::UnknownBlob)?);
        ensure!(
            (syft::min_blob_size(plan)..=syft::max_blob_size(plan)).contains(&parameters),
            Error::<T>::WrongSize
        );
        let validation =
            u64::from(T::Blobs::size(terms.validation.blob).ok_or(Error::<T>::UnknownBlob)?);
        Ok(parameters.saturating_add(validation))
    }
}
