//! One file per call, and per trait that others use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod claim;
mod claim_for;
mod forget;
mod properties;
mod reputation;
mod settle;
mod worked_numbers;
