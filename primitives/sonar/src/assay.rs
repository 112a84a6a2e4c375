//! Assays: what is measured, what it costs, and what the answers can be.

use crate::{
    recipe::{Point, Recipe},
    round::MAX_COMMITMENTS,
    BlobHash, CampaignId, MeasuredError, ModelId,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use syft::{round::MAX_SEATS, Architecture, Metric};

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
    /// A proposal's initial model.
    Root,
    /// The sets of a round.
    Round,
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
pub struct AssayTask<BlockNumber> {
    /// The number of the root or round.
    pub id: ModelId,
    /// The campaign that it belongs to.
    pub campaign: CampaignId,
    /// What the assay is for.
    pub kind: AssayKind,
    /// A hash of all that is judged; verdicts bind to it.
    pub subject: H256,
    /// The last block in which a verdict counts.
    pub deadline: BlockNumber,
}

/// All that an assayer's node must know to give a verdict.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AssayRequest {
    /// The shape of the models.
    pub architecture: Architecture,
    /// What the error is.
    pub metric: Metric,
    /// The validation set.
    pub validation: BlobHash,
    /// Rows that the validation set must have.
    pub rows: u32,
    /// What to measure on it.
    pub work: AssayWork,
}

/// What an assay measures.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum AssayWork {
    /// A proposal's initial model.
    Root {
        /// Its parameters.
        parameters: BlobHash,
    },
    /// The sets of a round.
    Round(RoundWork),
}

/// The sets of a round to measure.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RoundWork {
    /// How to build the branch's best model and the bases of the gradients.
    pub recipe: Recipe,
    /// The place of the branch's best model in the recipe.
    pub best: u32,
    /// Its measured error.
    pub best_error: MeasuredError,
    /// The campaign's target.
    pub target: MeasuredError,
    /// Improvements smaller than this do not count. At least 1.
    pub minimum_step: MeasuredError,
    /// How many gradients can have a share.
    pub seats: u8,
    /// The revealed gradients with their bases, in the order of commitments.
    pub gradients: Vec<Point>,
}

/// Why a root cannot be measured. Everybody who has the same blobs comes to the same answer.
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
    /// The validation set cannot be decoded, or does not fit the architecture or the campaign.
    ValidationSet,
    /// The model, or what it computes, holds a NaN or an infinity.
    NotFinite,
}

/// What a node's measurement came to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum AssayOutcome {
    /// The verdict that everybody who measures comes to.
    Verdict(Verdict),
    /// This node does not have a blob (yet); others may.
    Unavailable(BlobHash),
    /// This node failed, through a fault of its own that its log tells of. Says nothing of the
    /// models.
    Failed,
}

/// An assayer's answer.
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
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A root's measured error.
    Measured {
        /// The error on the validation set.
        error: MeasuredError,
    },
    /// The root cannot be measured.
    Malformed(Malformed),
    /// What a round came to.
    Round(RoundVerdict),
}

impl Verdict {
    /// The kind of assay that can come to this verdict.
    pub fn kind(&self) -> AssayKind {
        match self {
            Self::Measured { .. } | Self::Malformed(_) => AssayKind::Root,
            Self::Round(_) => AssayKind::Round,
        }
    }
}

/// Places in a round's list of revealed gradients, in the order of commitments and from 0.
pub type Places<const MOST: u32> = BoundedVec<u8, ConstU32<MOST>>;

/// What a round came to. Deliberately says no more of one that is not accepted than which gradients
/// are malformed.
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
pub struct RoundVerdict {
    /// The gradients that cannot be measured.
    pub malformed: Places<MAX_COMMITMENTS>,
    /// The branch's next model, if the round improves on its best by the minimum step.
    pub accepted: Option<AcceptedRound>,
}

/// The branch's next model, and whose it is.
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
pub struct AcceptedRound {
    /// Its error on the validation set.
    pub error: MeasuredError,
    /// blake2b-256 of its parameters as canonical safetensors.
    pub parameters: H256,
    /// The gradients whose mean it is.
    pub best_set: Places<{ MAX_SEATS as u32 }>,
    /// Whether the mean includes the branch's best model until then.
    pub with_previous: bool,
    /// The seated gradients with their shares, in the order of commitments.
    pub seats: BoundedVec<SeatShare, ConstU32<{ MAX_SEATS as u32 }>>,
}

/// A seated gradient's share.
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
pub struct SeatShare {
    /// Its place among the revealed gradients.
    pub place: u8,
    /// The Shapley value of what it adds, times the factorial of the number of seated.
    #[serde(with = "crate::amount")]
    pub share: u128,
}

impl RoundVerdict {
    /// Whether the verdict keeps the rules for a round of so many reveals, as far as they can be
    /// checked without measuring: places exist and rise, no malformed gradient is seated, the best
    /// set is of the seated, at most `seats` are, somebody has a share, and the model is better than
    /// `best_error` by `minimum_step`.
    pub fn keeps_rules(
        &self,
        reveals: u32,
        seats: u8,
        best_error: MeasuredError,
        minimum_step: MeasuredError,
    ) -> bool {
        let rises = |places: &[u8]| {
            places.windows(2).all(|pair| pair[0] < pair[1])
                && places.last().is_none_or(|last| u32::from(*last) < reveals)
        };
        if !rises(&self.malformed) {
            return false;
        }
        let Some(accepted) = &self.accepted else {
            return true;
        };
        let seated: Vec<u8> = accepted.seats.iter().map(|seat| seat.place).collect();
        rises(&seated)
            && rises(&accepted.best_set)
            && seated.len() <= usize::from(seats)
            && !seated.iter().any(|place| self.malformed.contains(place))
            && !accepted.best_set.is_empty()
            && accepted.best_set.iter().all(|place| seated.contains(place))
            && accepted.seats.iter().any(|seat| seat.share > 0)
            && accepted
                .error
                .checked_add(minimum_step)
                .is_some_and(|needed| needed <= best_error)
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
    #![allow(clippy::unwrap_used)]
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

    fn verdict() -> RoundVerdict {
        RoundVerdict {
            malformed: vec![1].try_into().unwrap(),
            accepted: Some(AcceptedRound {
                error: 90,
                parameters: H256::zero(),
                best_set: vec![2].try_into().unwrap(),
                with_previous: true,
                seats: vec![
                    SeatShare { place: 0, share: 3 },
                    SeatShare {
                        place: 2,
                        share: 17,
                    },
                ]
                .try_into()
                .unwrap(),
            }),
        }
    }

    #[test]
    fn a_verdict_keeps_the_rules_or_does_not_count() {
        type Change = fn(&mut RoundVerdict, &mut AcceptedRound);
        let keeps = |change: Change| {
            let mut verdict = verdict();
            let mut accepted = verdict.accepted.take().unwrap();
            change(&mut verdict, &mut accepted);
            verdict.accepted = Some(accepted);
            verdict.keeps_rules(3, 4, 100, 10)
        };
        let broken: [Change; 9] = [
            |verdict, _| verdict.malformed = vec![3].try_into().unwrap(),
            |verdict, _| verdict.malformed = vec![1, 1].try_into().unwrap(),
            |verdict, _| verdict.malformed = vec![0].try_into().unwrap(),
            |_, accepted| accepted.error = 91,
            |_, accepted| accepted.error = u64::MAX,
            |_, accepted| accepted.best_set = vec![1].try_into().unwrap(),
            |_, accepted| accepted.best_set = Default::default(),
            |_, accepted| accepted.seats.iter_mut().for_each(|seat| seat.share = 0),
            |_, accepted| accepted.seats.as_mut().swap(0, 1),
        ];
        assert!(keeps(|_, _| {}));
        for (index, change) in broken.into_iter().enumerate() {
            assert!(!keeps(change), "change {index}");
        }
        assert!(!verdict().keeps_rules(3, 1, 100, 10));
        assert!(!verdict().keeps_rules(2, 4, 100, 10));
        let nothing = RoundVerdict {
            malformed: Default::default(),
            accepted: None,
        };
        assert!(nothing.keeps_rules(0, 4, 0, 1));
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
