//! What the assayers found out about proposals. Rounds' verdicts are not this pallet's.

use crate::{
    proposals::subject, Campaigns, Config, Error, Event, HoldReason, Pallet, ProposalFor,
    Proposals, TermsOf, WeightInfo,
};
use frame_support::{
    pallet_prelude::{DispatchError, DispatchResult, Weight},
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{AssayKind, AssayRequest, AssayTask, AssayWork, Verdict},
    campaign::{ProposalState, Rejected},
    payout::equal_parts,
    traits::{AssayQueue, AssaySubjects, Campaigns as _, ModelTree},
    MeasuredError, ModelId,
};

/// A task as this pallet sees it.
type TaskOf<T> = AssayTask<BlockNumberFor<T>>;

impl<T: Config> AssaySubjects<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn work(task: &TaskOf<T>) -> Option<AssayRequest> {
        let parameters = Self::pending(task)?.model.parameters;
        let base = Self::assay_base(task.campaign, task.id)?;
        Some(AssayRequest {
            architecture: base.architecture,
            metric: base.metric,
            validation: base.validation,
            rows: base.rows,
            work: AssayWork::Root { parameters },
        })
    }

    fn decided(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) {
        let outcome = with_storage_layer(|| Self::judge(task, verdict, payees));
        log_failure(task.id, outcome);
    }

    fn undecided(task: &TaskOf<T>) {
        let outcome = with_storage_layer(|| match Self::pending(task) {
            Some(proposal) => Self::reject(task.id, proposal, Rejected::NoQuorum),
            None => Ok(()),
        });
        log_failure(task.id, outcome);
    }

    fn weight_of_decision(_: AssayKind, payees: u32) -> Weight {
        T::WeightInfo::decided(payees)
    }
}

impl<T: Config> Pallet<T> {
    /// The proposal that a task is about, if it still waits for a verdict.
    fn pending(task: &TaskOf<T>) -> Option<ProposalFor<T>> {
        Proposals::<T>::get(task.id).filter(|proposal| {
            task.kind == AssayKind::Root
                && proposal.campaign == task.campaign
                && proposal.state == ProposalState::Pending
                && subject(&proposal.model) == task.subject
        })
    }

    /// Pays those who gave the verdict, whatever it is, and draws the conclusion.
    fn judge(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) -> DispatchResult {
        let Some(mut proposal) = Self::pending(task) else {
            return Ok(());
        };
        let outcome = match verdict {
            Verdict::Measured { error } => Self::may_start_from(task.id, &proposal, *error)?,
            Verdict::Malformed(reason) => Err(Rejected::Malformed(*reason)),
            // No verdict about a root. Nobody is paid for it.
            Verdict::Round(_) => return Self::reject(task.id, proposal, Rejected::NoQuorum),
        };
        Self::pay_assay(&mut proposal, payees)?;
        match outcome {
            Ok(error) => Self::accept(task.id, proposal, error),
            Err(reason) => Self::reject(task.id, proposal, reason),
        }
    }

    /// Whether the measured error is one to start from: for the first proposal by the claim in the
    /// terms, for any other by the record, which no proposal may lower.
    fn may_start_from(
        root: ModelId,
        proposal: &ProposalFor<T>,
        measured: MeasuredError,
    ) -> Result<Result<MeasuredError, Rejected>, DispatchError> {
        let id = proposal.campaign;
        let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        if campaign.root != root {
            let below = T::Tree::record(id).is_some_and(|record| measured < record);
            return Ok(match below {
                true => Err(Rejected::BelowRecord { measured }),
                false => Ok(measured),
            });
        }
        let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        Ok(if measured > terms.claim_holds_up_to() {
            Err(Rejected::FalseClaim { measured })
        } else if measured.saturating_sub(terms.target_error) < terms.minimum_step {
            // At the target, or so near that not even a perfect model might be a step ahead.
            Err(Rejected::AtTarget { measured })
        } else {
            Ok(measured)
        })
    }

    /// Withdraws a proposal that waits for its verdict. Those who may have measured it already are
    /// paid as for a verdict.
    pub(crate) fn withdraw(root: ModelId, mut proposal: ProposalFor<T>) -> DispatchResult {
        let owed = T::Assays::withdraw(root);
        if !owed.is_empty() {
            Self::pay_assay(&mut proposal, &owed)?;
        }
        Self::reject(root, proposal, Rejected::Cancelled)
    }

    /// Pays a proposal's assay from what is held from its author. What a payee cannot take stays
    /// held, and goes back to the author here.
    fn pay_assay(proposal: &mut ProposalFor<T>, payees: &[T::AccountId]) -> DispatchResult {
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
                campaign: proposal.campaign,
                amount: paid,
            });
        }
        Ok(())
    }
}

/// A verdict has no caller to tell that it could not be acted on. The proposal stays pending, and
/// its campaign can be cancelled or closed.
fn log_failure(root: ModelId, outcome: DispatchResult) {
    if let Err(error) = outcome {
        log::error!(target: crate::LOG_TARGET, "verdict on proposal {root} failed: {error:?}");
    }
}
