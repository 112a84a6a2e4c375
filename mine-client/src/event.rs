//! What the daemon tells of its work.

use crate::lifecycle::Outcome;
use serde::Serialize;
use sonar_client::format::{self, Amount};
use sonar_primitives::{Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, NodeId};
use std::fmt;
use syft::Metric;

/// Something that happened. In JSON an object whose `event` says what, amounts are strings that count
/// the smallest unit of SNR, errors whole numbers in the metric's unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// A node is connected.
    Connected {
        /// Its best block.
        block: BlockNumber,
    },
    /// The node is gone, was not there, or could not do its part; it is tried again.
    Retrying {
        /// What went wrong.
        reason: String,
        /// When it is tried again, in seconds.
        retry_in: u64,
    },
    /// Training starts.
    Training {
        /// The campaign.
        campaign: CampaignId,
        /// The node that is to be improved.
        parent: NodeId,
        /// Its error on the validation set.
        error: MeasuredError,
        /// What the error is.
        metric: Metric,
        /// The data set that is trained on.
        data: String,
        /// How often this node was tried before.
        attempt: u32,
    },
    /// Training gave nothing that is worth a deposit.
    NothingBetter {
        /// The campaign.
        campaign: CampaignId,
        /// The node.
        parent: NodeId,
        /// Why.
        reason: String,
    },
    /// A gradient is written down and will be committed.
    Prepared {
        /// The campaign.
        campaign: CampaignId,
        /// The node that it improves.
        parent: NodeId,
        /// The gradient's hash.
        gradient: BlobHash,
        /// What the error is.
        metric: Metric,
        /// Error of the parent on the held-out rows.
        held_out_before: u64,
        /// Error of the candidate on the same rows.
        held_out_after: u64,
    },
    /// The commitment is on the chain.
    Committed {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: NodeId,
    },
    /// The gradient is on the chain and waits for the assayers.
    Revealed {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: NodeId,
    },
    /// The chain has decided.
    Decided {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: NodeId,
        /// How.
        outcome: Outcome,
    },
    /// A prepared gradient will not be submitted.
    Dropped {
        /// The campaign.
        campaign: CampaignId,
        /// Why.
        reason: String,
    },
    /// The chain refused a transaction.
    Refused {
        /// The campaign.
        campaign: CampaignId,
        /// What was asked for.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A settled campaign has paid.
    Claimed {
        /// The campaign.
        campaign: CampaignId,
        /// How much.
        #[serde(serialize_with = "as_amount")]
        amount: Balance,
    },
    /// The account has a submission that this home knows nothing of.
    Unknown {
        /// Its number.
        submission: NodeId,
    },
    /// There is nothing to do; said once, until something is done.
    Idle {
        /// Why.
        reason: String,
    },
}

fn as_amount<S: serde::Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
    Amount(*amount).serialize(serializer)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { block } => write!(f, "connected at block {block}"),
            Self::Retrying { reason, retry_in } => {
                write!(f, "trying again in {retry_in} s: {reason}")
            }
            Self::Training {
                campaign,
                parent,
                error,
                metric,
                data,
                attempt,
            } => write!(
                f,
                "campaign {campaign}: training on {data} from node {parent} (error {}), attempt {}",
                format::error(*metric, *error),
                attempt + 1
            ),
            Self::NothingBetter {
                campaign,
                parent,
                reason,
            } => write!(f, "campaign {campaign}: nothing better than node {parent}: {reason}"),
            Self::Prepared {
                campaign,
                parent,
                gradient,
                metric,
                held_out_before,
                held_out_after,
            } => write!(
                f,
                "campaign {campaign}: gradient {gradient} takes node {parent} from {} to {} on \
                 held-out rows",
                format::error(*metric, *held_out_before),
                format::error(*metric, *held_out_after)
            ),
            Self::Committed {
                campaign,
                submission,
            } => write!(f, "campaign {campaign}: committed submission {submission}"),
            Self::Revealed {
                campaign,
                submission,
            } => write!(f, "campaign {campaign}: revealed submission {submission}"),
            Self::Decided {
                campaign,
                submission,
                outcome,
            } => write!(f, "campaign {campaign}: submission {submission} {outcome}"),
            Self::Dropped { campaign, reason } => {
                write!(f, "campaign {campaign}: gradient given up: {reason}")
            }
            Self::Refused {
                campaign,
                what,
                reason,
            } => write!(f, "campaign {campaign}: {what} failed: {reason}"),
            Self::Claimed { campaign, amount } => {
                write!(f, "campaign {campaign}: received {}", format::amount(*amount))
            }
            Self::Unknown { submission } => write!(
                f,
                "submission {submission} of this account is not in this home's journal: whoever made \
                 it must reveal it"
            ),
            Self::Idle { reason } => write!(f, "nothing to do: {reason}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { node } => write!(f, "accepted as node {node}"),
            Self::NotImproved => f.write_str("not accepted: no improvement on the validation set"),
            Self::Malformed => f.write_str("not accepted: it cannot be measured"),
            Self::Duplicate => f.write_str("not accepted: the same model was committed earlier"),
            Self::NotRevealed => f.write_str("lost: it was not revealed in time"),
            Self::Undecided => f.write_str("returned: it was not judged in time"),
            Self::Forgotten => f.write_str("forgotten by the chain with its campaign"),
        }
    }
}
