//! Rounds of several gradients, beside the assay of one model.

use crate::clock::best;
use crate::data::{dense, digits, images};
use crate::figure::{Bench, Goal};
use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;
use syft::round::{measure_round, measurements, RoundRules};
use syft::{train, Dataset, Metric, Model, Optimiser, Parameters, TrainOptions, ValidationSet};

/// Members that can get a share.
const SEATS: u8 = 4;

pub fn run(bench: &mut Bench) -> Result<(), Box<dyn Error>> {
    let (training, validation) = digits()?;
    let start = trained(&dense(64, 64)?, &training, 1)?;
    let set = ValidationSet::new(&validation);
    for (members, goal) in [(4, 15.0), (16, 60.0)] {
        let models = (0..members).map(|member| {
            // Each has its own part of the rows.
            let rows: Vec<_> = (member..training.rows()).step_by(members).collect();
            trained(&start, &training.select(&rows)?, 5)
        });
        let models = models.collect::<Result<Vec<_>, _>>()?;
        figure(
            bench,
            "digits, 64-64-10",
            Goal::Assays(goal),
            &start,
            &models,
            &set,
        );
    }
    let name = "10,000x784, 784-128-10";
    if bench.wants(&self::name(name, 4)) {
        // Nothing can be learned, so all are equally bad and no error tells much before the last rows.
        let start = dense(784, 128)?;
        let models = (2..6).map(|seed| {
            let parameters = Parameters::initialise(start.architecture(), seed)?;
            Ok(Model::new(start.architecture().clone(), parameters)?)
        });
        let models = models.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        let set = ValidationSet::new(&images(10_000)?);
        figure(bench, name, Goal::None, &start, &models, &set);
    }
    Ok(())
}

fn name(data: &str, members: usize) -> String {
    let sets = measurements(members as u32, SEATS);
    format!("round of {members} gradients, four seats ({sets} sets), {data}")
}

fn figure(
    bench: &mut Bench,
    data: &str,
    goal: Goal,
    start: &Model,
    models: &[Model],
    set: &ValidationSet,
) {
    let (architecture, metric) = (start.architecture(), Metric::ErrorRate);
    let points: Vec<&Parameters> = models.iter().map(Model::parameters).collect();
    let rules = RoundRules {
        best_error: set.error_of(start, metric).unwrap_or(metric.worst()),
        target: 0,
        minimum_step: 1,
        seats: SEATS,
    };
    // Parameters that are there become a model, and the model an error.
    let shared = std::sync::Arc::new(points[0].clone());
    let assay = |seconds| {
        best(seconds, || {
            let model = Model::new(architecture.clone(), shared.clone());
            match model.map(|model| set.error_of(&model, metric)) {
                Ok(Ok(error)) => {
                    black_box(error);
                }
                other => panic!("the assay fails: {other:?}"),
            }
        })
    };
    let round = |seconds| {
        best(seconds, || {
            match measure_round(
                set,
                architecture,
                metric,
                start.parameters(),
                &points,
                &rules,
            ) {
                Ok(decision) => {
                    black_box(decision);
                }
                Err(error) => panic!("the round fails: {error}"),
            }
        })
    };
    bench.assays(&name(data, models.len()), goal, assay, round);
}

/// The model after some epochs on some rows.
fn trained(model: &Model, data: &Dataset, epochs: u32) -> Result<Model, Box<dyn Error>> {
    let sgd = Optimiser::Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    let options = TrainOptions::new(sgd, 32, epochs, 1);
    Ok(train(model, data, &options, |_| ControlFlow::Continue(()))?.model)
}
