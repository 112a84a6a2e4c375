//! What the pallet stores and signs.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{assay::Verdict, Balance, ModelId};
use sp_core::H256;

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

/// What an assayer says of a root or a round. Names what was judged, so that a verdict can never count
/// for anything else.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Report<AssayerId> {
    /// The number of the root or round.
    pub id: ModelId,
    /// A hash of all that was judged; the assay's.
    pub subject: H256,
    /// What came out.
    pub verdict: Verdict,
    /// The key of the assayer that says so.
    pub assayer: AssayerId,
}

impl<AssayerId: Encode> Report<AssayerId> {
    /// The bytes that are signed: the SCALE encoding of `(DOMAIN, genesis hash, report)`. With the
    /// genesis hash a report of one chain is worth nothing on another.
    pub fn payload<Hash: Encode>(&self, genesis: &Hash) -> Vec<u8> {
        (DOMAIN, genesis, self).encode()
    }
}
