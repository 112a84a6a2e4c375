//! Creating a campaign: everything that can be wrong with it is found here, before money moves.

use crate::{
    types::{Campaign, Reserve, Rules},
    CampaignOf, Campaigns, Config, Error, Event, NextCampaign, Pallet, Proposals, ProposalsOf,
    Sponsors, TermsFor, TermsOf,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    traits::{fungible::Mutate, tokens::Preservation},
    BoundedVec,
};
use frame_system::Pallet as System;
use sonar_primitives::{
    assay::AssayKind,
    campaign::{CampaignCost, Model, Privacy, Proposal, ProposalState, State},
    traits::{AssayQueue, Blobs, ModelTree},
    Balance,
};
use sp_runtime::{traits::Saturating, ArithmeticError, Permill};
use syft::{Architecture, FitError, Plan};

/// The largest tolerance of a claim.
const MAX_TOLERANCE: Permill = Permill::from_percent(50);

impl<T: Config> Pallet<T> {
    /// What a campaign costs its owner: bounty, reserve (a share of the bounty, and one assay on
    /// top for the initial model) and deposit. `bytes` is the size of parameters and validation
    /// set together. `None` if the architecture is over Syft's limits, or a sum overflows.
    pub fn cost(
        bounty: Balance,
        architecture: &Architecture,
        rows: u32,
        bytes: u64,
    ) -> Option<CampaignCost<Balance>> {
        let plan = architecture.plan().ok()?;
        let assay_price = T::AssayPrice::get().of(plan.multiply_adds, rows, bytes);
        Self::cost_at(bounty, assay_price)
    }

    /// What a campaign costs its owner if one assay costs `assay_price`.
    fn cost_at(bounty: Balance, assay_price: Balance) -> Option<CampaignCost<Balance>> {
        Some(CampaignCost {
            bounty,
            reserve: T::ReserveShare::get()
                .mul_floor(bounty)
                .checked_add(assay_price)?,
            deposit: T::CampaignDeposit::get(),
            assay_price,
        })
    }

    /// Creates a campaign and asks for the assay of its first proposal.
    pub(crate) fn do_create(
        owner: T::AccountId,
        terms: TermsFor<T>,
        model: Model,
    ) -> DispatchResult {
        Self::check_terms(&terms)?;
        let assay_price = Self::assay_price(&terms, &model)?;
        let cost = Self::cost_at(terms.bounty, assay_price).ok_or(ArithmeticError::Overflow)?;
        // The reserve must pay at least one accepted gradient besides the initial model.
        ensure!(
            terms.bounty >= T::MinimumBounty::get()
                && T::ReserveShare::get().mul_floor(terms.bounty) >= assay_price,
            Error::<T>::BountyTooSmall
        );

        let id = NextCampaign::<T>::get();
        NextCampaign::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
        let paid = cost
            .bounty
            .checked_add(cost.reserve)
            .and_then(|sum| sum.checked_add(cost.deposit))
            .ok_or(ArithmeticError::Overflow)?;
        T::Currency::transfer(&owner, &Self::escrow(id), paid, Preservation::Preserve)?;
        T::Blobs::pin(model.parameters)?;
        T::Blobs::pin(terms.validation.blob)?;
        let root = T::Tree::allocate();
        T::Assays::request(root, id, owner.clone(), model.parameters, AssayKind::Root)?;

        let mut sponsors = BoundedVec::new();
        sponsors
            .try_push((owner.clone(), terms.bounty))
            .map_err(|_| Error::<T>::TooManySponsors)?;
        Sponsors::<T>::insert(id, sponsors);
        let mut proposals = BoundedVec::new();
        proposals
            .try_push(root)
            .map_err(|_| Error::<T>::TooManyProposals)?;
        ProposalsOf::<T>::insert(id, proposals);
        Proposals::<T>::insert(
            root,
            Proposal {
                campaign: id,
                author: owner.clone(),
                model,
                assay_price,
                deposit: 0,
                state: ProposalState::Pending,
            },
        );
        Campaigns::<T>::insert(id, Self::proposed(owner.clone(), &terms, &cost, root));
        let bounty = terms.bounty;
        TermsOf::<T>::insert(id, terms);
        Self::deposit_event(Event::Created {
            campaign: id,
            owner,
            bounty,
            root,
        });
        Ok(())
    }

    /// A fresh campaign; the price of its first assay is set aside.
    fn proposed(
        owner: T::AccountId,
        terms: &TermsFor<T>,
        cost: &CampaignCost<Balance>,
        root: u64,
    ) -> CampaignOf<T> {
        Campaign {
            owner,
            state: State::Proposed,
            bounty: cost.bounty,
            reserve: Reserve {
                free: cost.reserve.saturating_sub(cost.assay_price),
                set_aside: cost.assay_price,
            },
            deposit: cost.deposit,
            root,
            start: None,
            best: None,
            rules: Rules {
                target: terms.target_error,
                minimum_step: terms.minimum_step,
                minimum_reputation: terms.minimum_reputation,
                deadline: terms.deadline,
                split: terms.split,
            },
        }
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
            (1..=room).contains(&terms.minimum_step),
            Error::<T>::MinimumStepOutOfRange
        );

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

    /// Checks that a model can be trained and measured under the terms, and says what one assay of
    /// it costs.
    pub(crate) fn assay_price(
        terms: &TermsFor<T>,
        model: &Model,
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
            u128::from(plan.multiply_adds).saturating_mul(rows.into())
                <= u128::from(T::MaxAssayWork::get()),
            Error::<T>::TooMuchWork
        );
        Ok(T::AssayPrice::get().of(plan.multiply_adds, rows, bytes))
    }

    /// The bytes that one assay reads; both blobs must be there.
    fn blob_sizes(terms: &TermsFor<T>, model: &Model, plan: &Plan) -> Result<u64, DispatchError> {
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
