//! The commands, one file each.

pub mod campaigns;
pub mod data;
pub mod status;
mod usable;
pub mod work;

use crate::{
    cli::{Cli, Command},
    home::Home,
};
use anyhow::Result;

/// Does what the command line asks for.
pub async fn run(cli: Cli) -> Result<()> {
    let output = cli.global.output;
    let home = Home::new(cli.global)?;
    match cli.command {
        Command::Data(command) => data::run(&home, output, command),
        Command::Campaigns(command) => campaigns::run(&home, output, command).await,
        Command::Once(command) => work::once(&home, output, command).await,
        Command::Run(command) => work::run(&home, output, command).await,
        Command::Status(command) => status::run(&home, output, command).await,
    }
}
