//! One file per call, and per trait that others use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accept_proposal;
mod access;
mod admit;
mod agenda;
mod cancel;
mod close;
mod create;
mod fund;
mod properties;
mod propose;
mod reject_proposal;
mod remove;
mod round_decided;
mod settle;
mod verdicts;
