//! Assays: what is measured, what it costs, and what the answers can be.

use crate::{BlobHash, CampaignId, MeasuredError, NodeId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use syft::{Architecture, Metric};

/// What an assay is for.
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
pub enum AssayKind {
    /// A proposal's initial model: its error is the start of every path from it.
    Root,
    /// A parent with a submitted gradient added.
    Candidate,
}

/// One assay that the chain waits for.
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
pub struct AssayTask<AccountId, BlockNumber> {
    /// The node whose model is measured.
    pub node: NodeId,
    /// The campaign that it belongs to.
    pub campaign: CampaignId,
    /// Whose model it is: verdicts bind to this account and to `subject`.
    pub account: AccountId,
    /// The blob that is judged: a gradient, or a proposal's parameters.
    pub subject: BlobHash,
    /// What the assay is for.
    pub kind: AssayKind,
    /// The last block in which a verdict counts.
    pub deadline: BlockNumber,
}

/// All that an assayer's node must know to measure a model.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AssayRequest {
    /// The shape of the model.
    pub architecture: Architecture,
    /// What the error is.
    pub metric: Metric,
    /// The validation set.
    pub validation: BlobHash,
    /// Rows that the validation set must have.
    pub rows: u32,
    /// The initial parameters.
    pub root: BlobHash,
    /// Gradients to add to them, from the root down. Empty for a root's own assay.
    pub gradients: Vec<BlobHash>,
}

/// Why a model cannot be measured. Everybody who has the same blobs comes to the same answer.
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
pub enum Malformed {
    /// The initial parameters are not safetensors of this architecture.
    Parameters,
    /// A gradient is not one of this architecture.
    Gradient,
    /// The validation set cannot be decoded, or does not fit the architecture or the campaign.
    ValidationSet,
    /// The model, or what it computes, holds a NaN or an infinity.
    NotFinite,
}

/// What a node's measurement came to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum AssayOutcome {
    /// The model was measured.
    Measured {
        /// The error on the validation set.
        error: MeasuredError,
        /// blake2b-256 of the model's parameters as canonical safetensors.
        candidate: H256,
    },
    /// The model cannot be measured, by anybody.
    Malformed(Malformed),
    /// This node does not have a blob (yet); others may.
    Unavailable(BlobHash),
    /// This node failed, through a fault of its own that its log tells of. Says nothing of the model.
    Failed,
}

/// An assayer's answer. Deliberately says no more about a candidate that is not better than that.
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
pub enum Verdict {
    /// A root's measured error.
    Measured {
        /// The error on the validation set.
        error: MeasuredError,
    },
    /// The candidate is better than its parent by at least the minimum step.
    Improved {
        /// The error on the validation set.
        error: MeasuredError,
        /// blake2b-256 of the candidate's parameters.
        candidate: H256,
    },
    /// The candidate is not better than its parent by the minimum step.
    NotImproved,
    /// The model cannot be measured.
    Malformed(Malformed),
}

/// What a candidate must beat.
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
)]
pub struct Baseline {
    /// The parent's measured error.
    pub error: MeasuredError,
    /// Improvements smaller than this do not count.
    pub minimum_step: MeasuredError,
}

impl Baseline {
    /// The Ladder's rule: `error + minimum_step <= parent's error`.
    pub fn is_beaten_by(&self, error: MeasuredError) -> bool {
        error
            .checked_add(self.minimum_step)
            .is_some_and(|needed| needed <= self.error)
    }
}

/// What an assay costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct AssayPrice<Balance> {
    /// For any assay.
    pub base: Balance,
    /// For each million multiply-adds (begun) of the evaluation.
    pub per_million_multiply_adds: Balance,
    /// For each kibibyte (begun) of parameters and validation set that is read.
    pub per_kibibyte: Balance,
}

impl AssayPrice<crate::Balance> {
    /// The price of measuring a model of `multiply_adds` per row on `rows` rows, reading `bytes`.
    /// Saturates: what is too large to pay for is not measured.
    pub fn of(&self, multiply_adds: u64, rows: u32, bytes: u64) -> crate::Balance {
        let work = u128::from(multiply_adds)
            .saturating_mul(rows.into())
            .div_ceil(1_000_000);
        let read = u128::from(bytes).div_ceil(1024);
        self.base
            .saturating_add(self.per_million_multiply_adds.saturating_mul(work))
            .saturating_add(self.per_kibibyte.saturating_mul(read))
    }
}

/// How many equal verdicts decide when there are `assayers`: more than two thirds of them.
pub fn quorum(assayers: u32) -> u32 {
    // floor(2n/3) + 1, in u64 because 2n may not fit.
    (u64::from(assayers) * 2 / 3) as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_more_than_two_thirds() {
        for assayers in 1..200u32 {
            let needed = quorum(assayers);
            assert!(3 * needed > 2 * assayers);
            assert!(3 * (needed - 1) <= 2 * assayers);
        }
        assert_eq!(quorum(1), 1);
        assert_eq!(quorum(4), 3);
        assert_eq!(quorum(u32::MAX), 2_863_311_531);
    }

    #[test]
    fn the_ladder_needs_the_whole_step() {
        let baseline = Baseline {
            error: 100,
            minimum_step: 10,
        };
        assert!(baseline.is_beaten_by(90));
        assert!(!baseline.is_beaten_by(91));
        assert!(!baseline.is_beaten_by(u64::MAX));
    }

    #[test]
    fn a_price_counts_begun_units() {
        let price = AssayPrice {
            base: 5,
            per_million_multiply_adds: 7,
            per_kibibyte: 11,
        };
        assert_eq!(price.of(0, 0, 0), 5);
        assert_eq!(price.of(1, 1, 1), 5 + 7 + 11);
        assert_eq!(price.of(1_000, 2_000, 2_048), 5 + 14 + 22);
        assert_eq!(
            price.of(u64::MAX, u32::MAX, u64::MAX),
            5 + 7 * (u128::from(u64::MAX) * u128::from(u32::MAX)).div_ceil(1_000_000)
                + 11 * u128::from(u64::MAX).div_ceil(1024)
        );
    }
}
