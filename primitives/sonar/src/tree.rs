//! The model tree of a campaign: its roots and their branches.

use crate::{BlobHash, CampaignId, MeasuredError, ModelId, SubmissionId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use syft::round::MAX_SEATS;

/// A measured model that others may build on.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(bound(
    serialize = "AccountId: Serialize",
    deserialize = "AccountId: Deserialize<'de>"
))]
pub struct Model<AccountId> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The root of its branch; itself for a root.
    pub root: ModelId,
    /// blake2b-256 of its parameters as canonical safetensors; for a root the hash of the blob as
    /// its author stored it.
    pub parameters: H256,
    /// Whether its parameters are stored as a blob with that hash, so that nobody has to rebuild it.
    pub stored: bool,
    /// Its measured error.
    pub error: MeasuredError,
    /// The campaign's record until this model broke it; `None` if it did not.
    pub former_record: Option<MeasuredError>,
    /// How it came about.
    pub origin: ModelOrigin<AccountId>,
}

/// How a model came about.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(
    rename_all = "snake_case",
    bound(
        serialize = "AccountId: Serialize",
        deserialize = "AccountId: Deserialize<'de>"
    )
)]
pub enum ModelOrigin<AccountId> {
    /// A proposal.
    Proposed {
        /// Who proposed it.
        author: AccountId,
    },
    /// The mean of a round's best set.
    Merged {
        /// The branch's best model until then.
        previous: ModelId,
        /// Whether the mean includes `previous`.
        with_previous: bool,
        /// Who has a share in it, and whose gradients are in it, in the order of commitments.
        contributors: BoundedVec<Contributor<AccountId>, ConstU32<{ MAX_SEATS as u32 }>>,
    },
}

/// A gradient that has a part in a model.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Contributor<AccountId> {
    /// Its submission.
    pub submission: SubmissionId,
    /// Who earns for it.
    pub account: AccountId,
    /// The model that it was trained on.
    pub base: ModelId,
    /// The gradient.
    pub gradient: BlobHash,
    /// Its share, to be seen beside the others' of the round.
    #[serde(with = "crate::amount")]
    pub share: u128,
    /// Whether it is in the best set, whose mean the model is.
    pub in_best_set: bool,
}

impl<AccountId> Model<AccountId> {
    /// Those with a part in it, in the order of commitments; nobody for a root.
    pub fn contributors(&self) -> &[Contributor<AccountId>] {
        match &self.origin {
            ModelOrigin::Proposed { .. } => &[],
            ModelOrigin::Merged { contributors, .. } => contributors,
        }
    }

    /// A submission's part in it, if it has one.
    pub fn contributor(&self, submission: SubmissionId) -> Option<&Contributor<AccountId>> {
        self.contributors()
            .iter()
            .find(|contributor| contributor.submission == submission)
    }

    /// The gradients that it is made of; none for a root.
    pub fn best_set(&self) -> impl Iterator<Item = &Contributor<AccountId>> {
        self.contributors()
            .iter()
            .filter(|contributor| contributor.in_best_set)
    }

    /// The branch's best model until then, if this is the mean of it as well.
    pub fn included_previous(&self) -> Option<ModelId> {
        match self.origin {
            ModelOrigin::Merged {
                previous,
                with_previous: true,
                ..
            } => Some(previous),
            _ => None,
        }
    }

    /// The models that must be there to rebuild it, not distinct; none for a root.
    pub fn built_from(&self) -> impl Iterator<Item = ModelId> + '_ {
        self.best_set()
            .map(|member| member.base)
            .chain(self.included_previous())
    }
}

/// The shares of a round, summed up: what one of them is a part of.
pub fn total_share<AccountId>(contributors: &[Contributor<AccountId>]) -> u128 {
    contributors.iter().fold(0u128, |sum, contributor| {
        sum.saturating_add(contributor.share)
    })
}

/// A step of the record: what one accepted round took it down by, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordStep<AccountId> {
    /// The model that set it.
    pub model: ModelId,
    /// The record until then.
    pub from: MeasuredError,
    /// The model's error, below it.
    pub to: MeasuredError,
    /// Whose gradients brought it, with their shares, in the order of commitments.
    pub contributors: Vec<(AccountId, u128)>,
    /// The author of the branch's root.
    pub proposer: AccountId,
}
