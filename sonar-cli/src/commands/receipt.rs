//! `sonar receipt`.

use crate::{
    context::Context,
    files::{self, FileOr},
    output::{facts, Working},
    preparation::initial_parameters,
    run_blocking,
};
use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{ops::ControlFlow, path::PathBuf};
use syft::{Architecture, Model, Receipt, Schema};

/// What to do with the receipt of a training run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what a model's receipt claims.
    Show(Show),
    /// Repeats the training run and says where it departs from the receipt, if it does.
    Verify(Verify),
}

/// Whose receipt to show.
#[derive(Args, Debug)]
pub struct Show {
    /// The model (safetensors).
    model: PathBuf,
}

/// What to repeat.
#[derive(Args, Debug)]
pub struct Verify {
    /// The model (safetensors).
    model: PathBuf,
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    architecture: FileOr<Architecture>,
    /// The rows that it was trained on, in any format, or a canonical data set.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// What a row looks like; a canonical data set does not need it.
    #[arg(long, value_name = "FILE")]
    schema: Option<FileOr<Schema>>,
    /// The parameters that it started from (safetensors) [default: random ones by the receipt's
    /// seed].
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Show(arguments) => show(context, arguments).await,
        Command::Verify(arguments) => verify(context, arguments).await,
    }
}

async fn show(context: &Context, arguments: Show) -> Result<()> {
    let receipt = run_blocking(move || files::receipt(&arguments.model)).await??;
    let options = serde_json::to_string(&receipt.options)?;
    context.output.result(&receipt, || {
        facts(&[
            ("data", hash(receipt.data)),
            ("architecture", hash(receipt.architecture)),
            ("start", hash(receipt.start)),
            ("result", hash(receipt.result)),
            ("options", options),
            ("epochs", receipt.epochs.to_string()),
            ("checkpoints", receipt.checkpoints().count().to_string()),
        ])
    })
}

async fn verify(context: &Context, arguments: Verify) -> Result<()> {
    let receipt = run_blocking(move || repeat(arguments)).await??;
    let checkpoints = receipt.checkpoints().count();
    let value = json!({
        "verified": true,
        "result": hash(receipt.result),
        "epochs": receipt.epochs,
        "checkpoints": checkpoints,
    });
    context.output.result(&value, || {
        facts(&[
            ("verified", "the run repeats to the last bit".into()),
            ("result", hash(receipt.result)),
            ("epochs", receipt.epochs.to_string()),
            ("checkpoints", checkpoints.to_string()),
        ])
    })
}

fn repeat(arguments: Verify) -> Result<Receipt> {
    let named = || format!("{}", arguments.model.display());
    let receipt = files::receipt(&arguments.model)?;
    let working = Working::on("reading the data");
    let schema = arguments.schema.map(files::schema).transpose()?;
    let architecture = files::architecture(arguments.architecture)?;
    let claimed = files::parameters(&arguments.model, &architecture)?;
    if claimed.hash() != receipt.result {
        bail!("{}: the parameters are not the receipt's result", named());
    }
    let data = files::dataset(&arguments.data, schema.as_ref())?;
    let seed = receipt.options.seed;
    let start = initial_parameters(&architecture, arguments.start.as_deref(), Some(seed))?;
    let start = Model::new(architecture, start)?;
    receipt
        .verify(&start, &data, |progress| {
            let (epoch, epochs) = (progress.epoch, receipt.epochs);
            working.say(format!("repeating: epoch {epoch} of {epochs}"));
            ControlFlow::Continue(())
        })
        .with_context(named)?;
    Ok(receipt)
}

fn hash(bytes: [u8; 32]) -> String {
    format!("0x{}", hex::encode(bytes))
}
