//! The end of a submission, and the money that is held for it.

use crate::{
    fees::payments, judged::RevealedGradient, Config, Event, HoldReason, Pallet, PlaceOf,
    RevealAttempts, RoundFor, RoundOf, SubmissionOf, LOG_TARGET,
};
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
};
use sonar_primitives::{
    reputation::ReputationChange,
    round,
    submission::{SubmissionKind, SubmissionState},
    traits::{Blobs, Reputations},
    Balance, SubmissionId,
};

impl<T: Config> Pallet<T> {
    /// Ends a submission that was not revealed in time: everything that is held for it is lost.
    pub(crate) fn conclude_not_revealed(id: SubmissionId, submission: SubmissionOf<T>) {
        T::Reputations::note(&submission.account, ReputationChange::DepositLost);
        let held = held_for::<T>(&submission);
        let lost = Self::lose(&submission, held);
        Self::release(&submission, held.saturating_sub(lost));
        Self::deposit_event(Event::DepositLost {
            campaign: submission.campaign,
            submission: id,
            account: submission.account.clone(),
            amount: lost,
        });
        Self::conclude(id, submission, SubmissionState::NotRevealed);
    }

    /// Ends a submission that was never judged: everything goes back.
    pub(crate) fn conclude_returned(id: SubmissionId, submission: SubmissionOf<T>) {
        if let SubmissionState::Revealed { gradient } = submission.state {
            T::Blobs::unpin(gradient);
        }
        Self::release(&submission, held_for::<T>(&submission));
        Self::deposit_event(Event::Returned {
            campaign: submission.campaign,
            submission: id,
        });
        Self::conclude(id, submission, SubmissionState::Returned);
    }

    /// Gives a pending submission its final state, and forgets that it was pending. The caller has
    /// settled what was held for it, and whether its gradient stays pinned.
    pub(crate) fn conclude(id: SubmissionId, submission: SubmissionOf<T>, state: SubmissionState) {
        if let SubmissionKind::Gradient { round, .. } = submission.kind {
            RoundOf::<T>::remove(round, &submission.account);
        }
        RevealAttempts::<T>::remove(id);
        if let Some(place) = PlaceOf::<T>::take(id) {
            T::Blobs::unbook(place);
        }
        Self::set_state(id, submission, state);
    }

    /// Everybody who revealed pays an equal part of the assay, whatever it came to, and what his place
    /// adds to it, which is lost. The rest of what is held goes back.
    pub(crate) fn pay_assay(
        round: &RoundFor<T>,
        revealed: &[RevealedGradient<T>],
        payees: &[T::AccountId],
    ) {
        let part = round::part(round.price, round.reveals, round.seats);
        let mut paid = alloc::vec![0u128; revealed.len()];
        let mut total = 0u128;
        for payment in payments(part, revealed.len(), payees.len()) {
            let (Some(payer), Some(payee), Some(paid)) = (
                revealed.get(payment.payer),
                payees.get(payment.payee),
                paid.get_mut(payment.payer),
            ) else {
                continue;
            };
            let submission = &payer.submission;
            let taken = match Self::transfer(submission, payee, payment.amount) {
                Some(amount) => {
                    total = total.saturating_add(amount);
                    amount
                }
                // What cannot be paid is owed all the same.
                None => Self::lose(submission, payment.amount),
            };
            *paid = paid.saturating_add(taken);
        }
        for (revealed, paid) in revealed.iter().zip(paid) {
            let submission = &revealed.submission;
            let surplus =
                round::charge(part, revealed.place.into(), submission.part).saturating_sub(part);
            let lost = match surplus {
                0 => 0,
                surplus => Self::lose(submission, surplus),
            };
            let taken = paid.saturating_add(lost);
            Self::release(submission, held_for::<T>(submission).saturating_sub(taken));
        }
        Self::deposit_event(Event::AssayPaid {
            campaign: round.campaign,
            amount: total,
        });
    }

    /// Takes `amount` of what is held for a submission. Returns what was taken.
    fn lose(submission: &SubmissionOf<T>, amount: Balance) -> Balance {
        Self::transfer(submission, &T::LostDeposits::get(), amount).unwrap_or(0)
    }

    /// Moves `amount` of what is held for a submission. `None` if that fails (say, because it would
    /// create an account with less than the existential deposit): nothing that others do to their
    /// accounts can keep a submission from ending.
    fn transfer(
        submission: &SubmissionOf<T>,
        payee: &T::AccountId,
        amount: Balance,
    ) -> Option<Balance> {
        let account = &submission.account;
        // Forced, as a slash is: a freeze must not protect a deposit.
        let paid = with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &HoldReason::Submission.into(),
                account,
                payee,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        });
        if let Err(error) = &paid {
            log::warn!(
                target: LOG_TARGET,
                "{payee:?} cannot be paid {amount} from the hold of {account:?}: {error:?}"
            );
        }
        paid.ok()
    }

    /// Gives back `amount` of what is held for a submission.
    pub(crate) fn release(submission: &SubmissionOf<T>, amount: Balance) {
        let account = &submission.account;
        let released = with_storage_layer(|| {
            T::Currency::release(
                &HoldReason::Submission.into(),
                account,
                amount,
                Precision::Exact,
            )
        });
        if let Err(error) = released {
            log::error!(
                target: LOG_TARGET,
                "{amount} of the hold of {account:?} cannot be released: {error:?}"
            );
        }
    }
}

/// What is held for a pending submission.
pub(crate) fn held_for<T: Config>(submission: &SubmissionOf<T>) -> Balance {
    submission.deposit.saturating_add(submission.part)
}
