//! Training.

use crate::workspace::{DropoutKey, Workspace};
use crate::{Dataset, FitError, Model, ModelError, Random};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Epochs of one training run, at most.
pub const MAX_EPOCHS: u32 = 1_000_000;

/// How to train. Together with the model and the data it determines the result to the last bit.
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
    /// [permutation](Random::permutation) from stream `e` of the seed.
    pub seed: u64,
}

/// How parameters `p` follow their derivatives `g`, element by element, every operation rounded to binary32 unless said
/// otherwise. States start at 0.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimiser {
    /// Stochastic gradient descent: `v = momentum * v + g; p = p - learning_rate * v`.
    Sgd {
        /// Above 0.
        learning_rate: f32,
        /// From 0 (none) to below 1.
        momentum: f32,
    },
    /// Adam (Kingma and Ba, 2015), in step `t` from 1: `m = beta1 * m + (1 - beta1) * g`,
    /// `v = beta2 * v + (1 - beta2) * (g * g)`, `p = p - step * (m / (sqrt(v) / root + epsilon))`, where
    /// `step = learning_rate / (1 - beta1^t)` and `root = sqrt(1 - beta2^t)` are computed in binary64 (powers by
    /// repeated multiplication) and then rounded.
    Adam {
        /// Above 0.
        learning_rate: f32,
        /// From 0 to below 1; 0.9 is usual.
        beta1: f32,
        /// From 0 to below 1; 0.999 is usual.
        beta2: f32,
        /// Above 0; 1e-8 is usual.
        epsilon: f32,
    },
}

/// How far training has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// Epochs done, from 1.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
    /// Mean loss over the epoch's rows, each measured before the step that it led to.
    pub loss: f64,
}

/// A trained model.
#[derive(Clone, PartialEq, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// The last epoch's progress; `epoch` is below `epochs` if the run was stopped.
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
        /// The epoch, from 1.
        epoch: u32,
    },
    /// The model cannot answer.
    #[error(transparent)]
    Model(ModelError),
}

/// Trains a model on all rows of a data set.
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
    options.check()?;
    let schema = data.schema();
    schema.fits(model.architecture(), schema.metric())?;
    let (features, targets) = (data.features(), data.targets());
    let mut model = model.clone();
    // A batch has no more rows than the data.
    let mut workspace = Workspace::new(&model, data.rows().min(options.batch_size as usize));
    let mut state = State::new(options.optimiser, model.parameters().values().len());
    let mut step = 0;
    let mut last = Progress {
        epoch: 0,
        epochs: options.epochs,
        loss: 0.0,
    };
    for epoch in 1..=options.epochs {
        let diverged = TrainError::Diverged { epoch };
        // A data set has at most MAX_ROWS rows.
        let order = Random::new(options.seed, epoch.into()).permutation(data.rows() as u32);
        let mut loss = 0.0;
        for rows in order.chunks(options.batch_size as usize) {
            let dropout = DropoutKey {
                seed: options.seed,
                step,
            };
            step += 1;
            let batch_loss = workspace
                .step(&model, features.view(), &targets, rows, dropout)
                .map_err(|error| match error {
                    ModelError::NotFinite { .. } => diverged.clone(),
                    other => TrainError::Model(other),
                })?;
            loss += f64::from(batch_loss) * rows.len() as f64;
            if !model.update(|values| state.step(values, workspace.derivative())) {
                return Err(diverged);
            }
        }
        last = Progress {
            epoch,
            epochs: options.epochs,
            loss: loss / data.rows() as f64,
        };
        if progress(last).is_break() {
            break;
        }
    }
    Ok(Trained {
        model,
        progress: last,
    })
}

impl TrainOptions {
    /// Checks that every option is in its range.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn check(&self) -> Result<(), TrainError> {
        let ensure = |holds: bool, option, range| match holds {
            true => Ok(()),
            false => Err(TrainError::Option { option, range }),
        };
        ensure(self.batch_size > 0, "batch_size", "at least 1")?;
        ensure(
            (1..=MAX_EPOCHS).contains(&self.epochs),
            "epochs",
            "1 to 1,000,000",
        )?;
        let (positive, fraction) = (
            |x: f32| x > 0.0 && x.is_finite(),
            |x: f32| (0.0..1.0).contains(&x),
        );
        match self.optimiser {
            Optimiser::Sgd {
                learning_rate,
                momentum,
            } => {
                ensure(positive(learning_rate), "learning_rate", "above 0")?;
                ensure(fraction(momentum), "momentum", "0 to below 1")
            }
            Optimiser::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            } => {
                ensure(positive(learning_rate), "learning_rate", "above 0")?;
                ensure(fraction(beta1), "beta1", "0 to below 1")?;
                ensure(fraction(beta2), "beta2", "0 to below 1")?;
                ensure(positive(epsilon), "epsilon", "above 0")
            }
        }
    }
}

/// What an optimiser remembers.
enum State {
    Sgd {
        learning_rate: f32,
        momentum: f32,
        v: Vec<f32>,
    },
    Adam {
        learning_rate: f32,
        betas: [f32; 2],
        powers: [f64; 2],
        epsilon: f32,
        m: Vec<f32>,
        v: Vec<f32>,
    },
}

impl State {
    fn new(optimiser: Optimiser, count: usize) -> Self {
        match optimiser {
            Optimiser::Sgd {
                learning_rate,
                momentum,
            } => State::Sgd {
                learning_rate,
                momentum,
                v: vec![0.0; count],
            },
            Optimiser::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            } => State::Adam {
                learning_rate,
                betas: [beta1, beta2],
                powers: [1.0; 2],
                epsilon,
                m: vec![0.0; count],
                v: vec![0.0; count],
            },
        }
    }

    /// One step, as [`Optimiser`] defines it.
    fn step(&mut self, values: &mut [f32], derivative: &[f32]) {
        match self {
            State::Sgd {
                learning_rate,
                momentum,
                v,
            } => {
                for ((p, &g), v) in values.iter_mut().zip(derivative).zip(v) {
                    *v = *momentum * *v + g;
                    *p -= *learning_rate * *v;
                }
            }
            State::Adam {
                learning_rate,
                betas: [beta1, beta2],
                powers,
                epsilon,
                m,
                v,
            } => {
                powers[0] *= f64::from(*beta1);
                powers[1] *= f64::from(*beta2);
                let step = (f64::from(*learning_rate) / (1.0 - powers[0])) as f32;
                let root = (1.0 - powers[1]).sqrt() as f32;
                for (((p, &g), m), v) in values.iter_mut().zip(derivative).zip(m).zip(v) {
                    *m = *beta1 * *m + (1.0 - *beta1) * g;
                    *v = *beta2 * *v + (1.0 - *beta2) * (g * g);
                    *p -= step * (*m / (v.sqrt() / root + *epsilon));
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Architecture, Column, Limits, Parameters, Schema};
    use ndarray::array;

    const SGD: Optimiser = Optimiser::Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    const ADAM: Optimiser = Optimiser::Adam {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };

    fn options(optimiser: Optimiser) -> TrainOptions {
        TrainOptions {
            optimiser,
            batch_size: 2,
            epochs: 5,
            seed: 1,
        }
    }

    /// Three points and a small model for them.
    fn example() -> (Model, Dataset) {
        let schema: Schema = serde_json::from_str(
            r#"{"inputs":[{"name":"x","kind":{"number":{}}}],"output":{"name":"y","kind":{"number":{}}}}"#,
        )
        .unwrap();
        let architecture: Architecture = serde_json::from_str(
            r#"{"input":[1],"layers":[{"dense":{"units":3}},"relu",{"dense":{"units":1}}],"head":"squared_error"}"#,
        )
        .unwrap();
        let columns = vec![
            Column::Numbers(array![[0.0], [1.0], [2.0]]),
            Column::Numbers(array![[1.0], [2.0], [5.0]]),
        ];
        let data = Dataset::new(schema, columns, Limits::default()).unwrap();
        let parameters = Parameters::initialise(&architecture, 1).unwrap();
        (Model::new(architecture, parameters).unwrap(), data)
    }

    #[test]
    fn sgd_takes_the_documented_steps() {
        let mut state = State::new(
            Optimiser::Sgd {
                learning_rate: 0.5,
                momentum: 0.5,
            },
            2,
        );
        let mut values = [1.0, 2.0];
        state.step(&mut values, &[1.0, -2.0]);
        assert_eq!(values, [0.5, 3.0]);
        // v = 0.5 * v + g = [1.5, -1]
        state.step(&mut values, &[1.0, 0.0]);
        assert_eq!(values, [-0.25, 3.5]);
    }

    #[test]
    fn adam_takes_the_documented_steps() {
        let mut state = State::new(ADAM, 2);
        let mut values = [0.0, 0.0];
        state.step(&mut values, &[3.0, -0.001]);
        // The first step has the learning rate's size whatever the derivative's.
        assert!(
            (values[0] + 0.01).abs() < 1e-6 && (values[1] - 0.01).abs() < 1e-6,
            "{values:?}"
        );
        state.step(&mut values, &[-1.0, 0.0]);
        // By hand in more digits: m = (0.17, -9e-5), v = (0.009991, 9.99e-10), corrected by 0.19 and 0.001999.
        assert!((values[0] + 0.014_002_2).abs() < 1e-6, "{values:?}");
        assert!((values[1] - 0.016_700_6).abs() < 1e-6, "{values:?}");
    }

    #[test]
    fn runs_repeat_to_the_last_bit_and_follow_the_seed() {
        let (model, data) = example();
        for optimiser in [SGD, ADAM] {
            let run = |seed| {
                let options = TrainOptions {
                    seed,
                    ..options(optimiser)
                };
                train(&model, &data, &options, |_| ControlFlow::Continue(())).unwrap()
            };
            assert_eq!(run(1), run(1));
            assert_ne!(run(1), run(2));
            assert_ne!(run(1).model, model);
        }
    }

    #[test]
    fn progress_is_told_and_can_stop() {
        let (model, data) = example();
        let mut seen = Vec::new();
        let all = train(&model, &data, &options(SGD), |progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(
            seen.iter()
                .map(|progress| (progress.epoch, progress.epochs))
                .next_back(),
            Some((5, 5))
        );
        assert_eq!((seen.len(), seen.last()), (5, Some(&all.progress)));

        let stopped = train(&model, &data, &options(SGD), |progress| {
            match progress.epoch {
                2 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })
        .unwrap();
        assert_eq!(stopped.progress, seen[1]);
        let two = TrainOptions {
            epochs: 2,
            ..options(SGD)
        };
        let same = train(&model, &data, &two, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(same.model, stopped.model);
    }

    #[test]
    fn divergence_is_an_error() {
        let (model, data) = example();
        let wild = options(Optimiser::Sgd {
            learning_rate: 1e20,
            momentum: 0.0,
        });
        let result = train(&model, &data, &wild, |_| ControlFlow::Continue(()));
        assert!(
            matches!(result, Err(TrainError::Diverged { epoch: 1 })),
            "{result:?}"
        );
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let (model, data) = example();
        let adam = |learning_rate, beta1, beta2, epsilon| {
            options(Optimiser::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            })
        };
        let sgd = |learning_rate, momentum| {
            options(Optimiser::Sgd {
                learning_rate,
                momentum,
            })
        };
        for (bad, name) in [
            (
                TrainOptions {
                    batch_size: 0,
                    ..options(SGD)
                },
                "batch_size",
            ),
            (
                TrainOptions {
                    epochs: 0,
                    ..options(SGD)
                },
                "epochs",
            ),
            (
                TrainOptions {
                    epochs: MAX_EPOCHS + 1,
                    ..options(SGD)
                },
                "epochs",
            ),
            (sgd(0.0, 0.0), "learning_rate"),
            (sgd(f32::NAN, 0.0), "learning_rate"),
            (sgd(0.1, 1.0), "momentum"),
            (sgd(0.1, -0.1), "momentum"),
            (adam(f32::INFINITY, 0.9, 0.9, 1e-8), "learning_rate"),
            (adam(0.1, 1.0, 0.9, 1e-8), "beta1"),
            (adam(0.1, 0.9, f32::NAN, 1e-8), "beta2"),
            (adam(0.1, 0.9, 0.9, 0.0), "epsilon"),
        ] {
            let result = train(&model, &data, &bad, |_| ControlFlow::Continue(()));
            assert!(
                matches!(result, Err(TrainError::Option { option, .. }) if option == name),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn options_in_json() {
        let json = r#"{"optimiser":{"adam":{"learning_rate":0.01,"beta1":0.9,"beta2":0.999,"epsilon":1e-8}},"batch_size":2,"epochs":5,"seed":1}"#;
        let read: TrainOptions = serde_json::from_str(json).unwrap();
        assert_eq!(read, options(ADAM));
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(
            serde_json::from_str::<TrainOptions>(&written).unwrap(),
            read
        );
    }
}
