//! Revealing a gradient.

use crate::{
    conclude::Bill, Config, Error, Event, Nodes, Pallet, Revealed, SubmissionOf, Submissions,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::AssayKind,
    traits::{AssayQueue, Blobs, Campaigns},
    tree::{commitment, Salt, SubmissionState},
    BlobHash, NodeId,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_reveal(
        who: T::AccountId,
        id: NodeId,
        gradient: BlobHash,
        salt: &Salt,
    ) -> DispatchResult {
        let submission = Submissions::<T>::get(id).ok_or(Error::<T>::UnknownSubmission)?;
        ensure!(submission.account == who, Error::<T>::NotSubmitter);
        let reveal_by = Self::reveal_by(&submission)?;
        let now = frame_system::Pallet::<T>::block_number();
        // Whoever sees a gradient in a block cannot commit to it and reveal it in the same block.
        ensure!(now > submission.committed_at, Error::<T>::TooEarly);
        ensure!(now <= reveal_by, Error::<T>::RevealWindowOver);
        let expected = commitment(&who, submission.campaign, submission.parent, gradient, salt);
        ensure!(
            submission.commitment == expected,
            Error::<T>::CommitmentMismatch
        );
        Self::check_size(&submission, gradient)?;

        match Revealed::<T>::get(submission.parent, gradient) {
            None => Self::ask_for_assay(id, submission, gradient),
            Some(earlier) if earlier < id => {
                let campaign = submission.campaign;
                let of = match Submissions::<T>::get(earlier).map(|earlier| earlier.state) {
                    Some(SubmissionState::Accepted { node }) => node,
                    _ => earlier,
                };
                Self::conclude_duplicate(id, submission, of, Bill::Copied);
                Self::tell_if_nothing_pending(campaign);
                Ok(())
            }
            Some(later) => Self::reveal_before(id, submission, gradient, later),
        }
    }

    /// The last block for the reveal of a submission. Fails if it is not waiting for one.
    pub(crate) fn reveal_by(submission: &SubmissionOf<T>) -> Result<BlockNumberFor<T>, Error<T>> {
        match submission.state {
            SubmissionState::Committed { reveal_by } => Ok(reveal_by),
            SubmissionState::Revealed { .. } => Err(Error::<T>::AlreadyRevealed),
            _ => Err(Error::<T>::AlreadyDecided),
        }
    }

    /// Checks that the blob can be a gradient of the submission's model, before anybody computes
    /// anything with it.
    fn check_size(submission: &SubmissionOf<T>, gradient: BlobHash) -> DispatchResult {
        let size = T::Blobs::size(gradient).ok_or(Error::<T>::UnknownBlob)?;
        let parent = Nodes::<T>::get(submission.parent).ok_or(Error::<T>::UnknownParent)?;
        let terms = T::Campaigns::terms(submission.campaign, parent.root)
            .ok_or(Error::<T>::CampaignOver)?;
        let possible = syft::min_gradient_size(&terms.plan)..=syft::max_gradient_size(&terms.plan);
        ensure!(possible.contains(&u64::from(size)), Error::<T>::WrongSize);
        Ok(())
    }

    /// Asks the assayers to measure a gradient that nobody has revealed.
    fn ask_for_assay(
        id: NodeId,
        submission: SubmissionOf<T>,
        gradient: BlobHash,
    ) -> DispatchResult {
        let campaign = submission.campaign;
        T::Blobs::pin(gradient)?;
        T::Assays::request(
            id,
            campaign,
            submission.account.clone(),
            gradient,
            AssayKind::Candidate,
        )?;
        Revealed::<T>::insert(submission.parent, gradient, id);
        let state = SubmissionState::Revealed { gradient };
        Submissions::<T>::insert(
            id,
            SubmissionOf::<T> {
                state,
                ..submission
            },
        );
        Self::deposit_event(Event::Revealed {
            campaign,
            submission: id,
            gradient,
        });
        Ok(())
    }

    /// Reveals a gradient that a later commitment, presumably a copy, has revealed first.
    fn reveal_before(
        id: NodeId,
        submission: SubmissionOf<T>,
        gradient: BlobHash,
        later: NodeId,
    ) -> DispatchResult {
        let copy = Submissions::<T>::get(later).ok_or(Error::<T>::UnknownSubmission)?;
        if let SubmissionState::Accepted { node } = copy.state {
            let campaign = submission.campaign;
            Self::take_over(id, submission, node, Bill::Nothing)?;
            Self::tell_if_nothing_pending(campaign);
            return Ok(());
        }
        let owed = T::Assays::withdraw(later);
        let bill = if owed.is_empty() {
            Bill::Copied
        } else {
            // Otherwise two commitments to one gradient would be a way not to pay for its assay.
            Bill::FromDeposit(&owed)
        };
        Self::conclude_duplicate(later, copy, id, bill);
        Self::ask_for_assay(id, submission, gradient)
    }
}
