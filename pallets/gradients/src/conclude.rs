//! Ending a pending submission, and its deposit.

use crate::{
    Config, Event, HoldReason, OrderedId, Pallet, PendingIn, PendingOf, Revealed, SubmissionOf,
    Submissions, Trees, LOG_TARGET,
};
use alloc::vec::Vec;
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    payout::equal_parts,
    reputation::Deed,
    traits::{Blobs, Campaigns, Reputations},
    tree::SubmissionState,
    Balance, CampaignId, NodeId,
};

/// Who pays for what at the end of a submission.
pub(crate) enum Bill<'a, AccountId> {
    /// Nothing was measured: the deposit goes back.
    Nothing,
    /// The assay of a gradient that is of no use, to be paid to these: from the deposit; the rest
    /// of it goes back.
    FromDeposit(&'a [AccountId]),
    /// The assay of a gradient that was accepted, or that the campaign did not wait for, to be paid
    /// to these: from the campaign's reserve; the deposit goes back.
    FromReserve(&'a [AccountId]),
    /// Nobody can have measured it, and another has revealed the same: what the assay would have
    /// cost is lost, so that copies cannot fill a campaign for nothing; the rest goes back.
    Copied,
    /// The whole deposit is lost.
    Lost,
}

impl<T: Config> Pallet<T> {
    /// Gives a pending submission its final state, settles the deposit and forgets that it was
    /// pending. The caller sends the event and, unless the campaign itself asked for the end,
    /// tells the campaign ([`Self::tell_if_nothing_pending`]).
    ///
    /// The gradient stays pinned, and known as revealed, only if it is a node now.
    pub(crate) fn conclude(
        id: NodeId,
        submission: SubmissionOf<T>,
        state: SubmissionState<BlockNumberFor<T>>,
        bill: Bill<T::AccountId>,
    ) {
        Self::settle_deposit(&submission, bill);
        if let SubmissionState::Revealed { gradient } = submission.state {
            if state != (SubmissionState::Accepted { node: id }) {
                Revealed::<T>::remove(submission.parent, gradient);
                T::Blobs::unpin(gradient);
            }
        }
        let campaign = submission.campaign;
        PendingIn::<T>::remove(campaign, OrderedId::from(id));
        PendingOf::<T>::mutate_exists(campaign, &submission.account, |pending| {
            if let Some(ids) = pending {
                ids.retain(|pending| *pending != id);
                if ids.is_empty() {
                    *pending = None;
                }
            }
        });
        Trees::<T>::mutate(campaign, |tree| {
            if let Some(tree) = tree {
                tree.pending = tree.pending.saturating_sub(1);
            }
        });
        Submissions::<T>::insert(
            id,
            SubmissionOf::<T> {
                state,
                ..submission
            },
        );
    }

    /// Ends a pending submission without a verdict, at no cost for the submitter. As for
    /// [`Self::conclude`], the caller tells the campaign.
    pub(crate) fn conclude_undecided(
        id: NodeId,
        submission: SubmissionOf<T>,
        bill: Bill<T::AccountId>,
    ) {
        let campaign = submission.campaign;
        Self::conclude(id, submission, SubmissionState::Undecided, bill);
        Self::deposit_event(Event::Undecided {
            campaign,
            submission: id,
        });
    }

    /// Ends a pending submission as one of an earlier one, `of`. As for [`Self::conclude`], the
    /// caller tells the campaign.
    pub(crate) fn conclude_duplicate(
        id: NodeId,
        submission: SubmissionOf<T>,
        of: NodeId,
        bill: Bill<T::AccountId>,
    ) {
        let campaign = submission.campaign;
        T::Reputations::note(&submission.account, Deed::Rejected);
        Self::conclude(id, submission, SubmissionState::Duplicate { of }, bill);
        Self::deposit_event(Event::Duplicate {
            campaign,
            submission: id,
            of,
        });
    }

    /// Tells the campaign if nothing is pending in it any more.
    pub(crate) fn tell_if_nothing_pending(campaign: CampaignId) {
        if Trees::<T>::get(campaign).is_some_and(|tree| tree.pending == 0) {
            T::Campaigns::nothing_pending(campaign);
        }
    }

    fn settle_deposit(submission: &SubmissionOf<T>, bill: Bill<T::AccountId>) {
        let price = submission.assay_price;
        let payments = match bill {
            Bill::Nothing | Bill::FromReserve(_) => Vec::new(),
            Bill::FromDeposit(payees) => payees
                .iter()
                .cloned()
                .zip(equal_parts(price.min(submission.deposit), payees.len()))
                .collect(),
            Bill::Copied => {
                alloc::vec![(T::LostDeposits::get(), price.min(submission.deposit))]
            }
            Bill::Lost => alloc::vec![(T::LostDeposits::get(), submission.deposit)],
        };
        match bill {
            Bill::FromReserve(payees) => {
                T::Campaigns::pay_assay(submission.campaign, price, payees)
            }
            Bill::Nothing | Bill::FromDeposit(_) | Bill::Copied | Bill::Lost => {
                T::Campaigns::put_assay_back(submission.campaign, price)
            }
        }
        Self::pay_from_deposit(submission, &payments);
    }

    /// Makes payments from a deposit and gives back the rest. A payment that fails (say, because it
    /// would create an account with less than the existential deposit) goes back as well: nothing
    /// that others do to their accounts can keep a submission from ending.
    fn pay_from_deposit(submission: &SubmissionOf<T>, payments: &[(T::AccountId, Balance)]) {
        let account = &submission.account;
        let reason = HoldReason::Submission.into();
        let mut rest = submission.deposit;
        for (payee, amount) in payments {
            // Forced, as a slash is: a freeze must not protect a deposit.
            let paid = with_storage_layer(|| {
                T::Currency::transfer_on_hold(
                    &reason,
                    account,
                    payee,
                    *amount,
                    Precision::Exact,
                    Restriction::Free,
                    Fortitude::Force,
                )
            });
            match paid {
                Ok(_) => rest = rest.saturating_sub(*amount),
                Err(error) => log::warn!(
                    target: LOG_TARGET,
                    "{payee:?} cannot be paid {amount} from the deposit of {account:?}: {error:?}"
                ),
            }
        }
        let released =
            with_storage_layer(|| T::Currency::release(&reason, account, rest, Precision::Exact));
        if let Err(error) = released {
            log::error!(
                target: LOG_TARGET,
                "{rest} of the deposit of {account:?} cannot be released: {error:?}"
            );
        }
    }
}
