//! How parameters follow derivatives.

use super::options::{ensure, is_positive};
use super::TrainError;
use serde::{Deserialize, Serialize};

/// How parameters `p` follow their derivatives `g`, element by element, every operation rounded to binary32 unless said
/// otherwise. States start at 0. `rate` is the learning rate of the step, in binary64: `learning_rate` times the factor of
/// the [`Schedule`](super::Schedule).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimiser {
    /// Stochastic gradient descent: `v = momentum * v + g; p = p - rate * v`, with `rate` rounded first.
    Sgd {
        /// Above 0.
        learning_rate: f32,
        /// From 0 (none) to below 1.
        momentum: f32,
    },
    /// Adam (Kingma and Ba, 2015), in step `t` from 1: `m = beta1 * m + (1 - beta1) * g`,
    /// `v = beta2 * v + (1 - beta2) * (g * g)`, `p = p - step * (m / (sqrt(v) / root + epsilon))`, where
    /// `step = rate / (1 - beta1^t)` and `root = sqrt(1 - beta2^t)` are computed in binary64 (powers by repeated
    /// multiplication) and then rounded.
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

impl Optimiser {
    /// The learning rate before any schedule.
    pub fn learning_rate(&self) -> f32 {
        match *self {
            Optimiser::Sgd { learning_rate, .. } | Optimiser::Adam { learning_rate, .. } => {
                learning_rate
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), TrainError> {
        ensure(
            is_positive(self.learning_rate()),
            "learning_rate",
            "above 0",
        )?;
        let fraction = |x: f32| (0.0..1.0).contains(&x);
        match *self {
            Optimiser::Sgd { momentum, .. } => {
                ensure(fraction(momentum), "momentum", "0 to below 1")
            }
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
                ..
            } => {
                ensure(fraction(beta1), "beta1", "0 to below 1")?;
                ensure(fraction(beta2), "beta2", "0 to below 1")?;
                ensure(is_positive(epsilon), "epsilon", "above 0")
            }
        }
    }
}

/// What an optimiser remembers from step to step.
pub(super) enum State {
    Sgd {
        momentum: f32,
        v: Vec<f32>,
    },
    Adam {
        betas: [f32; 2],
        powers: [f64; 2],
        epsilon: f32,
        m: Vec<f32>,
        v: Vec<f32>,
    },
}

impl State {
    /// For so many parameters.
    pub(super) fn new(optimiser: Optimiser, count: usize) -> Self {
        match optimiser {
            Optimiser::Sgd { momentum, .. } => State::Sgd {
                momentum,
                v: vec![0.0; count],
            },
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
                ..
            } => State::Adam {
                betas: [beta1, beta2],
                powers: [1.0; 2],
                epsilon,
                m: vec![0.0; count],
                v: vec![0.0; count],
            },
        }
    }

    /// One step at the given learning rate, as [`Optimiser`] defines it.
    pub(super) fn step(&mut self, rate: f64, values: &mut [f32], derivative: &[f32]) {
        match self {
            State::Sgd { momentum, v } => sgd(rate as f32, *momentum, values, derivative, v),
            State::Adam {
                betas,
                powers,
                epsilon,
                m,
                v,
            } => {
                for (power, &beta) in powers.iter_mut().zip(betas.iter()) {
                    *power *= f64::from(beta);
                }
                let step = (rate / (1.0 - powers[0])) as f32;
                let root = (1.0 - powers[1]).sqrt() as f32;
                adam([step, root, *epsilon], *betas, values, derivative, m, v);
            }
        }
    }
}

fn sgd(rate: f32, momentum: f32, values: &mut [f32], derivative: &[f32], v: &mut [f32]) {
    for ((p, &g), v) in values.iter_mut().zip(derivative).zip(v) {
        *v = momentum * *v + g;
        *p -= rate * *v;
    }
}

fn adam(
    [step, root, epsilon]: [f32; 3],
    [beta1, beta2]: [f32; 2],
    values: &mut [f32],
    derivative: &[f32],
    m: &mut [f32],
    v: &mut [f32],
) {
    for (((p, &g), m), v) in values.iter_mut().zip(derivative).zip(m).zip(v) {
        *m = beta1 * *m + (1.0 - beta1) * g;
        *v = beta2 * *v + (1.0 - beta2) * (g * g);
        *p -= step * (*m / (v.sqrt() / root + epsilon));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        state.step(0.5, &mut values, &[1.0, -2.0]);
        assert_eq!(values, [0.5, 3.0]);
        // v = 0.5 * v + g = [1.5, -1]
        state.step(0.5, &mut values, &[1.0, 0.0]);
        assert_eq!(values, [-0.25, 3.5]);
        // At another learning rate: v = [0.75, -0.5]
        state.step(2.0, &mut values, &[0.0, 0.0]);
        assert_eq!(values, [-1.75, 4.5]);
    }

    #[test]
    fn adam_takes_the_documented_steps() {
        let adam = Optimiser::Adam {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        };
        let mut state = State::new(adam, 2);
        let mut values = [0.0, 0.0];
        state.step(0.01, &mut values, &[3.0, -0.001]);
        // The first step has the learning rate's size whatever the derivative's.
        assert!(
            (values[0] + 0.01).abs() < 1e-6 && (values[1] - 0.01).abs() < 1e-6,
            "{values:?}"
        );
        state.step(0.01, &mut values, &[-1.0, 0.0]);
        // By hand in more digits: m = (0.17, -9e-5), v = (0.009991, 9.99e-10), corrected by 0.19 and 0.001999.
        assert!((values[0] + 0.014_002_2).abs() < 1e-6, "{values:?}");
        assert!((values[1] - 0.016_700_6).abs() < 1e-6, "{values:?}");
    }
}
