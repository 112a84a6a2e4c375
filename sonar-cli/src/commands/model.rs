//! `sonar model`.

mod evaluate;
mod fetch;
mod initialise;
mod store;
mod train;

use crate::context::Context;
use anyhow::Result;
use clap::Subcommand;

/// What to do with a model.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes random initial parameters, the same for the same seed.
    Init(initialise::Initialise),
    /// Downloads a model of a campaign, verified against the chain.
    Fetch(fetch::Fetch),
    /// Stores the parameters of a model of a campaign on the chain, so that nobody has to rebuild it;
    /// for anyone.
    Store(store::Store),
    /// Trains a model on rows and writes it with the receipt of the run.
    Train(train::Train),
    /// Measures a model's error exactly as the assayers do.
    Evaluate(evaluate::Evaluate),
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Init(arguments) => initialise::run(context, arguments).await,
        Command::Fetch(arguments) => fetch::run(context, arguments).await,
        Command::Store(arguments) => store::run(context, arguments).await,
        Command::Train(arguments) => train::run(context, arguments).await,
        Command::Evaluate(arguments) => evaluate::run(context, arguments).await,
    }
}
