//! `sonar-node`: runs Sonar's chain, serves its blobs and measures what mines submit.

// Substrate's own error types are this large.
#![allow(clippy::result_large_err)]

mod assayer;
mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> std::process::ExitCode {
    match command::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        // For people: what went wrong, not how Rust would write it down.
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
