//! What the pallet stores.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::Balance;

/// What one account gets from one campaign, in the smallest unit of SNR. Never zero in all.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Entitlement {
    /// For gradients along the winning path.
    pub earned: Balance,
    /// For the winning proposal.
    pub expertise: Balance,
    /// Returned: bounty that was not earned, reserve that was not used.
    pub refund: Balance,
    /// Whether it was paid.
    pub claimed: bool,
}

impl Entitlement {
    /// All of it. Cannot overflow: the parts were checked to sum to a campaign's money.
    pub fn total(&self) -> Balance {
        self.earned
            .saturating_add(self.expertise)
            .saturating_add(self.refund)
    }
}

/// A campaign whose money was split.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SettledCampaign<AccountId> {
    /// The account that pays.
    pub escrow: AccountId,
    /// What was not claimed yet.
    pub unclaimed: Balance,
}
