//! `sonar`: the data scientist's and sponsor's program. Opens campaigns, funds them, follows them,
//! fetches the model.

mod campaign_file;
mod cli;
mod commands;
mod context;
mod contributors;
mod events;
mod files;
mod output;
mod preparation;
mod private_file;
mod training_time;
mod units;
mod view;
mod words;

use anyhow::{bail, Result};
use clap::Parser;
use output::Output;
use std::{io, process::ExitCode, time::Duration};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let logs = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(logs)
        .init();
    let output = cli.global.output;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, output);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: cli::Cli) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let interrupted = cli.command.interrupted();
    let result = runtime.block_on(async {
        tokio::select! {
            // Polled first, so that Ctrl-C is heard from the beginning.
            biased;
            _ = tokio::signal::ctrl_c() => bail!(interrupted),
            result = commands::run(cli) => result,
        }
    });
    // Work in other threads (reading stdin, computing) must not delay the end.
    runtime.shutdown_timeout(Duration::ZERO);
    result
}

/// Runs something that computes or waits for long without holding up Ctrl-C.
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// Writes what failed as one line to stderr, and in JSON to stdout too if that is what is asked for.
fn report(error: &anyhow::Error, output: Output) {
    let line = one_line(error);
    output::note(&format!("error: {line}"));
    if output == Output::Json {
        // If stdout is gone too, stderr has said it.
        let _ = output.line(&serde_json::json!({ "error": line }), String::new);
    }
}

/// The error with its causes in one line; causes that repeat what is said already are left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause
            .to_string()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if !line.contains(&cause) {
            line = if line.is_empty() {
                cause
            } else {
                format!("{line}: {cause}")
            };
        }
    }
    output::clean(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{anyhow, Context as _};

    #[test]
    fn errors_take_one_line_and_repeat_nothing() {
        let error = anyhow!("inner\n  cause").context("outer");
        assert_eq!(one_line(&error), "outer: inner cause");
        let error = Err::<(), _>(anyhow!("cause"))
            .context("outer: cause")
            .map_err(|e| one_line(&e));
        assert_eq!(error, Err("outer: cause".into()));
        assert_eq!(one_line(&anyhow!("a\u{1b}b")), "a\u{fffd}b");
    }
}
