//! What happens in campaigns, as clients see it: the pallets' events in one list that does not
//! change its shape when the pallets are reordered.

use crate::{
    assay::Malformed,
    campaign::{Closed, Rejected},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, NodeId,
};
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
        root: NodeId,
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
    /// Somebody proposed another model to start from.
    Proposed {
        campaign: CampaignId,
        root: NodeId,
        author: AccountId,
    },
    /// That model was measured and is a root of the tree now.
    ProposalAccepted {
        campaign: CampaignId,
        root: NodeId,
        error: MeasuredError,
    },
    /// That model cannot be used.
    ProposalRejected {
        campaign: CampaignId,
        root: NodeId,
        reason: Rejected,
    },
    /// A sponsor added to the bounty.
    Funded {
        campaign: CampaignId,
        sponsor: AccountId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// The owner added to what pays assays.
    ReserveToppedUp {
        campaign: CampaignId,
        #[serde(with = "crate::amount")]
        amount: Balance,
    },
    /// An account committed to a gradient.
    Committed {
        campaign: CampaignId,
        submission: NodeId,
        parent: NodeId,
        account: AccountId,
        #[serde(with = "crate::amount")]
        deposit: Balance,
        reveal_by: BlockNumber,
    },
    /// The gradient is known; the assayers measure it.
    Revealed {
        campaign: CampaignId,
        submission: NodeId,
        gradient: BlobHash,
    },
    /// It improved its parent and is a node of the tree.
    Accepted {
        campaign: CampaignId,
        submission: NodeId,
        account: AccountId,
        parent: NodeId,
        error: MeasuredError,
    },
    /// It did not improve its parent by the minimum step.
    NotImproved {
        campaign: CampaignId,
        submission: NodeId,
    },
    /// It cannot be measured.
    Malformed {
        campaign: CampaignId,
        submission: NodeId,
        reason: Malformed,
    },
    /// The same model was committed to before.
    Duplicate {
        campaign: CampaignId,
        submission: NodeId,
        of: NodeId,
    },
    /// A node went to an equal, earlier commitment.
    TakenOver {
        campaign: CampaignId,
        submission: NodeId,
        node: NodeId,
        account: AccountId,
    },
    /// It was not revealed in time.
    DepositLost {
        campaign: CampaignId,
        submission: NodeId,
    },
    /// It was not decided in time; the deposit went back.
    Undecided {
        campaign: CampaignId,
        submission: NodeId,
    },
    /// An assay was paid from the campaign's reserve.
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
    /// An account can claim this.
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
            | Self::ProposalAccepted { campaign, .. }
            | Self::ProposalRejected { campaign, .. }
            | Self::Funded { campaign, .. }
            | Self::ReserveToppedUp { campaign, .. }
            | Self::Committed { campaign, .. }
            | Self::Revealed { campaign, .. }
            | Self::Accepted { campaign, .. }
            | Self::NotImproved { campaign, .. }
            | Self::Malformed { campaign, .. }
            | Self::Duplicate { campaign, .. }
            | Self::TakenOver { campaign, .. }
            | Self::DepositLost { campaign, .. }
            | Self::Undecided { campaign, .. }
            | Self::AssayPaid { campaign, .. }
            | Self::Closed { campaign, .. }
            | Self::Entitled { campaign, .. }
            | Self::Settled { campaign }
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
