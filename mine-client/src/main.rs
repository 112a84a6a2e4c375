//! `mine`: the data owner's program. Keeps private data, trains on it, earns for the gradients.

mod cli;
mod commands;
mod home;
mod output;

use anyhow::{Context as _, Result};
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
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    let result = runtime.block_on(commands::run(cli));
    // A thread that still trains must not delay the end.
    runtime.shutdown_timeout(Duration::ZERO);
    result
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

/// The error with its causes in one line; causes that repeat what was said are left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let words: Vec<_> = cause
            .to_string()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let cause = words.join(" ");
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{separator}{cause}");
        }
    }
    output::clean(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn errors_take_one_line_and_repeat_nothing() {
        let error = anyhow!("inner\n  cause").context("outer");
        assert_eq!(one_line(&error), "outer: inner cause");
        let repeated = anyhow!("cause").context("outer: cause");
        assert_eq!(one_line(&repeated), "outer: cause");
        assert_eq!(one_line(&anyhow!("a\u{1b}b")), "a b");
    }
}
