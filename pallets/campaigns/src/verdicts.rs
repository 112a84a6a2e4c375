//! What the assayers found out about proposals. Gradients' verdicts are not this pallet's.

use crate::{Campaigns, Config, Error, Event, HoldReason, Pallet, ProposalFor, Proposals, TermsOf};
use frame_support::{
    pallet_prelude::{DispatchError, DispatchResult},
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{AssayKind, AssayRequest, AssayTask, Baseline, Verdict},
    campaign::{ProposalState, Rejected},
    payout::equal_parts,
    traits::{AssayQueue, AssaySubjects, Campaigns as _},
    MeasuredError, NodeId,
};

/// A task as this pallet sees it.
type TaskOf<T> = AssayTask<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

impl<T: Config> AssaySubjects<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn work(task: &TaskOf<T>) -> Option<(AssayRequest, Option<Baseline>)> {
        Self::pending(task)?;
        let base = Self::assay_base(task.campaign, task.node)?;
        let request = AssayRequest {
            architecture: base.architecture,
            metric: base.metric,
            validation: base.validation,
            rows: base.rows,
            root: base.root,
            gradients: Default::default(),
            limit: None,
        };
        Some((request, None))
    }

    fn decided(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) {
        let outcome = with_storage_layer(|| Self::judge(task, verdict, payees));
        log_failure(task.node, outcome);
    }

    fn undecided(task: &TaskOf<T>) {
        let outcome = with_storage_layer(|| match Self::pending(task) {
            Some(proposal) => Self::give_up(task.node, proposal, Rejected::NoQuorum),
            None => Ok(()),
        });
        log_failure(task.node, outcome);
    }
}

impl<T: Config> Pallet<T> {
    /// The proposal that a task is about, if it still waits for a verdict.
    fn pending(task: &TaskOf<T>) -> Option<ProposalFor<T>> {
        Proposals::<T>::get(task.node).filter(|proposal| {
            task.kind == AssayKind::Root
                && proposal.campaign == task.campaign
                && proposal.model.parameters == task.subject
                && proposal.state == ProposalState::Pending
        })
    }

    /// Pays those who gave the verdict, whatever it is, and draws the conclusion.
    fn judge(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) -> DispatchResult {
        let Some(mut proposal) = Self::pending(task) else {
            return Ok(());
        };
        let outcome = match verdict {
            Verdict::Measured { error } => Self::claim_holds(&proposal, *error)?,
            Verdict::Malformed(reason) => Err(Rejected::Malformed(*reason)),
            // No verdicts about a root. Nobody is paid for them.
            Verdict::Improved { .. } | Verdict::NotImproved => {
                return Self::give_up(task.node, proposal, Rejected::NoQuorum)
            }
        };
        Self::pay_root_assay(task.node, &mut proposal, payees)?;
        match outcome {
            Ok(error) => Self::accept(task.node, proposal, error),
            Err(reason) => Self::reject(task.node, proposal, reason),
        }
    }

    /// Whether the measured error is one that the terms allow a model to start from.
    fn claim_holds(
        proposal: &ProposalFor<T>,
        measured: MeasuredError,
    ) -> Result<Result<MeasuredError, Rejected>, DispatchError> {
        let terms = TermsOf::<T>::get(proposal.campaign).ok_or(Error::<T>::UnknownCampaign)?;
        Ok(if measured > terms.claim_holds_up_to() {
            Err(Rejected::FalseClaim { measured })
        } else if measured.saturating_sub(terms.target_error) < terms.minimum_step {
            // At the target, or so near that not even a perfect model might be a step ahead.
            Err(Rejected::AtTarget { measured })
        } else {
            Ok(measured)
        })
    }

    /// Ends a proposal that was not judged: nobody is paid.
    pub(crate) fn give_up(
        root: NodeId,
        proposal: ProposalFor<T>,
        reason: Rejected,
    ) -> DispatchResult {
        let id = proposal.campaign;
        if Campaigns::<T>::get(id).is_some_and(|campaign| campaign.root == root) {
            Self::put_assay_back(id, proposal.assay_price);
        }
        Self::reject(root, proposal, reason)
    }

    /// Withdraws a proposal that waits for its verdict. Those who may have measured it already are
    /// paid as for a verdict.
    pub(crate) fn withdraw(root: NodeId, mut proposal: ProposalFor<T>) -> DispatchResult {
        let owed = T::Assays::withdraw(root);
        if owed.is_empty() {
            return Self::give_up(root, proposal, Rejected::Cancelled);
        }
        Self::pay_root_assay(root, &mut proposal, &owed)?;
        Self::reject(root, proposal, Rejected::Cancelled)
    }

    /// Pays a proposal's assay: the first one's from the reserve, any other's from what is held from
    /// its author. What a payee cannot take stays held, and goes back to the author here.
    fn pay_root_assay(
        root: NodeId,
        proposal: &mut ProposalFor<T>,
        payees: &[T::AccountId],
    ) -> DispatchResult {
        let id = proposal.campaign;
        if Campaigns::<T>::get(id).is_some_and(|campaign| campaign.root == root) {
            Self::pay_assay(id, proposal.assay_price, payees);
            return Ok(());
        }
        let reason = HoldReason::Proposal.into();
        let mut paid = 0;
        for (payee, part) in payees
            .iter()
            .zip(equal_parts(proposal.deposit, payees.len()))
        {
            if part == 0 {
                continue;
            }
            let moved = T::Currency::transfer_on_hold(
                &reason,
                &proposal.author,
                payee,
                part,
                Precision::Exact,
                Restriction::Free,
                // As a slash is: a freeze must not protect what is owed.
                Fortitude::Force,
            );
            paid += moved.unwrap_or(0);
        }
        let left = proposal.deposit.saturating_sub(paid);
        if left > 0 {
            T::Currency::release(&reason, &proposal.author, left, Precision::Exact)?;
        }
        proposal.deposit = 0;
        if paid > 0 {
            Self::deposit_event(Event::AssayPaid {
                campaign: id,
                amount: paid,
            });
        }
        Ok(())
    }
}

/// A verdict has no caller to tell that it could not be acted on. The proposal stays pending, and
/// its campaign can be cancelled or closed.
fn log_failure(node: NodeId, outcome: DispatchResult) {
    if let Err(error) = outcome {
        log::error!(target: crate::LOG_TARGET, "verdict on proposal {node} failed: {error:?}");
    }
}
