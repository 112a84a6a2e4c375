//! Errors of a model on validation sets.

use crate::clock::best;
use crate::data::{dense, digits, images};
use crate::figure::{two_threads, Bench, Contender, Figure, Goal, Unit};
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use syft::{Metric, Model, ValidationSet};

pub fn run(bench: &mut Bench) -> Result<(), Box<dyn Error>> {
    let (_, data) = digits()?;
    let data = ValidationSet::new(&data);
    let name = "evaluate 360x64, 64-32-10";
    figure(
        bench,
        name,
        Unit::Microseconds,
        25e-6,
        &dense(64, 32)?,
        &data,
    );
    let name = "evaluate 10,000x784, 784-128-10";
    if bench.wants(&two_threads(name)) {
        let (model, data) = (dense(784, 128)?, ValidationSet::new(&images(10_000)?));
        figure(bench, name, Unit::Milliseconds, 13e-3, &model, &data);
        bench.two_threads(name, Goal::Times(1.8), |seconds| {
            time(&model, &data, seconds)
        });
    }
    Ok(())
}

fn figure(
    bench: &mut Bench,
    name: &str,
    unit: Unit,
    goal: f64,
    model: &Model,
    data: &ValidationSet,
) {
    let question = json!({
        "figure": "evaluate",
        "architecture": model.architecture(),
        "rows": data.rows(),
    });
    let figure = Figure::new(name, unit, Goal::Seconds(goal)).ask(question);
    bench.figure(figure, &mut |who, seconds| match who {
        Contender::Syft => Some(time(model, data, seconds)),
        _ => None,
    });
}

fn time(model: &Model, data: &ValidationSet, seconds: f64) -> f64 {
    best(seconds, || match data.error_of(model, Metric::ErrorRate) {
        Ok(error) => {
            black_box(error);
        }
        Err(error) => panic!("evaluation fails: {error}"),
    })
}
