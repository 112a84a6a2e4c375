//! Losses of outputs, and their derivatives.

use super::activation::sigmoid;
use super::ModelError;
use crate::{Head, Targets};

/// The mean loss of a batch that comes in parts.
pub(crate) struct Loss {
    head: Head,
    /// Outputs of a row.
    width: usize,
    /// What the sum is divided by: rows, or numbers for the squared error.
    count: f32,
    sum: f32,
}

impl Loss {
    /// The loss of a batch of so many rows, at least 1, without any of them so far.
    pub(crate) fn new(head: Head, width: usize, rows: usize) -> Self {
        let count = match head {
            Head::SoftmaxCrossEntropy | Head::Logistic => rows,
            Head::SquaredError => rows * width,
        };
        Self {
            head,
            width,
            count: count as f32,
            sum: 0.0,
        }
    }

    /// Takes the next rows' outputs in, whose targets are in the given rows, and writes the derivative by them.
    ///
    /// # Errors
    ///
    /// If targets do not fit the head or the outputs.
    ///
    /// # Panics
    ///
    /// If there are no such targets.
    pub(crate) fn add(
        &mut self,
        outputs: &[f32],
        targets: &Targets,
        rows: &[usize],
        derivative: &mut [f32],
    ) -> Result<(), ModelError> {
        let (width, count) = (self.width, self.count);
        let parts = outputs
            .chunks_exact(width)
            .zip(derivative.chunks_exact_mut(width))
            .zip(rows);
        match (self.head, targets) {
            (Head::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                for ((x, dx), &row) in parts {
                    let class = usize::from(classes[row]);
                    if class >= width {
                        return Err(ModelError::Targets);
                    }
                    self.sum += softmax_cross_entropy(x, class, count, dx);
                }
            }
            (Head::Logistic, Targets::Classes(classes)) => {
                for ((x, dx), &row) in parts {
                    let truth = match classes[row] {
                        0 => 0.0,
                        1 => 1.0,
                        _ => return Err(ModelError::Targets),
                    };
                    for (dx, &x) in dx.iter_mut().zip(x) {
                        self.sum += (x.max(0.0) - x * truth) + libm::log1pf(libm::expf(-x.abs()));
                        *dx = (sigmoid(x) - truth) / count;
                    }
                }
            }
            (Head::SquaredError, Targets::Numbers(numbers)) if numbers.ncols() == width => {
                for ((x, dx), &row) in parts {
                    for ((dx, &x), &truth) in dx.iter_mut().zip(x).zip(numbers.row(row)) {
                        let d = x - truth;
                        self.sum += d * d;
                        *dx = 2.0 * d / count;
                    }
                }
            }
            _ => return Err(ModelError::Targets),
        }
        Ok(())
    }

    /// The mean over all rows.
    pub(crate) fn mean(self) -> f32 {
        self.sum / self.count
    }
}

/// A row's loss, and its derivative divided by `count`.
fn softmax_cross_entropy(x: &[f32], class: usize, count: f32, dx: &mut [f32]) -> f32 {
    let max = x
        .iter()
        .fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    let mut sum = 0.0;
    for (e, &x) in dx.iter_mut().zip(x) {
        *e = libm::expf(x - max);
        sum += *e;
    }
    for (j, d) in dx.iter_mut().enumerate() {
        let truth = if j == class { 1.0 } else { 0.0 };
        *d = (*d / sum - truth) / count;
    }
    libm::logf(sum) - (x[class] - max)
}
