//! Keeping the best model on rows that training does not see.

use super::{EarlyStopping, TrainError};
use crate::{evaluate, Dataset, DatasetError, EvaluateError, Model, ModelError, Targets};
use ndarray::{s, Array2};

/// Rows that are measured at a time. Part of the definition, as the loss is the mean of the blocks' losses.
const BLOCK: usize = 256;

/// How good a model is on the rows that are held out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HeldOut {
    /// The error in the schema's metric.
    pub error: u64,
    /// The mean loss.
    pub loss: f64,
    /// The epoch of the best model so far; 0 is the model that training started with.
    pub best_epoch: u32,
}

/// The best model so far.
pub(super) struct Best {
    model: Model,
    found: HeldOut,
    patience: u32,
    rows: Dataset,
    features: Array2<f32>,
    targets: Targets,
}

impl EarlyStopping {
    /// The rows that are held out, and those that are learned from.
    pub(super) fn split(
        &self,
        data: &Dataset,
        seed: u64,
    ) -> Result<(Dataset, Dataset), TrainError> {
        data.split(self.held_out.into(), seed)
            .map_err(|error| match error {
                DatasetError::EmptyPart => TrainError::Option {
                    option: "held_out",
                    range: "at least one row held out, and one left",
                },
                // The parts are no larger than the whole.
                other => unreachable!("{other}"),
            })
    }
}

impl Best {
    /// Measures the model that training starts with.
    pub(super) fn new(
        model: &Model,
        rows: Dataset,
        stopping: EarlyStopping,
    ) -> Result<Self, ModelError> {
        let mut best = Self {
            model: model.clone(),
            found: HeldOut {
                error: 0,
                loss: 0.0,
                best_epoch: 0,
            },
            patience: stopping.patience,
            features: rows.features(),
            targets: rows.targets(),
            rows,
        };
        (best.found.error, best.found.loss) = best.measure(model)?;
        Ok(best)
    }

    /// Measures the model after an epoch, and keeps it if it is better.
    pub(super) fn look(&mut self, model: &Model, epoch: u32) -> Result<HeldOut, ModelError> {
        let (error, loss) = self.measure(model)?;
        if (error, loss) < (self.found.error, self.found.loss) {
            self.model.clone_from(model);
            self.found = HeldOut {
                error,
                loss,
                best_epoch: epoch,
            };
        }
        Ok(HeldOut {
            error,
            loss,
            best_epoch: self.found.best_epoch,
        })
    }

    /// Whether too many epochs, up to this one, were no better.
    pub(super) fn is_exhausted(&self, epoch: u32) -> bool {
        epoch - self.found.best_epoch >= self.patience
    }

    pub(super) fn into_model(self) -> Model {
        self.model
    }

    /// Error and mean loss.
    fn measure(&self, model: &Model) -> Result<(u64, f64), ModelError> {
        let metric = self.rows.schema().metric();
        let error = evaluate(model, &self.rows, metric).map_err(|error| match error {
            EvaluateError::Malformed(error) => error,
            EvaluateError::Fit(error) => unreachable!("the whole data fit: {error}"),
        })?;
        let mut loss = 0.0;
        for start in (0..self.rows.rows()).step_by(BLOCK) {
            let rows: Vec<usize> = (start..self.rows.rows().min(start + BLOCK)).collect();
            let features = self.features.slice(s![start..start + rows.len(), ..]);
            let (mean, _) = model.loss_and_derivative(features, &self.targets.select(&rows))?;
            loss += f64::from(mean) * rows.len() as f64;
        }
        Ok((error, loss / self.rows.rows() as f64))
    }
}
