//! Rounds: when they close, how many commitments they hold, and what their assays cost. Pure
//! arithmetic, no storage.
//!
//! Source: the protocol's "Rounds". A round of `m` reveals with `s = min(m, seats)` measures
//! `2 (m s + 2^s - 1 - s^2)` sets ([`syft::round::measurements`]); whoever revealed pays an equal
//! part of their prices.

use crate::{Balance, CampaignId, ModelId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::traits::{AtLeast32BitUnsigned, One};
use syft::round::measurements;

/// The most commitments that any round holds.
pub const MAX_COMMITMENTS: u32 = 256;
/// A round must have room for so many commitments, or its campaign is refused.
pub const MIN_COMMITMENTS: u32 = 16;
/// The part of the assay doubles with every so many commitments of a round.
pub const COMMITMENTS_PER_DOUBLING: u32 = 16;
/// Rounds that must be rebuilt to get a base from stored parameters, at most.
pub const MAX_ROUNDS_ABOVE_STORED: u32 = 16;
/// Rounds that must be rebuilt to get all that a round is measured with from stored parameters, at
/// most.
pub const MAX_ROUNDS_TO_REBUILD: u32 = 64;
/// The booking fee doubles with every so many parts of what can be booked.
pub const PARTS_PER_DOUBLING: u128 = 16;

/// How far a round has come. While it is `Pending`, [`Round::phase`] tells more.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// Its assay was not asked for yet.
    Pending,
    /// The assayers measure it.
    Assaying,
    /// It brought the branch's next model, which has the round's number.
    Accepted,
    /// It did not improve its branch by the minimum step.
    NotImproved,
    /// Nobody revealed.
    Empty,
    /// The assayers did not agree in time; everything went back.
    NoQuorum,
    /// The campaign was over before it was judged; everything went back.
    Dissolved,
}

impl RoundState {
    /// Whether nothing more happens to it.
    pub fn is_decided(&self) -> bool {
        !matches!(self, Self::Pending | Self::Assaying)
    }
}

/// Gradients on one branch that are measured, and paid, together.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(bound(
    serialize = "Balance: core::fmt::Display, BlockNumber: Serialize",
    deserialize = "Balance: core::str::FromStr, BlockNumber: Deserialize<'de>"
))]
pub struct Round<Balance, BlockNumber> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The root of the branch.
    pub root: ModelId,
    /// The block of the first commitment.
    pub opened_at: BlockNumber,
    /// The first block that takes no commitments; reveals count from it on.
    pub closes: BlockNumber,
    /// The first block in which reveals do not count any more.
    pub reveals_end: BlockNumber,
    /// The price of measuring one set.
    #[serde(with = "crate::amount")]
    pub price: Balance,
    /// How many gradients can have a share.
    pub seats: u8,
    /// Commitments so far.
    pub commitments: u32,
    /// Reveals so far.
    pub reveals: u32,
    /// How far it has come.
    pub state: RoundState,
}

/// How far a round has come in a block: its state, in which `Pending` is told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoundPhase {
    /// It takes commitments.
    Committing,
    /// It takes reveals.
    Revealing,
    /// All reveals are in, or their time is over: it waits for the rounds before it.
    Waiting,
    /// See [`RoundState::Assaying`].
    Assaying,
    /// See [`RoundState::Accepted`].
    Accepted,
    /// See [`RoundState::NotImproved`].
    NotImproved,
    /// See [`RoundState::Empty`].
    Empty,
    /// See [`RoundState::NoQuorum`].
    NoQuorum,
    /// See [`RoundState::Dissolved`].
    Dissolved,
}

impl<Balance, BlockNumber: PartialOrd> Round<Balance, BlockNumber> {
    /// How far it has come in block `now`.
    pub fn phase(&self, now: BlockNumber) -> RoundPhase {
        match self.state {
            RoundState::Pending if now < self.closes => RoundPhase::Committing,
            RoundState::Pending if self.reveals < self.commitments && now < self.reveals_end => {
                RoundPhase::Revealing
            }
            RoundState::Pending => RoundPhase::Waiting,
            RoundState::Assaying => RoundPhase::Assaying,
            RoundState::Accepted => RoundPhase::Accepted,
            RoundState::NotImproved => RoundPhase::NotImproved,
            RoundState::Empty => RoundPhase::Empty,
            RoundState::NoQuorum => RoundPhase::NoQuorum,
            RoundState::Dissolved => RoundPhase::Dissolved,
        }
    }
}

/// The block in which a round that opens in block `opens` stops taking commitments:
/// `min(opens + round_blocks, deadline + 1)`.
pub fn closes<BlockNumber: AtLeast32BitUnsigned>(
    opens: BlockNumber,
    round_blocks: u32,
    deadline: BlockNumber,
) -> BlockNumber {
    opens
        .saturating_add(round_blocks.into())
        .min(deadline.saturating_add(One::one()))
}

/// What each of `reveals` pays of the round's measurements, rounded up; nothing if nobody revealed.
/// Saturates.
pub fn part(price: Balance, reveals: u32, seats: u8) -> Balance {
    if reveals == 0 {
        return 0;
    }
    price
        .saturating_mul(measurements(reveals, seats).into())
        .div_ceil(reveals.into())
}

/// The largest [`part`] of any number of reveals from 1 to `most`.
pub fn largest_part(price: Balance, most: u32, seats: u8) -> Balance {
    // With m >= s the part is 2 (s + (2^s - 1 - s^2) / m): monotone in m. Below, with s = m, it is
    // 2 (2^m - 1) / m, which rises.
    let all_seated = most.min(seats.into());
    part(price, all_seated, seats).max(part(price, most, seats))
}

/// By what the part is multiplied for the commitment in this place, from 0: 1 for the first 16 of a
/// round, then doubled every 16. What exceeds the part itself is lost.
pub fn surcharge(place: u32) -> Balance {
    1u128
        .checked_shl(place / COMMITMENTS_PER_DOUBLING)
        .unwrap_or(Balance::MAX)
}

/// What a commitment in this place pays of a round's assay: its [`part`], times the [`surcharge`], and no
/// more than is held for it. Saturates.
pub fn charge(part: Balance, place: u32, held: Balance) -> Balance {
    part.saturating_mul(surcharge(place)).min(held)
}

/// What booking `size` bytes costs where `booked` of `capacity` bytes are booked already:
/// `size * per_byte * 2^floor(16 booked / capacity)`. To book up everybody's blocks costs tens of thousands
/// times what the first pay. Saturates.
pub fn booking_fee(size: u32, per_byte: Balance, booked: u32, capacity: u32) -> Balance {
    let parts = (PARTS_PER_DOUBLING * u128::from(booked))
        .checked_div(capacity.into())
        .unwrap_or_default();
    per_byte
        .saturating_mul(size.into())
        .saturating_mul(1 << parts.min(PARTS_PER_DOUBLING))
}

/// The multiply-adds of measuring a round of `reveals`, if one set takes `work` of them. Saturates.
pub fn work(work: u64, reveals: u32, seats: u8) -> u64 {
    work.saturating_mul(measurements(reveals, seats))
}

/// The most commitments, up to [`MAX_COMMITMENTS`], of which all sets can be measured with at most
/// `limit` multiply-adds, if one takes `one`.
pub fn max_commitments(one: u64, seats: u8, limit: u64) -> u32 {
    // The work rises with the number of reveals.
    let (mut fits, mut over) = (0, MAX_COMMITMENTS + 1);
    while over - fits > 1 {
        let middle = fits + (over - fits) / 2;
        match work(one, middle, seats) <= limit {
            true => fits = middle,
            false => over = middle,
        }
    }
    fits
}

/// The most multiply-adds that one set may take so that a round can hold [`MIN_COMMITMENTS`].
pub fn max_work_of_a_set(seats: u8, limit: u64) -> u64 {
    limit
        .checked_div(measurements(MIN_COMMITMENTS, seats))
        .unwrap_or(limit)
}

/// The base deposit of an account without a reputation: `minimum`, or a thousandth of the bounty if
/// that is more.
pub fn base_deposit(minimum: Balance, bounty: Balance) -> Balance {
    minimum.max(bounty / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn phases_follow_the_blocks_and_the_reveals() {
        let round = |state, reveals| Round {
            campaign: 5,
            root: 0,
            opened_at: 70u32,
            closes: 100,
            reveals_end: 130,
            price: 1u128,
            seats: 4,
            commitments: 2,
            reveals,
            state,
        };
        let pending = |reveals, now| round(RoundState::Pending, reveals).phase(now);
        for (now, some, all) in [
            (99, RoundPhase::Committing, RoundPhase::Committing),
            (100, RoundPhase::Revealing, RoundPhase::Waiting),
            (129, RoundPhase::Revealing, RoundPhase::Waiting),
            (130, RoundPhase::Waiting, RoundPhase::Waiting),
        ] {
            assert_eq!((pending(1, now), pending(2, now)), (some, all), "{now}");
        }
        // Whatever the block is.
        for now in [99, 130] {
            let phase = round(RoundState::Dissolved, 1).phase(now);
            assert_eq!(phase, RoundPhase::Dissolved);
        }
    }

    #[test]
    fn a_round_closes_with_the_deadline_at_the_latest() {
        assert_eq!(closes(100u32, 30, 1_000), 130);
        assert_eq!(closes(100u32, 30, 110), 111);
        assert_eq!(closes(100u32, 1, 100), 101);
        assert_eq!(closes(u32::MAX, 30, u32::MAX), u32::MAX);
    }

    #[test]
    fn booking_gets_dearer_as_the_blocks_fill_up() {
        let fee = |booked| booking_fee(1_000, 3, booked, 160_000);
        assert_eq!(fee(0), 3_000);
        assert_eq!(fee(9_999), 3_000);
        assert_eq!(fee(10_000), 6_000);
        assert_eq!(fee(80_000), 3_000 << 8);
        assert_eq!(fee(159_999), 3_000 << 15);
        assert_eq!(fee(u32::MAX), 3_000 << 16);
        assert_eq!(booking_fee(u32::MAX, Balance::MAX, 1, 1), Balance::MAX);
        assert_eq!(booking_fee(10, 3, 5, 0), 30);
    }

    #[test]
    fn parts_are_equal_and_rounded_up() {
        // 30 measurements of a round of 4.
        assert_eq!(part(10, 4, 4), 75);
        assert_eq!(part(1, 4, 4), 8);
        assert_eq!(part(10, 0, 4), 0);
        assert_eq!(part(10, 1, 4), 20);
        // 126 measurements of 16.
        assert_eq!(part(16, 16, 4), 126);
    }

    #[test]
    fn the_surcharge_doubles_every_16() {
        assert_eq!(surcharge(0), 1);
        assert_eq!(surcharge(15), 1);
        assert_eq!(surcharge(16), 2);
        assert_eq!(surcharge(47), 4);
        assert_eq!(surcharge(255), 1 << 15);
    }

    #[test]
    fn the_limit_of_work_bounds_a_round() {
        let limit = 1_000_000;
        for seats in 1..=6 {
            for one in [1, 100, 1_000, 10_000, 100_000, u64::MAX] {
                let most = max_commitments(one, seats, limit);
                assert!(most == MAX_COMMITMENTS || work(one, most + 1, seats) > limit);
                assert!(most == 0 || work(one, most, seats) <= limit);
                assert_eq!(
                    most >= MIN_COMMITMENTS,
                    one <= max_work_of_a_set(seats, limit)
                );
            }
        }
    }

    #[test]
    fn the_base_deposit_follows_the_bounty() {
        assert_eq!(base_deposit(1_000, 10_000), 1_000);
        assert_eq!(base_deposit(1_000, 5_000_000), 5_000);
    }

    proptest! {
        #[test]
        fn the_largest_part_is_the_largest(price in 0..1u128 << 64, most in 1..=MAX_COMMITMENTS, seats in 1..=6u8) {
            let largest = (1..=most).map(|reveals| part(price, reveals, seats)).max();
            prop_assert_eq!(Some(largest_part(price, most, seats)), largest);
        }

        /// What is collected is never less than what is to be paid, and hardly more.
        #[test]
        fn parts_cover_the_measurements(price in 0..1u128 << 64, reveals in 1..=MAX_COMMITMENTS, seats in 1..=6u8) {
            let due = price * u128::from(measurements(reveals, seats));
            let collected = part(price, reveals, seats) * u128::from(reveals);
            prop_assert!(collected >= due && collected < due + u128::from(reveals));
        }
    }
}
