//! Campaigns: what a data scientist asks for, and how far it has come.

use crate::{Balance, BlobHash, MeasuredError};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;
use syft::{Architecture, Metric, Schema, Text};

/// Who may see weights and gradients.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Everybody.
    #[default]
    Open,
    /// Nobody but the assayers, and at the end the owner. Not available yet.
    Encrypted,
}

/// How a bounty is shared. The parts sum to one.
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
pub struct BountySplit {
    /// To the mines whose gradients take the record down.
    pub data: Permill,
    /// To the authors of the roots whose branches set the record.
    pub expertise: Permill,
    /// To providers of metered compute. Must be zero: not available yet.
    pub compute: Permill,
}

impl Default for BountySplit {
    fn default() -> Self {
        Self {
            data: Permill::one(),
            expertise: Permill::zero(),
            compute: Permill::zero(),
        }
    }
}

impl BountySplit {
    /// Whether the parts sum to one.
    pub fn is_whole(&self) -> bool {
        u64::from(self.data.deconstruct())
            + u64::from(self.expertise.deconstruct())
            + u64::from(self.compute.deconstruct())
            == 1_000_000
    }

    /// The parts of a bounty under a split that [`Self::is_whole`].
    pub fn parts(&self, bounty: Balance) -> BountyParts {
        let expertise = self.expertise.mul_floor(bounty);
        let unearnable = self.compute.mul_floor(bounty);
        BountyParts {
            data: bounty.saturating_sub(expertise).saturating_sub(unearnable),
            expertise,
            unearnable,
        }
    }
}

/// The parts of a bounty, in its unit; they sum to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BountyParts {
    /// Earned by whoever takes the record down. Takes what rounding the others leaves.
    pub data: Balance,
    /// Earned by the authors of the roots whose branches set the record.
    pub expertise: Balance,
    /// Earned by nobody, so it goes back: the part of metered compute, which is not available yet.
    pub unearnable: Balance,
}

/// The rows on which models are measured.
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
pub struct ValidationSet {
    /// The canonical data set in the model repository.
    pub blob: BlobHash,
    /// How many rows it has.
    pub rows: u32,
}

/// What a data scientist asks for; given to `campaigns.create` and never changed.
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
pub struct Terms<Balance, BlockNumber> {
    /// One line for people.
    pub title: Text<64>,
    /// What the model is for, for people.
    pub description: Text<1024>,
    /// What a row of data looks like.
    pub schema: Schema,
    /// What the error is.
    pub metric: Metric,
    /// The rows on which models are measured.
    pub validation: ValidationSet,
    /// The claimed error of the initial model, in the metric's unit.
    pub starting_error: MeasuredError,
    /// The error at which the whole bounty is earned.
    pub target_error: MeasuredError,
    /// By how much the measured start may exceed the claim: of the whole scale for an error rate
    /// (5,000 parts per million are 0.5 % points), of the claim for a mean squared error.
    pub tolerance: Permill,
    /// The Ladder's step: smaller improvements do not count and are not published. At least 1, and at
    /// least 1/1,024 of the way from start to target.
    pub minimum_step: MeasuredError,
    /// The last block in which gradients may be committed.
    pub deadline: BlockNumber,
    /// Who may see weights and gradients.
    pub privacy: Privacy,
    /// The owner's own part of the bounty, in the smallest unit of SNR.
    #[serde(with = "crate::amount")]
    pub bounty: Balance,
    /// How the bounty is shared.
    pub split: BountySplit,
    /// Whether others than the owner may add proposals, which the owner must accept.
    pub open_proposals: bool,
    /// Who may commit to gradients.
    pub members: Members,
    /// How rounds are held and paid.
    pub rounds: RoundTerms,
}

/// Who may commit to gradients in a campaign. Only admission limits how many identities one miner
/// has.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Members {
    /// Everybody.
    #[default]
    Everybody,
    /// Accounts with a reputation.
    Reputation {
        /// Contributions that the account must have, in any campaign.
        contributions: u32,
    },
    /// Accounts that the owner admits, with `campaigns.admit`.
    Admitted,
}

/// How a campaign's rounds are held and paid.
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
#[serde(default)]
pub struct RoundTerms {
    /// Blocks for which a round takes commitments, 1 to 43,200. Choose at least as many as a training
    /// takes.
    pub round_blocks: u32,
    /// Blocks after that in which gradients may be revealed, 30 to 150.
    pub reveal_window: u32,
    /// How many gradients of a round can have a share, 1 to 6.
    pub seats: u8,
    /// How much later improvements earn more than early ones, 1 to 3; see
    /// [`PayoutRule`](crate::payout::PayoutRule).
    pub steepness: u8,
}

/// The range of [`RoundTerms::round_blocks`].
pub const ROUND_BLOCKS: RangeInclusive<u32> = 1..=43_200;
/// The range of [`RoundTerms::reveal_window`].
pub const REVEAL_WINDOW: RangeInclusive<u32> = 30..=150;
/// The range of [`RoundTerms::seats`].
pub const SEATS: RangeInclusive<u8> = 1..=syft::round::MAX_SEATS;
/// The range of [`RoundTerms::steepness`].
pub const STEEPNESS: RangeInclusive<u8> = 1..=3;
/// The minimum step is at least this part of the way from start to target: one in this many.
pub const MAX_STEPS: u64 = 1_024;
/// The default of [`Terms::minimum_step`]: one in this many parts of the way from start to target.
pub const DEFAULT_STEPS: u64 = 500;

impl Default for RoundTerms {
    fn default() -> Self {
        Self {
            round_blocks: 30,
            reveal_window: 30,
            seats: 4,
            steepness: 1,
        }
    }
}

/// The default of [`Terms::tolerance`]: 0.5 %.
pub const DEFAULT_TOLERANCE: Permill = Permill::from_parts(5_000);

impl<Balance, BlockNumber> Terms<Balance, BlockNumber> {
    /// The largest measured starting error for which the claim still holds.
    pub fn claim_holds_up_to(&self) -> MeasuredError {
        let slack = match self.metric {
            Metric::ErrorRate => self.tolerance.mul_floor(syft::WORST_ERROR_RATE),
            Metric::MeanSquaredError => self.tolerance.mul_floor(self.starting_error),
        };
        self.starting_error.saturating_add(slack)
    }

    /// The least minimum step that the terms may have.
    pub fn least_minimum_step(&self) -> MeasuredError {
        let way = self.starting_error.saturating_sub(self.target_error);
        way.div_ceil(MAX_STEPS).max(1)
    }
}

/// A model to start from.
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
pub struct InitialModel {
    /// The shape of the model.
    pub architecture: Architecture,
    /// Its initial parameters (safetensors) in the model repository.
    pub parameters: BlobHash,
}

/// Why no more gradients are taken.
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
pub enum Closed {
    /// A model's error is at or below the target.
    TargetReached,
    /// The deadline has passed.
    DeadlinePassed,
    /// The owner cancelled before any round was accepted.
    Cancelled,
}

/// Why a campaign never opened, or a proposal is not used. A campaign is rejected with its first model,
/// which is a proposal too.
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
pub enum Rejected {
    /// A campaign's first model: its error is above the claim by more than the tolerance.
    FalseClaim {
        /// What was measured.
        measured: MeasuredError,
    },
    /// A campaign's first model: it has the target error already, or is less than the minimum step
    /// above it.
    AtTarget {
        /// What was measured.
        measured: MeasuredError,
    },
    /// A later proposal: its model is better than the campaign's record. Propose initial parameters
    /// that are not, then commit to the difference as a gradient on that root.
    BelowRecord {
        /// What was measured.
        measured: MeasuredError,
    },
    /// The model or the validation set cannot be used.
    Malformed(crate::assay::Malformed),
    /// No quorum of assayers judged the model in time.
    NoQuorum,
    /// The campaign's owner refused it, or the campaign was closed, before it was judged.
    Cancelled,
}

/// How far a campaign has come.
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
pub enum State<BlockNumber> {
    /// The initial model waits for its assay.
    Proposed,
    /// Gradients are welcome.
    Open,
    /// No new commitments; what is pending may still finish.
    Closing {
        /// Why.
        reason: Closed,
        /// The block from which what is still pending is given up; each decided round moves it.
        grace_ends: BlockNumber,
    },
    /// The bounty is split; everybody can claim.
    Settled {
        /// The block of the settlement.
        at: BlockNumber,
    },
    /// It never opened; everybody can claim a refund.
    Rejected {
        /// Why.
        reason: Rejected,
        /// The block of the rejection.
        at: BlockNumber,
    },
}

impl<BlockNumber> State<BlockNumber> {
    /// Whether nothing more happens in the campaign but claims.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Rejected { .. })
    }
}

/// How far a proposal has come.
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
pub enum ProposalState {
    /// It waits for the owner's acceptance.
    Offered,
    /// Its assay is pending.
    Pending,
    /// Gradients may be committed to it; it is a root of the model tree.
    Accepted {
        /// Its measured error.
        error: MeasuredError,
    },
    /// It is not used: its assay says no or did not come about, or it was refused or withdrawn before.
    Rejected(Rejected),
}

/// A model to start from, in a campaign.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Proposal<AccountId, Balance> {
    /// The campaign.
    pub campaign: crate::CampaignId,
    /// Who proposed it, and earns the expertise part of the records that its branch sets.
    pub author: AccountId,
    /// The model.
    pub model: InitialModel,
    /// What measuring it, or one set of a round on it, costs.
    pub assay_price: Balance,
    /// Held from the author for its assay; zero once it is decided.
    pub deposit: Balance,
    /// How far it has come.
    pub state: ProposalState,
}

/// What the owner of a campaign pays at its creation, and what its rounds cost.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(bound(
    serialize = "Balance: core::fmt::Display",
    deserialize = "Balance: core::str::FromStr"
))]
pub struct CampaignCost<Balance> {
    /// Earned by those whose work takes the record down; the rest comes back.
    #[serde(with = "crate::amount")]
    pub bounty: Balance,
    /// Keeps the campaign's account alive; comes back when everything is claimed.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// Pays the assay of the initial model.
    #[serde(with = "crate::amount")]
    pub assay_price: Balance,
    /// The most commitments that a round holds. Fewer than
    /// [`MIN_COMMITMENTS`](crate::round::MIN_COMMITMENTS): the campaign would be refused.
    pub max_commitments: u32,
    /// The most multiply-adds (of one row, times rows) that one set may take with these seats.
    pub max_work_of_a_set: u64,
    /// The largest part of a round's assay that one of its first 16 commitments may have to pay.
    #[serde(with = "crate::amount")]
    pub largest_part: Balance,
    /// The base deposit of a commitment by an account without a reputation.
    #[serde(with = "crate::amount")]
    pub base_deposit: Balance,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_of_a_bounty_lose_nothing(bounty: u128, expertise in 0u32..=1_000_000, compute in 0u32..=1_000_000) {
            prop_assume!(expertise + compute <= 1_000_000);
            let split = BountySplit {
                data: Permill::from_parts(1_000_000 - expertise - compute),
                expertise: Permill::from_parts(expertise),
                compute: Permill::from_parts(compute),
            };
            prop_assert!(split.is_whole());
            let parts = split.parts(bounty);
            prop_assert_eq!(parts.data + parts.expertise + parts.unearnable, bounty);
        }
    }

    #[test]
    fn a_split_must_be_whole() {
        assert!(BountySplit::default().is_whole());
        let short = BountySplit {
            data: Permill::from_percent(99),
            ..Default::default()
        };
        assert!(!short.is_whole());
        let over = BountySplit {
            expertise: Permill::from_percent(1),
            ..Default::default()
        };
        assert!(!over.is_whole());
    }
}
