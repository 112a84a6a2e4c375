//! Proposals: other models to start from, through the same door as gradients.

use crate::{door::NewCommitment, due, Config, DueItem, Error, Event, Pallet, SubmissionOf};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    campaign::InitialModel,
    submission::{proposal_hash, Salt, SubmissionKind, SubmissionState},
    traits::{Campaigns, Phase},
    Balance, CampaignId, SubmissionId,
};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use sp_runtime::traits::{One, Saturating};
use syft::Architecture;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit_proposal(
        who: T::AccountId,
        campaign: CampaignId,
        commitment: H256,
        max_hold: Balance,
    ) -> DispatchResult {
        let base = T::Campaigns::proposal_terms(campaign, &who)?;
        let now = frame_system::Pallet::<T>::block_number();
        let reveal_by = now.saturating_add(T::ProposalWindow::get());
        let (id, hold) = Self::take_commitment(
            &who,
            NewCommitment {
                campaign,
                commitment,
                kind: SubmissionKind::Proposal { reveal_by },
                deposit: Self::base_deposit(&who, base),
                part: 0,
                max_hold,
            },
        )?;
        ensure!(
            due::schedule::<T>(reveal_by.saturating_add(One::one()), DueItem::Proposal(id)),
            Error::<T>::AgendaFull
        );
        Self::deposit_event(Event::ProposalCommitted {
            campaign,
            submission: id,
            account: who,
            hold,
            reveal_by,
        });
        Ok(())
    }

    pub(crate) fn do_reveal_proposal(
        who: T::AccountId,
        id: SubmissionId,
        salt: &Salt,
        architecture: Architecture,
        parameters: &[u8],
    ) -> DispatchResult {
        let submission = Self::unrevealed(id)?;
        ensure!(submission.account == who, Error::<T>::NotSubmitter);
        let reveal_by = Self::reveal_by(&submission)?;
        let now = frame_system::Pallet::<T>::block_number();
        // Whoever sees a proposal in a block cannot commit to it and reveal it in the same block.
        ensure!(now > submission.committed_at, Error::<T>::TooEarly);
        ensure!(now <= reveal_by, Error::<T>::RevealWindowOver);
        let content = proposal_hash(&architecture, blake2_256(parameters).into());
        Self::check_commitment(&submission, None, content, salt)?;

        // First, because the campaign holds the price of the assay.
        Self::release(&submission, submission.deposit);
        let model = InitialModel {
            architecture,
            parameters: Self::store_revealed(id, &submission, parameters)?,
        };
        let root = T::Campaigns::propose(submission.campaign, &who, model)?;
        Self::set_state(id, submission, SubmissionState::Proposed { root });
        Ok(())
    }

    pub(crate) fn do_expire(id: SubmissionId) -> DispatchResult {
        let submission = Self::unrevealed(id)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(
            now > Self::reveal_by(&submission)?,
            Error::<T>::RevealWindowOpen
        );
        match T::Campaigns::phase(submission.campaign) {
            Some(Phase::Open) => Self::conclude_not_revealed(id, submission),
            // The campaign may have closed before the author could reveal it.
            _ => Self::conclude_returned(id, submission),
        }
        Ok(())
    }

    /// The last block for the reveal of a proposal.
    fn reveal_by(submission: &SubmissionOf<T>) -> Result<BlockNumberFor<T>, Error<T>> {
        match submission.kind {
            SubmissionKind::Proposal { reveal_by } => Ok(reveal_by),
            SubmissionKind::Gradient { .. } => Err(Error::<T>::IsGradient),
        }
    }
}
