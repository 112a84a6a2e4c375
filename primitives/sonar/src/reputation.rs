//! Reputation: what an account has done, not transferable.

use crate::{Balance, MeasuredError};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What an account has done over all campaigns.
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
pub struct Reputation {
    /// Gradients that improved a model.
    pub accepted: u32,
    /// By how much, in all; saturates. Units of different metrics are added up.
    pub improvement: u64,
    /// Gradients that did not improve a model, or could not be measured.
    pub rejected: u32,
    /// Deposits lost by not revealing in time.
    pub deposits_lost: u32,
    /// Campaigns that it put money into.
    pub sponsored: u32,
    /// Its own campaigns that were settled.
    pub settled: u32,
    /// Assays in which its verdict was the deciding one.
    pub verdicts_with_quorum: u32,
    /// Assays in which it was not.
    pub verdicts_against_quorum: u32,
}

/// Something that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A gradient improved a model by this much.
    Accepted(MeasuredError),
    /// A gradient did not, or could not be measured.
    Rejected,
    /// A commitment was not revealed in time.
    DepositLost,
    /// Money was put into a campaign.
    Sponsored,
    /// An own campaign was settled.
    Settled,
    /// A verdict was the deciding one.
    WithQuorum,
    /// A verdict was not.
    AgainstQuorum,
}

/// Accepted gradients for each halving of the base deposit.
pub const ACCEPTED_PER_HALVING: u32 = 8;
/// The base deposit is halved at most this often.
pub const MAX_HALVINGS: u32 = 2;

impl Reputation {
    /// Counts a deed; counters saturate.
    pub fn note(&mut self, deed: Deed) {
        let counter = match deed {
            Deed::Accepted(improvement) => {
                self.improvement = self.improvement.saturating_add(improvement);
                &mut self.accepted
            }
            Deed::Rejected => &mut self.rejected,
            Deed::DepositLost => &mut self.deposits_lost,
            Deed::Sponsored => &mut self.sponsored,
            Deed::Settled => &mut self.settled,
            Deed::WithQuorum => &mut self.verdicts_with_quorum,
            Deed::AgainstQuorum => &mut self.verdicts_against_quorum,
        };
        *counter = counter.saturating_add(1);
    }

    /// The part of `base` that a commitment of this account must deposit: halved for every
    /// [`ACCEPTED_PER_HALVING`] accepted gradients beyond those rejected or not revealed, at most
    /// [`MAX_HALVINGS`] times.
    pub fn base_deposit(&self, base: Balance) -> Balance {
        let proven = self
            .accepted
            .saturating_sub(self.rejected)
            .saturating_sub(self.deposits_lost);
        base >> (proven / ACCEPTED_PER_HALVING).min(MAX_HALVINGS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_deposit_falls_in_bounded_steps() {
        let with = |accepted, rejected| Reputation {
            accepted,
            rejected,
            ..Default::default()
        };
        assert_eq!(with(0, 0).base_deposit(1_000), 1_000);
        assert_eq!(with(7, 0).base_deposit(1_000), 1_000);
        assert_eq!(with(8, 0).base_deposit(1_000), 500);
        assert_eq!(with(8, 1).base_deposit(1_000), 1_000);
        assert_eq!(with(16, 0).base_deposit(1_000), 250);
        assert_eq!(with(u32::MAX, 0).base_deposit(1_000), 250);
        assert_eq!(with(0, u32::MAX).base_deposit(1_000), 1_000);
    }
}
