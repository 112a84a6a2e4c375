//! One file per call, and one for each thing that other pallets ask for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commit;
mod expire;
mod invariants;
mod queries;
mod reveal;
mod tree;
mod try_state;
mod verdict;
