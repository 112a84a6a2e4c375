//! `sonar model train`.

use crate::{
    context::Context,
    files::{self, FileOr},
    output::{facts, Working},
    preparation::{fitting_metric, initial_parameters},
    run_blocking,
};
use anyhow::{bail, Context as _, Result};
use clap::{Args, ValueEnum};
use serde_json::json;
use sonar_client::format;
use std::{ops::ControlFlow, path::PathBuf};
use syft::{
    train_with_receipt, Architecture, Metric, Model, Optimiser, Receipt, Schema, TrainOptions,
    Trained,
};

/// What to train on what.
#[derive(Args, Debug)]
pub struct Train {
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    architecture: FileOr<Architecture>,
    /// The rows, in any format, or a canonical data set.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// What a row looks like; a canonical data set does not need it.
    #[arg(long, value_name = "FILE")]
    schema: Option<FileOr<Schema>>,
    /// Parameters to start from (safetensors) [default: random ones by the seed].
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// How to train (JSON, or TOML if it is not called .json): all that the flags below say, and
    /// clipping, weight decay, a learning-rate schedule and early stopping.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["optimiser", "learning_rate", "batch_size", "epochs", "seed"])]
    options: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    /// The file to write (safetensors).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replaces the file if it exists.
    #[arg(long)]
    force: bool,
}

/// How to train, without a file of options.
#[derive(Args, Debug)]
struct Flags {
    /// How parameters follow derivatives.
    #[arg(long, value_enum, default_value = "adam")]
    optimiser: Kind,
    /// The learning rate [default: 0.001 for adam, 0.1 for sgd].
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,
    /// Rows per step.
    #[arg(long, value_name = "ROWS", default_value = "32")]
    batch_size: u32,
    /// Passes over all rows.
    #[arg(long, default_value = "10")]
    epochs: u32,
    /// Where the random numbers start: the order of rows, and initial parameters.
    #[arg(long, default_value = "1")]
    seed: u64,
}

/// The optimisers, with their usual settings.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// beta1 0.9, beta2 0.999, epsilon 1e-8.
    Adam,
    /// Momentum 0.9.
    Sgd,
}

impl Flags {
    fn options(&self) -> TrainOptions {
        let optimiser = match self.optimiser {
            Kind::Adam => Optimiser::Adam {
                learning_rate: self.learning_rate.unwrap_or(0.001),
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
            },
            Kind::Sgd => Optimiser::Sgd {
                learning_rate: self.learning_rate.unwrap_or(0.1),
                momentum: 0.9,
            },
        };
        TrainOptions::new(optimiser, self.batch_size, self.epochs, self.seed)
    }
}

/// Trains, and writes the model with its receipt.
pub async fn run(context: &Context, arguments: Train) -> Result<()> {
    let out = arguments.out.clone();
    let (trained, receipt, metric) = run_blocking(move || train(arguments)).await??;
    let progress = trained.progress;
    let hash = format!("0x{}", hex::encode(receipt.result));
    let held_out = progress.held_out.map(
        |found| json!({ "error": found.error, "loss": found.loss, "best_epoch": found.best_epoch }),
    );
    let value = json!({
        "file": out,
        "hash": hash,
        "epochs": progress.epoch,
        "loss": progress.loss,
        "held_out": held_out,
        "receipt": receipt,
    });
    context.output.result(&value, || {
        let mut lines = vec![
            ("wrote", format!("{}, with its receipt", out.display())),
            ("hash", hash.clone()),
            (
                "epochs",
                format!("{} of {}", progress.epoch, progress.epochs),
            ),
            ("loss", format!("{:.6} in the last epoch", progress.loss)),
        ];
        lines.extend(progress.held_out.map(|found| {
            let error = format::error(metric, found.error);
            let best = format!("best after epoch {}", found.best_epoch);
            ("held out", format!("{error} in the last epoch, {best}"))
        }));
        facts(&lines)
    })
}

fn train(arguments: Train) -> Result<(Trained, Receipt, Metric)> {
    if arguments.out.exists() && !arguments.force {
        bail!(
            "{} exists: choose another name, or add --force",
            arguments.out.display()
        );
    }
    let options = match &arguments.options {
        Some(path) => files::load(path)?,
        None => arguments.flags.options(),
    };
    let working = Working::on("reading the data");
    let schema = arguments.schema.map(files::schema).transpose()?;
    let architecture = files::architecture(arguments.architecture)?;
    let data = files::dataset(&arguments.data, schema.as_ref())?;
    let start = initial_parameters(
        &architecture,
        arguments.start.as_deref(),
        Some(options.seed),
    )?;
    let start = Model::new(architecture, start)?;
    let (trained, receipt) = train_with_receipt(&start, &data, &options, |progress| {
        working.say(format!(
            "training: epoch {} of {}, loss {:.6}",
            progress.epoch, progress.epochs, progress.loss
        ));
        ControlFlow::Continue(())
    })?;
    let bytes = trained.model.parameters().to_safetensors_with(&receipt);
    files::write(&arguments.out, &bytes, arguments.force)
        .context("the model is trained, but it is lost")?;
    Ok((trained, receipt, fitting_metric(data.schema())))
}
