//! What the pallet stores of a campaign, besides its terms.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{
    campaign::{BountySplit, Members, RoundTerms, State},
    Balance, MeasuredError, ModelId,
};

/// The part of a campaign that changes. Small, because it is read and written often; what was asked
/// for is written once, in `TermsOf`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Campaign<AccountId, BlockNumber> {
    /// Who created it.
    pub owner: AccountId,
    /// How far it has come.
    pub state: State<BlockNumber>,
    /// What all sponsors gave, the owner included.
    pub bounty: Balance,
    /// Keeps the escrow alive; the owner gets it back when the campaign is removed.
    pub deposit: Balance,
    /// The first proposal: the campaign opens if its claim holds.
    pub root: ModelId,
    /// The measured error of the first proposal; `None` until it is accepted.
    pub start: Option<MeasuredError>,
    /// Accounts that the owner has admitted.
    pub admitted: u32,
    /// How many steps of the record the settlement has turned into entitlements; `None` until it
    /// begins.
    pub settled_steps: Option<u32>,
    /// The terms that commitments, verdicts and settlement need.
    pub rules: Rules<BlockNumber>,
}

/// A copy of those terms that every commitment, verdict or settlement needs: the terms themselves
/// are too large to be read that often.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rules<BlockNumber> {
    /// The error at which the whole bounty is earned.
    pub target: MeasuredError,
    /// The last block in which gradients may be committed.
    pub deadline: BlockNumber,
    /// How many rows the validation set has.
    pub rows: u32,
    /// How the bounty is shared.
    pub split: BountySplit,
    /// Who may commit to gradients.
    pub members: Members,
    /// How rounds are held and paid.
    pub rounds: RoundTerms,
}
