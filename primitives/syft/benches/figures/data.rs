//! What is measured on: the project's digits, and random numbers of MNIST's shape.

use ndarray::{Array2, ArrayBase, Dimension, OwnedRepr, ShapeBuilder};
use serde_json::{json, Value};
use std::error::Error;
use std::path::Path;
use syft::{Architecture, Column, Dataset, Limits, Model, Parameters, Random, Schema};
use syft_data::load;

/// Rows of the digits that are trained on: four fifths.
pub const DIGITS_ROWS: usize = 1_437;

/// Numbers from 0 to below 1.
pub fn random<D: Dimension, S: ShapeBuilder<Dim = D>>(shape: S) -> ArrayBase<OwnedRepr<f32>, D> {
    let mut random = Random::new(1, 0);
    ArrayBase::from_shape_simple_fn(shape, || random.bits() as f32 / 4_294_967_296.0)
}

/// A classifier of digits or images with one hidden layer, freshly initialised.
pub fn dense(inputs: u32, hidden: u32) -> Result<Model, Box<dyn Error>> {
    model(json!({
        "input": [inputs],
        "layers": [{"dense": {"units": hidden}}, "relu", {"dense": {"units": 10}}],
        "head": "softmax_cross_entropy",
    }))
}

/// A classifier of digits with one convolution, freshly initialised.
pub fn convolutional() -> Result<Model, Box<dyn Error>> {
    model(json!({
        "input": [1, 8, 8],
        "layers": [
            {"conv2d": {"channels": 8, "kernel": [3, 3], "padding": [1, 1]}},
            "relu",
            {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
            "flatten",
            {"dense": {"units": 10}},
        ],
        "head": "softmax_cross_entropy",
    }))
}

fn model(architecture: Value) -> Result<Model, Box<dyn Error>> {
    let architecture: Architecture = serde_json::from_value(architecture)?;
    let parameters = Parameters::initialise(&architecture, 1)?;
    Ok(Model::new(architecture, parameters)?)
}

/// The first [`DIGITS_ROWS`] digits, pixels from 0 to 1; and the others.
pub fn digits() -> Result<(Dataset, Dataset), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/digits.csv");
    let data = load(&file, &schema("digit", 64, 16_000_000)?)?;
    let rows: Vec<usize> = (0..data.rows()).collect();
    let (training, validation) = rows.split_at(DIGITS_ROWS);
    Ok((data.select(training)?, data.select(validation)?))
}

/// Random rows of 784 numbers in random classes.
pub fn images(rows: usize) -> Result<Dataset, Box<dyn Error>> {
    let pixels: Array2<f32> = random((rows, 784));
    let mut random = Random::new(2, 0);
    let classes = (0..rows).map(|_| random.below(10) as u8).collect();
    let columns = vec![Column::Numbers(pixels), Column::Classes(classes)];
    Ok(Dataset::new(
        schema("class", 784, 1_000_000)?,
        columns,
        Limits::default(),
    )?)
}

/// Rows of so many pixels from 0 to `high` millionths, each with one of ten classes.
fn schema(output: &str, pixels: u32, high: i64) -> Result<Schema, serde_json::Error> {
    let classes: Vec<_> = (0..10).map(|class| class.to_string()).collect();
    serde_json::from_value(json!({
        "inputs": [{"name": "pixels", "kind": {"vector": {
            "length": pixels, "range": {"low": 0, "high": high}
        }}}],
        "output": {"name": output, "kind": {"category": {"classes": classes}}},
    }))
}
