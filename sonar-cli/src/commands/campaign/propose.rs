//! `sonar campaign propose`.

use super::{blobs, Id};
use crate::{
    context::{self, check_affordable, Context, SignerArgs},
    files::{self, FileOr},
    output,
    preparation::{initial_parameters, Blob},
    run_blocking, view,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{format, Call};
use sonar_primitives::campaign::{Model, State};
use std::path::PathBuf;
use syft::Architecture;

/// What to propose.
#[derive(Args, Debug)]
pub struct Propose {
    #[command(flatten)]
    campaign: Id,
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    architecture: FileOr<Architecture>,
    /// Initial parameters (safetensors).
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "seed",
        required_unless_present = "seed"
    )]
    model: Option<PathBuf>,
    /// Draw the initial parameters at random from this seed instead.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Checks, asks, stores and proposes.
pub async fn run(context: &Context, propose: Propose) -> Result<()> {
    let id = propose.campaign.id;
    let (source, file, seed) = (propose.architecture, propose.model, propose.seed);
    let (architecture, parameters) = run_blocking(move || -> Result<_> {
        let architecture = files::architecture(source)?;
        let parameters = initial_parameters(&architecture, file.as_deref(), seed)?;
        Ok((
            architecture,
            Blob::new("parameters", parameters.to_safetensors()),
        ))
    })
    .await??;
    let signer = context.signer(&propose.signer)?;
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    info.terms.schema.fits(&architecture, info.terms.metric)?;
    if info.summary.state != State::Open {
        let state = view::state_name(&info.summary.state);
        bail!("campaign {id} is {state}: proposals are taken while it is open");
    }
    if !info.terms.open_proposals && info.summary.owner != *signer.account() {
        bail!("campaign {id} takes proposals of its owner only");
    }

    let validation = client.blob(info.terms.validation.blob).await?;
    let validation = validation.context("the validation set is gone: the campaign is over")?;
    let bytes = (parameters.bytes.len() as u64).saturating_add(validation.size.into());
    let price = client
        .cost(
            info.summary.bounty,
            &architecture,
            info.terms.validation.rows,
            bytes,
        )
        .await?
        .context("the chain does not take this architecture: use a smaller one")?
        .assay_price;
    let missing = blobs::missing(&client, &[&parameters]).await?;
    let model = Model {
        architecture,
        parameters: parameters.hash,
    };
    let stores = missing.blobs.iter().map(|blob| Call::Store {
        data: blob.bytes.clone(),
    });
    let mut calls: Vec<Call> = stores.collect();
    calls.push(Call::Propose {
        campaign: id,
        model: model.clone(),
    });
    let amount = price.saturating_add(missing.deposit);
    let fees = check_affordable(&client, signer.account(), amount, &calls).await?;
    output::note(&output::facts(&[
        (
            "assay",
            format!("{}, paid whatever it says", format::amount(price)),
        ),
        ("storage deposit", format::amount(missing.deposit)),
        ("fees, about", format::amount(fees)),
    ]));
    context
        .confirm(&format!("Propose this model to campaign {id}?"))
        .await?;

    blobs::store(context, &client, &signer, &missing).await?;
    let made = context
        .send("proposing", client.propose(&signer, id, model))
        .await?;
    let value = json!({
        "campaign": id,
        "root": made.value,
        "parameters": view::blob(parameters.hash, json!({})),
        "receipt": made.receipt,
    });
    context.output.result(&value, || {
        format!("campaign {id}: proposal {} waits for its assay", made.value)
    })
}
