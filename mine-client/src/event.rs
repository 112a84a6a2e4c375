//! What the daemon tells of its work.

use crate::{lifecycle::Outcome, rounds::blocks};
use serde::Serialize;
use sonar_client::format::{self, Amount};
use sonar_primitives::{
    Balance, BlobHash, BlockNumber, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
};
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
        /// The root of the branch that is to be improved.
        root: ModelId,
        /// The branch's best model, which training starts from.
        base: ModelId,
        /// Its error on the validation set.
        error: MeasuredError,
        /// What the error is.
        metric: Metric,
        /// The data set that is trained on.
        data: String,
        /// Which attempt at this model it is, from 1.
        attempt: u32,
        /// The round of the branch that takes commitments, if there is one.
        round: Option<RoundId>,
        /// Blocks until it closes.
        closes_in: Option<BlockNumber>,
    },
    /// Training gave nothing that is worth a deposit.
    NothingBetter {
        /// The campaign.
        campaign: CampaignId,
        /// The root of the branch.
        root: ModelId,
        /// The model that training started from.
        base: ModelId,
        /// Why.
        reason: String,
    },
    /// Training takes longer than the campaign's rounds; said once per campaign.
    ShortRounds {
        /// The campaign.
        campaign: CampaignId,
        /// Blocks for which its rounds take commitments.
        round_blocks: u32,
        /// Blocks that the training took.
        took: BlockNumber,
    },
    /// A gradient is written down and will be committed.
    Prepared {
        /// The campaign.
        campaign: CampaignId,
        /// The root of the branch that it improves.
        root: ModelId,
        /// The branch's best model, which it was trained on.
        base: ModelId,
        /// The gradient's hash.
        gradient: BlobHash,
        /// What the error is.
        metric: Metric,
        /// Error of that model on the held-out rows.
        held_out_before: u64,
        /// Error of the gradient on the same rows, as a round that it is alone in measures it.
        held_out_after: u64,
    },
    /// A gradient cannot be committed yet; said once for each reason.
    Waiting {
        /// The campaign.
        campaign: CampaignId,
        /// The root of the branch.
        root: ModelId,
        /// What it waits for.
        reason: String,
    },
    /// The commitment is on the chain.
    Committed {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: SubmissionId,
        /// The root of the branch.
        root: ModelId,
        /// The round.
        round: RoundId,
        /// Blocks until the round closes.
        closes_in: BlockNumber,
    },
    /// The gradient is on the chain and waits for its round's verdict.
    Revealed {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: SubmissionId,
        /// The round.
        round: RoundId,
    },
    /// The chain has decided.
    Decided {
        /// The campaign.
        campaign: CampaignId,
        /// The submission's number.
        submission: SubmissionId,
        /// The round.
        round: RoundId,
        /// How.
        outcome: Outcome,
        /// Of a contribution: its part of what the round earns, in per cent, rounded down.
        percent: Option<u8>,
        /// Of a contribution: whether its model set the campaign's record; otherwise the round earns nothing.
        is_record: Option<bool>,
        /// What its part of the round's assay took; `None` if the round was not measured.
        #[serde(serialize_with = "as_optional_amount")]
        cost: Option<Balance>,
    },
    /// A prepared gradient will not be submitted.
    Dropped {
        /// The campaign.
        campaign: CampaignId,
        /// Why.
        reason: String,
    },
    /// The chain, or the node, did not take a transaction; it is sent again as long as there is time.
    Refused {
        /// The campaign.
        campaign: CampaignId,
        /// What was asked for.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A model's parameters are stored on the chain.
    ModelStored {
        /// The campaign.
        campaign: CampaignId,
        /// The model.
        model: ModelId,
    },
    /// A model's parameters are not stored, though they should be.
    ModelNotStored {
        /// The campaign.
        campaign: CampaignId,
        /// The model.
        model: ModelId,
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
        submission: SubmissionId,
    },
    /// The program is to end, and first reveals what it has committed to.
    Unrevealed {
        /// Commitments that are left to reveal.
        commitments: usize,
    },
    /// The campaign that the program was to see through is over, and has paid what it owes.
    Over {
        /// The campaign.
        campaign: CampaignId,
        /// Whether the chain knows it; if not, it was removed, or never existed.
        is_known: bool,
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

fn as_optional_amount<S: serde::Serializer>(
    amount: &Option<Balance>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    amount.map(Amount).serialize(serializer)
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
                root,
                base,
                error,
                metric,
                data,
                attempt,
                round,
                closes_in,
            } => {
                write!(
                    f,
                    "campaign {campaign}: training on {data} from model {base} of branch {root} (error {}), attempt {}; ",
                    format::error(*metric, *error),
                    attempt
                )?;
                match (round, closes_in) {
                    (Some(round), Some(left)) => {
                        write!(f, "round {round} closes in {}", blocks(*left))
                    }
                    _ => f.write_str("no round is open"),
                }
            }
            Self::NothingBetter {
                campaign,
                root,
                base,
                reason,
            } => write!(
                f,
                "campaign {campaign}: nothing to submit from model {base} of branch {root}: {reason}"
            ),
            Self::ShortRounds {
                campaign,
                round_blocks,
                took,
            } => write!(
                f,
                "campaign {campaign}: its rounds take commitments for {}, this training took {took}: gradients come \
                 too late for the round that was open; a smaller training.epochs in the policy takes less time",
                blocks(*round_blocks)
            ),
            Self::Prepared {
                campaign,
                root,
                base,
                gradient,
                metric,
                held_out_before,
                held_out_after,
            } => write!(
                f,
                "campaign {campaign}: gradient {gradient} takes model {base} of branch {root} from {} to {} on held-out \
                 rows",
                format::error(*metric, *held_out_before),
                format::error(*metric, *held_out_after)
            ),
            Self::Waiting {
                campaign,
                root,
                reason,
            } => write!(
                f,
                "campaign {campaign}: the gradient for branch {root} waits: {reason}"
            ),
            Self::Committed {
                campaign,
                submission,
                root,
                round,
                closes_in,
            } => write!(
                f,
                "campaign {campaign}: committed submission {submission}; round {round} on branch {root} closes in {}",
                blocks(*closes_in)
            ),
            Self::Revealed {
                campaign,
                submission,
                round,
            } => write!(
                f,
                "campaign {campaign}: revealed submission {submission}, which waits for the verdict on round {round}"
            ),
            Self::Decided {
                campaign,
                submission,
                round,
                outcome,
                percent,
                is_record,
                cost,
            } => {
                write!(
                    f,
                    "campaign {campaign}: submission {submission} in round {round}: {outcome}"
                )?;
                match (percent, is_record) {
                    (_, Some(false)) => {
                        f.write_str(", which is not the campaign's best: the round earns nothing")?;
                    }
                    (Some(percent), _) => write!(f, ", {percent} % of what the round earns")?,
                    (None, _) => {}
                }
                match cost {
                    Some(cost) => write!(
                        f,
                        "; its part of the assay took {}, the rest of what was held came back",
                        format::amount(*cost)
                    ),
                    None => Ok(()),
                }
            }
            Self::Dropped { campaign, reason } => {
                write!(f, "campaign {campaign}: gradient given up: {reason}")
            }
            Self::Refused {
                campaign,
                what,
                reason,
            } => write!(f, "campaign {campaign}: {what} failed: {reason}"),
            Self::ModelStored { campaign, model } => {
                write!(f, "campaign {campaign}: stored model {model}")
            }
            Self::ModelNotStored {
                campaign,
                model,
                reason,
            } => write!(f, "campaign {campaign}: model {model} is not stored: {reason}"),
            Self::Claimed { campaign, amount } => {
                write!(f, "campaign {campaign}: received {}", format::amount(*amount))
            }
            Self::Unknown { submission } => write!(
                f,
                "submission {submission} of this account is not in this home's journal: whoever made \
                 it must reveal it"
            ),
            Self::Unrevealed { commitments: 1 } => f.write_str(
                "1 commitment is not revealed yet: nothing new is trained, and the program ends when it is",
            ),
            Self::Unrevealed { commitments } => write!(
                f,
                "{commitments} commitments are not revealed yet: nothing new is trained, and the program ends when they \
                 are"
            ),
            Self::Over {
                campaign,
                is_known: true,
            } => write!(f, "campaign {campaign} is over, and has paid what it owes"),
            Self::Over { campaign, .. } => {
                write!(f, "there is no campaign {campaign}, or it was removed")
            }
            Self::Idle { reason } => write!(f, "nothing to do: {reason}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contributed { model, .. } => write!(f, "contributed to model {model}"),
            Self::NotContributed => f.write_str("brought nothing"),
            Self::Malformed => f.write_str("cannot be measured"),
            Self::NotRevealed => f.write_str("lost, it was not revealed in time"),
            Self::Returned => f.write_str("was never judged; everything came back"),
            Self::Forgotten => f.write_str("forgotten by the chain with its campaign"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_told_in_words() {
        let committed = Event::Committed {
            campaign: 5,
            submission: 9,
            root: 0,
            round: 12,
            closes_in: 14,
        };
        assert_eq!(
            committed.to_string(),
            "campaign 5: committed submission 9; round 12 on branch 0 closes in 14 blocks"
        );
        let training = |round, closes_in| Event::Training {
            campaign: 5,
            root: 0,
            base: 3,
            error: 41_666_666,
            metric: Metric::ErrorRate,
            data: "digits".into(),
            attempt: 1,
            round,
            closes_in,
        };
        let start =
            "campaign 5: training on digits from model 3 of branch 0 (error 4.17 %), attempt 1; ";
        for (event, end) in [
            (training(Some(12), Some(1)), "round 12 closes in 1 block"),
            (training(None, None), "no round is open"),
        ] {
            assert_eq!(event.to_string(), format!("{start}{end}"));
        }
        let outcome = Outcome::Contributed {
            model: 12,
            share: 60,
        };
        let decided = |outcome, percent, is_record| Event::Decided {
            campaign: 5,
            submission: 9,
            round: 12,
            outcome,
            percent,
            is_record,
            cost: Some(49_607_000_000),
        };
        let start = "campaign 5: submission 9 in round 12: ";
        let end = "; its part of the assay took 0.049607 SNR, the rest of what was held came back";
        for (event, says) in [
            (
                decided(outcome, Some(62), Some(true)),
                "contributed to model 12, 62 % of what the round earns",
            ),
            (
                decided(outcome, Some(62), Some(false)),
                "contributed to model 12, which is not the campaign's best: the round earns nothing",
            ),
            (decided(Outcome::NotContributed, None, None), "brought nothing"),
        ] {
            assert_eq!(event.to_string(), format!("{start}{says}{end}"));
        }
        let json = serde_json::to_value(decided(Outcome::NotContributed, None, None)).unwrap();
        assert_eq!(json["cost"], "49607000000");
    }
}
