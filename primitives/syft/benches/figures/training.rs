//! One epoch of training.

use crate::clock::best;
use crate::data::{convolutional, dense, digits, images, random};
use crate::figure::{two_threads, Bench, Contender, Figure, Goal, Unit};
use crate::products::with_gemm;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;
use syft::kernel::{product_into, Start};
use syft::{train, Dataset, Model, Optimiser, TrainOptions};

/// Rows, inputs, hidden units, classes and rows per step of the larger figure.
const ROWS: usize = 60_000;
const INPUTS: usize = 784;
const HIDDEN: usize = 128;
const CLASSES: usize = 10;
const BATCH: usize = 64;

pub fn run(bench: &mut Bench) -> Result<(), Box<dyn Error>> {
    let (digits, _) = digits()?;
    let name = "train digits, 64-32-10, batch 32, one epoch";
    figure(
        bench,
        name,
        Goal::Seconds(0.8e-3),
        &dense(64, 32)?,
        &digits,
        32,
    );
    let name = "train digits, 3x3 convolution to 8 channels, batch 32, one epoch";
    figure(bench, name, Goal::None, &convolutional()?, &digits, 32);
    floor(bench);
    let name = "train 60,000x784, 784-128-10, batch 64, one epoch";
    if bench.wants(&two_threads(name)) {
        let (start, data) = (dense(INPUTS as u32, HIDDEN as u32)?, images(ROWS)?);
        figure(bench, name, Goal::Seconds(260e-3), &start, &data, BATCH);
        // Each step is small: no goal, but worth knowing.
        bench.two_threads(name, Goal::None, |seconds| {
            epoch(&start, &data, BATCH, seconds)
        });
    }
    Ok(())
}

/// One epoch by SGD with momentum, shuffled.
fn figure(bench: &mut Bench, name: &str, goal: Goal, start: &Model, data: &Dataset, batch: usize) {
    let question = json!({
        "figure": "train",
        "architecture": start.architecture(),
        "rows": data.rows(),
        "batch": batch,
    });
    let figure = Figure::new(name, Unit::Milliseconds, goal).ask(question);
    bench.figure(figure, &mut |who, seconds| match who {
        Contender::Syft => Some(epoch(start, data, batch, seconds)),
        _ => None,
    });
}

/// Seconds that an epoch takes at best, without what a run does once before its first.
fn epoch(start: &Model, data: &Dataset, batch: usize, seconds: f64) -> f64 {
    let sgd = Optimiser::Sgd {
        learning_rate: 0.01,
        momentum: 0.9,
    };
    let options = TrainOptions::new(sgd, batch as u32, 10_000, 1);
    let begin = Instant::now();
    let (mut best, mut last) = (f64::INFINITY, None);
    let trained = train(start, data, &options, |progress| {
        let now = Instant::now();
        if let Some(last) = last.replace(now) {
            best = best.min(now.duration_since(last).as_secs_f64());
        }
        match progress.epoch > 3 && begin.elapsed().as_secs_f64() > seconds {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    black_box(&trained);
    if let Err(error) = trained {
        panic!("training fails: {error}");
    }
    best
}

/// The products of the larger figure's epoch and nothing else.
fn floor(bench: &mut Bench) {
    type Product = fn(ArrayView2<f32>, ArrayView2<f32>, ArrayViewMut2<f32>);
    let x: Array2<f32> = random((BATCH, INPUTS));
    let (w, v): (Array2<f32>, Array2<f32>) = (random((HIDDEN, INPUTS)), random((CLASSES, HIDDEN)));
    let (mut h, mut y) = (Array2::zeros((BATCH, HIDDEN)), random((BATCH, CLASSES)));
    let (mut dw, mut dv) = (Array2::zeros(w.dim()), Array2::zeros(v.dim()));
    let mut dh = Array2::zeros(h.dim());
    let mut step = |product: Product| {
        product(x.view(), w.t(), h.view_mut());
        product(h.view(), v.t(), y.view_mut());
        product(y.t(), h.view(), dv.view_mut());
        product(y.view(), v.view(), dh.view_mut());
        product(dh.t(), x.view(), dw.view_mut());
        black_box((&dw, &dv));
    };
    let steps = (ROWS / BATCH) as f64;
    let name = "the products of the next epoch alone";
    let figure = Figure::new(name, Unit::Milliseconds, Goal::None);
    bench.figure(figure, &mut |who, seconds| {
        let product: Product = match who {
            Contender::Syft => |a, b, out| product_into(a, b, Start::Zero, out),
            Contender::Gemm => with_gemm,
            Contender::MatrixMultiply => return None,
        };
        Some(steps * best(seconds, || step(product)))
    });
}
