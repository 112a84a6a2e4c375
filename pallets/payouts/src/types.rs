//! What the pallet stores.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{
    payout::{Part, Progress},
    Balance, MeasuredError,
};

/// What one account gets from one campaign, in the smallest unit of SNR. Never zero in all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Entitlement {
    /// For gradients that took the record down.
    pub earned: Balance,
    /// For proposals whose branches set the record.
    pub expertise: Balance,
    /// Returned: bounty that was not earned.
    pub refund: Balance,
    /// Whether it was paid.
    pub claimed: bool,
}

impl Entitlement {
    /// All of it. Cannot overflow: the parts of all accounts together are at most a bounty.
    pub fn total(&self) -> Balance {
        self.earned
            .saturating_add(self.expertise)
            .saturating_add(self.refund)
    }

    /// Adds what another portion of the settlement brings; cannot overflow either.
    pub(crate) fn add(&mut self, part: &Part) {
        self.earned = self.earned.saturating_add(part.earned);
        self.expertise = self.expertise.saturating_add(part.expertise);
        self.refund = self.refund.saturating_add(part.refund);
    }
}

/// A campaign of which a part of the record was turned into entitlements.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SettlingCampaign<AccountId> {
    /// The error to which the record has been followed: where the next step must start.
    pub record: MeasuredError,
    /// What was given for its steps, in the smallest unit of SNR.
    pub given: Balance,
    /// To whom.
    pub payees: Payees<AccountId>,
}

impl<AccountId: PartialEq + Clone> SettlingCampaign<AccountId> {
    /// A settlement that begins with the record at `start`.
    pub(crate) fn new(start: MeasuredError) -> Self {
        let Progress { record, given } = Progress::from(start);
        Self {
            record,
            given,
            payees: Payees::Nobody,
        }
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            record: self.record,
            given: self.given,
        }
    }

    /// Notes a portion.
    pub(crate) fn note<'a>(
        &mut self,
        Progress { record, given }: Progress,
        parts: impl IntoIterator<Item = (&'a AccountId, &'a Part)>,
    ) where
        AccountId: 'a,
    {
        (self.record, self.given) = (record, given);
        for (account, part) in parts {
            if part.earned > 0 || part.expertise > 0 {
                self.payees.note(account);
            }
        }
    }
}

/// Who got something for steps of the record: as much as is needed to know whether anybody else did.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Payees<AccountId> {
    /// Nobody.
    Nobody,
    /// This account alone.
    Only(AccountId),
    /// Several.
    Several,
}

impl<AccountId: PartialEq + Clone> Payees<AccountId> {
    /// Notes that an account gets something.
    fn note(&mut self, account: &AccountId) {
        match self {
            Self::Nobody => *self = Self::Only(account.clone()),
            Self::Only(only) if only != account => *self = Self::Several,
            _ => {}
        }
    }

    /// Whether anybody but this account gets something.
    pub(crate) fn are_others_than(&self, account: &AccountId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Only(only) => only != account,
            Self::Several => true,
        }
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
