//! From outputs to an error.

use crate::{error_rate, Metric, Targets, SQUARED_ERROR_UNIT};
use ndarray::Axis;

/// The error of the rows so far; as more are added it does not fall.
pub(super) enum Score<'a> {
    Wrong {
        /// Of all rows.
        classes: &'a [u8],
        /// Rows that have been added.
        rows: usize,
        wrong: u64,
    },
    Squares {
        /// Of all rows.
        numbers: ndarray::ArrayView2<'a, f32>,
        /// Rows that have been added.
        rows: usize,
        sum: f64,
    },
}

impl<'a> Score<'a> {
    /// No rows of those with these targets.
    pub(super) fn new(targets: &'a Targets) -> Self {
        match targets {
            Targets::Classes(classes) => Score::Wrong {
                classes,
                rows: 0,
                wrong: 0,
            },
            Targets::Numbers(numbers) => Score::Squares {
                numbers: numbers.view(),
                rows: 0,
                sum: 0.0,
            },
        }
    }

    /// Adds the next rows' outputs, of so many values each.
    pub(super) fn add(&mut self, outputs: &[f32], width: usize) {
        let added = outputs.len() / width;
        match self {
            Score::Wrong {
                classes,
                rows,
                wrong,
            } => {
                let classes = &classes[*rows..];
                let predicted = outputs.chunks_exact(width).map(predicted_class);
                *wrong += predicted
                    .zip(classes)
                    .filter(|(predicted, &class)| *predicted != usize::from(class))
                    .count() as u64;
                *rows += added;
            }
            Score::Squares { numbers, rows, sum } => {
                let (_, truth) = numbers.split_at(Axis(0), *rows);
                for (&p, &t) in outputs.iter().zip(truth) {
                    let d = f64::from(p) - f64::from(t);
                    *sum += d * d;
                }
                *rows += added;
            }
        }
    }

    /// The error if the model made no mistake in the rows to come.
    pub(super) fn error(&self) -> u64 {
        match self {
            // There is at least one row, and no more are wrong than there are.
            Score::Wrong { classes, wrong, .. } => {
                error_rate(*wrong, classes.len() as u64).unwrap_or(Metric::ErrorRate.worst())
            }
            // The cast drops the fraction and saturates.
            Score::Squares { numbers, sum, .. } => {
                (sum / numbers.len() as f64 * SQUARED_ERROR_UNIT as f64) as u64
            }
        }
    }
}

/// The class that a row's outputs stand for, as [`Metric::ErrorRate`] says.
fn predicted_class(outputs: &[f32]) -> usize {
    match outputs {
        [output] => usize::from(*output > 0.0),
        _ => {
            let mut best = 0;
            for (index, &value) in outputs.iter().enumerate() {
                if value > outputs[best] {
                    best = index;
                }
            }
            best
        }
    }
}
