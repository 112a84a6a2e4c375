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
use sonar_primitives::assay::{AssayOutcome, AssayRequest};
use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};
use workload::{Shelf, Workload};

/// Candidates that wait at once.
const WAITING: usize = 8;

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
    let cold = || NodeAssayer::new(&workload.shelf, cores, None);
    let first = [workload.candidate(1, 0)];
    show(
        "first assay: nothing is known",
        median(workload.repetitions, cold, |assayer| {
            measure(assayer, &first)
        }),
    );
    let path = [workload.candidate(workload::PATH, 0)];
    show(
        "first assay at the end of a path of 7",
        median(workload.repetitions, cold, |assayer| {
            measure(assayer, &path)
        }),
    );
    let warm = || {
        let assayer = cold();
        measure(&assayer, &first);
        assayer
    };
    let next = [workload.candidate(1, 1)];
    show(
        "next candidate of the same parent",
        median(workload.repetitions, warm, |assayer| {
            measure(assayer, &next)
        }),
    );
    let waiting: Vec<_> = (1..=WAITING).map(|n| workload.candidate(1, n)).collect();
    show(
        "8 candidates of the same parent, each",
        median(workload.repetitions, warm, |assayer| {
            measure(assayer, &waiting)
        }) / WAITING as u32,
    );
}

/// Measures models that must all be well formed.
fn measure(assayer: &NodeAssayer<&Shelf>, requests: &[AssayRequest]) {
    for outcome in assayer.evaluate_all(requests) {
        assert!(
            matches!(outcome, AssayOutcome::Measured { .. }),
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
    println!("  {what:<45} {:>12.1} us", time.as_secs_f64() * 1e6);
}
