//! What this pallet alone stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sonar_primitives::{MeasuredError, ModelId, RoundId, SubmissionId};

/// The number of a model, round or submission as a storage key that is not hashed: big-endian, so
/// that the state keeps keys in the order of numbers and a page can start anywhere. Safe without a
/// hash because the chain itself gives out the numbers, one after the other.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct OrderedId([u8; 8]);

impl From<u64> for OrderedId {
    fn from(id: u64) -> Self {
        Self(id.to_be_bytes())
    }
}

impl From<OrderedId> for u64 {
    fn from(id: OrderedId) -> Self {
        Self::from_be_bytes(id.0)
    }
}

/// What changes with every round of a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Tree<AccountId> {
    /// Rounds that were accepted.
    pub accepted: u32,
    /// Rounds that are not decided.
    pub pending: u32,
    /// The least error of any model, and whose it is.
    pub record: Record,
    /// How often a round broke the record.
    pub steps: u32,
    /// Who has a share in those rounds.
    pub contributors: Contributors<AccountId>,
}

/// The least error of any model of a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Record {
    /// The error.
    pub error: MeasuredError,
    /// The model that set it.
    pub model: ModelId,
}

/// How many accounts have contributed to the record.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Contributors<AccountId> {
    /// Nobody.
    Nobody,
    /// This one.
    One(AccountId),
    /// More than one.
    Several,
}

impl<AccountId: PartialEq> Contributors<AccountId> {
    /// Takes one more account into account.
    pub(crate) fn add(&mut self, account: AccountId) {
        match self {
            Self::Nobody => *self = Self::One(account),
            Self::One(first) if *first != account => *self = Self::Several,
            Self::One(_) | Self::Several => {}
        }
    }
}

/// The models of a root.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Branch {
    /// The last of them, which is the best.
    pub best: ModelId,
    /// How many there are, the root included.
    pub models: u32,
}

/// The most buckets that lie in a reveal window.
pub const MAX_BUCKETS: u32 = 16;

/// The bytes that are booked for the reveals of a round. There as long as its reveals count.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Booking {
    /// What is booked for each commitment: the greatest possible size of a gradient, in bytes.
    pub size: u32,
    /// How many commitments are booked in which bucket.
    pub buckets: BoundedVec<(u32, u32), ConstU32<MAX_BUCKETS>>,
}

/// What the agenda looks at.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
pub enum DueItem {
    /// A round that may have to go on.
    Round(RoundId),
    /// A commitment to a proposal whose time may be over.
    Proposal(SubmissionId),
}

/// What a commitment to a gradient would need now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitmentQuote<Balance, BlockNumber> {
    /// The base deposit.
    pub deposit: Balance,
    /// The largest possible part of the round's assay, with its surcharge.
    pub part: Balance,
    /// What booking room for the reveal costs; burned.
    pub fee: Balance,
    /// The largest error of a model that would be accepted; `None` if the branch cannot be improved.
    pub accepted_up_to: Option<MeasuredError>,
    /// The branch's best model.
    pub best: ModelId,
    /// The round that takes commitments; `None` if a commitment would open one.
    pub round: Option<RoundId>,
    /// The first block that takes no commitments to it.
    pub closes: BlockNumber,
}
