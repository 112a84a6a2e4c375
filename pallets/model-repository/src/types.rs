//! What is recorded of a blob.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::TypeInfo;
use sonar_primitives::Balance;
use sp_runtime::traits::{AtLeast32BitUnsigned, One};

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
    /// How many campaigns, nodes and submissions need it.
    pub pins: u32,
    /// The block in which it was stored.
    pub stored_at: BlockNumber,
}

impl<AccountId, BlockNumber: AtLeast32BitUnsigned + Copy> Blob<AccountId, BlockNumber> {
    /// The first block after `now` in which the blob is renewed: it is every `period` blocks after
    /// it was stored. `period` is positive, and `now` not before [`Self::stored_at`].
    pub fn next_renewal(&self, now: BlockNumber, period: BlockNumber) -> BlockNumber {
        let renewals = now.saturating_sub(self.stored_at) / period;
        let next = period.saturating_mul(renewals.saturating_add(One::one()));
        self.stored_at.saturating_add(next)
    }
}
