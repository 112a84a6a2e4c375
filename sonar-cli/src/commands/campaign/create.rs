//! `sonar campaign create`.

mod limits;
mod plan;

use super::{admit, blobs};
use crate::{
    campaign_file::CampaignFile,
    context::{Context, SignerArgs},
    output::{self, Working},
    preparation::Preparation,
    run_blocking, view, words,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use futures::StreamExt;
use plan::Plan;
use serde_json::json;
use sonar_client::{keys::Signer, Client};
use sonar_primitives::{campaign::State, BlockNumber, CampaignId};
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

/// Prepares, asks, stores, creates, admits and waits.
pub async fn run(context: &Context, create: Create) -> Result<()> {
    let (file, flags) = (create.file, create.flags);
    let working = Working::on("reading the files and measuring the initial model");
    let ready = run_blocking(move || {
        let base = file.as_deref().map(CampaignFile::read).transpose()?;
        Preparation::new(flags.over(base.unwrap_or_default()))
    })
    .await??;
    drop(working);
    let admitted = admit::accounts(context, &ready.admit)?;
    let signer = context.signer(&create.signer)?;
    let client = context.connect().await?;
    let plan = Plan::new(&client, &signer, &ready, &admitted).await?;
    warn_of_namesakes(&client, &signer, &ready).await?;
    output::note(&plan.table(&client));
    if let Some(warning) = plan.warning(&client, &ready) {
        output::note(&warning);
    }
    context.confirm("Create the campaign?").await?;

    blobs::store(context, &client, &signer, &plan.missing).await?;
    // Time has passed since the plan was made.
    let terms = plan::terms(&client, &ready).await?;
    let starting_error = terms.starting_error;
    let made = context
        .send(
            "creating the campaign",
            client.create_campaign(&signer, terms, ready.model.clone()),
        )
        .await?;
    let id = made.value.campaign;
    admit::send(context, &client, &signer, id, &admitted)
        .await
        .with_context(|| format!("campaign {id} was created"))?;
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
    if let State::Rejected { reason, .. } = state {
        bail!(
            "campaign {id} was rejected: {}; get the money back with sonar campaign claim {id}",
            words::rejected(reason, ready.metric())
        );
    }
    let [validation, parameters] = ready.blobs();
    let value = json!({
        "campaign": id,
        "root": made.value.root,
        "state": view::state_name(&state),
        "starting_error": starting_error,
        "validation": view::blob(validation.hash, json!({})),
        "parameters": view::blob(parameters.hash, json!({})),
        "admitted": admitted,
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

/// A run that was interrupted after its campaign was created would pay for a second one.
async fn warn_of_namesakes(client: &Client, signer: &Signer, ready: &Preparation) -> Result<()> {
    for other in client.all_campaigns().await? {
        let live = !other.state.is_over();
        if live && other.owner == *signer.account() && other.title == *ready.title() {
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
