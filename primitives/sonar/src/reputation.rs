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
    /// Gradients that were paid for improving a record.
    pub contributions: u32,
    /// By how much they did, in all; saturates. Units of different metrics are added up.
    pub improvement: u64,
    /// Deposits lost by not revealing in time.
    pub deposits_lost: u32,
    /// Campaigns that it put money into and that paid others.
    pub sponsored: u32,
    /// Its own campaigns that were settled and paid others.
    pub settled: u32,
    /// Assays in which its verdict was the deciding one.
    pub verdicts_with_quorum: u32,
    /// Assays in which it was not.
    pub verdicts_against_quorum: u32,
}

/// Something that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReputationChange {
    /// A gradient was paid for improving a record by this much.
    Contributed(MeasuredError),
    /// A commitment was not revealed in time.
    DepositLost,
    /// A campaign that it put money into paid others.
    Sponsored,
    /// An own campaign was settled and paid others.
    Settled,
    /// A verdict was the deciding one.
    WithQuorum,
    /// A verdict was not.
    AgainstQuorum,
}

/// Contributions for each halving of the base deposit.
pub const CONTRIBUTIONS_PER_HALVING: u32 = 8;
/// The base deposit is halved at most this often.
pub const MAX_HALVINGS: u32 = 2;

impl Reputation {
    /// Counts a change; counters saturate.
    pub fn note(&mut self, change: ReputationChange) {
        let counter = match change {
            ReputationChange::Contributed(improvement) => {
                self.improvement = self.improvement.saturating_add(improvement);
                &mut self.contributions
            }
            ReputationChange::DepositLost => &mut self.deposits_lost,
            ReputationChange::Sponsored => &mut self.sponsored,
            ReputationChange::Settled => &mut self.settled,
            ReputationChange::WithQuorum => &mut self.verdicts_with_quorum,
            ReputationChange::AgainstQuorum => &mut self.verdicts_against_quorum,
        };
        *counter = counter.saturating_add(1);
    }

    /// The part of `base` that a commitment of this account must deposit: halved for every
    /// [`CONTRIBUTIONS_PER_HALVING`] contributions beyond the deposits lost, at most
    /// [`MAX_HALVINGS`] times.
    pub fn base_deposit(&self, base: Balance) -> Balance {
        let proven = self.contributions.saturating_sub(self.deposits_lost);
        base >> (proven / CONTRIBUTIONS_PER_HALVING).min(MAX_HALVINGS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_deposit_falls_in_bounded_steps() {
        let with = |contributions, deposits_lost| Reputation {
            contributions,
            deposits_lost,
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
