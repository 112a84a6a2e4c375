//! Room for training steps.

use crate::{Model, ModelError, Targets};
use ndarray::{ArrayView2, Axis};

/// What one training step computes, in memory that is used again for the next.
pub(crate) struct Workspace {
    derivative: Vec<f32>,
}

/// Determines which values dropout layers drop in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutKey {
    /// The training run's seed.
    pub(crate) seed: u64,
    /// The step's number in the run, from 0.
    pub(crate) step: u64,
}

impl Workspace {
    /// Room for steps of up to `rows` rows.
    pub(crate) fn new(_model: &Model, _rows: usize) -> Self {
        Self {
            derivative: Vec::new(),
        }
    }

    /// The mean loss over the chosen rows of a data set, and its derivative by every parameter, which is then in
    /// [`derivative`](Self::derivative).
    ///
    /// # Errors
    ///
    /// As [`Model::loss_and_derivative`].
    pub(crate) fn step(
        &mut self,
        model: &Model,
        features: ArrayView2<f32>,
        targets: &Targets,
        rows: &[usize],
        _dropout: DropoutKey,
    ) -> Result<f32, ModelError> {
        let batch = features.select(Axis(0), rows);
        let (loss, derivative) = model.loss_and_derivative(batch.view(), &targets.select(rows))?;
        self.derivative = derivative;
        Ok(loss)
    }

    /// The derivative from the last step, in the order of [`Parameters::values`](crate::Parameters::values).
    pub(crate) fn derivative(&mut self) -> &mut [f32] {
        &mut self.derivative
    }
}
