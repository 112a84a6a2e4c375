//! What happens in campaigns, as clients see it: the pallets' events in one list that does not
//! change its shape when the pallets are reordered.

use crate::{
    campaign::{Closed, Rejected},
    round::RoundState,
    tree::Contributor,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Something that happened in a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[allow(missing_docs)] // The fields are those of the pallets' events and documented there.
pub enum CampaignEvent {
    /// A campaign was created; its initial model waits for its assay.
    Created {
        campaign: CampaignId,
        owner: AccountId,
        #[serde(with = "crate::amount")]
        bounty: Balance,
        root: ModelId,
    },
    /// The initial model was measured; gradients are welcome.
    Opened {
        campaign: CampaignId,
        start: MeasuredError,
    },
    /// The campaign never opened.
    Rejected {
        campaign: CampaignId,
        reason: Rejected,
    },
    /// Somebody revealed another model to start from; without `needs_acceptance` it is measured.
    Proposed {
        campaign: CampaignId,
        root: ModelId,
        author: AccountId,
        needs_acceptance: bool,
    },
    /// The owner wants that model; it is measured.
    ProposalTaken { campaign: CampaignId, root: ModelId },
    /// That model was measured and is a root of the tree now.
    ProposalAccepted {
        campaign: CampaignId,
        root: ModelId,
        error: MeasuredError,
    },
    /// That model is not used.
    ProposalRejected {
        campaign: CampaignId,
        root: ModelId,
        reason: Rejected,
    },
    /// The owner admitted an account.
    Admitted {
        campaign: CampaignId,
        account: AccountId,
    },
    /// A sponsor added to the bounty.
    Funded {
        campaign: CampaignId,
        sponsor: AccountId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// The first commitment opened a round.
    RoundOpened {
        campaign: CampaignId,
        round: RoundId,
        root: ModelId,
        closes: BlockNumber,
        reveals_end: BlockNumber,
    },
    /// An account committed to a gradient.
    Committed {
        campaign: CampaignId,
        submission: SubmissionId,
        round: RoundId,
        base: ModelId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        hold: Balance,
        #[serde(with = "crate::amount")]
        fee: Balance,
    },
    /// An account committed to a proposal.
    ProposalCommitted {
        campaign: CampaignId,
        submission: SubmissionId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        hold: Balance,
        reveal_by: BlockNumber,
    },
    /// A gradient is known.
    Revealed {
        campaign: CampaignId,
        submission: SubmissionId,
        round: RoundId,
        gradient: BlobHash,
    },
    /// All reveals are in, or their time is over: the assayers measure the round.
    RoundClosed {
        campaign: CampaignId,
        round: RoundId,
        reveals: u32,
    },
    /// A round brought its branch's next model.
    RoundAccepted {
        campaign: CampaignId,
        round: RoundId,
        root: ModelId,
        error: MeasuredError,
        /// The record that it broke, if it did.
        former_record: Option<MeasuredError>,
        contributors: Vec<Contributor<AccountId>>,
    },
    /// A round ended without a model.
    RoundEnded {
        campaign: CampaignId,
        round: RoundId,
        state: RoundState,
    },
    /// A gradient cannot be measured.
    Malformed {
        campaign: CampaignId,
        submission: SubmissionId,
    },
    /// A commitment was not revealed in time.
    DepositLost {
        campaign: CampaignId,
        submission: SubmissionId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// A commitment was never judged; what was held went back.
    Returned {
        campaign: CampaignId,
        submission: SubmissionId,
    },
    /// A model's parameters are stored: nobody has to rebuild it.
    ModelStored {
        campaign: CampaignId,
        model: ModelId,
    },
    /// The assayers were paid.
    AssayPaid {
        campaign: CampaignId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// No new commitments are taken.
    Closed {
        campaign: CampaignId,
        reason: Closed,
    },
    /// What an account can claim once the campaign is settled has grown by this.
    Entitled {
        campaign: CampaignId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        earned: Balance,
        #[serde(with = "crate::amount")]
        expertise: Balance,
        #[serde(with = "crate::amount")]
        refund: Balance,
    },
    /// The bounty is split.
    Settled { campaign: CampaignId },
    /// An account was paid.
    Claimed {
        campaign: CampaignId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// Everything was claimed, and the campaign is forgotten.
    Removed { campaign: CampaignId },
}

impl CampaignEvent {
    /// The campaign in which it happened.
    pub fn campaign(&self) -> CampaignId {
        match self {
            Self::Created { campaign, .. }
            | Self::Opened { campaign, .. }
            | Self::Rejected { campaign, .. }
            | Self::Proposed { campaign, .. }
            | Self::ProposalTaken { campaign, .. }
            | Self::ProposalAccepted { campaign, .. }
            | Self::ProposalRejected { campaign, .. }
            | Self::Admitted { campaign, .. }
            | Self::Funded { campaign, .. }
            | Self::RoundOpened { campaign, .. }
            | Self::Committed { campaign, .. }
            | Self::ProposalCommitted { campaign, .. }
            | Self::Revealed { campaign, .. }
            | Self::RoundClosed { campaign, .. }
            | Self::RoundAccepted { campaign, .. }
            | Self::RoundEnded { campaign, .. }
            | Self::Malformed { campaign, .. }
            | Self::DepositLost { campaign, .. }
            | Self::Returned { campaign, .. }
            | Self::ModelStored { campaign, .. }
            | Self::AssayPaid { campaign, .. }
            | Self::Closed { campaign, .. }
            | Self::Entitled { campaign, .. }
            | Self::Settled { campaign, .. }
            | Self::Claimed { campaign, .. }
            | Self::Removed { campaign } => *campaign,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_strings_in_json() {
        let event = CampaignEvent::Funded {
            campaign: 7,
            sponsor: AccountId::new([1; 32]),
            amount: u128::MAX,
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], "funded");
        assert_eq!(json["amount"], "340282366920938463463374607431768211455");
        assert_eq!(
            serde_json::from_value::<CampaignEvent>(json).unwrap(),
            event
        );
    }
}
