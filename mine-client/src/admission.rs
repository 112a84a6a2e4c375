//! Whether the next block can take a commitment: a pure function of the chain's state, the entry and the policy.

use crate::{
    branch,
    fit::{check_price, expected_error, no_quote, NotServed},
    lifecycle::{Admission, Entry},
    policy::Policy,
};
use sonar_primitives::{
    api::{CampaignInfo, ModelInfo, Quote, QuoteRefused, RoundInfo, SubmissionInfo},
    campaign::State,
    round::{RoundPhase, MAX_ROUNDS_ABOVE_STORED},
    submission::SubmissionKind,
    Balance, BlockNumber, MeasuredError, RoundId,
};

/// Blocks that a commitment takes to be in a round: it is in the next block, or in the one after.
pub const COMMIT_BLOCKS: BlockNumber = 3;

/// What the chain says about the branch that an entry is for.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    /// The best block.
    pub now: BlockNumber,
    /// The campaign.
    pub campaign: &'a CampaignInfo,
    /// Its models.
    pub tree: &'a [ModelInfo],
    /// Its rounds.
    pub rounds: &'a [RoundInfo],
    /// The account's submissions.
    pub own: &'a [SubmissionInfo],
    /// The quote for the error [to expect](expected).
    pub quote: &'a Result<Quote, QuoteRefused>,
    /// The deposit for the gradient's blob, in the smallest unit of SNR.
    pub gradient_deposit: Balance,
    /// What the account can spend, in the smallest unit of SNR.
    pub spendable: Balance,
}

/// The error on the validation set that is expected of a round with this gradient; `None` if there is no such branch.
pub fn expected(entry: &Entry, tree: &[ModelInfo]) -> Option<MeasuredError> {
    let best = branch::best(tree, entry.root)?;
    Some(expected_error(best.model.error, entry.gain()))
}

/// Whether the account has a commitment in a round already.
pub fn has_committed(own: &[SubmissionInfo], round: RoundId) -> bool {
    own.iter().any(|info| {
        matches!(info.submission.kind, SubmissionKind::Gradient { round: taken, .. } if taken == round)
    })
}

/// Whether money is held for a submission of the account.
fn has_pending(own: &[SubmissionInfo]) -> bool {
    own.iter().any(|info| info.submission.state.is_pending())
}

/// Whether the next block can take the entry's commitment. What is only in the way of the round that takes commitments now,
/// such as a price that its many commitments have driven up, passes with that round.
pub fn admission(entry: &Entry, branch: &Branch<'_>, policy: &Policy) -> Admission {
    let never = |reason: String| Admission::Never { reason };
    if branch.campaign.summary.state != State::Open || branch.now >= branch.campaign.terms.deadline
    {
        return never("the campaign closed before the commitment was on the chain".into());
    }
    let base = branch::model(branch.tree, entry.base);
    if base.is_none_or(|info| info.model.root != entry.root) {
        return never(format!("the chain knows no model {}", entry.base));
    }
    let quote = match branch.quote {
        Ok(quote) => quote,
        Err(refused) => {
            let reason = no_quote(branch.campaign, *refused);
            return match reason {
                NotServed::RoundFull | NotServed::RevealsBookedUp => later(reason),
                _ => never(reason.to_string()),
            };
        }
    };
    if quote.best != entry.measured_beside {
        return Admission::Measure { best: quote.best };
    }
    let most = MAX_ROUNDS_ABOVE_STORED as usize;
    let mut models = [quote.best, entry.base].into_iter();
    if let Some(model) = models.find(|id| branch::rounds_above_stored(branch.tree, *id) > most) {
        return Admission::StoreModel { model };
    }
    if let Some(round) = quote
        .round
        .filter(|round| has_committed(branch.own, *round))
    {
        return Admission::Later {
            reason: format!("round {round} has a commitment of this account already"),
        };
    }
    if let Some(round) = undecided(entry, branch).filter(|_| has_time(branch, quote)) {
        return Admission::Later {
            reason: format!(
                "round {round} on this branch is not decided, and may bring a better model"
            ),
        };
    }
    match check_price(quote, branch.gradient_deposit, branch.spendable, policy) {
        Ok(()) => Admission::Open {
            max_hold: quote.hold,
        },
        Err(reason) if quote.round.is_some() => later(reason),
        // What is held for the others comes back.
        Err(reason @ NotServed::Funds { .. }) if has_pending(branch.own) => Admission::Later {
            reason: reason.to_string(),
        },
        Err(reason) => never(reason.to_string()),
    }
}

/// A round of the branch that takes no commitments any more, and whose verdict is not known.
fn undecided(entry: &Entry, branch: &Branch<'_>) -> Option<RoundId> {
    let next = branch.now.saturating_add(1);
    let mut rounds = branch.rounds.iter();
    rounds
        .find(|info| {
            info.round.root == entry.root
                && matches!(
                    info.round.phase(next),
                    RoundPhase::Revealing | RoundPhase::Waiting | RoundPhase::Assaying
                )
        })
        .map(|info| info.id)
}

/// Whether the commitment can wait for more blocks and still be in time for the round that is open, or, if none is, the
/// deadline.
fn has_time(branch: &Branch<'_>, quote: &Quote) -> bool {
    let deadline = branch.campaign.terms.deadline;
    let end = match quote.round {
        Some(_) => quote.closes.min(deadline),
        None => deadline,
    };
    branch.now.saturating_add(COMMIT_BLOCKS) < end
}

/// In the next round.
fn later(reason: NotServed) -> Admission {
    Admission::Later {
        reason: format!("it waits for the next round: {reason}"),
    }
}
