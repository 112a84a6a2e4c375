//! How the learning rate changes.

use super::options::{ensure, is_positive};
use super::TrainError;
use serde::{Deserialize, Serialize};

/// How the learning rate changes during a run of `T` steps: step `t` (from 0) uses the optimiser's learning rate times
/// a factor, computed in binary64 and rounded once, where the optimiser uses it.
///
/// - In the first `w` = [`warm_up_steps`](Self::warm_up_steps) steps the factor is `(t + 1) / w`.
/// - Then it is [`decay`](Self::decay)'s, with `s = t - w`.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Steps in which the learning rate rises to its full height; 0 for none.
    #[serde(default)]
    pub warm_up_steps: u32,
    /// What comes after.
    #[serde(default)]
    pub decay: Decay,
}

/// How the learning rate falls after the warm-up, `s` steps (from 0) into the `S = T - w` that remain.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decay {
    /// It does not: 1.
    #[default]
    Constant,
    /// In steps: `factor^floor(s / every)`, by `pow` of `libm`.
    Step {
        /// Training steps between two falls, at least 1.
        every: u32,
        /// What the rate is multiplied by in each fall: above 0, at most 1.
        factor: f32,
    },
    /// Along half a cosine: `last + (1 - last) * (0.5 + 0.5 * cos(pi * (s / S)))`, `cos` of `libm` (Loshchilov and
    /// Hutter, *SGDR*, 2017).
    Cosine {
        /// The factor that it approaches at the end of the run, from 0 to 1.
        last: f32,
    },
}

impl Schedule {
    /// The factor for step `t` (from 0) of a run of `steps`.
    pub fn factor(&self, t: u64, steps: u64) -> f64 {
        let warm_up = u64::from(self.warm_up_steps);
        let Some(s) = t.checked_sub(warm_up) else {
            return (t + 1) as f64 / warm_up as f64;
        };
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Step { every, factor } => {
                libm::pow(factor.into(), (s / u64::from(every.max(1))) as f64)
            }
            Decay::Cosine { last } => {
                let last = f64::from(last);
                let part = s as f64 / steps.saturating_sub(warm_up).max(1) as f64;
                last + (1.0 - last) * (0.5 + 0.5 * libm::cos(core::f64::consts::PI * part))
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), TrainError> {
        match self.decay {
            Decay::Constant => Ok(()),
            Decay::Step { every, factor } => {
                ensure(every > 0, "every", "at least 1")?;
                ensure(
                    is_positive(factor) && factor <= 1.0,
                    "factor",
                    "above 0, at most 1",
                )
            }
            Decay::Cosine { last } => ensure((0.0..=1.0).contains(&last), "last", "0 to 1"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn factors(schedule: Schedule, steps: u64) -> Vec<f64> {
        (0..steps).map(|t| schedule.factor(t, steps)).collect()
    }

    #[test]
    fn constant_is_one_and_warm_up_is_linear() {
        assert_eq!(factors(Schedule::default(), 3), [1.0; 3]);
        let warm = Schedule {
            warm_up_steps: 4,
            ..Schedule::default()
        };
        assert_eq!(factors(warm, 6), [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        // A run that ends while it warms up.
        assert_eq!(factors(warm, 2), [0.25, 0.5]);
    }

    #[test]
    fn steps_fall_after_the_warm_up() {
        let schedule = Schedule {
            warm_up_steps: 2,
            decay: Decay::Step {
                every: 2,
                factor: 0.5,
            },
        };
        assert_eq!(
            factors(schedule, 9),
            [0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125]
        );
        // However many there are.
        assert_eq!(schedule.factor(u64::from(u32::MAX) * 3, u64::MAX), 0.0);
    }

    #[test]
    fn cosine_falls_to_the_last_fraction() {
        let schedule = Schedule {
            warm_up_steps: 1,
            decay: Decay::Cosine { last: 0.5 },
        };
        // cos is 1, cos(pi/3) = 0.5, cos(2 pi/3) = -0.5 at s = 0, 1, 2 of 3.
        let found = factors(schedule, 4);
        for (found, expected) in found.iter().zip([1.0, 1.0, 0.875, 0.625]) {
            assert!((found - expected).abs() < 1e-15, "{found} for {expected}");
        }
        assert_eq!(schedule.factor(4, 4), 0.5);
        // To the last bit: the definition.
        let tenth = Schedule {
            warm_up_steps: 0,
            decay: Decay::Cosine { last: 0.1 },
        };
        assert_eq!(tenth.factor(3, 10).to_bits(), 0x3fea_1069_5bc5_6b6d);
        // No division by 0 where no step remains.
        assert_eq!(schedule.factor(1, 1), 1.0);
    }

    #[test]
    fn names_in_json() {
        let json = r#"{"warm_up_steps":10,"decay":{"cosine":{"last":0.1}}}"#;
        let schedule: Schedule = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        assert_eq!(
            serde_json::from_str::<Schedule>("{}").unwrap(),
            Schedule::default()
        );
        assert!(serde_json::from_str::<Schedule>(r#"{"warmup":1}"#).is_err());
    }
}
