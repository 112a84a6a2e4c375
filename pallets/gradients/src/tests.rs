//! One file per call, and one for each thing that other pallets and clients ask for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod advance;
mod booking;
mod commit;
mod dissolve;
mod extension;
mod fees;
mod forget;
mod properties;
mod proposal;
mod queries;
mod records;
mod reveal;
mod store_model;
mod tree;
mod try_state;
mod verdict;
mod work;
