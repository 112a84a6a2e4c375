//! Training on own data: from a node of the tree to a gradient worth a deposit.
//!
//! A data set is split once and for all, by its contents, into rows that are trained on and rows that
//! are **held out**. No gradient of this mine ever learns from the held-out rows, so they stay an
//! honest measure however many nodes of a tree the mine has contributed.
//!
//! Training goes on until the held-out rows stop getting better, and the best model on the way counts
//! (early stopping). What is measured is `parent + gradient`, as the chain will rebuild it: first with
//! the gradient as it is, and in the end with what is left of it in the smallest encoding that will do.

mod encoding;

use crate::policy::{OptimiserKind, Training};
use encoding::Goal;
use sonar_primitives::{assay::Baseline, BlobHash};
use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};
use syft::{
    content_hash, evaluate, train, Architecture, Dataset, DatasetError, EvaluateError, FitError,
    Gradient, GradientError, Metric, Model, ModelError, Optimiser, Parameters, TrainError,
    TrainOptions,
};

/// What the learning rate is multiplied by in the first, second, ... attempt at one parent, over and
/// over: what fails with the policy's rate may work in smaller steps, or in larger ones.
const RATES: [f32; 6] = [1.0, 1.0, 0.3, 2.0, 0.1, 0.5];

/// A data set in two parts.
#[derive(Clone, Debug)]
pub struct Split {
    /// Trained on.
    pub training: Dataset,
    /// Only measured on.
    pub held_out: Dataset,
}

impl Split {
    /// Holds out `fraction` (between 0 and 1) of the rows. The same rows for the same data.
    ///
    /// # Errors
    ///
    /// If there are too few rows for two parts.
    pub fn of(data: &Dataset, fraction: f64) -> Result<Self, DatasetError> {
        let [a, b, c, d, e, f, g, h, ..] = data.hash();
        let seed = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let (held_out, training) = data.split(fraction, seed)?;
        Ok(Self { training, held_out })
    }
}

/// What to train.
#[derive(Clone, Debug)]
pub struct Task {
    /// The model's shape.
    pub architecture: Architecture,
    /// The node to improve.
    pub parent: Parameters,
    /// What the error is.
    pub metric: Metric,
    /// By how much the error must fall, in the metric's unit.
    pub minimum_step: u64,
    /// How.
    pub options: Training,
    /// How often this parent was tried before: varies seed and learning rate.
    pub attempt: u32,
}

/// A gradient that makes its parent better on the held-out rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Improvement {
    /// The gradient as it is stored.
    pub blob: Vec<u8>,
    /// Its blake2b-256.
    pub hash: BlobHash,
    /// The parent's error on the held-out rows.
    pub before: u64,
    /// The candidate's.
    pub after: u64,
}

/// What training came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Trained {
    /// A gradient to submit.
    Improved(Improvement),
    /// The best model on the way is not better by the minimum step.
    NotImproved {
        /// The parent's error on the held-out rows.
        before: u64,
        /// The best candidate's.
        after: u64,
    },
    /// Training was cancelled.
    Cancelled,
}

/// Why training failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The campaign's model does not fit the data.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The parameters are not the architecture's.
    #[error("the parent: {0}")]
    Model(#[from] ModelError),
    /// The parent cannot be measured.
    #[error("measuring on held-out rows: {0}")]
    Evaluate(#[from] EvaluateError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The gradient cannot be formed.
    #[error(transparent)]
    Gradient(#[from] GradientError),
}

/// Trains from the parent and keeps the model with the least held-out error (the least loss among
/// equals). Stops soon after `cancelled` is set.
///
/// # Errors
///
/// If data, model and options do not fit each other. Training that diverges is no error: what was
/// best before counts.
pub fn improve(
    task: &Task,
    data: &Split,
    cancelled: &AtomicBool,
) -> Result<Trained, TrainingError> {
    let parent = Model::new(task.architecture.clone(), task.parent.clone())?;
    let before = evaluate(&parent, &data.held_out, task.metric)?;
    let start = score(&parent, data, task.metric)?;
    let (mut best, mut best_score) = (None, start);
    let mut model = parent.clone();
    let mut idle_looks = 0;
    for look in 0..task.options.looks(task.attempt) {
        let options = task.options_for(look);
        let progress = |_| match cancelled.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        model = match train(&model, &data.training, &options, progress) {
            Ok(trained) => trained.model,
            Err(TrainError::Diverged { .. }) => break,
            Err(error) => return Err(error.into()),
        };
        if cancelled.load(Ordering::Relaxed) {
            return Ok(Trained::Cancelled);
        }
        let Ok(gradient) = Gradient::between(parent.parameters(), model.parameters()) else {
            break;
        };
        let Some(score) = candidate_score(&parent, &gradient, data, task.metric) else {
            break;
        };
        if score < best_score {
            (best, best_score, idle_looks) = (Some(gradient), score, 0);
        } else {
            idle_looks += 1;
            if idle_looks >= task.options.patience {
                break;
            }
        }
    }
    let after = best_score.0;
    let baseline = Baseline {
        error: before,
        minimum_step: task.minimum_step,
    };
    match best {
        Some(gradient) if baseline.is_beaten_by(after) => {
            let goal = Goal {
                baseline,
                start,
                best: best_score,
            };
            let (blob, (after, _)) =
                encoding::smallest(&task.architecture, &gradient, &goal, |stored| {
                    candidate_score(&parent, stored, data, task.metric)
                });
            Ok(Trained::Improved(Improvement {
                hash: content_hash(&blob).into(),
                blob,
                before,
                after,
            }))
        }
        _ => Ok(Trained::NotImproved { before, after }),
    }
}

impl Task {
    /// How to train between two looks at the held-out rows. Every look of every attempt has a seed
    /// of its own, so that rows come in another order.
    fn options_for(&self, look: u32) -> TrainOptions {
        let rate = RATES[self.attempt as usize % RATES.len()];
        let learning_rate = self.options.learning_rate * rate;
        let optimiser = match self.options.optimiser {
            OptimiserKind::Adam => Optimiser::Adam {
                learning_rate,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
            },
            OptimiserKind::Sgd => Optimiser::Sgd {
                learning_rate,
                momentum: self.options.momentum,
            },
        };
        let seed = self.options.seed;
        let seed = seed.wrapping_add(u64::from(self.attempt) << 32);
        TrainOptions::new(
            optimiser,
            self.options.batch_size,
            self.options.look_every,
            seed.wrapping_add(look.into()),
        )
    }
}

/// Error and loss on the held-out rows: less is better, the error first.
type Score = (u64, f32);

/// The score of the model that the chain will rebuild from `parent` and this gradient. `None` if
/// numbers grew out of range.
fn candidate_score(
    parent: &Model,
    gradient: &Gradient,
    data: &Split,
    metric: Metric,
) -> Option<Score> {
    let parameters = gradient.apply(parent.parameters()).ok()?;
    let candidate = Model::new(parent.architecture().clone(), parameters).ok()?;
    score(&candidate, data, metric).ok()
}

fn score(model: &Model, data: &Split, metric: Metric) -> Result<Score, TrainingError> {
    let error = evaluate(model, &data.held_out, metric)?;
    let (features, targets) = (data.held_out.features(), data.held_out.targets());
    let (loss, _) = model.loss_and_derivative(features.view(), &targets)?;
    Ok((error, loss))
}
