//! What the pallet stores and signs.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{
    assay::{AssayKind, Verdict},
    Balance, BlobHash, NodeId,
};

/// Sets an assayer's signatures apart from all others.
pub const DOMAIN: &[u8; 11] = b"sonar/assay";

/// A member of the assayers' set.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Assayer<AccountId, AssayerId> {
    /// Who earns the fees, and whose bond is held.
    pub account: AccountId,
    /// The key that signs its verdicts.
    pub key: AssayerId,
    /// What is held from the account.
    pub bond: Balance,
}

/// What an assayer says of a model. Names what was judged, so that a verdict can never count for
/// anything else.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Report<AccountId, AssayerId> {
    /// The node whose model was measured.
    pub node: NodeId,
    /// Whose model it is.
    pub account: AccountId,
    /// The blob that was judged.
    pub subject: BlobHash,
    /// What came out.
    pub verdict: Verdict,
    /// The key of the assayer that says so.
    pub assayer: AssayerId,
}

impl<AccountId: Encode, AssayerId: Encode> Report<AccountId, AssayerId> {
    /// The bytes that are signed: the SCALE encoding of `(DOMAIN, genesis hash, report)`. With the
    /// genesis hash a report of one chain is worth nothing on another.
    pub fn payload<Hash: Encode>(&self, genesis: &Hash) -> Vec<u8> {
        (DOMAIN, genesis, self).encode()
    }
}

/// Whether an assay of this kind can come to this verdict.
pub fn fits(verdict: &Verdict, kind: AssayKind) -> bool {
    match verdict {
        Verdict::Measured { .. } => kind == AssayKind::Root,
        Verdict::Improved { .. } | Verdict::NotImproved => kind == AssayKind::Candidate,
        Verdict::Malformed(_) => true,
    }
}
