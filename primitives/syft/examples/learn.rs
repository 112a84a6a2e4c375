//! Trains on a part of a data set and measures on the rest, for programs that do the same with other libraries.
//!
//! ```text
//! cargo run --release -p syft --example learn -- FOLDER
//! ```
//!
//! `task.json` in the folder names the data (a file or folder), the schema, the architecture, how many times to
//! start (with initial parameters from the seeds 1, 2 and so on), the options, and how to split: the part to train on
//! and the seed, or nothing to train and measure on all rows. Writes `training.safetensors` and `validation.safetensors`, each with the tensors `rows` (F32,
//! `[n, inputs]`) and `classes` (U8, `[n]`) or `numbers` (F32, `[n, outputs]`), and prints each start's error
//! on the validation rows: wrong ones in billionths of all, or the mean square in millionths.

use ndarray::Array2;
use safetensors::tensor::{serialize_to_file, Dtype, TensorView};
use serde::Deserialize;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use syft::{
    evaluate, train, Architecture, Dataset, Model, Parameters, Schema, Targets, TrainOptions,
};
use syft_data::load;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    data: PathBuf,
    schema: Schema,
    architecture: Architecture,
    starts: u64,
    options: TrainOptions,
    split: Option<Split>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    part: f64,
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    let task: Task = serde_json::from_slice(&std::fs::read(folder.join("task.json"))?)?;
    let data = load(&task.data, &task.schema)?;
    let (training, validation) = match task.split {
        Some(Split { part, seed }) => data.split(part, seed)?,
        None => (data.clone(), data),
    };
    write(&training, &folder.join("training.safetensors"))?;
    write(&validation, &folder.join("validation.safetensors"))?;

    for seed in 1..=task.starts {
        let parameters = Parameters::initialise(&task.architecture, seed)?;
        let start = Model::new(task.architecture.clone(), parameters)?;
        let trained = train(&start, &training, &task.options, |_| {
            ControlFlow::Continue(())
        })?;
        println!(
            "{}",
            evaluate(&trained.model, &validation, task.schema.metric())?
        );
    }
    Ok(())
}

/// What a model sees of the rows, and what it should give.
fn write(data: &Dataset, path: &Path) -> Result<(), Box<dyn Error>> {
    let rows = data.features();
    let (name, kind, shape, targets) = match data.targets() {
        Targets::Classes(classes) => ("classes", Dtype::U8, vec![classes.len()], classes),
        Targets::Numbers(numbers) => {
            let shape = numbers.shape().to_vec();
            ("numbers", Dtype::F32, shape, bytes(&numbers))
        }
    };
    let (shape_of_rows, rows) = (rows.shape().to_vec(), bytes(&rows));
    let tensors = [
        ("rows", TensorView::new(Dtype::F32, shape_of_rows, &rows)?),
        (name, TensorView::new(kind, shape, &targets)?),
    ];
    Ok(serialize_to_file(tensors, None, path)?)
}

fn bytes(values: &Array2<f32>) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
