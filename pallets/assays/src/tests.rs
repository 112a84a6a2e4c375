#![allow(clippy::unwrap_used, clippy::expect_used)]

mod expire;
mod queue;
mod register;
mod report;
mod retire;
mod set_key;
mod worker;
