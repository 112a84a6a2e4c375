//! `sonar campaign create`.

use super::blobs::{self, Missing};
use crate::{
    campaign_file::CampaignFile,
    context::{check_affordable, Context, SignerArgs},
    output::{self, facts, Working},
    preparation::Preparation,
    run_blocking,
    units::Deadline,
    view, words,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use futures::StreamExt;
use serde_json::json;
use sonar_client::{format, keys::Signer, Call, Client};
use sonar_primitives::{
    campaign::{CampaignCost, State},
    Balance, BlockNumber, CampaignId,
};
use std::path::PathBuf;

/// What to create.
#[derive(Args, Debug)]
pub struct Create {
    /// The campaign's description (TOML); flags win over it. `sonar init` writes an example.
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    flags: CampaignFile,
    #[command(flatten)]
    signer: SignerArgs,
    /// Does not wait until the initial model is assayed.
    #[arg(long)]
    no_wait: bool,
}

/// Prepares, asks, stores, creates and waits.
pub async fn run(context: &Context, create: Create) -> Result<()> {
    let (file, flags) = (create.file, create.flags);
    let working = Working::on("reading the files and measuring the initial model");
    let ready = run_blocking(move || {
        let base = file.as_deref().map(CampaignFile::read).transpose()?;
        Preparation::new(flags.over(base.unwrap_or_default()))
    })
    .await??;
    drop(working);
    let signer = context.signer(&create.signer)?;
    let client = context.connect().await?;
    let plan = Plan::new(&client, &signer, &ready).await?;
    warn_of_namesakes(&client, &signer, &ready).await?;
    output::note(&plan.table(&client, &ready));
    context.confirm("Create the campaign?").await?;

    blobs::store(context, &client, &signer, &plan.missing).await?;
    // Time has passed since the plan was made.
    let terms = ready.terms(deadline(&client, ready.deadline).await?);
    let made = context
        .send(
            "creating the campaign",
            client.create_campaign(&signer, terms, ready.model.clone()),
        )
        .await?;
    let id = made.value.campaign;
    let state = if create.no_wait {
        State::Proposed
    } else {
        let _working = Working::on(format!(
            "campaign {id}: waiting for the assay of its initial model"
        ));
        assayed(&client, id).await.with_context(|| {
            format!("campaign {id} was created; follow it with sonar campaign watch {id}")
        })?
    };
    let metric = ready.terms(0).metric;
    if let State::Rejected { reason, .. } = state {
        bail!(
            "campaign {id} was rejected: {}; get the money back with sonar campaign claim {id}",
            words::rejected(reason, metric)
        );
    }
    let [validation, parameters] = ready.blobs();
    let value = json!({
        "campaign": id,
        "root": made.value.root,
        "state": view::state_name(&state),
        "starting_error": ready.terms(0).starting_error,
        "validation": view::blob(validation.hash, json!({})),
        "parameters": view::blob(parameters.hash, json!({})),
        "cost": view::cost(&plan.cost, plan.missing.deposit, plan.fees),
        "receipt": made.receipt,
    });
    context.output.result(&value, || {
        format!(
            "campaign {id} is {}; follow it with sonar campaign watch {id}",
            view::state_name(&state)
        )
    })
}

/// Blocks until the campaign is created, about: its time is counted from then.
const UNTIL_CREATED: BlockNumber = 3;

/// The block in which a deadline ends, within the chain's limits.
async fn deadline(client: &Client, deadline: Deadline) -> Result<BlockNumber> {
    let constants = client.constants();
    let blocks = match deadline {
        Deadline::Blocks(blocks) => Some(blocks),
        Deadline::Time(time) => format::blocks_in(time, constants.block_time),
    };
    let least = constants.min_duration;
    let most = constants.max_duration.saturating_sub(UNTIL_CREATED);
    let about = |blocks| {
        format!(
            "{blocks} blocks ({})",
            format::duration(blocks, constants.block_time)
        )
    };
    match blocks {
        Some(blocks) if (least..=most).contains(&blocks) => {
            let now = client.best_block().await?.number;
            Ok(now.saturating_add(UNTIL_CREATED).saturating_add(blocks))
        }
        _ => bail!(
            "the deadline must be {} to {} from now",
            about(least),
            about(most)
        ),
    }
}

/// What is about to happen, and what it costs.
struct Plan<'a> {
    missing: Missing<'a>,
    cost: CampaignCost<Balance>,
    fees: Balance,
    deadline: BlockNumber,
}

impl<'a> Plan<'a> {
    async fn new(client: &Client, signer: &Signer, ready: &'a Preparation) -> Result<Plan<'a>> {
        let deadline = deadline(client, ready.deadline).await?;
        let terms = ready.terms(deadline);
        let least = client.constants().minimum_bounty;
        if terms.bounty < least {
            bail!(
                "the bounty ({}) must be at least {}",
                format::amount(terms.bounty),
                format::amount(least)
            );
        }
        let missing = blobs::missing(client, &ready.blobs()).await?;
        let bytes = ready
            .blobs()
            .iter()
            .map(|blob| blob.bytes.len() as u64)
            .sum();
        let architecture = &ready.model.architecture;
        let cost = client
            .cost(terms.bounty, architecture, terms.validation.rows, bytes)
            .await?
            .context("the chain does not take this architecture: use a smaller one")?;
        let share = client.constants().reserve_share;
        if share.mul_floor(terms.bounty) < cost.assay_price {
            bail!(
                "the bounty is too small: {} % of it must pay for one assay ({}); use a larger bounty, \
                 or fewer validation rows",
                f64::from(share.deconstruct()) / 10_000.0,
                format::amount(cost.assay_price)
            );
        }
        let stores = missing.blobs.iter().map(|blob| Call::Store {
            data: blob.bytes.clone(),
        });
        let mut calls: Vec<Call> = stores.collect();
        calls.push(Call::CreateCampaign {
            terms: Box::new(terms),
            model: ready.model.clone(),
        });
        let amount = [cost.bounty, cost.reserve, cost.deposit, missing.deposit]
            .into_iter()
            .fold(0u128, Balance::saturating_add);
        let fees = check_affordable(client, signer.account(), amount, &calls).await?;
        Ok(Plan {
            missing,
            cost,
            fees,
            deadline,
        })
    }

    fn table(&self, client: &Client, ready: &Preparation) -> String {
        let terms = ready.terms(self.deadline);
        let metric = terms.metric;
        let blocks = match ready.deadline {
            Deadline::Blocks(blocks) => blocks,
            Deadline::Time(time) => {
                format::blocks_in(time, client.constants().block_time).unwrap_or_default()
            }
        };
        let stored = match self.missing.blobs.as_slice() {
            [] => "stored already".into(),
            blobs => {
                let names = blobs
                    .iter()
                    .map(|blob| format!("{}: {} bytes", blob.name, blob.bytes.len()));
                names.collect::<Vec<_>>().join(", ")
            }
        };
        let amounts = [
            self.cost.bounty,
            self.cost.reserve,
            self.cost.deposit,
            self.missing.deposit,
            self.fees,
        ];
        let total = amounts.into_iter().fold(0u128, Balance::saturating_add);
        let amount = format::amount;
        let what = facts(&[
            ("title", output::clean(terms.title.as_str())),
            (
                "starting error",
                format::error(metric, terms.starting_error),
            ),
            ("target", format::error(metric, terms.target_error)),
            ("minimum step", format::error(metric, terms.minimum_step)),
            ("validation rows", terms.validation.rows.to_string()),
            (
                "deadline",
                format!(
                    "block {}, {}",
                    self.deadline,
                    format::duration(blocks, client.constants().block_time)
                ),
            ),
        ]);
        let rows = [
            ("bounty", self.cost.bounty, "what is not earned comes back"),
            (
                "reserve",
                self.cost.reserve,
                "pays assays; the rest comes back",
            ),
            (
                "campaign deposit",
                self.cost.deposit,
                "comes back when everything is claimed",
            ),
            ("storage deposit", self.missing.deposit, &stored),
            ("fees, about", self.fees, ""),
            ("total", total, ""),
        ];
        let rows = rows.map(|(name, sum, remark)| vec![name.into(), amount(sum), remark.into()]);
        format!("{what}\n{}\n", output::table(&[], rows.into(), &[1]))
    }
}

/// A run that was interrupted after its campaign was created would pay for a second one.
async fn warn_of_namesakes(client: &Client, signer: &Signer, ready: &Preparation) -> Result<()> {
    let terms = ready.terms(0);
    for other in client.all_campaigns().await? {
        let live = !matches!(other.state, State::Settled { .. } | State::Rejected { .. });
        if live && other.owner == *signer.account() && other.title == terms.title {
            output::note(&format!(
                "note: your campaign {} has the same title and is {}",
                other.id,
                view::state_name(&other.state)
            ));
        }
    }
    Ok(())
}

/// Waits until the initial model is assayed.
async fn assayed(client: &Client, id: CampaignId) -> Result<State<BlockNumber>> {
    let mut blocks = client.blocks().await?;
    loop {
        match client.campaign(id).await?.map(|info| info.summary.state) {
            Some(State::Proposed) => {}
            Some(state) => return Ok(state),
            // Not there yet in the best block's ancestors, if the chain has just switched.
            None => {}
        }
        blocks
            .next()
            .await
            .context("the node reports no blocks any more")??;
    }
}
