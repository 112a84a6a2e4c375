//! What the pallet stores of a campaign, besides its terms.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{
    campaign::{BountySplit, State},
    Balance, MeasuredError, NodeId,
};

/// The part of a campaign that changes. Small, because every verdict writes it; what was asked for
/// is written once, in `TermsOf`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Campaign<AccountId, BlockNumber> {
    /// Who created it.
    pub owner: AccountId,
    /// How far it has come.
    pub state: State<BlockNumber>,
    /// What all sponsors gave, the owner included.
    pub bounty: Balance,
    /// What is left to pay assays; nothing once the campaign is over.
    pub reserve: Reserve,
    /// Keeps the escrow alive; the owner gets it back when the campaign is removed.
    pub deposit: Balance,
    /// The first proposal: the campaign opens if its claim holds.
    pub root: NodeId,
    /// The measured error of the first proposal; `None` until it is accepted.
    pub start: Option<MeasuredError>,
    /// The least error of any node, roots included; `None` until a proposal is accepted.
    pub best: Option<MeasuredError>,
    /// The terms that commitments and verdicts need.
    pub rules: Rules<BlockNumber>,
}

/// What pays assays of accepted gradients, and of the first proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Reserve {
    /// Not promised to any assay.
    pub free: Balance,
    /// Promised to assays that are pending.
    pub set_aside: Balance,
}

impl Reserve {
    /// All of it. Cannot overflow: both parts were paid in together.
    pub fn total(&self) -> Balance {
        self.free.saturating_add(self.set_aside)
    }

    /// Takes at most `price` out of what was set aside, and says how much that is.
    pub(crate) fn take(&mut self, price: Balance) -> Balance {
        let taken = price.min(self.set_aside);
        self.set_aside -= taken;
        taken
    }
}

/// A copy of those terms that every commitment, verdict or settlement needs: the terms themselves
/// are too large to be read that often.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rules<BlockNumber> {
    /// The error at which the whole bounty is earned.
    pub target: MeasuredError,
    /// The Ladder's step.
    pub minimum_step: MeasuredError,
    /// Accepted gradients that an account must have to commit.
    pub minimum_reputation: u32,
    /// The last block in which gradients may be committed.
    pub deadline: BlockNumber,
    /// How the bounty is shared.
    pub split: BountySplit,
}
