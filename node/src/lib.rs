//! Runs Sonar's chain, serves its blobs and measures what mines submit.
//!
//! A library so that the assayer can be timed; what operators start is the program `sonar-node`.

// Substrate's own error types are this large.
#![allow(clippy::result_large_err)]

pub mod assayer;
mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

pub use command::run;
