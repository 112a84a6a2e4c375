//! Training.

pub(crate) mod clip;
mod early_stopping;
mod optimiser;
mod options;
mod private;
mod schedule;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use early_stopping::HeldOut;
pub use optimiser::Optimiser;
pub use options::{EarlyStopping, TrainOptions, MAX_EPOCHS};
pub use schedule::{Decay, Schedule};

use crate::workspace::{DropoutKey, Workspace};
use crate::{Dataset, FitError, Model, ModelError, NoiseKey, Random, Targets};
use early_stopping::Best;
use ndarray::Array2;
use optimiser::State;
use private::Private;
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
    /// Privacy where there is no noise key.
    #[error("options with privacy need a secret noise key: train privately")]
    NoNoiseKey,
    /// A receipt for a private run: it would be of no use without the key, and the noise of none with it.
    #[error("a run with privacy cannot have a receipt: nobody may repeat its noise")]
    PrivateReceipt,
    /// A noise key where there is no privacy.
    #[error("the options ask for no privacy: say which")]
    NoPrivacy,
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
    run(model, data, options, None, |now, _| progress(now))
}

/// Trains with [privacy](TrainOptions::privacy) for every row, as [`Privacy`](crate::Privacy) says, with noise from a
/// secret key that is used up.
///
/// An epoch has as many steps as without privacy, but a step's rows are [chosen](NoiseKey#rows) each for itself, so there
/// may be more or fewer than `batch_size`, or none. With clip norm `c` and noise multiplier `m`, all in binary64:
///
/// 1. the derivative of each row's own loss, in the order of the rows, is multiplied by `c / norm` if its
///    [norm](TrainOptions::clip_norm) is above `c`, and added to the sum, which starts at +0; a row whose loss or norm is
///    not finite is left out;
/// 2. to the sum [noise](NoiseKey#noise) of standard deviation `m * c` is added;
/// 3. the sum divided by `batch_size`, rounded to binary32, is the step's derivative.
///
/// Dropout layers drop the same values in all rows of a step, so that no row's part depends on another's.
///
/// What it costs is [`TrainOptions::spending`]; what it does not cover is said at [`Privacy`](crate::Privacy).
///
/// # Errors
///
/// As [`train`], or if the options ask for no privacy.
pub fn train_privately(
    model: &Model,
    data: &Dataset,
    options: &TrainOptions,
    key: NoiseKey,
    mut progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    run(model, data, options, Some(key), |now, _| progress(now))
}

/// [`train`] or, with a key, [`train_privately`], where `watch` sees the model after every epoch too.
pub(crate) fn run(
    model: &Model,
    data: &Dataset,
    options: &TrainOptions,
    key: Option<NoiseKey>,
    mut watch: impl FnMut(Progress, &Model) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    options.check()?;
    let mut private = match (options.privacy, key) {
        (None, None) => None,
        (Some(privacy), Some(key)) => {
            let parameters = model.parameters().values().len();
            Some(Private::new(privacy, key, parameters))
        }
        (Some(_), None) => return Err(TrainError::NoNoiseKey),
        (None, Some(_)) => return Err(TrainError::NoPrivacy),
    };
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
        last.loss = match &mut private {
            Some(private) => run.private_epoch(private, epoch)?,
            None => run.epoch(epoch)?,
        };
        if let Some(best) = &mut best {
            let found = best.look(&run.learner.model, epoch);
            last.held_out = Some(found.map_err(|error| failed(error, epoch))?);
        }
        let stopped = watch(last, &run.learner.model).is_break();
        if stopped || best.as_ref().is_some_and(|best| best.is_exhausted(epoch)) {
            break;
        }
    }
    Ok(Trained {
        model: best.map_or(run.learner.model, Best::into_model),
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
    rows: usize,
    features: Array2<f32>,
    targets: Targets,
    workspace: Workspace,
    learner: Learner<'a>,
}

/// The model of a run and how it changes.
struct Learner<'a> {
    options: &'a TrainOptions,
    model: Model,
    state: State,
    /// Steps taken.
    step: u64,
    /// Steps of an epoch.
    steps_per_epoch: u64,
}

impl<'a> Run<'a> {
    fn new(model: &Model, data: &Dataset, options: &'a TrainOptions) -> Self {
        // A batch has no more rows than the data.
        let batch = data.rows().min(options.batch_size as usize);
        Self {
            rows: data.rows(),
            features: data.features(),
            targets: data.targets(),
            workspace: Workspace::new(model, batch),
            learner: Learner {
                options,
                model: model.clone(),
                state: State::new(options.optimiser, model.parameters().values().len()),
                step: 0,
                steps_per_epoch: options.steps_per_epoch(data.rows()),
            },
        }
    }

    /// Learns from every row once; the mean loss.
    fn epoch(&mut self, epoch: u32) -> Result<f64, TrainError> {
        let options = self.learner.options;
        // A data set has at most MAX_ROWS rows.
        let order = Random::new(options.seed, epoch.into()).permutation(self.rows as u32);
        let mut loss = 0.0;
        for rows in order.chunks(options.batch_size as usize) {
            loss += f64::from(self.derive(rows, epoch)?) * rows.len() as f64;
            self.learner.follow(self.workspace.derivative(), epoch)?;
        }
        Ok(loss / self.rows as f64)
    }

    /// The mean loss over these rows; its derivative is then in the workspace.
    fn derive(&mut self, rows: &[usize], epoch: u32) -> Result<f32, TrainError> {
        let dropout = DropoutKey {
            seed: self.learner.options.seed,
            step: self.learner.step,
        };
        let (model, features) = (&self.learner.model, self.features.view());
        self.workspace
            .step(model, features, &self.targets, rows, dropout)
            .map_err(|error| failed(error, epoch))
    }
}

impl Learner<'_> {
    /// One step of the parameters, as [`TrainOptions`] defines it.
    fn follow(&mut self, derivative: &mut [f32], epoch: u32) -> Result<(), TrainError> {
        let options = self.options;
        let steps = u64::from(options.epochs) * self.steps_per_epoch;
        let factor = options.schedule.factor(self.step, steps);
        let rate = f64::from(options.optimiser.learning_rate()) * factor;
        self.step += 1;
        if let Some(most) = options.clip_norm {
            clip::clip(derivative, most);
        }
        let state = &mut self.state;
        let finite = self.model.update(|values| {
            if options.weight_decay != 0.0 {
                let kept = (1.0 - rate * f64::from(options.weight_decay)) as f32;
                values.iter_mut().for_each(|value| *value *= kept);
            }
            state.step(rate, values, derivative);
        });
        match finite {
            true => Ok(()),
            false => Err(TrainError::Diverged { epoch }),
        }
    }
}
