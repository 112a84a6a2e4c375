//! Training.

mod clip;
mod early_stopping;
mod optimiser;
mod options;
mod schedule;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use early_stopping::HeldOut;
pub use optimiser::Optimiser;
pub use options::{EarlyStopping, TrainOptions, MAX_EPOCHS};
pub use schedule::{Decay, Schedule};

use crate::workspace::{DropoutKey, Workspace};
use crate::{Dataset, FitError, Model, ModelError, Random, Targets};
use early_stopping::Best;
use ndarray::Array2;
use optimiser::State;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// How far training has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// Epochs done, from 1.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Mean loss over the epoch's rows, each measured before the step that it led to.
    pub loss: f64,
    /// The model after the epoch on the rows that are held out, with [early stopping](EarlyStopping).
    pub held_out: Option<HeldOut>,
}

/// A trained model.
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// The model: the last epoch's, with early stopping the best one's.
    pub model: Model,
    /// The last epoch's progress; `epoch` is below `epochs` if the run ended early.
    pub progress: Progress,
}

/// Why training failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// An option is out of range.
    #[error("{option} is out of range: {range}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// The model does not fit the data.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Numbers grew without bound.
    #[error("training diverged in epoch {epoch}: use a smaller learning rate, or scale the data by a range")]
    Diverged {
        /// The epoch, from 1; 0 if it was the model that training started with.
        epoch: u32,
    },
    /// The model cannot answer.
    #[error(transparent)]
    Model(ModelError),
}

/// Trains a model on all rows of a data set, less those that [early stopping](EarlyStopping) holds out.
///
/// `progress` is called after every epoch; with `ControlFlow::Break` training ends there, and what was learned so far is
/// returned.
///
/// # Errors
///
/// If an option is out of range, the model does not fit the data, or training diverges.
pub fn train(
    model: &Model,
    data: &Dataset,
    options: &TrainOptions,
    mut progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    run(model, data, options, |now, _| progress(now))
}

/// [`train`], where `watch` sees the model after every epoch too.
pub(crate) fn run(
    model: &Model,
    data: &Dataset,
    options: &TrainOptions,
    mut watch: impl FnMut(Progress, &Model) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    options.check()?;
    let schema = data.schema();
    schema.fits(model.architecture(), schema.metric())?;
    let (data, mut best) = match options.early_stopping {
        Some(stopping) => {
            let (held_out, data) = stopping.split(data, options.seed)?;
            let best = Best::new(model, held_out, stopping).map_err(|error| failed(error, 0))?;
            (Cow::Owned(data), Some(best))
        }
        None => (Cow::Borrowed(data), None),
    };
    let mut run = Run::new(model, &data, options);
    let mut last = Progress {
        epoch: 0,
        epochs: options.epochs,
        loss: 0.0,
        held_out: None,
    };
    for epoch in 1..=options.epochs {
        last.epoch = epoch;
        last.loss = run.epoch(epoch)?;
        if let Some(best) = &mut best {
            let found = best.look(&run.model, epoch);
            last.held_out = Some(found.map_err(|error| failed(error, epoch))?);
        }
        let stopped = watch(last, &run.model).is_break();
        if stopped || best.as_ref().is_some_and(|best| best.is_exhausted(epoch)) {
            break;
        }
    }
    Ok(Trained {
        model: best.map_or(run.model, Best::into_model),
        progress: last,
    })
}

/// What a model's failure in an epoch means for the run.
fn failed(error: ModelError, epoch: u32) -> TrainError {
    match error {
        ModelError::NotFinite { .. } => TrainError::Diverged { epoch },
        other => TrainError::Model(other),
    }
}

/// A run under way.
struct Run<'a> {
    options: &'a TrainOptions,
    rows: usize,
    features: Array2<f32>,
    targets: Targets,
    model: Model,
    workspace: Workspace,
    state: State,
    /// Steps taken.
    step: u64,
}

impl<'a> Run<'a> {
    fn new(model: &Model, data: &Dataset, options: &'a TrainOptions) -> Self {
        // A batch has no more rows than the data.
        let batch = data.rows().min(options.batch_size as usize);
        Self {
            options,
            rows: data.rows(),
            features: data.features(),
            targets: data.targets(),
            model: model.clone(),
            workspace: Workspace::new(model, batch),
            state: State::new(options.optimiser, model.parameters().values().len()),
            step: 0,
        }
    }

    /// Steps in the whole run.
    fn steps(&self) -> u64 {
        let in_epoch = self.rows.div_ceil(self.options.batch_size as usize);
        u64::from(self.options.epochs) * in_epoch as u64
    }

    /// Learns from every row once; the mean loss.
    fn epoch(&mut self, epoch: u32) -> Result<f64, TrainError> {
        // A data set has at most MAX_ROWS rows.
        let order = Random::new(self.options.seed, epoch.into()).permutation(self.rows as u32);
        let mut loss = 0.0;
        for rows in order.chunks(self.options.batch_size as usize) {
            let dropout = DropoutKey {
                seed: self.options.seed,
                step: self.step,
            };
            let mean = self
                .workspace
                .step(
                    &self.model,
                    self.features.view(),
                    &self.targets,
                    rows,
                    dropout,
                )
                .map_err(|error| failed(error, epoch))?;
            loss += f64::from(mean) * rows.len() as f64;
            self.follow(epoch)?;
        }
        Ok(loss / self.rows as f64)
    }

    /// Changes the parameters by the workspace's derivative, as [`TrainOptions`] defines it.
    fn follow(&mut self, epoch: u32) -> Result<(), TrainError> {
        let options = self.options;
        let factor = options.schedule.factor(self.step, self.steps());
        let rate = f64::from(options.optimiser.learning_rate()) * factor;
        self.step += 1;
        let derivative = self.workspace.derivative();
        if let Some(most) = options.clip_norm {
            clip::clip(derivative, most);
        }
        let finite = self.model.update(|values| {
            if options.weight_decay != 0.0 {
                let kept = (1.0 - rate * f64::from(options.weight_decay)) as f32;
                values.iter_mut().for_each(|value| *value *= kept);
            }
            self.state.step(rate, values, derivative);
        });
        match finite {
            true => Ok(()),
            false => Err(TrainError::Diverged { epoch }),
        }
    }
}
