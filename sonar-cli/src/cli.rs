//! The command line.

use crate::{
    commands::{account, campaign, data, init, model, quote, receipt},
    output::Output,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Opens campaigns on a Sonar chain, funds them, follows them and fetches the model.
///
/// Exit codes: 0 done, 1 failed (one line on stderr says why and what to do), 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "sonar", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Where help lists the options of every command.
const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// The node to talk to.
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        env = "SONAR_NODE",
        value_name = "URL",
        default_value = "ws://127.0.0.1:9944"
    )]
    pub node: String,
    /// The form of results on stdout.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value = "text")]
    pub output: Output,
    /// Answers every question with yes.
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub yes: bool,
    /// Folder of the accounts' encrypted files [default: sonar/keys in the user's data folder].
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SONAR_KEYS", value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
    /// File with the account's password; otherwise SONAR_PASSWORD, otherwise asked for.
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SONAR_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Accounts: create, import, list, look at, pay.
    #[command(subcommand)]
    Account(account::Command),
    /// Models: initialise, fetch from the chain, store there, train, evaluate.
    #[command(subcommand)]
    Model(model::Command),
    /// Receipts of training runs: show, verify.
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Data sets: import from CSV, JSON Lines, Parquet, IDX or images, look at.
    #[command(subcommand)]
    Data(data::Command),
    /// Campaigns: create, follow, fund, propose models to, settle.
    #[command(subcommand)]
    Campaign(campaign::Command),
    /// What a round would earn, and what is held for a gradient in it.
    Quote(quote::Quote),
    /// Writes an example campaign to start from.
    Init(init::Init),
}

impl Command {
    /// What to say when it is interrupted.
    pub fn interrupted(&self) -> &'static str {
        use campaign::Command as Campaign;
        match self {
            Self::Campaign(Campaign::Propose(_)) => {
                "interrupted: if the proposal was committed to, go on with --resume soon, or its deposit is lost"
            }
            Self::Receipt(_)
            | Self::Quote(_)
            | Self::Init(_)
            | Self::Campaign(
                Campaign::List(_)
                | Campaign::Show(_)
                | Campaign::Tree(_)
                | Campaign::Rounds(_)
                | Campaign::Watch(_)
                | Campaign::Entitlements(_),
            ) => "interrupted",
            _ => {
                "interrupted: no file is half written, but a transaction that was just sent may still take \
                 effect; look before sending it again"
            }
        }
    }
}
