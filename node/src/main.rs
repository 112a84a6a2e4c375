//! `sonar-node`: runs Sonar's chain, serves its blobs and measures what mines submit.

#![warn(missing_docs)]

mod assayer;
mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
    command::run()
}
