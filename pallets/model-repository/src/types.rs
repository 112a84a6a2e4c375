//! What is recorded of a blob.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::TypeInfo;
use sonar_primitives::{traits::Place, Balance};

/// A stored blob.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Blob<AccountId, BlockNumber> {
    /// Its size in bytes, at least 1.
    pub size: u32,
    /// Who stored it, and gets the deposit back.
    pub depositor: AccountId,
    /// What is held from the depositor.
    pub deposit: Balance,
    /// How many campaigns, models and submissions need it.
    pub pins: u32,
    /// Whether it is removed with its last pin. Otherwise it stays until its depositor removes it.
    pub pinned_only: bool,
    /// The block in which it was stored.
    pub stored_at: BlockNumber,
    /// It is renewed in the blocks whose number modulo the retention period is this.
    pub phase: Place,
}
