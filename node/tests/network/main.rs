//! Real nodes, and the programs that talk to them: what a campaign's owner, mines and operators see.
//!
//! Every test starts nodes of its own, on an empty chain and on free ports, and ends them, whatever happens.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod books;
mod breast_cancer;
mod campaign;
mod full_blocks;
mod http;
mod node;
mod other_chain;
mod program;
mod restart;
mod takeover;
mod task;
mod two_nodes;
mod withheld;

use std::{future::Future, time::Duration};

/// How long anything may take that a chain or a program does. Nothing comes near unless it waits for ever.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long a whole test may take, likewise.
const LIMIT: Duration = Duration::from_secs(400);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until `look` finds something.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(found) => found,
        Err(_) => panic!("no {what} in {PATIENCE:?}"),
    }
}

/// Runs a test, and ends it while its nodes can still show their logs if it waits for ever.
async fn in_time(test: impl Future<Output = ()>) {
    let too_late = async {
        tokio::time::sleep(LIMIT).await;
        panic!("the test has no end");
    };
    tokio::select! {
        () = test => {}
        () = too_late => {}
    }
}
