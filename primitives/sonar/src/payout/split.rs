//! Who gets what of a settlement: pure arithmetic, no storage.
//!
//! Source: the protocol's "Payouts". With the [rule](PayoutRule),
//!
//! - a step of the record earns what it is worth of the data part, and its contributors divide that by
//!   their shares,
//! - the author of the branch's root gets what the step is worth of the expertise part, and
//! - what is left of the bounty in the end goes back to the sponsors in proportion, the last one takes
//!   the rounding.

use super::{divide_by_shares, mul_div, pro_rata, PayoutRule};
use crate::{traits::Settlement, tree::RecordStep, Balance, MeasuredError};
use alloc::{collections::BTreeMap, vec::Vec};

/// What one account gets, in the smallest unit of SNR.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// For gradients that took the record down.
    pub earned: Balance,
    /// For proposals whose branches set the record.
    pub expertise: Balance,
    /// Returned: bounty that was not earned.
    pub refund: Balance,
}

/// How far a settlement has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The error to which the record has been followed: where the next step must start.
    pub record: MeasuredError,
    /// What was given for its steps, in the smallest unit of SNR.
    pub given: Balance,
}

impl Progress {
    /// A settlement that begins with the record at `start`.
    pub fn from(start: MeasuredError) -> Self {
        Self {
            record: start,
            given: 0,
        }
    }
}

/// What a portion of a settlement brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Portion<AccountId: Ord> {
    /// What each account gets that gets anything; one that appears several times gets the sum.
    pub parts: BTreeMap<AccountId, Part>,
    /// By how much each gradient that is paid took the record down: the step's improvement, divided
    /// by the shares and rounded down.
    pub improvements: Vec<(AccountId, MeasuredError)>,
    /// How far the settlement has come with it.
    pub progress: Progress,
}

/// Splits the next steps of a campaign's record, from where the portions before it have come to. With
/// `last` also refunds what was not earned: the parts of all portions then sum to the bounty, to the
/// last unit.
///
/// `None` if that cannot be: the sponsors' contributions are not the bounty (the sum of data, expertise
/// and unearnable part), a step does not start where the one before it ended (the first where the
/// campaign did), an error does not fall, or a sum overflows.
pub fn split<AccountId: Ord + Clone>(
    settlement: &Settlement<AccountId, Balance>,
    before: Progress,
    steps: &[RecordStep<AccountId>],
    last: bool,
) -> Option<Portion<AccountId>> {
    let bounty = bounty(settlement)?;
    let mut portion = Portion {
        parts: BTreeMap::new(),
        improvements: Vec::new(),
        progress: before,
    };
    for step in steps {
        portion.pay(settlement, step)?;
    }
    if last {
        let left = bounty.checked_sub(portion.progress.given)?;
        portion.refund(&settlement.sponsors, left);
    }
    Some(portion)
}

/// What all sponsors gave, if the parts to be split sum to it.
pub fn bounty<AccountId>(settlement: &Settlement<AccountId, Balance>) -> Option<Balance> {
    let bounty = settlement
        .data
        .checked_add(settlement.expertise)?
        .checked_add(settlement.unearnable)?;
    let contributed = settlement
        .sponsors
        .iter()
        .try_fold(0, |sum: Balance, (_, amount)| sum.checked_add(*amount))?;
    (contributed == bounty).then_some(bounty)
}

impl<AccountId: Ord + Clone> Portion<AccountId> {
    /// Pays one step of the record.
    fn pay(
        &mut self,
        settlement: &Settlement<AccountId, Balance>,
        step: &RecordStep<AccountId>,
    ) -> Option<()> {
        // Otherwise the sums would not telescope, and something would be paid twice.
        if step.from != self.progress.record || step.to >= step.from {
            return None;
        }
        self.progress.record = step.to;
        let worth = |bounty| {
            PayoutRule {
                bounty,
                start: settlement.start,
                target: settlement.target,
                steepness: settlement.steepness,
            }
            .step_pays(step.from, step.to)
        };

        let shares: Vec<u128> = step.contributors.iter().map(|(_, share)| *share).collect();
        let all = shares.iter().fold(0u128, |sum, s| sum.saturating_add(*s));
        let earned = divide_by_shares(worth(settlement.data), &shares);
        for ((account, share), amount) in step.contributors.iter().zip(earned) {
            if amount > 0 {
                let improvement = mul_div((step.from - step.to).into(), *share, all)?;
                // At most the improvement of the step.
                let improvement = improvement.try_into().ok()?;
                self.improvements.push((account.clone(), improvement));
                self.give(amount)?;
                self.part(account).earned += amount;
            }
        }

        let expertise = worth(settlement.expertise);
        if expertise > 0 {
            self.give(expertise)?;
            self.part(&step.proposer).expertise += expertise;
        }
        Some(())
    }

    /// Counts what is given for a step, of which no account gets more than all. `None` if the sum
    /// overflows.
    fn give(&mut self, amount: Balance) -> Option<()> {
        self.progress.given = self.progress.given.checked_add(amount)?;
        Some(())
    }

    /// Gives what is left back to those who put the bounty up.
    fn refund(&mut self, sponsors: &[(AccountId, Balance)], left: Balance) {
        let contributions: Vec<_> = sponsors.iter().map(|(_, amount)| *amount).collect();
        for ((sponsor, _), amount) in sponsors.iter().zip(pro_rata(left, &contributions)) {
            if amount > 0 {
                self.part(sponsor).refund += amount;
            }
        }
    }

    /// What an account gets so far.
    fn part(&mut self, account: &AccountId) -> &mut Part {
        self.parts.entry(account.clone()).or_default()
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
