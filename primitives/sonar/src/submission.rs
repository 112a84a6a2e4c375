//! Commitments: to gradients, and to proposals, which come through the same door.

use crate::{BlobHash, CampaignId, ModelId, RoundId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use syft::Architecture;

/// A salt that hides a commitment until it is revealed; draw it from the system's randomness.
pub type Salt = [u8; 32];

/// `blake2_256` of the SCALE encoding of `(account, campaign, base, content, salt)`. Bound to
/// account and base, so that nobody can reveal, or re-use, another's.
///
/// For a gradient `base` is the model that it was trained on and `content` the gradient's hash; for
/// a proposal `base` is `None` and `content` is [`proposal_hash`].
pub fn commitment<AccountId: Encode>(
    account: &AccountId,
    campaign: CampaignId,
    base: Option<ModelId>,
    content: H256,
    salt: &Salt,
) -> H256 {
    (account, campaign, base, content, salt)
        .using_encoded(blake2_256)
        .into()
}

/// The content of a proposal: `blake2_256` of the SCALE encoding of `(architecture, parameters)`,
/// where `parameters` is the hash of the initial parameters' blob.
pub fn proposal_hash(architecture: &Architecture, parameters: BlobHash) -> H256 {
    (architecture, parameters).using_encoded(blake2_256).into()
}

/// What was committed to.
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
pub enum SubmissionKind<BlockNumber> {
    /// A gradient.
    Gradient {
        /// The round that it takes part in.
        round: RoundId,
        /// Its place in the order of the round's commitments, from 0.
        place: u8,
        /// The model that it was trained on.
        base: ModelId,
    },
    /// Another model to start from.
    Proposal {
        /// The last block in which it may be revealed.
        reveal_by: BlockNumber,
    },
}

/// How far a submission has come.
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
pub enum SubmissionState {
    /// Committed; the deposit and the part of the assay are lost unless it is revealed in time.
    Committed,
    /// A gradient that was revealed and waits for its round's verdict.
    Revealed {
        /// The gradient.
        gradient: BlobHash,
    },
    /// A proposal that was revealed. How it goes on is told by the campaign's proposals.
    Proposed {
        /// The proposal's number.
        root: ModelId,
    },
    /// The round was accepted, and the gradient has a part in its model: a share above zero, or it
    /// is in the best set.
    Contributed {
        /// The model.
        model: ModelId,
        /// The share, to be seen beside the other contributors' shares.
        #[serde(with = "crate::amount")]
        share: u128,
    },
    /// The round is decided, and the gradient brought nothing.
    NotContributed,
    /// The gradient cannot be measured: a value of it, or of base and gradient together, is not
    /// finite.
    Malformed,
    /// It was not revealed in time; deposit and part are lost.
    NotRevealed,
    /// It was never judged, through no fault of its author; everything went back.
    Returned,
}

impl SubmissionState {
    /// Whether money is still held for it.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Committed | Self::Revealed { .. })
    }
}

/// A gradient or a proposal that was committed to.
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
    serialize = "AccountId: Serialize, Balance: core::fmt::Display, BlockNumber: Serialize",
    deserialize = "AccountId: Deserialize<'de>, Balance: core::str::FromStr, BlockNumber: Deserialize<'de>"
))]
pub struct Submission<AccountId, Balance, BlockNumber> {
    /// The campaign.
    pub campaign: CampaignId,
    /// Who committed.
    pub account: AccountId,
    /// See [`commitment`].
    pub commitment: H256,
    /// The block of the commitment.
    pub committed_at: BlockNumber,
    /// What it is.
    pub kind: SubmissionKind<BlockNumber>,
    /// The base deposit that was held, in the smallest unit of SNR. Comes back with the verdict.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// The largest possible part of the round's assay, times its [surcharge](crate::round::surcharge),
    /// that was held; zero for a proposal, whose assay is held at the reveal.
    #[serde(with = "crate::amount")]
    pub part: Balance,
    /// How far it has come.
    pub state: SubmissionState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_bound_to_all_its_parts() {
        let gradient = H256::repeat_byte(7);
        let base = commitment(&[1u8; 32], 1, Some(2), gradient, &[3; 32]);
        for other in [
            commitment(&[2u8; 32], 1, Some(2), gradient, &[3; 32]),
            commitment(&[1u8; 32], 2, Some(2), gradient, &[3; 32]),
            commitment(&[1u8; 32], 1, Some(3), gradient, &[3; 32]),
            commitment(&[1u8; 32], 1, None, gradient, &[3; 32]),
            commitment(&[1u8; 32], 1, Some(2), H256::repeat_byte(8), &[3; 32]),
            commitment(&[1u8; 32], 1, Some(2), gradient, &[4; 32]),
        ] {
            assert_ne!(base, other);
        }
        // account (32) ++ campaign (4, LE) ++ Some (1) ++ base (8, LE) ++ gradient (32) ++ salt (32)
        let mut bytes = vec![1u8; 32];
        bytes.extend(1u32.to_le_bytes());
        bytes.push(1);
        bytes.extend(2u64.to_le_bytes());
        bytes.extend([7; 32]);
        bytes.extend([3; 32]);
        assert_eq!(base, H256(blake2_256(&bytes)));
    }
}
