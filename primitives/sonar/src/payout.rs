//! How a bounty is split: pure arithmetic, no storage.
//!
//! Source: the protocol's "Payouts". With `e0` the measured error of the owner's root, `T`
//! the target, `B` the part of the bounty and `k` the steepness,
//!
//! ```text
//! x(e) = (e0 - max(e, T)) / (e0 - T),   paid_up_to(e) = floor of B * x(e)^k, each product rounded down
//! ```
//!
//! and the round that takes the record from `r` to `e` earns `paid_up_to(e) - paid_up_to(r)`, which
//! its contributors divide by their shares. All sums telescope: nothing is lost to rounding, never
//! more than `B` is paid, and exactly `B` when the target is reached.

mod split;

pub use split::{bounty, split, Part, Portion, Progress};

use crate::{Balance, MeasuredError};
use alloc::vec::Vec;
use sp_runtime::helpers_128bit::multiply_by_rational_with_rounding;
use sp_runtime::Rounding;

/// `floor(amount * numerator / denominator)` with a 256-bit product. `None` if the denominator is
/// zero or the result does not fit.
pub fn mul_div(amount: Balance, numerator: u128, denominator: u128) -> Option<Balance> {
    if denominator == 0 {
        return None;
    }
    multiply_by_rational_with_rounding(amount, numerator, denominator, Rounding::Down)
}

/// What a data, or expertise, part of a bounty is paid out by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayoutRule {
    /// `B`: what can be earned, in its unit.
    pub bounty: Balance,
    /// `e0`: the measured error of the owner's root.
    pub start: MeasuredError,
    /// `T`: the error at which everything is earned.
    pub target: MeasuredError,
    /// `k`: 1 to 3.
    pub steepness: u8,
}

impl PayoutRule {
    /// What all steps of the record down to `error` earn together. Zero while there is nothing to
    /// improve (`start <= target`) or nothing is improved.
    pub fn paid_up_to(&self, error: MeasuredError) -> Balance {
        if self.start <= self.target {
            return 0;
        }
        let improved = self.start.saturating_sub(error.max(self.target));
        let way = self.start - self.target;
        // improved <= way, so no product exceeds the bounty.
        (0..self.steepness).fold(self.bounty, |amount, _| {
            mul_div(amount, improved.into(), way.into()).unwrap_or(0)
        })
    }

    /// What taking the record from `from` to `to` earns.
    pub fn step_pays(&self, from: MeasuredError, to: MeasuredError) -> Balance {
        self.paid_up_to(to).saturating_sub(self.paid_up_to(from))
    }
}

/// Divides `amount` by shares, cumulatively: with `F(i)` the sum of the first `i` shares, the i-th
/// gets `floor(amount F(i) / F(n)) - floor(amount F(i-1) / F(n))`. The parts sum to `amount` exactly.
/// Empty, or all-zero, shares get nothing.
pub fn divide_by_shares(amount: Balance, shares: &[u128]) -> Vec<Balance> {
    let total = shares
        .iter()
        .fold(0u128, |sum, share| sum.saturating_add(*share));
    let (mut sum, mut given) = (0u128, 0);
    shares
        .iter()
        .map(|share| {
            sum = sum.saturating_add(*share);
            let up_to = mul_div(amount, sum, total).unwrap_or(0);
            let part = up_to.saturating_sub(given);
            given = up_to;
            part
        })
        .collect()
}

/// Splits `amount` in proportion to `shares`, each part rounded down; the last takes what rounding
/// leaves. The parts sum to `amount` exactly. Empty, or all-zero, shares get nothing.
pub fn pro_rata(amount: Balance, shares: &[Balance]) -> Vec<Balance> {
    let total = shares
        .iter()
        .fold(0u128, |sum, share| sum.saturating_add(*share));
    if total == 0 {
        return alloc::vec![0; shares.len()];
    }
    let mut parts: Vec<Balance> = shares
        .iter()
        .map(|share| mul_div(amount, *share, total).unwrap_or(0))
        .collect();
    let given = parts
        .iter()
        .fold(0u128, |sum, part| sum.saturating_add(*part));
    if let Some(last) = parts.last_mut() {
        *last = last.saturating_add(amount.saturating_sub(given));
    }
    parts
}

/// `amount` in `count` equal parts; the first takes what rounding leaves. They sum to `amount`
/// (to nothing if there are none).
pub fn equal_parts(amount: Balance, count: usize) -> impl Iterator<Item = Balance> {
    let divisor = (count as Balance).max(1);
    let (part, rest) = (amount / divisor, amount % divisor);
    (0..count).map(move |index| if index == 0 { part + rest } else { part })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(bounty: Balance, start: u64, target: u64, steepness: u8) -> PayoutRule {
        PayoutRule {
            bounty,
            start,
            target,
            steepness,
        }
    }

    /// What each new record earns.
    fn paid(rule: PayoutRule, records: &[u64]) -> Vec<Balance> {
        let before = [rule.start].into_iter().chain(records.iter().copied());
        let steps = before.zip(records);
        steps.map(|(from, to)| rule.step_pays(from, *to)).collect()
    }

    /// The worked numbers of the protocol, to the last unit.
    #[test]
    fn worked_numbers_come_out() {
        assert_eq!(paid(rule(100_000, 100, 20, 1), &[98]), [2_500]);
        let cases: [(&[u64], &[Balance]); 4] = [
            (&[41, 30, 10], &[312, 3_438, 6_250]),
            (&[0], &[10_000]),
            (&[11, 0], &[9_687, 313]),
            // A takeover from the root earns its own step only.
            (&[41, 30, 29], &[312, 3_438, 312]),
        ];
        for (records, earned) in cases {
            // 312 + 3,438 for the first two of the takeover.
            assert_eq!(paid(rule(10_000, 42, 10, 1), records), earned);
        }
        assert_eq!(
            paid(rule(10_000, 42, 10, 2), &[41, 30, 10]),
            [9, 1_397, 8_594]
        );
        assert_eq!(
            paid(rule(100, 7, 0, 1), &[6, 5, 4, 3, 2, 1, 0]),
            [14, 14, 14, 15, 14, 14, 15]
        );
        assert!(paid(rule(10_000, 42, 10, 1), &[]).is_empty());
        // One round of three: 42 to 26, shares 60, 36, 0.
        let earned = rule(10_000, 42, 10, 1).step_pays(42, 26);
        assert_eq!(divide_by_shares(earned, &[60, 36, 0]), [3_125, 1_875, 0]);
    }

    #[test]
    fn fractions_are_exact() {
        assert_eq!(mul_div(10_000, 37, 2_000), Some(185));
        assert_eq!(mul_div(123_456_789, 4, 9), Some(54_869_684));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Some(u128::MAX));
        assert_eq!(mul_div(1, 1, 0), None);
        assert_eq!(mul_div(u128::MAX, 2, 1), None);
    }

    #[test]
    fn a_start_at_the_target_pays_nothing() {
        assert_eq!(rule(10_000, 42, 42, 1).paid_up_to(0), 0);
        assert_eq!(rule(10_000, 41, 42, 1).paid_up_to(0), 0);
    }

    #[test]
    fn the_last_sponsor_takes_the_rounding() {
        assert_eq!(pro_rata(100, &[1, 1, 1]), [33, 33, 34]);
        assert_eq!(pro_rata(0, &[5, 5]), [0, 0]);
        assert_eq!(pro_rata(7, &[0, 0]), [0, 0]);
        assert!(pro_rata(7, &[]).is_empty());
    }

    #[test]
    fn the_first_takes_the_rounding_of_equal_parts() {
        assert_eq!(equal_parts(10, 3).collect::<Vec<_>>(), [4, 3, 3]);
        assert_eq!(equal_parts(2, 3).collect::<Vec<_>>(), [2, 0, 0]);
        assert_eq!(equal_parts(10, 0).count(), 0);
    }

    proptest! {
        #[test]
        fn equal_parts_lose_nothing(amount: u128, count in 1usize..50) {
            prop_assert_eq!(equal_parts(amount, count).sum::<u128>(), amount);
        }

        #[test]
        fn records_never_earn_more_than_the_bounty(
            bounty in 0..u128::MAX,
            start in 1..u64::MAX,
            target_share in 0.0..1.0f64,
            steepness in 1..=3u8,
            steps in prop::collection::vec(1..1_000_000_000u64, 0..40),
        ) {
            let target = ((start as f64) * target_share) as u64;
            prop_assume!(target < start);
            let rule = rule(bounty, start, target, steepness);
            let mut error = start;
            let mut records = Vec::new();
            for step in steps {
                if error == 0 { break }
                error = error.saturating_sub(step);
                records.push(error);
            }
            let earned: u128 = paid(rule, &records).iter().sum();
            prop_assert_eq!(earned, rule.paid_up_to(error));
            prop_assert!(earned <= bounty);
            if error <= target {
                prop_assert_eq!(earned, bounty);
            }
        }

        #[test]
        fn shares_lose_nothing(
            amount: u128,
            shares in prop::collection::vec(0..u128::from(u64::MAX) * 720, 1..6),
        ) {
            prop_assume!(shares.iter().any(|share| *share > 0));
            let parts = divide_by_shares(amount, &shares);
            prop_assert_eq!(parts.iter().sum::<u128>(), amount);
            for (part, share) in parts.iter().zip(&shares) {
                prop_assert!(*share > 0 || *part == 0);
            }
        }

        #[test]
        fn pro_rata_loses_nothing(
            amount in 0..u128::MAX,
            shares in prop::collection::vec(0..u128::from(u64::MAX), 1..50),
        ) {
            prop_assume!(shares.iter().any(|share| *share > 0));
            let parts = pro_rata(amount, &shares);
            prop_assert_eq!(parts.iter().sum::<u128>(), amount);
        }
    }
}
