//! What an assay's end does to a submission.

use crate::{
    conclude::Bill, Candidates, Config, Event, NodeOf, Nodes, Pallet, SubmissionOf, Submissions,
    LOG_TARGET,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{AssayRequest, AssayTask, Baseline, Malformed, Verdict},
    reputation::Deed,
    traits::{AssaySubjects, Campaigns, Reputations},
    tree::SubmissionState,
    BlobHash, MeasuredError, NodeId,
};
use sp_core::H256;

type TaskOf<T> = AssayTask<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

impl<T: Config> AssaySubjects<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn work(task: &TaskOf<T>) -> Option<(AssayRequest, Option<Baseline>)> {
        let (submission, gradient) = Self::awaited(task)?;
        let parent = Nodes::<T>::get(submission.parent)?;
        let base = T::Campaigns::assay_base(submission.campaign, parent.root)?;
        let baseline = Self::baseline(&parent)?;
        let (_, mut gradients) = Self::lineage(submission.parent)?;
        gradients.push(gradient);
        let request = AssayRequest {
            architecture: base.architecture,
            metric: base.metric,
            validation: base.validation,
            rows: base.rows,
            root: base.root,
            gradients,
            limit: baseline.limit(),
        };
        Some((request, Some(baseline)))
    }

    fn decided(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) {
        let Some((submission, gradient)) = Self::awaited(task) else {
            return;
        };
        let campaign = submission.campaign;
        let id = task.node;
        match *verdict {
            Verdict::Improved { error, candidate } => {
                Self::improved(id, submission, gradient, error, candidate, payees)
            }
            Verdict::NotImproved => Self::not_improved(id, submission, payees),
            Verdict::Malformed(reason) => Self::malformed(id, submission, reason, payees),
            Verdict::Measured { .. } => {
                log::error!(target: LOG_TARGET, "submission {id} was judged as if it were a root");
                Self::conclude_undecided(id, submission, Bill::Nothing);
            }
        }
        Self::tell_if_nothing_pending(campaign);
    }

    fn undecided(task: &TaskOf<T>) {
        if let Some((submission, _)) = Self::awaited(task) {
            let campaign = submission.campaign;
            Self::conclude_undecided(task.node, submission, Bill::Nothing);
            Self::tell_if_nothing_pending(campaign);
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The submission that waits for this task, and its gradient. `None` if none does: verdicts bind
    /// to account and gradient.
    fn awaited(task: &TaskOf<T>) -> Option<(SubmissionOf<T>, BlobHash)> {
        let submission = Submissions::<T>::get(task.node)?;
        match submission.state {
            SubmissionState::Revealed { gradient }
                if gradient == task.subject && submission.account == task.account =>
            {
                Some((submission, gradient))
            }
            _ => None,
        }
    }

    /// What a child of `parent` must beat. `None` if the campaign is not known any more.
    fn baseline(parent: &NodeOf<T>) -> Option<Baseline> {
        let terms = T::Campaigns::terms(parent.campaign, parent.root)?;
        Some(Baseline {
            error: parent.error,
            minimum_step: terms.minimum_step,
        })
    }

    fn improved(
        id: NodeId,
        submission: SubmissionOf<T>,
        gradient: BlobHash,
        error: MeasuredError,
        candidate: H256,
        payees: &[T::AccountId],
    ) {
        let known = Nodes::<T>::get(submission.parent)
            .and_then(|parent| Self::baseline(&parent).map(|baseline| (parent, baseline)));
        let Some((parent, baseline)) = known else {
            log::error!(target: LOG_TARGET, "submission {id} has lost its parent or its campaign");
            return Self::conclude_undecided(id, submission, Bill::Nothing);
        };
        // The Ladder's rule holds whatever the assayers say.
        if !baseline.is_beaten_by(error) {
            return Self::not_improved(id, submission, payees);
        }
        let same = Candidates::<T>::get(submission.campaign, candidate)
            .and_then(|node| Nodes::<T>::get(node).map(|same| (node, same)));
        match same {
            Some((node, same)) if same.committed < id => {
                Self::conclude_duplicate(id, submission, node, Bill::FromDeposit(payees))
            }
            Some((node, same)) if same.parent.is_some() => {
                let bill = Bill::FromReserve(payees);
                if Self::take_over(id, submission, node, bill).is_err() {
                    log::error!(target: LOG_TARGET, "node {node} cannot be taken over by {id}");
                }
            }
            // A root that was proposed after the commitment keeps its own author, and does not stand
            // in the way of whoever knew the model before.
            _ => {
                let node = NodeOf::<T> {
                    campaign: submission.campaign,
                    parent: Some(submission.parent),
                    root: parent.root,
                    author: submission.account.clone(),
                    blob: gradient,
                    candidate,
                    error,
                    depth: parent.depth.saturating_add(1),
                    committed: id,
                };
                Self::accept(id, submission, node, parent.error, payees)
            }
        }
    }

    /// Makes a submission a node.
    fn accept(
        id: NodeId,
        submission: SubmissionOf<T>,
        node: NodeOf<T>,
        parent_error: MeasuredError,
        payees: &[T::AccountId],
    ) {
        let (campaign, parent) = (submission.campaign, submission.parent);
        let (account, error) = (submission.account.clone(), node.error);
        Self::grow(id, node);
        let state = SubmissionState::Accepted { node: id };
        Self::conclude(id, submission, state, Bill::FromReserve(payees));
        let improvement = parent_error.saturating_sub(error);
        T::Reputations::note(&account, Deed::Accepted(improvement));
        Self::deposit_event(Event::Accepted {
            campaign,
            submission: id,
            account,
            parent,
            error,
        });
        // Before the campaign hears that nothing is pending: it may be what it waits for.
        T::Campaigns::accepted(campaign, error);
    }

    fn not_improved(id: NodeId, submission: SubmissionOf<T>, payees: &[T::AccountId]) {
        let campaign = submission.campaign;
        T::Reputations::note(&submission.account, Deed::Rejected);
        let bill = Bill::FromDeposit(payees);
        Self::conclude(id, submission, SubmissionState::NotImproved, bill);
        Self::deposit_event(Event::NotImproved {
            campaign,
            submission: id,
        });
    }

    fn malformed(
        id: NodeId,
        submission: SubmissionOf<T>,
        reason: Malformed,
        payees: &[T::AccountId],
    ) {
        let campaign = submission.campaign;
        T::Reputations::note(&submission.account, Deed::Rejected);
        let bill = Bill::FromDeposit(payees);
        Self::conclude(id, submission, SubmissionState::Malformed(reason), bill);
        Self::deposit_event(Event::Malformed {
            campaign,
            submission: id,
            reason,
        });
    }
}
