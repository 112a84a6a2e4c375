//! The model tree: proposals are its roots, accepted gradients its other nodes.

use crate::{assay::Malformed, BlobHash, CampaignId, MeasuredError, NodeId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;

/// A salt that hides a commitment until it is revealed; draw it from the system's randomness.
pub type Salt = [u8; 32];

/// `blake2_256` of the SCALE encoding of `(account, campaign, parent, gradient, salt)`. Bound to
/// account and parent, so that nobody can reveal, or re-use, another's.
pub fn commitment<AccountId: Encode>(
    account: &AccountId,
    campaign: CampaignId,
    parent: NodeId,
    gradient: BlobHash,
    salt: &Salt,
) -> H256 {
    (account, campaign, parent, gradient, salt)
        .using_encoded(blake2_256)
        .into()
}

/// A node of a model tree: a measured model that others may build on.
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
pub struct Node<AccountId> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The node that the gradient was added to; `None` for a root.
    pub parent: Option<NodeId>,
    /// The proposal at the root of the path to this node; itself for a root.
    pub root: NodeId,
    /// Who earns for it.
    pub author: AccountId,
    /// The gradient; for a root the initial parameters.
    pub blob: BlobHash,
    /// blake2b-256 of the model's parameters.
    pub candidate: H256,
    /// Its measured error, below its parent's.
    pub error: MeasuredError,
    /// Steps from the root; 0 for a root.
    pub depth: u32,
    /// The author's commitment (its own number, for a root): the smaller wins ties.
    pub committed: NodeId,
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
pub enum SubmissionState<BlockNumber> {
    /// Committed; the deposit is lost unless it is revealed in time.
    Committed {
        /// The last block in which it may be revealed.
        reveal_by: BlockNumber,
    },
    /// Revealed; the assayers measure it.
    Revealed {
        /// The gradient.
        gradient: BlobHash,
    },
    /// It improved its parent and is a node of the tree; the whole deposit went back.
    Accepted {
        /// The node: its own number, or that of an equal later commitment that it took over.
        node: NodeId,
    },
    /// It did not improve its parent by the minimum step; the assay was paid from the deposit.
    NotImproved,
    /// It cannot be measured; the assay was paid from the deposit.
    Malformed(Malformed),
    /// The same gradient or model was committed to before; the price of an assay was taken from the
    /// deposit, unless the node was accepted first.
    Duplicate {
        /// The node that has the same parameters, or the submission that may become it.
        of: NodeId,
    },
    /// It was not revealed in time; the deposit is lost.
    NotRevealed,
    /// It was not decided in time; the deposit went back.
    Undecided,
}

impl<BlockNumber> SubmissionState<BlockNumber> {
    /// Whether it still waits for a reveal or a verdict.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Committed { .. } | Self::Revealed { .. })
    }
}

/// A gradient that was committed to.
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
    /// The node that it builds on.
    pub parent: NodeId,
    /// Who submitted it.
    pub account: AccountId,
    /// See [`commitment`].
    pub commitment: H256,
    /// What was held for it, in the smallest unit of SNR.
    #[serde(with = "crate::amount")]
    pub deposit: Balance,
    /// The part of the deposit that pays the assay if it is not accepted.
    #[serde(with = "crate::amount")]
    pub assay_price: Balance,
    /// The block of the commitment.
    pub committed_at: BlockNumber,
    /// How far it has come.
    pub state: SubmissionState<BlockNumber>,
}

/// One step of the path from a root to the winner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathStep<AccountId> {
    /// The node.
    pub node: NodeId,
    /// Who earns for it.
    pub author: AccountId,
    /// Its measured error.
    pub error: MeasuredError,
}

/// The accepted node with the least error (the earliest commitment on ties) and how it came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WinningPath<AccountId> {
    /// The author of the proposal at its root.
    pub proposer: AccountId,
    /// The root's measured error.
    pub start: MeasuredError,
    /// From the root's child to the winner.
    pub steps: alloc::vec::Vec<PathStep<AccountId>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_bound_to_all_its_parts() {
        let gradient = H256::repeat_byte(7);
        let base = commitment(&[1u8; 32], 1, 2, gradient, &[3; 32]);
        assert_ne!(base, commitment(&[2u8; 32], 1, 2, gradient, &[3; 32]));
        assert_ne!(base, commitment(&[1u8; 32], 2, 2, gradient, &[3; 32]));
        assert_ne!(base, commitment(&[1u8; 32], 1, 3, gradient, &[3; 32]));
        assert_ne!(
            base,
            commitment(&[1u8; 32], 1, 2, H256::repeat_byte(8), &[3; 32])
        );
        assert_ne!(base, commitment(&[1u8; 32], 1, 2, gradient, &[4; 32]));
        // account (32) ++ campaign (4, LE) ++ parent (8, LE) ++ gradient (32) ++ salt (32)
        let mut bytes = vec![1u8; 32];
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(2u64.to_le_bytes());
        bytes.extend([7; 32]);
        bytes.extend([3; 32]);
        assert_eq!(base, H256(blake2_256(&bytes)));
    }
}
