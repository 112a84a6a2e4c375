//! The command line.

use crate::{
    commands::{campaigns, data, status, work},
    output::Output,
};
use clap::{Args, Parser, Subcommand};
use sonar_client::keys::KeySource;
use std::path::PathBuf;

/// Keeps private data on your own disk, trains on it for campaigns of a Sonar chain, and earns for the
/// gradients. The data never leave.
///
/// Exit codes: 0 done, 1 failed (one line on stderr says why and what to do), 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "mine", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// The node to talk to.
    #[arg(
        long,
        global = true,
        env = "SONAR_NODE",
        value_name = "URL",
        default_value = "ws://127.0.0.1:9944"
    )]
    pub node: String,
    /// The form of results on stdout.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub output: Output,
    /// Folder of data, policy and journal [default: sonar/mine in the user's data folder].
    #[arg(long, global = true, env = "MINE_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Folder of the accounts' encrypted files [default: sonar/keys in the user's data folder].
    #[arg(long, global = true, env = "SONAR_KEYS", value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
    /// File with the account's password; otherwise SONAR_PASSWORD, otherwise asked for.
    #[arg(long, global = true, env = "SONAR_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Who earns.
#[derive(Args, Clone, Debug)]
pub struct AccountArgs {
    /// The account that earns: a name from `sonar account list`, or a development URI such as
    /// //Alice.
    #[arg(long, env = "MINE_ACCOUNT", value_name = "NAME")]
    pub account: KeySource,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The mine's data sets: add, list, look at, remove.
    #[command(subcommand)]
    Data(data::Command),
    /// Which campaigns fit the mine's data, and what they pay.
    Campaigns(campaigns::Campaigns),
    /// Trains and submits one gradient, and waits for the verdict.
    Once(work::Once),
    /// Goes on training, submitting and claiming until it is stopped. May be killed at any moment.
    Run(work::Run),
    /// Submissions, earnings and reputation.
    Status(status::Status),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
