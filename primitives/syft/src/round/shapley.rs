//! Shapley values in whole numbers.

use alloc::vec::Vec;

/// What each of `n` members adds on average over all orders in which they may come together, times `n!`.
///
/// `values` has what each set of members is worth, `2^n` entries: bit `i` of the index says whether member `i` is in the
/// set. The empty set is worth 0, no set less than one that it contains, and there are at most 20 members. The shares are
/// never negative, and sum to `n!` times what all together are worth.
pub(super) fn shapley(values: &[u64]) -> Vec<u128> {
    let members = values.len().trailing_zeros();
    let share = |member: u32| {
        let bit = 1 << member;
        let without = (0..values.len()).filter(|set| set & bit == 0);
        let parts = without.map(|set| {
            // The orders in which exactly this set comes before the member.
            let before = set.count_ones();
            let orders = factorial(before) * factorial(members - before - 1);
            u128::from(orders) * u128::from(values[set | bit].saturating_sub(values[set]))
        });
        parts.sum()
    };
    (0..members).map(share).collect()
}

fn factorial(number: u32) -> u64 {
    (1..=u64::from(number)).product()
}
