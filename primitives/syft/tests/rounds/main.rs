//! Rounds: seats, shares and best sets, and that all who measure one agree.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../hostile/memory.rs"]
mod memory;

mod measured;
mod members;
mod processes;
mod reference;
mod table;
mod vectors;
mod world;
