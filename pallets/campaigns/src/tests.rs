//! One file per call, and per trait that others use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access;
mod agenda;
mod cancel;
mod close;
mod create;
mod fund;
mod properties;
mod propose;
mod remove;
mod settle;
mod top_up_reserve;
mod verdicts;
