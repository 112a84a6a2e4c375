//! How long a training may take: a guess, from a short one on this machine.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};
use syft::{Dataset, Model, Optimiser, TrainOptions};

/// Epochs of a training, as far as anybody can know that of others.
pub const EPOCHS: u32 = 20;
/// Rows of a step.
const BATCH: u32 = 32;
/// Rows of the short training, at most.
const MOST_ROWS: u64 = 1_024;
/// Multiply-adds of its forward passes, at most: about a second.
const MOST_WORK: u64 = 1_000_000_000;

/// The time of [`EPOCHS`] epochs on as many rows as `data` has. Zero if that cannot be found out: the
/// model cannot be trained as it is.
pub fn estimate(model: &Model, data: &Dataset) -> Duration {
    let all = data.rows();
    let work = model
        .architecture()
        .plan()
        .map_or(1, |plan| plan.multiply_adds.max(1));
    let most = usize::try_from((MOST_WORK / work).clamp(1, MOST_ROWS)).unwrap_or(1);
    let some: Vec<usize> = (0..all.min(most)).collect();
    let Ok(few) = data.select(&some) else {
        return Duration::ZERO;
    };
    let optimiser = Optimiser::Sgd {
        learning_rate: 1e-6,
        momentum: 0.0,
    };
    let options = TrainOptions::new(optimiser, BATCH, 1, 0);
    let start = Instant::now();
    match syft::train(model, &few, &options, |_| ControlFlow::Continue(())) {
        Ok(_) => of_all(start.elapsed(), some.len(), all),
        Err(_) => Duration::ZERO,
    }
}

/// The time of a training on all rows, if an epoch on some of them takes `measured`.
fn of_all(measured: Duration, some: usize, all: usize) -> Duration {
    let seconds = measured.as_secs_f64() * f64::from(EPOCHS) * all as f64 / some.max(1) as f64;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::files;
    use syft::{Architecture, Parameters, Schema};

    #[test]
    fn all_rows_take_longer_than_some() {
        let second = Duration::from_secs(1);
        assert_eq!(of_all(second, 10, 10), second * 20);
        assert_eq!(of_all(second, 10, 100), second * 200);
        assert_eq!(of_all(Duration::MAX, 1, usize::MAX), Duration::MAX);
    }

    #[test]
    fn a_model_is_trained_to_find_out() {
        let architecture: Architecture = serde_json::from_str(
            r#"{"input": [1], "layers": [{"dense": {"units": 1}}], "head": "squared_error"}"#,
        )
        .unwrap();
        let schema: Schema = toml::from_str(
            "[[inputs]]\nname = \"x\"\nkind = { number = {} }\n[output]\nname = \"y\"\nkind = { number = {} }",
        )
        .unwrap();
        let parameters = Parameters::initialise(&architecture, 1).unwrap();
        let model = Model::new(architecture, parameters).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows.csv");
        std::fs::write(&rows, format!("x,y\n{}", "0.5,0.5\n".repeat(3_000))).unwrap();
        let data = files::dataset(&rows, Some(&schema)).unwrap();
        assert!(estimate(&model, &data) > Duration::ZERO);
    }
}
