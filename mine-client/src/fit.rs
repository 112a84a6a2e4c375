//! Which campaigns a mine can and wants to serve: pure functions over what the chain says.

use crate::policy::Policy;
use sonar_client::format::amount;
use sonar_primitives::{
    api::{CampaignInfo, Quote},
    campaign::State,
    reputation::Reputation,
    Balance, BlockNumber, MeasuredError,
};
use std::fmt;
use syft::{Field, Schema};

/// Why a campaign is not served.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Misfit {
    /// It takes no gradients.
    NotOpen,
    /// Its deadline is too near for a commitment.
    Deadline,
    /// Its target is reached.
    TargetReached,
    /// The policy names other campaigns.
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
    /// The campaign asks for more accepted gradients than the account has.
    Reputation {
        /// The account's accepted gradients.
        accepted: u32,
        /// What the campaign asks for.
        minimum: u32,
    },
    /// The chain gives no quote, so a commitment would be refused.
    NoQuote,
    /// A submission needs a larger deposit than the policy allows.
    Deposit {
        /// The deposit.
        deposit: Balance,
        /// What the policy allows.
        maximum: Balance,
    },
    /// Even reaching the target would earn less than the policy asks for.
    Pay {
        /// What it would earn.
        pays: Balance,
        /// What the policy asks for.
        minimum: Balance,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpen => f.write_str("it takes no gradients"),
            Self::Deadline => f.write_str("its deadline is over"),
            Self::TargetReached => f.write_str("its target is reached"),
            Self::NotListed => f.write_str("the policy names other campaigns"),
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
            Self::Reputation { accepted, minimum } => write!(
                f,
                "it asks for {minimum} accepted gradients, the account has {accepted}"
            ),
            Self::NoQuote => f.write_str("the chain takes no commitments to its best model"),
            Self::Deposit { deposit, maximum } => write!(
                f,
                "it needs a deposit of {}, the policy allows {}",
                amount(*deposit),
                amount(*maximum)
            ),
            Self::Pay { pays, minimum } => write!(
                f,
                "reaching its target pays {}, the policy asks for {}",
                amount(*pays),
                amount(*minimum)
            ),
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
) -> Result<usize, Misfit> {
    if campaign.summary.state != State::Open {
        return Err(Misfit::NotOpen);
    }
    // A transaction sent now is in the next block at the earliest.
    if now >= campaign.terms.deadline {
        return Err(Misfit::Deadline);
    }
    if campaign.summary.best <= campaign.summary.target {
        return Err(Misfit::TargetReached);
    }
    let listed = policy.campaigns.as_ref();
    if listed.is_some_and(|listed| !listed.contains(&campaign.summary.id)) {
        return Err(Misfit::NotListed);
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
        true => Misfit::NoData,
        false => Misfit::Schema(differences),
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
) -> Result<(), Misfit> {
    if owner.settled < policy.minimum_owner_settled {
        return Err(Misfit::Owner {
            settled: owner.settled,
            minimum: policy.minimum_owner_settled,
        });
    }
    let minimum = campaign.terms.minimum_reputation;
    if account.accepted < minimum {
        return Err(Misfit::Reputation {
            accepted: account.accepted,
            minimum,
        });
    }
    Ok(())
}

/// Checks the price: `quote` is for reaching the target from the best node.
///
/// # Errors
///
/// What the policy does not agree to.
pub fn check_price(
    campaign: &CampaignInfo,
    quote: Option<&Quote>,
    policy: &Policy,
) -> Result<(), Misfit> {
    let bounty = campaign.summary.bounty;
    if bounty < policy.minimum_bounty {
        return Err(Misfit::Bounty {
            bounty,
            minimum: policy.minimum_bounty,
        });
    }
    let quote = quote.ok_or(Misfit::NoQuote)?;
    if let Some(maximum) = policy.maximum_deposit.filter(|most| quote.deposit > *most) {
        return Err(Misfit::Deposit {
            deposit: quote.deposit,
            maximum,
        });
    }
    if quote.pays < policy.minimum_pay {
        return Err(Misfit::Pay {
            pays: quote.pays,
            minimum: policy.minimum_pay,
        });
    }
    Ok(())
}

/// The error to expect on the validation set when the error on the held-out rows falls from `before`
/// to `after`: the parent's, in the same proportion.
pub fn expected_error(parent: MeasuredError, before: u64, after: u64) -> MeasuredError {
    if before == 0 {
        return parent;
    }
    let scaled = u128::from(parent) * u128::from(after) / u128::from(before);
    scaled.try_into().unwrap_or(u64::MAX)
}

/// The first thing in which a data set's schema differs from a campaign's.
fn difference(own: &Schema, asked: &Schema) -> Option<String> {
    if own.inputs.len() != asked.inputs.len() {
        return Some(format!(
            "it has {} input fields, the campaign asks for {}",
            own.inputs.len(),
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
