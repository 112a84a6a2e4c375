//! Errors of a model on validation sets.

use crate::clock::best;
use crate::data::{digits, images, model};
use crate::figure::{Bench, Contender, Goal, Unit};
use serde_json::json;
use std::hint::black_box;
use syft::{evaluate, Dataset, Metric, Model};

pub fn run(bench: &mut Bench) -> Result<(), Box<dyn std::error::Error>> {
    let (_, digits) = digits()?;
    let small = model(64, 32)?;
    let name = "evaluate 360x64, 64-32-10";
    figure(bench, name, Unit::Microseconds, 25e-6, &small, &digits);

    let name = "evaluate 10,000x784, 784-128-10";
    if bench.wants(name) {
        let (images, large) = (images(10_000)?, model(784, 128)?);
        figure(bench, name, Unit::Milliseconds, 13e-3, &large, &images);
        bench.two_threads(name, |seconds| time(&large, &images, seconds));
    }
    Ok(())
}

fn figure(bench: &mut Bench, name: &str, unit: Unit, goal: f64, model: &Model, data: &Dataset) {
    let inputs = model.plan().inputs;
    let question = json!({"figure": "evaluate", "rows": data.rows(), "inputs": inputs});
    bench.figure(
        name,
        unit,
        Goal::Seconds(goal),
        Some(question),
        &mut |who, seconds| matches!(who, Contender::Syft).then(|| time(model, data, seconds)),
    );
}

fn time(model: &Model, data: &Dataset, seconds: f64) -> f64 {
    best(seconds, || match evaluate(model, data, Metric::ErrorRate) {
        Ok(error) => {
            black_box(error);
        }
        Err(error) => panic!("evaluation fails: {error}"),
    })
}
