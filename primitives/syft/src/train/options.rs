//! How to train.

use super::{Optimiser, Schedule, TrainError};
use crate::{Privacy, SampledGaussian, Spending};
use serde::{Deserialize, Serialize};

/// Epochs of one training run, at most.
pub const MAX_EPOCHS: u32 = 1_000_000;

/// How to train. Together with the model and the data it determines the result to the last bit.
///
/// Step `t` (from 0) of a run takes the derivative `g` of the mean loss over its rows and changes the parameters `p`,
/// in this order:
///
/// 1. `g` is clipped, if [`clip_norm`](Self::clip_norm) is given;
/// 2. `p` decays, if [`weight_decay`](Self::weight_decay) is not 0;
/// 3. `p` follows `g` as the [`Optimiser`] says, with its learning rate times the [`Schedule`]'s factor for step `t`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOptions {
    /// How parameters follow derivatives.
    pub optimiser: Optimiser,
    /// Rows per step, at least 1; the last step of an epoch takes what is left.
    pub batch_size: u32,
    /// Passes over all rows, 1 to [`MAX_EPOCHS`].
    pub epochs: u32,
    /// Determines the order of rows: epoch `e` (from 1) takes them in the order of a
    /// [permutation](crate::Random::permutation) from stream `e` of the seed.
    pub seed: u64,
    /// Longest derivative that is used as it is, above 0. A longer one, by its norm `n` (see below), is shortened: every
    /// element is multiplied in binary32 by `clip_norm / n`, which is computed in binary64 and then rounded.
    ///
    /// The norm of a derivative is the square root, in binary64, of the sum of its elements' squares over all
    /// parameters. Sixteen sums start at +0; sum `j` takes the squares of elements `j`, `j + 16`, `j + 32`, ... in this
    /// order (in binary64, where a square of a binary32 number is exact); then the sums are added up in order, from sum 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// Decoupled weight decay, from 0 (none) to below 1 / learning rate, the same for every parameter and optimiser:
    /// before the optimiser's step, `p = p * (1 - rate * weight_decay)`, a binary32 product with a factor that is
    /// computed in binary64 from the step's learning rate, and then rounded.
    ///
    /// This is the form of AdamW (Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2019). PyTorch's
    /// `AdamW` does the same; its `SGD` adds `weight_decay * p` to the derivative instead, where momentum repeats it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_decay: f32,
    /// How the learning rate changes during the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// Ends the run when it no longer gets better on rows of its own; `None`: it goes on to the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// Hides every single row; not together with early stopping, whose choices noise does not cover. Such options are
    /// for [`train_privately`](crate::train_privately).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
}

/// Ends a run when it no longer gets better on rows that it does not learn from, and keeps the best model.
///
/// The rows are the first part of a [split](crate::Dataset::split) by `held_out` and the run's seed; the run learns from
/// the second part. The model is measured on them before the first epoch and after every one: of two models the one
/// with the lower error in the schema's metric is better, among equal ones that with the lower mean loss. The mean loss
/// is the binary64 sum of `loss * rows` over blocks of 256 rows (the last with what is left), divided by all rows.
///
/// What the run gives is the first of the best models, which is the one it started with if none was better.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Part of the rows that is held out, above 0 and below 1; each side must get a row.
    pub held_out: f32,
    /// The run ends after so many epochs in a row without a better model, at least 1.
    pub patience: u32,
}

impl TrainOptions {
    /// Plain training: nothing clipped, no decay, a constant learning rate, all epochs, no privacy.
    pub fn new(optimiser: Optimiser, batch_size: u32, epochs: u32, seed: u64) -> Self {
        Self {
            optimiser,
            batch_size,
            epochs,
            seed,
            clip_norm: None,
            weight_decay: 0.0,
            schedule: Schedule::default(),
            early_stopping: None,
            privacy: None,
        }
    }

    /// Checks that every option is in its range.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn check(&self) -> Result<(), TrainError> {
        ensure(self.batch_size > 0, "batch_size", "at least 1")?;
        ensure(
            (1..=MAX_EPOCHS).contains(&self.epochs),
            "epochs",
            "1 to 1,000,000",
        )?;
        self.optimiser.check()?;
        ensure(
            self.clip_norm.is_none_or(is_positive),
            "clip_norm",
            "above 0",
        )?;
        // Schedules only lower the learning rate, so no step's factor is below 0.
        let decay = f64::from(self.weight_decay) * f64::from(self.optimiser.learning_rate());
        ensure(
            self.weight_decay >= 0.0 && decay < 1.0,
            "weight_decay",
            "0 to below 1 / learning_rate",
        )?;
        self.schedule.check()?;
        if let Some(stopping) = self.early_stopping {
            ensure(
                stopping.held_out > 0.0 && stopping.held_out < 1.0,
                "held_out",
                "above 0 and below 1",
            )?;
            ensure(stopping.patience > 0, "patience", "at least 1")?;
        }
        if let Some(privacy) = self.privacy {
            privacy
                .check()
                .map_err(|(option, range)| TrainError::Option { option, range })?;
            ensure(
                self.early_stopping.is_none(),
                "early_stopping",
                "none with privacy",
            )?;
        }
        Ok(())
    }

    /// Steps of one epoch on a data set of so many rows: `rows / batch_size`, rounded up.
    pub fn steps_per_epoch(&self, rows: usize) -> u64 {
        (rows as u64).div_ceil(u64::from(self.batch_size.max(1)))
    }

    /// What a whole private run on a data set of so many rows spends: what a [`Ledger`](crate::Ledger) is asked for
    /// before the run. `None` without privacy, or if an option is out of range.
    pub fn spending(&self, rows: usize) -> Option<Spending> {
        let rate = (f64::from(self.batch_size) / rows as f64).min(1.0);
        let noise = self.privacy?.noise_multiplier;
        Some(Spending {
            mechanism: SampledGaussian::new(noise, rate).ok()?,
            steps: u64::from(self.epochs) * self.steps_per_epoch(rows),
        })
    }
}

/// An error that names the option unless `holds`.
pub(super) fn ensure(
    holds: bool,
    option: &'static str,
    range: &'static str,
) -> Result<(), TrainError> {
    match holds {
        true => Ok(()),
        false => Err(TrainError::Option { option, range }),
    }
}

/// Whether a number is above 0 and finite.
pub(super) fn is_positive(x: f32) -> bool {
    x > 0.0 && x.is_finite()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
