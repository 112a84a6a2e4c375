//! Training on own data: from a model of the tree to a gradient worth its deposit.
//!
//! A data set is split row by row into rows that are trained on and rows that are **held out**. No gradient of this mine ever
//! learns from the held-out rows, so they stay an honest measure however many models of a tree the mine has a part in.
//!
//! Training goes on until the held-out rows stop getting better, or until it is told to hurry, and the best model on the way
//! counts (early stopping). What is measured is what a round will measure: `base + gradient`, alone and in the mean with the
//! branch's best model, of which the lesser error counts; first with the gradient as it is, and in the end with what is left
//! of it in the smallest encoding that will do.

mod encoding;
mod held_out;
mod split;

pub use split::Split;

use crate::policy::{OptimiserKind, Training};
use encoding::Goal;
use held_out::HeldOut;
use sonar_primitives::BlobHash;
use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};
use syft::{
    content_hash, train, Architecture, BlobError, Dataset, EvaluateError, FitError, Gradient,
    GradientError, Metric, Model, ModelError, Optimiser, Parameters, TrainError, TrainOptions,
};

/// What the learning rate is multiplied by in the first, second, ... attempt at one model, over and
/// over: what fails with the policy's rate may work in smaller steps, or in larger ones.
const RATES: [f32; 6] = [1.0, 1.0, 0.3, 2.0, 0.1, 0.5];

/// What to train.
#[derive(Clone, Debug)]
pub struct Task {
    /// The model's shape.
    pub architecture: Architecture,
    /// The branch's best model, which training starts from.
    pub base: Parameters,
    /// What the error is.
    pub metric: Metric,
    /// By how much the error must fall, in the metric's unit.
    pub minimum_step: u64,
    /// How.
    pub options: Training,
    /// How often this model was tried before: varies seed and learning rate.
    pub attempt: u32,
}

/// What somebody else tells a training.
#[derive(Debug, Default)]
pub struct Control {
    /// Nobody waits for the result any more: end soon.
    pub cancelled: AtomicBool,
    /// A round is about to close: end as soon as there is something to submit.
    pub hurry: AtomicBool,
}

/// A gradient that makes its branch better on the held-out rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Improvement {
    /// The gradient as it is revealed.
    pub gradient: Vec<u8>,
    /// Its blake2b-256.
    pub hash: BlobHash,
    /// What it does.
    pub gain: Gain,
}

/// Two errors on the held-out rows, in the metric's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gain {
    /// That of the branch's best model.
    pub before: u64,
    /// That of the gradient, as a round that it is alone in measures it.
    pub after: u64,
}

impl Gain {
    /// Whether the error falls by at least the minimum step.
    pub fn is_enough(self, minimum_step: u64) -> bool {
        let needed = self.after.checked_add(minimum_step);
        needed.is_some_and(|needed| needed <= self.before)
    }
}

/// What training came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Trained {
    /// A gradient to submit.
    Improved(Improvement),
    /// The best model on the way is not better by the minimum step.
    NotImproved(Gain),
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
    #[error("the model: {0}")]
    Model(#[from] ModelError),
    /// The model cannot be measured.
    #[error("measuring on held-out rows: {0}")]
    Evaluate(#[from] EvaluateError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The gradient cannot be formed.
    #[error(transparent)]
    Gradient(#[from] GradientError),
    /// The gradient cannot be read.
    #[error("the gradient: {0}")]
    Blob(#[from] BlobError),
}

/// Trains from the branch's best model and keeps the gradient with the least held-out error (the least loss among
/// equals).
///
/// # Errors
///
/// If data, model and options do not fit each other. Training that diverges is no error: what was
/// best before counts.
pub fn improve(task: &Task, data: &Split, control: &Control) -> Result<Trained, TrainingError> {
    let held_out = HeldOut::new(&data.held_out, &task.architecture, &task.base, task.metric);
    let start = held_out.score_of_best()?;
    let gain = |after| Gain {
        before: start.0,
        after,
    };
    let (mut best, mut best_score) = (None, start);
    let mut model = Model::new(task.architecture.clone(), task.base.clone())?;
    let mut idle_looks = 0;
    for look in 0..task.options.looks(task.attempt) {
        let options = task.options_for(look);
        let progress = |_| match control.cancelled.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        model = match train(&model, &data.training, &options, progress) {
            Ok(trained) => trained.model,
            Err(TrainError::Diverged { .. }) => break,
            Err(error) => return Err(error.into()),
        };
        if control.cancelled.load(Ordering::Relaxed) {
            return Ok(Trained::Cancelled);
        }
        let Ok(gradient) = Gradient::between(&task.base, model.parameters()) else {
            break;
        };
        let Some(score) = held_out.score_of_gradient(&task.base, &gradient) else {
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
        if control.hurry.load(Ordering::Relaxed) && gain(best_score.0).is_enough(task.minimum_step)
        {
            break;
        }
    }
    match best {
        Some(gradient) if gain(best_score.0).is_enough(task.minimum_step) => {
            let goal = Goal {
                minimum_step: task.minimum_step,
                start,
                best: best_score,
            };
            let (gradient, (after, _)) =
                encoding::smallest(&task.architecture, &gradient, &goal, |stored| {
                    held_out.score_of_gradient(&task.base, stored)
                });
            Ok(Trained::Improved(Improvement {
                hash: content_hash(&gradient).into(),
                gradient,
                gain: gain(after),
            }))
        }
        _ => Ok(Trained::NotImproved(gain(best_score.0))),
    }
}

/// What a gradient on an older base brings now: on the held-out rows, beside the branch's best model of today. A gradient
/// that gives a value which is not finite has the metric's worst error.
///
/// # Errors
///
/// If the gradient cannot be read, or the best model cannot be measured on these rows.
pub fn measure_again(
    architecture: &Architecture,
    base: &Parameters,
    gradient: &[u8],
    best: &Parameters,
    metric: Metric,
    held_out: &Dataset,
) -> Result<Gain, TrainingError> {
    let gradient = Gradient::decode(architecture, gradient)?;
    let held_out = HeldOut::new(held_out, architecture, best, metric);
    let score = held_out.score_of_gradient(base, &gradient);
    Ok(Gain {
        before: held_out.score_of_best()?.0,
        after: score.map_or(metric.worst(), |(error, _)| error),
    })
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use syft::Schema;
    use syft_data::load_csv;

    /// Points on either side of a line.
    fn data() -> Split {
        let schema: Schema = serde_json::from_str(
            r#"{"inputs":[{"name":"x","kind":{"number":{}}},{"name":"y","kind":{"number":{}}}],
                "output":{"name":"side","kind":{"category":{"classes":["left","right"]}}}}"#,
        )
        .unwrap();
        let mut csv = String::from("x,y,side\n");
        for i in 0..400 {
            let (x, y) = ((i % 20) as f32 / 10.0 - 0.95, (i / 20) as f32 / 10.0 - 0.95);
            let side = if x + 0.5 * y < 0.1 { "left" } else { "right" };
            csv += &format!("{x},{y},{side}\n");
        }
        Split::of(&load_csv(csv.as_bytes(), &schema).unwrap(), 0.5).unwrap()
    }

    fn task() -> Task {
        let json =
            r#"{"input":[2],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
        let architecture: Architecture = serde_json::from_str(json).unwrap();
        Task {
            base: Parameters::initialise(&architecture, 3).unwrap(),
            architecture,
            metric: Metric::ErrorRate,
            minimum_step: 1_000_000,
            options: Training {
                learning_rate: 0.02,
                ..Training::default()
            },
            attempt: 0,
        }
    }

    fn improvement(task: &Task, control: &Control) -> Improvement {
        match improve(task, &data(), control).unwrap() {
            Trained::Improved(improvement) => improvement,
            other => panic!("{other:?}"),
        }
    }

    fn error(task: &Task, parameters: &Parameters) -> u64 {
        let model = Model::new(task.architecture.clone(), parameters.clone()).unwrap();
        syft::evaluate(&model, &data().held_out, task.metric).unwrap()
    }

    #[test]
    fn in_a_hurry_the_first_improvement_counts() {
        let task = task();
        let control = Control::default();
        let best = improvement(&task, &control).gain;
        control.hurry.store(true, Ordering::Relaxed);
        let first = improvement(&task, &control).gain;
        assert!(first.is_enough(task.minimum_step), "{first:?}");
        assert!(best.after < first.after, "{best:?} {first:?}");
        // What is no improvement yet is trained on.
        let far = Task {
            minimum_step: first.before - best.after,
            ..task
        };
        let gain = improvement(&far, &control).gain;
        assert!(gain.is_enough(far.minimum_step), "{gain:?}");
    }

    #[test]
    fn a_training_can_be_cancelled() {
        let control = Control::default();
        control.cancelled.store(true, Ordering::Relaxed);
        let trained = improve(&task(), &data(), &control).unwrap();
        assert_eq!(trained, Trained::Cancelled);
    }

    #[test]
    fn the_lesser_error_counts_alone_or_in_the_mean_with_the_best_model() {
        let task = task();
        let found = improvement(&task, &Control::default());
        let gradient = Gradient::decode(&task.architecture, &found.gradient).unwrap();
        let point = gradient.apply(&task.base).unwrap();
        // One that is worse, and one that is as good.
        for best in [&task.base, &point] {
            let (base, held_out) = (&task.base, &data().held_out);
            let gain = measure_again(
                &task.architecture,
                base,
                &found.gradient,
                best,
                task.metric,
                held_out,
            )
            .unwrap();
            let mean = Parameters::mean(&[&point, best]).unwrap();
            let lesser = error(&task, &point).min(error(&task, &mean));
            let expected = Gain {
                before: error(&task, best),
                after: lesser,
            };
            assert_eq!(gain, expected);
        }
    }

    #[test]
    fn the_minimum_step_must_be_reached() {
        let gain = |before, after| Gain { before, after };
        assert!(gain(10, 7).is_enough(3));
        assert!(!gain(10, 8).is_enough(3));
        assert!(!gain(7, 10).is_enough(0));
        assert!(!gain(u64::MAX, u64::MAX).is_enough(1));
    }
}
