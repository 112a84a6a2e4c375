//! How amounts are shared: pure arithmetic, no storage.

use sonar_primitives::{campaign::BountySplit, Balance};

/// The parts of a bounty, in its unit; they sum to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BountyParts {
    /// Earned along the winning path. Takes what rounding the others leaves.
    pub data: Balance,
    /// Earned by the author of the winning proposal.
    pub expertise: Balance,
    /// Earned by nobody, so it goes back: the part of metered compute, which is not available yet.
    pub unearnable: Balance,
}

/// The parts of a bounty under a split that is whole (see [`BountySplit::is_whole`]).
pub fn bounty_parts(bounty: Balance, split: &BountySplit) -> BountyParts {
    let expertise = split.expertise.mul_floor(bounty);
    let unearnable = split.compute.mul_floor(bounty);
    BountyParts {
        data: bounty.saturating_sub(expertise).saturating_sub(unearnable),
        expertise,
        unearnable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sp_runtime::Permill;

    proptest! {
        #[test]
        fn bounty_parts_lose_nothing(bounty: u128, expertise in 0u32..=1_000_000, compute in 0u32..=1_000_000) {
            prop_assume!(expertise + compute <= 1_000_000);
            let split = BountySplit {
                data: Permill::from_parts(1_000_000 - expertise - compute),
                expertise: Permill::from_parts(expertise),
                compute: Permill::from_parts(compute),
            };
            prop_assert!(split.is_whole());
            let parts = bounty_parts(bounty, &split);
            prop_assert_eq!(parts.data + parts.expertise + parts.unearnable, bounty);
        }
    }
}
