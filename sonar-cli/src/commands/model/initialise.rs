//! `sonar model init`.

use crate::{
    context::Context,
    files::{self, FileOr},
    output::facts,
    run_blocking,
};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use syft::{Architecture, Parameters};

/// What to initialise.
#[derive(Args, Debug)]
pub struct Initialise {
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    architecture: FileOr<Architecture>,
    /// Where the random numbers start.
    #[arg(long)]
    seed: u64,
    /// The file to write (safetensors).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replaces the file if it exists.
    #[arg(long)]
    force: bool,
}

/// Writes the parameters.
pub async fn run(context: &Context, arguments: Initialise) -> Result<()> {
    let (plan, hash, out) = run_blocking(move || -> Result<_> {
        let architecture = files::architecture(arguments.architecture)?;
        let parameters = Parameters::initialise(&architecture, arguments.seed)?;
        files::write(
            &arguments.out,
            &parameters.to_safetensors(),
            arguments.force,
        )?;
        Ok((architecture.plan()?, parameters.hash(), arguments.out))
    })
    .await??;
    let hash = format!("0x{}", hex::encode(hash));
    let value = json!({ "file": out, "hash": hash, "parameters": plan.parameters });
    context.output.result(&value, || {
        facts(&[
            ("wrote", out.display().to_string()),
            ("parameters", plan.parameters.to_string()),
            ("hash", hash.clone()),
        ])
    })
}
