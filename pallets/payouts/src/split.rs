//! Who gets what of a settlement: pure arithmetic, no storage.
//!
//! Source: the protocol's payout rule, see [`sonar_primitives::payout`]. With `paid_up_to` as
//! defined there,
//!
//! - each step of the winning path earns its share of the data part,
//! - the author of the winning proposal gets `paid_up_to` the winner's error of the expertise part,
//! - what is left of the bounty goes back to the sponsors in proportion, the last one takes the
//!   rounding, and
//! - what is left of the reserve goes back to the owner.

use crate::Entitlement;
use alloc::{collections::BTreeMap, vec::Vec};
use sonar_primitives::{
    payout::{paid_up_to, pro_rata, split_path},
    traits::Settlement,
    Balance,
};

/// Splits a settlement among the accounts that get something; an account that appears several
/// times gets the sum. The parts sum to bounty and reserve to the last unit.
///
/// `None` if that cannot be: the sponsors' contributions are not the bounty (the sum of data,
/// expertise and unearnable part), the path's errors do not fall, or a sum overflows.
pub fn split<AccountId: Ord + Clone>(
    settlement: &Settlement<AccountId, Balance>,
) -> Option<BTreeMap<AccountId, Entitlement>> {
    let bounty = settlement
        .data
        .checked_add(settlement.expertise)?
        .checked_add(settlement.unearnable)?;
    let contributed = sum(settlement.sponsors.iter().map(|(_, amount)| *amount))?;
    if contributed != bounty {
        return None;
    }

    let mut parts = Parts(BTreeMap::new());
    let mut left = bounty;
    if let Some(path) = &settlement.path {
        let errors: Vec<_> = path.steps.iter().map(|step| step.error).collect();
        // Otherwise the sums would not telescope, and something would be paid twice.
        let mut parent = path.start;
        for error in &errors {
            if *error >= parent {
                return None;
            }
            parent = *error;
        }
        let earned = split_path(settlement.data, path.start, settlement.target, &errors);
        for (step, amount) in path.steps.iter().zip(earned) {
            left = left.checked_sub(amount)?;
            parts.add(&step.author, amount, |part| &mut part.earned)?;
        }
        if let Some(winner) = errors.last() {
            let expertise = settlement.expertise;
            let amount = paid_up_to(expertise, path.start, settlement.target, *winner);
            left = left.checked_sub(amount)?;
            parts.add(&path.proposer, amount, |part| &mut part.expertise)?;
        }
    }

    let contributions: Vec<_> = settlement.sponsors.iter().map(|(_, c)| *c).collect();
    for ((sponsor, _), amount) in settlement
        .sponsors
        .iter()
        .zip(pro_rata(left, &contributions))
    {
        parts.add(sponsor, amount, |part| &mut part.refund)?;
    }
    parts.add(&settlement.owner, settlement.reserve, |part| {
        &mut part.refund
    })?;

    let given = sum(parts.0.values().map(Entitlement::total))?;
    (given == bounty.checked_add(settlement.reserve)?).then_some(parts.0)
}

/// The sum, or `None` if it overflows.
fn sum(mut amounts: impl Iterator<Item = Balance>) -> Option<Balance> {
    amounts.try_fold(0, |sum: Balance, amount| sum.checked_add(amount))
}

/// What everybody gets so far.
struct Parts<AccountId>(BTreeMap<AccountId, Entitlement>);

impl<AccountId: Ord + Clone> Parts<AccountId> {
    /// Adds an amount to one part of an account's entitlement. Nothing is noted for nothing.
    fn add(
        &mut self,
        account: &AccountId,
        amount: Balance,
        part: fn(&mut Entitlement) -> &mut Balance,
    ) -> Option<()> {
        if amount == 0 {
            return Some(());
        }
        let entitlement = self.0.entry(account.clone()).or_insert(Entitlement {
            earned: 0,
            expertise: 0,
            refund: 0,
            claimed: false,
        });
        let part = part(entitlement);
        *part = part.checked_add(amount)?;
        Some(())
    }
}
