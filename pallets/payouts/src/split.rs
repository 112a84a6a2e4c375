//! Who gets what of a settlement: pure arithmetic, no storage.
//!
//! Source: the protocol's "Payout: by record", see [`sonar_primitives::payout`]. With the rule as
//! defined there,
//!
//! - a step of the record earns what it is worth of the data part, and its contributors divide that by
//!   their shares,
//! - the author of the branch's root gets what the step is worth of the expertise part, and
//! - what is left of the bounty in the end goes back to the sponsors in proportion, the last one takes
//!   the rounding.

use crate::{Entitlement, SettlingCampaign};
use alloc::{collections::BTreeMap, vec::Vec};
use sonar_primitives::{
    payout::{divide_by_shares, mul_div, pro_rata, PayoutRule},
    traits::Settlement,
    tree::RecordStep,
    Balance, MeasuredError,
};

/// What a portion of a settlement brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Portion<AccountId: Ord> {
    /// What each account gets that gets anything; one that appears several times gets the sum.
    pub parts: BTreeMap<AccountId, Entitlement>,
    /// By how much each gradient that is paid took the record down: the step's improvement, divided
    /// by the shares and rounded down.
    pub improvements: Vec<(AccountId, MeasuredError)>,
}

/// Splits the next steps of a campaign's record, and notes in `settling` how far it has come. With
/// `last` also refunds what was not earned: the parts of all portions then sum to the bounty, to the
/// last unit.
///
/// `None`, and nothing noted, if that cannot be: the sponsors' contributions are not the bounty (the
/// sum of data, expertise and unearnable part), a step does not start where the one before it ended
/// (the first where the campaign did), an error does not fall, or a sum overflows.
pub fn split<AccountId: Ord + Clone>(
    settlement: &Settlement<AccountId, Balance>,
    settling: &mut SettlingCampaign<AccountId>,
    steps: &[RecordStep<AccountId>],
    last: bool,
) -> Option<Portion<AccountId>> {
    let bounty = bounty(settlement)?;
    let mut after = settling.clone();
    let mut portion = Portion {
        parts: BTreeMap::new(),
        improvements: Vec::new(),
    };
    for step in steps {
        portion.pay(settlement, &mut after, step)?;
    }
    if last {
        let left = bounty.checked_sub(after.given)?;
        portion.refund(&settlement.sponsors, left);
    }
    *settling = after;
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
        settling: &mut SettlingCampaign<AccountId>,
        step: &RecordStep<AccountId>,
    ) -> Option<()> {
        // Otherwise the sums would not telescope, and something would be paid twice.
        if step.from != settling.record || step.to >= step.from {
            return None;
        }
        settling.record = step.to;
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
                self.part(account).earned += amount;
                settling.note(account, amount)?;
            }
        }

        let expertise = worth(settlement.expertise);
        if expertise > 0 {
            self.part(&step.proposer).expertise += expertise;
            settling.note(&step.proposer, expertise)?;
        }
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
    fn part(&mut self, account: &AccountId) -> &mut Entitlement {
        self.parts.entry(account.clone()).or_default()
    }
}

impl<AccountId: Ord + Clone> SettlingCampaign<AccountId> {
    /// Counts what an account gets for a step. `None` if the sum overflows.
    fn note(&mut self, account: &AccountId, amount: Balance) -> Option<()> {
        self.given = self.given.checked_add(amount)?;
        self.payees.note(account);
        Some(())
    }
}
