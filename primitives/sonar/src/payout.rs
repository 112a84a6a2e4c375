//! How a bounty is split: pure arithmetic, no storage.
//!
//! Source: the protocol's payout rule. With `e0` the measured error of the winner's root, `T` the
//! target and `B` the bounty,
//!
//! ```text
//! paid_up_to(e) = floor( B * (e0 - max(e, T)) / (e0 - T) )
//! ```
//!
//! and the node that takes the error from `e(k-1)` to `e(k)` earns
//! `paid_up_to(e(k)) - paid_up_to(e(k-1))`. The sums telescope: nothing is lost to rounding, never
//! more than `B` is paid, and exactly `B` when the target is reached.

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

/// What all steps from the error `start` down to `error` earn together of `bounty`, in its unit.
/// Zero while there is nothing to improve (`start <= target`) or nothing is improved.
pub fn paid_up_to(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
    error: MeasuredError,
) -> Balance {
    if start <= target {
        return 0;
    }
    let improved = start.saturating_sub(error.max(target));
    // improved <= start - target, so the quotient never exceeds the bounty.
    mul_div(bounty, improved.into(), (start - target).into()).unwrap_or(0)
}

/// What one step from the error `parent` to the error `error` earns of `bounty`.
pub fn step_pays(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
    parent: MeasuredError,
    error: MeasuredError,
) -> Balance {
    paid_up_to(bounty, start, target, error)
        .saturating_sub(paid_up_to(bounty, start, target, parent))
}

/// What each step along `path` earns; `path` holds the errors after each step, in order.
pub fn split_path(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
    path: &[MeasuredError],
) -> Vec<Balance> {
    let mut parent = start;
    path.iter()
        .map(|&error| {
            let pays = step_pays(bounty, start, target, parent, error);
            parent = error;
            pays
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

    /// The worked numbers of the protocol, to the last unit.
    #[test]
    fn worked_numbers_come_out() {
        let case = |bounty, start, target, path: &[u64]| split_path(bounty, start, target, path);
        assert_eq!(case(100_000, 100, 20, &[98]), [2_500]);
        assert_eq!(case(10_000, 42, 10, &[41, 30, 10]), [312, 3_438, 6_250]);
        assert_eq!(case(10_000, 42, 10, &[0]), [10_000]);
        assert_eq!(case(10_000, 42, 10, &[11, 0]), [9_687, 313]);
        assert_eq!(
            case(100, 7, 0, &[6, 5, 4, 3, 2, 1, 0]),
            [14, 14, 14, 15, 14, 14, 15]
        );
        assert!(case(10_000, 42, 10, &[]).is_empty());
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
        assert_eq!(paid_up_to(10_000, 42, 42, 0), 0);
        assert_eq!(paid_up_to(10_000, 41, 42, 0), 0);
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
        fn a_path_never_pays_more_than_the_bounty(
            bounty in 0..u128::MAX,
            start in 1..u64::MAX,
            target_share in 0.0..1.0f64,
            steps in prop::collection::vec(1..1_000_000_000u64, 0..40),
        ) {
            let target = ((start as f64) * target_share) as u64;
            prop_assume!(target < start);
            let mut error = start;
            let mut path = Vec::new();
            for step in steps {
                if error == 0 { break }
                error = error.saturating_sub(step);
                path.push(error);
            }
            let paid: u128 = split_path(bounty, start, target, &path).iter().sum();
            prop_assert_eq!(paid, paid_up_to(bounty, start, target, error));
            prop_assert!(paid <= bounty);
            if error <= target {
                prop_assert_eq!(paid, bounty);
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
