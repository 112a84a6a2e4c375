//! How long an assay takes, and what of it takes how long.
//!
//! ```text
//! cargo bench -p sonar-node --bench assay
//! ```
//!
//! Blobs are in memory: what the node's database adds is not in the figures. Every figure is the median of repetitions,
//! each on an assayer in the state that the figure's name says.

#![allow(clippy::expect_used)]

#[path = "assay/parts.rs"]
mod parts;
#[path = "assay/workload.rs"]
mod workload;

use sonar_host::Assayer;
use sonar_node::assayer::NodeAssayer;
use sonar_primitives::assay::{AssayOutcome, AssayRequest, Verdict};
use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};
use syft::WORST_ERROR_RATE;
use workload::{MemoryBlobs, Workload, ROOTS};

fn main() {
    for workload in [Workload::digits(), Workload::images()] {
        println!("{}", workload.name);
        assays(&workload);
        for (part, time) in parts::times(&workload) {
            show(&format!("  {part}"), time);
        }
    }
}

fn assays(workload: &Workload) {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let cold = || NodeAssayer::new(&workload.blobs, cores, None);
    let root = [workload.root()];
    show(
        "a root: nothing is known",
        median(workload.repetitions, cold, |assayer| {
            measure(assayer, &root)
        }),
    );
    let warm = || {
        let assayer = cold();
        measure(&assayer, &root);
        assayer
    };
    let other = [workload.other_root(0)];
    show(
        "a root: its validation set is known",
        median(workload.repetitions, warm, |assayer| {
            measure(assayer, &other)
        }),
    );
    let waiting: Vec<_> = (0..ROOTS).map(|n| workload.other_root(n)).collect();
    show(
        "8 roots at once, each",
        median(workload.repetitions, warm, |assayer| {
            measure(assayer, &waiting)
        }) / ROOTS as u32,
    );
    // Whatever the gradients come to: with the worst best model few measurements end early, with a perfect one many.
    for gradients in [4, 16] {
        for (best, error) in [("bad", WORST_ERROR_RATE), ("perfect", 0)] {
            let round = [workload.round(gradients, error)];
            show(
                &format!("a round of {gradients}, its best model is {best}"),
                median(workload.repetitions, warm, |assayer| {
                    measure(assayer, &round)
                }),
            );
        }
    }
}

/// Makes assays that must all come to a verdict.
fn measure(assayer: &NodeAssayer<&MemoryBlobs>, requests: &[AssayRequest]) {
    for outcome in assayer.evaluate_all(requests) {
        assert!(
            matches!(
                outcome,
                AssayOutcome::Verdict(Verdict::Measured { .. } | Verdict::Round(_))
            ),
            "{outcome:?}"
        );
    }
}

/// The median time of `run`, each time on something made anew.
fn median<T>(repetitions: usize, make: impl Fn() -> T, run: impl Fn(&T)) -> Duration {
    let mut times: Vec<_> = (0..repetitions)
        .map(|_| {
            let subject = make();
            let started = Instant::now();
            run(&subject);
            started.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn show(what: &str, time: Duration) {
    println!("  {what:<50} {:>12.1} us", time.as_secs_f64() * 1e6);
}
