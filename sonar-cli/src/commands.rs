//! One module per command.

pub mod account;
pub mod campaign;
pub mod data;
pub mod init;
pub mod model;
pub mod quote;
pub mod receipt;

use crate::{
    cli::{Cli, Command},
    context::Context,
};
use anyhow::Result;

/// Runs a command.
pub async fn run(cli: Cli) -> Result<()> {
    let context = Context::new(cli.global)?;
    match cli.command {
        Command::Account(command) => account::run(&context, command).await,
        Command::Model(command) => model::run(&context, command).await,
        Command::Receipt(command) => receipt::run(&context, command).await,
        Command::Data(command) => data::run(&context, command).await,
        Command::Campaign(command) => campaign::run(&context, command).await,
        Command::Quote(quote) => quote::run(&context, quote).await,
        Command::Init(init) => init::run(&context, init),
    }
}
