//! `sonar model fetch`.

use crate::{
    context::{self, Context},
    files,
    output::{facts, Working},
    run_blocking,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::format;
use sonar_primitives::{CampaignId, NodeId};
use std::path::PathBuf;

/// What to fetch.
#[derive(Args, Debug)]
pub struct Fetch {
    /// The campaign's number.
    campaign: CampaignId,
    /// A node of its tree [default: the one with the least error].
    #[arg(long, value_name = "NODE")]
    node_id: Option<NodeId>,
    /// The file to write (safetensors) [default: campaign-C-node-N.safetensors]. The architecture
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
    let node = arguments.node_id.or(info.best).with_context(|| {
        format!("campaign {id} has no measured model yet: wait until it is open")
    })?;
    if !client.tree(id).await?.iter().any(|known| known.id == node) {
        bail!("node {node} is not one of campaign {id}: see sonar campaign show {id}");
    }
    let working = Working::on(format!("fetching node {node}"));
    let fetched = client.fetch_model(node).await?;
    let out = arguments
        .out
        .unwrap_or_else(|| format!("campaign-{id}-node-{node}.safetensors").into());
    let beside = out.with_extension("architecture.json");
    let lineage = fetched.lineage;
    let architecture = serde_json::to_string_pretty(&lineage.architecture)? + "\n";
    let force = arguments.force;
    let files = (out.clone(), beside.clone());
    run_blocking(move || {
        files::write(&files.0, &fetched.parameters.to_safetensors(), force)?;
        files::write(&files.1, architecture.as_bytes(), force)
    })
    .await??;
    drop(working);
    let metric = info.terms.metric;
    let value = json!({
        "campaign": id,
        "node": node,
        "error": lineage.error,
        "hash": lineage.candidate,
        "gradients": lineage.gradients.len(),
        "file": out,
        "architecture": lineage.architecture,
        "architecture_file": beside,
    });
    context.output.result(&value, || {
        facts(&[
            (
                "node",
                format!(
                    "{node}, {} gradients from its root",
                    lineage.gradients.len()
                ),
            ),
            (
                "error",
                format!(
                    "{} ({} units)",
                    format::error(metric, lineage.error),
                    lineage.error
                ),
            ),
            ("hash", format!("{:?}, verified", lineage.candidate)),
            ("wrote", out.display().to_string()),
            ("architecture", beside.display().to_string()),
        ])
    })
}
