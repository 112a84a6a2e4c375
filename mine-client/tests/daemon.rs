//! The daemon against a chain in memory that judges as the real one does.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "daemon/cooperation.rs"]
mod cooperation;
#[path = "daemon/disk.rs"]
mod disk;
#[path = "daemon/examples.rs"]
mod examples;
#[path = "daemon/interruption.rs"]
mod interruption;
#[path = "daemon/mine.rs"]
mod mine;
#[path = "daemon/policy.rs"]
mod policy;
#[path = "daemon/reveals.rs"]
mod reveals;
#[path = "daemon/rounds.rs"]
mod rounds;
#[path = "daemon/view.rs"]
mod view;
#[path = "daemon/world.rs"]
mod world;
