//! What creating a campaign comes to: its terms in blocks, and what it costs.

use super::limits;
use crate::{
    commands::campaign::{
        admit,
        blobs::{self, Missing},
    },
    context::check_affordable,
    output::{self, facts},
    preparation::Preparation,
    training_time,
    units::Span,
    words::{self, Clock},
};
use anyhow::{bail, Context as _, Result};
use sonar_client::{
    format::{self, amount},
    keys::Signer,
    Call, Client,
};
use sonar_primitives::{
    campaign::{CampaignCost, RoundTerms, Terms, ROUND_BLOCKS},
    AccountId, Balance, BlockNumber,
};
use std::time::Duration;

/// What is about to happen, and what it costs.
pub struct Plan<'a> {
    /// What is not stored yet.
    pub missing: Missing<'a>,
    /// What the campaign costs.
    pub cost: CampaignCost<Balance>,
    /// What the transactions cost, about.
    pub fees: Balance,
    terms: Terms<Balance, BlockNumber>,
    now: BlockNumber,
}

/// Blocks until the campaign is created, about: its time is counted from then.
const UNTIL_CREATED: BlockNumber = 3;

/// The terms as of now.
pub async fn terms(client: &Client, ready: &Preparation) -> Result<Terms<Balance, BlockNumber>> {
    ready.terms(
        deadline(client, ready.deadline).await?,
        client.constants().block_time,
    )
}

/// The block in which a deadline ends, within the chain's limits.
async fn deadline(client: &Client, deadline: Span) -> Result<BlockNumber> {
    let constants = client.constants();
    let least = constants.min_duration;
    let most = constants.max_duration.saturating_sub(UNTIL_CREATED);
    match deadline.blocks(constants.block_time) {
        Some(blocks) if (least..=most).contains(&blocks) => {
            let now = client.best_block().await?.number;
            Ok(now.saturating_add(UNTIL_CREATED).saturating_add(blocks))
        }
        _ => {
            let about = |blocks| {
                format!(
                    "{blocks} blocks ({})",
                    format::duration(blocks, constants.block_time)
                )
            };
            bail!(
                "the deadline must be {} to {} from now",
                about(least),
                about(most)
            )
        }
    }
}

impl<'a> Plan<'a> {
    /// Asks the chain what it costs, and whether the account has as much.
    pub async fn new(
        client: &Client,
        signer: &Signer,
        ready: &'a Preparation,
        admitted: &[AccountId],
    ) -> Result<Plan<'a>> {
        let terms = terms(client, ready).await?;
        let least = client.constants().minimum_bounty;
        if terms.bounty < least {
            bail!(
                "the bounty ({}) must be at least {}",
                amount(terms.bounty),
                amount(least)
            );
        }
        let most = client.constants().max_gradient_size;
        if ready.max_gradient_size > most.into() {
            bail!(
                "a gradient for this architecture may take {} bytes, and the chain takes at most {most}: \
                 use a smaller model",
                ready.max_gradient_size
            );
        }
        let missing = blobs::missing(client, &ready.blobs()).await?;
        let bytes = ready
            .blobs()
            .iter()
            .map(|blob| blob.bytes.len() as u64)
            .sum();
        let ask = |seats| {
            let architecture = &ready.model.architecture;
            client.cost(
                terms.bounty,
                architecture,
                terms.validation.rows,
                bytes,
                seats,
            )
        };
        let cost = ask(terms.rounds.seats)
            .await?
            .context("the chain does not take this architecture: use a smaller one")?;
        if !limits::has_room(&cost) {
            // The most seats with which a round would have room.
            let mut fewer = None;
            for seats in (1..terms.rounds.seats).rev() {
                if ask(seats)
                    .await?
                    .is_some_and(|cost| limits::has_room(&cost))
                {
                    fewer = Some(seats);
                    break;
                }
            }
            bail!(limits::too_much(
                &cost,
                ready.work,
                terms.rounds.seats,
                fewer
            ));
        }
        let stores = missing.blobs.iter().map(|blob| Call::Store {
            data: blob.bytes.clone(),
        });
        let mut calls: Vec<Call> = stores.collect();
        calls.push(Call::CreateCampaign {
            terms: Box::new(terms.clone()),
            model: ready.model.clone(),
        });
        calls.extend(admitted.iter().map(|account| admit::call(0, account)));
        let needed = [cost.bounty, cost.deposit, cost.assay_price, missing.deposit]
            .into_iter()
            .fold(0u128, Balance::saturating_add);
        let fees = check_affordable(client, signer.account(), needed, &calls).await?;
        Ok(Plan {
            missing,
            cost,
            fees,
            terms,
            now: client.best_block().await?.number,
        })
    }

    /// What is asked for, what it costs, and what it costs those who take part.
    pub fn table(&self, client: &Client) -> String {
        let terms = &self.terms;
        let metric = terms.metric;
        let clock = Clock {
            now: self.now,
            block_time: client.constants().block_time,
        };
        let what = facts(&[
            ("title", output::clean(terms.title.as_str())),
            (
                "starting error",
                format::error(metric, terms.starting_error),
            ),
            ("target", format::error(metric, terms.target_error)),
            ("minimum step", format::error(metric, terms.minimum_step)),
            ("validation rows", terms.validation.rows.to_string()),
            ("the bounty goes", words::split(&terms.split)),
            ("members", words::members(terms.members)),
            ("rounds", words::rounds(terms.rounds, clock)),
            ("deadline", clock.until(terms.deadline)),
            (
                "a commitment",
                format!(
                    "holds {} (comes back) and at most {} for the assay of its round",
                    amount(self.cost.base_deposit),
                    amount(self.cost.largest_part)
                ),
            ),
        ]);
        format!("{what}\n{}\n", self.amounts())
    }

    fn amounts(&self) -> String {
        let stored = match self.missing.blobs.as_slice() {
            [] => "stored already".into(),
            blobs => {
                let names = blobs
                    .iter()
                    .map(|blob| format!("{}: {} bytes", blob.name, blob.bytes.len()));
                names.collect::<Vec<_>>().join(", ")
            }
        };
        let parts = [
            ("bounty", self.cost.bounty, "what is not earned comes back"),
            (
                "first assay",
                self.cost.assay_price,
                "held, then paid to the assayers, whatever they find",
            ),
            (
                "campaign deposit",
                self.cost.deposit,
                "comes back when everything is claimed",
            ),
            ("storage deposit", self.missing.deposit, stored.as_str()),
            ("fees, about", self.fees, ""),
        ];
        let total = parts
            .iter()
            .fold(0u128, |sum, (_, part, _)| sum.saturating_add(*part));
        let rows = parts
            .into_iter()
            .chain([("total", total, "")])
            .map(|(name, sum, remark)| vec![name.into(), amount(sum), remark.into()]);
        output::table(&[], rows.collect(), &[1])
    }

    /// What the owner should think of, if rounds may be too short.
    pub fn warning(&self, client: &Client, ready: &Preparation) -> Option<String> {
        hurry(
            self.terms.rounds,
            ready.work.rows,
            ready.training_time,
            client.constants().block_time,
        )
    }
}

/// What to say if a round may be over before a training is.
fn hurry(
    rounds: RoundTerms,
    rows: u32,
    training: Duration,
    block_time: Duration,
) -> Option<String> {
    let round = block_time.saturating_mul(rounds.round_blocks);
    if training <= round {
        return None;
    }
    let needed = format::blocks_in(training, block_time);
    let advice = match needed {
        Some(blocks) if ROUND_BLOCKS.contains(&blocks) => {
            format!("consider --round-blocks {blocks} or more")
        }
        _ => "consider a smaller model".into(),
    };
    Some(format!(
        "note: rounds take gradients for {} s, but {} epochs over {rows} rows, as many as the validation \
         set has, take this machine about {} s. How the miners train is not known here, but who is still \
         training when a round closes misses it: {advice}",
        round.as_secs(),
        training_time::EPOCHS,
        training.as_secs_f64().ceil(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_that_may_be_too_short_are_told() {
        let warn = |round_blocks, seconds| {
            let rounds = RoundTerms {
                round_blocks,
                ..RoundTerms::default()
            };
            hurry(
                rounds,
                360,
                Duration::from_secs_f64(seconds),
                Duration::from_secs(2),
            )
        };
        assert_eq!(warn(30, 60.0), None);
        assert_eq!(
            warn(30, 90.5).as_deref(),
            Some(
                "note: rounds take gradients for 60 s, but 20 epochs over 360 rows, as many as the validation \
                 set has, take this machine about 91 s. How the miners train is not known here, but who is \
                 still training when a round closes misses it: consider --round-blocks 46 or more"
            )
        );
        let endless = warn(43_200, 1e6);
        assert!(endless.is_some_and(|text| text.ends_with("consider a smaller model")));
    }
}
