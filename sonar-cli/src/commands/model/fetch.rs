//! `sonar model fetch`.

use crate::{
    context::{self, Context},
    files,
    output::{facts, Working},
    run_blocking, words,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::format;
use sonar_primitives::{recipe::RecipeStep, CampaignId, ModelId};
use std::path::PathBuf;

/// What to fetch.
#[derive(Args, Debug)]
pub struct Fetch {
    /// The campaign's number.
    campaign: CampaignId,
    /// A model of its tree [default: the one with the least error].
    #[arg(long, value_name = "MODEL")]
    model: Option<ModelId>,
    /// The file to write (safetensors) [default: campaign-C-model-M.safetensors]. The architecture
    /// is written beside it, as .architecture.json.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replaces files that exist.
    #[arg(long)]
    force: bool,
}

/// Downloads, rebuilds and verifies the model, and writes it.
pub async fn run(context: &Context, arguments: Fetch) -> Result<()> {
    let id = arguments.campaign;
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let model = arguments.model.or(info.best).with_context(|| {
        format!("campaign {id} has no measured model yet: wait until it is open")
    })?;
    if !client.tree(id).await?.iter().any(|known| known.id == model) {
        bail!("model {model} is not one of campaign {id}: see sonar campaign tree {id}");
    }
    let working = Working::on(format!("fetching model {model}"));
    let fetched = client.fetch_model(model).await?;
    let out = arguments
        .out
        .unwrap_or_else(|| format!("campaign-{id}-model-{model}.safetensors").into());
    let beside = files::architecture_beside(&out);
    let recipe = fetched.recipe;
    let architecture = serde_json::to_string_pretty(&recipe.architecture)? + "\n";
    let force = arguments.force;
    let hash = fetched.parameters.hash();
    let hash = format!("0x{}", hex::encode(hash));
    let files = (out.clone(), beside.clone());
    run_blocking(move || {
        files::write(&files.0, &fetched.parameters.to_safetensors(), force)?;
        files::write(&files.1, architecture.as_bytes(), force)
    })
    .await??;
    drop(working);
    let rounds = recipe
        .recipe
        .iter()
        .filter(|step| matches!(step, RecipeStep::Merged { .. }));
    let rounds = rounds.count() as u64;
    let metric = info.terms.metric;
    let value = json!({
        "campaign": id,
        "model": model,
        "error": recipe.error,
        "hash": hash,
        "rebuilt_rounds": rounds,
        "file": out,
        "architecture": recipe.architecture,
        "architecture_file": beside,
    });
    context.output.result(&value, || {
        let made = match rounds {
            0 => "as stored".into(),
            rounds => format!("rebuilt from {}", words::count(rounds, "round")),
        };
        facts(&[
            ("model", format!("{model}, {made}")),
            (
                "error",
                format!(
                    "{} ({} units)",
                    format::error(metric, recipe.error),
                    recipe.error
                ),
            ),
            ("hash", format!("{hash}, verified")),
            ("wrote", out.display().to_string()),
            ("architecture", beside.display().to_string()),
        ])
    })
}
