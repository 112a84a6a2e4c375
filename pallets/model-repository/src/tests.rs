//! Tests, one file for each call, trait and rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod invariants;
mod pins;
mod put;
mod remove;
mod renewals;
mod store;
mod wrapped;
