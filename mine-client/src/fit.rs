//! Which campaigns and branches a mine can and wants to serve: pure functions over what the chain says.

use crate::{policy::Policy, training::Gain};
use sonar_client::format::amount;
use sonar_primitives::{
    api::{CampaignInfo, Quote, QuoteRefused},
    campaign::{Members, State},
    reputation::Reputation,
    round::surcharge,
    Balance, BlockNumber, MeasuredError, ModelId,
};
use std::fmt;
use syft::{Field, Schema};

/// What learning from a row takes, in forward passes: there, back, and the derivatives of the parameters.
const LEARNING: u64 = 3;

/// Why a campaign, or a branch of it, is not served.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotServed {
    /// It takes no gradients.
    NotOpen,
    /// Its deadline is too near for a commitment.
    Deadline,
    /// Its target is reached.
    TargetReached,
    /// The policy, or a flag, names other campaigns.
    NotListed,
    /// No data set has its schema; for each what differs.
    Schema(Vec<(String, String)>),
    /// There is no data set at all.
    NoData,
    /// It pays less than the policy asks for.
    Bounty {
        /// The bounty.
        bounty: Balance,
        /// What the policy asks for.
        minimum: Balance,
    },
    /// Its owner has not seen enough campaigns settled.
    Owner {
        /// Campaigns of the owner that were settled.
        settled: u32,
        /// What the policy asks for.
        minimum: u32,
    },
    /// The campaign asks for more contributions than the account has.
    Reputation {
        /// The account's contributions.
        contributions: u32,
        /// What the campaign asks for.
        minimum: u32,
    },
    /// The campaign's owner has not admitted the account.
    NotAdmitted,
    /// There is no such branch.
    NoBranch,
    /// The round that takes commitments holds as many as it can.
    RoundFull,
    /// A pass over the rows takes more work than the policy allows.
    Work {
        /// Multiply-adds of one pass.
        work: u64,
        /// What the policy allows.
        maximum: u64,
    },
    /// The blocks for the reveal are booked up.
    RevealsBookedUp,
    /// A commitment and its gradient need more than the policy allows.
    Hold {
        /// What would be held.
        hold: Balance,
        /// What the policy allows.
        maximum: Balance,
    },
    /// They need more than the account can spend.
    Funds {
        /// What would be held.
        hold: Balance,
        /// What the account can spend.
        spendable: Balance,
    },
    /// The round would earn less than the policy asks for.
    Pay {
        /// What it would earn.
        pays: Balance,
        /// The largest part of its assay that the account may have to pay, and the booking fee.
        cost: Balance,
        /// What the policy asks for beyond that.
        minimum: Balance,
    },
}

impl fmt::Display for NotServed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpen => f.write_str("it takes no gradients"),
            Self::Deadline => f.write_str("its deadline is over"),
            Self::TargetReached => f.write_str("its target is reached"),
            Self::NotListed => f.write_str("policy or --campaign name other campaigns"),
            Self::Schema(sets) => {
                for (index, (name, difference)) in sets.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}data set {name}: {difference}")?;
                }
                Ok(())
            }
            Self::NoData => f.write_str("there is no data set: add one with `mine data add`"),
            Self::Bounty { bounty, minimum } => write!(
                f,
                "its bounty is {}, the policy asks for {}",
                amount(*bounty),
                amount(*minimum)
            ),
            Self::Owner { settled, minimum } => write!(
                f,
                "its owner has seen {settled} campaigns settled, the policy asks for {minimum}"
            ),
            Self::Reputation {
                contributions,
                minimum,
            } => write!(
                f,
                "it asks for {minimum} contributions, the account has {contributions}"
            ),
            Self::NotAdmitted => {
                f.write_str("it takes only accounts that its owner admits: ask the owner")
            }
            Self::NoBranch => f.write_str("the chain knows no such branch"),
            Self::RoundFull => f.write_str("the round holds as many commitments as it can"),
            Self::Work { work, maximum } => write!(
                f,
                "one pass over the rows would take {work} multiply-adds, the policy allows {maximum} \
                 (training.maximum_work)"
            ),
            Self::RevealsBookedUp => {
                f.write_str("the blocks in which it would have to be revealed are booked up")
            }
            Self::Hold { hold, maximum } => write!(
                f,
                "commitment and gradient need {}, the policy allows {}",
                amount(*hold),
                amount(*maximum)
            ),
            Self::Funds { hold, spendable } => write!(
                f,
                "commitment and gradient need {}, the account can spend {}: send it some",
                amount(*hold),
                amount(*spendable)
            ),
            Self::Pay {
                pays,
                cost,
                minimum,
            } => {
                write!(
                    f,
                    "its round would earn {}, and assay and booking may cost {}",
                    amount(*pays),
                    amount(*cost)
                )?;
                match minimum {
                    0 => f.write_str(", which is more"),
                    minimum => write!(f, "; the policy asks for {} beyond that", amount(*minimum)),
                }
            }
        }
    }
}

/// A data set, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Its name.
    pub name: &'a str,
    /// What a row looks like.
    pub schema: &'a Schema,
}

/// The position of the first data set that a campaign can be served with.
///
/// # Errors
///
/// Why it cannot be served, without regard to its price.
pub fn data_for(
    campaign: &CampaignInfo,
    sets: &[Offer<'_>],
    policy: &Policy,
    now: BlockNumber,
) -> Result<usize, NotServed> {
    if campaign.summary.state != State::Open {
        return Err(NotServed::NotOpen);
    }
    // A transaction sent now is in the next block at the earliest.
    if now >= campaign.terms.deadline {
        return Err(NotServed::Deadline);
    }
    if campaign.summary.best <= campaign.summary.target {
        return Err(NotServed::TargetReached);
    }
    let listed = policy.campaigns.as_ref();
    if listed.is_some_and(|listed| !listed.contains(&campaign.summary.id)) {
        return Err(NotServed::NotListed);
    }
    let allowed = |offer: &Offer<'_>| policy.data.as_deref().is_none_or(|name| name == offer.name);
    let mut differences = Vec::new();
    for (index, offer) in sets.iter().enumerate().filter(|(_, offer)| allowed(offer)) {
        match difference(offer.schema, &campaign.terms.schema) {
            None => return Ok(index),
            Some(difference) => differences.push((offer.name.to_owned(), difference)),
        }
    }
    Err(match differences.is_empty() {
        true => NotServed::NoData,
        false => NotServed::Schema(differences),
    })
}

/// Checks the parties: what the policy asks of the campaign's owner, and the campaign of the account.
///
/// # Errors
///
/// What is missing.
pub fn check_parties(
    campaign: &CampaignInfo,
    owner: &Reputation,
    account: &Reputation,
    policy: &Policy,
) -> Result<(), NotServed> {
    if owner.settled < policy.minimum_owner_settled {
        return Err(NotServed::Owner {
            settled: owner.settled,
            minimum: policy.minimum_owner_settled,
        });
    }
    match campaign.terms.members {
        Members::Reputation {
            contributions: minimum,
        } if account.contributions < minimum => Err(NotServed::Reputation {
            contributions: account.contributions,
            minimum,
        }),
        // Whether the account is admitted is seen by the quote.
        _ => Ok(()),
    }
}

/// Checks the bounty.
///
/// # Errors
///
/// If the policy asks for more.
pub fn check_bounty(campaign: &CampaignInfo, policy: &Policy) -> Result<(), NotServed> {
    let bounty = campaign.summary.bounty;
    match bounty < policy.minimum_bounty {
        true => Err(NotServed::Bounty {
            bounty,
            minimum: policy.minimum_bounty,
        }),
        false => Ok(()),
    }
}

/// Checks that learning from so many rows is not too much work: a stranger has chosen the model.
///
/// # Errors
///
/// If the campaign has no such root, or its model is too large for the policy.
pub fn check_work(
    campaign: &CampaignInfo,
    root: ModelId,
    rows: usize,
    policy: &Policy,
) -> Result<(), NotServed> {
    let proposal = campaign.proposals.iter().find(|one| one.root == root);
    let plan = proposal.and_then(|proposal| proposal.model.architecture.plan().ok());
    let plan = plan.ok_or(NotServed::NoBranch)?;
    let work = LEARNING
        .saturating_mul(plan.multiply_adds)
        .saturating_mul(rows as u64);
    let maximum = policy.training.maximum_work;
    match work > maximum {
        true => Err(NotServed::Work { work, maximum }),
        false => Ok(()),
    }
}

/// Checks what a commitment costs and its round earns, by a quote for the error that is expected. `gradient` is the deposit
/// for the gradient's blob, `spendable` what the account can spend now.
///
/// # Errors
///
/// What the policy does not agree to, or the account cannot pay.
pub fn check_price(
    quote: &Quote,
    gradient: Balance,
    spendable: Balance,
    policy: &Policy,
) -> Result<(), NotServed> {
    let hold = quote.hold.saturating_add(gradient);
    if let Some(maximum) = policy.maximum_hold.filter(|most| hold > *most) {
        return Err(NotServed::Hold { hold, maximum });
    }
    if hold > spendable {
        return Err(NotServed::Funds { hold, spendable });
    }
    let cost = quote.part.saturating_add(quote.fee);
    if quote.pays < cost.saturating_add(policy.minimum_pay) {
        return Err(NotServed::Pay {
            pays: quote.pays,
            cost,
            minimum: policy.minimum_pay,
        });
    }
    Ok(())
}

/// The quote for the first commitment of a round, given that for the one after `commitments` others.
pub fn without_surcharge(quote: &Quote, commitments: u32) -> Quote {
    let part = quote.part / surcharge(commitments);
    Quote {
        part,
        hold: quote.deposit.saturating_add(part).saturating_add(quote.fee),
        ..quote.clone()
    }
}

/// What it means that the chain gives no quote for an open campaign.
pub fn no_quote(campaign: &CampaignInfo, refused: QuoteRefused) -> NotServed {
    match refused {
        QuoteRefused::UnknownCampaign | QuoteRefused::UnknownRoot => NotServed::NoBranch,
        QuoteRefused::RoundFull => NotServed::RoundFull,
        QuoteRefused::RevealsBookedUp => NotServed::RevealsBookedUp,
        QuoteRefused::NotOpen if campaign.terms.members == Members::Admitted => {
            NotServed::NotAdmitted
        }
        QuoteRefused::NotOpen => NotServed::NotOpen,
    }
}

/// The error to expect on the validation set of a branch whose best model has the error `best`: lower in the same proportion
/// as on the held-out rows.
pub fn expected_error(best: MeasuredError, gain: Gain) -> MeasuredError {
    if gain.before == 0 {
        return best;
    }
    let scaled = u128::from(best) * u128::from(gain.after) / u128::from(gain.before);
    scaled.try_into().unwrap_or(u64::MAX)
}

/// The first thing in which a data set's schema differs from a campaign's.
fn difference(own: &Schema, asked: &Schema) -> Option<String> {
    if own.inputs.len() != asked.inputs.len() {
        let fields = match own.inputs.len() {
            1 => "1 input field".into(),
            count => format!("{count} input fields"),
        };
        return Some(format!(
            "it has {fields}, the campaign asks for {}",
            asked.inputs.len()
        ));
    }
    let pairs = own.fields().zip(asked.fields());
    pairs.into_iter().find_map(|(own, asked)| field(own, asked))
}

fn field(own: &Field, asked: &Field) -> Option<String> {
    if own.name != asked.name {
        return Some(format!(
            "it has the field {:?} where the campaign asks for {:?}",
            own.name, asked.name
        ));
    }
    let name = &own.name;
    if own.kind == asked.kind {
        None
    } else if own.kind.classes() != asked.kind.classes() {
        Some(format!("its field {name:?} has other classes"))
    } else if own.kind.range() != asked.kind.range() {
        Some(format!("its field {name:?} has another range"))
    } else {
        Some(format!("its field {name:?} is of another kind or size"))
    }
}
