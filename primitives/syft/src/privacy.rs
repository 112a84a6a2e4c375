//! Differential privacy of what a model learns from its rows.

mod accountant;
mod ledger;
mod noise;

pub use accountant::{PrivacyError, SampledGaussian, MAX_ORDER};
pub use ledger::{Budget, Ledger, Spending, MAX_SPENDINGS};
pub use noise::NoiseKey;

use crate::tensors::Tensors;
use crate::train::clip::{factor, norm};
use crate::{Gradient, GradientError, Parameters};
pub(crate) use noise::{sample, Noise};
use serde::{Deserialize, Serialize};

/// How one row's, or one update's, influence is hidden.
///
/// A gradient can betray rows that it was learned from. [`train_privately`](crate::train_privately) bounds what any one
/// row can change and hides it in noise (Abadi et al., *Deep Learning with Differential Privacy*, 2016);
/// [`privatise`] does the same to one whole update. How much can still be learned about a row is `(epsilon, delta)`:
/// [`SampledGaussian`] computes it, and a [`Ledger`] keeps count of it over many runs on the same rows.
///
/// # What is guaranteed, and what is not
///
/// - Two data sets are neighbours if they differ by one row that is there or not. The number of rows and the schema
///   count as known.
/// - The guarantee covers the parameters (or the update) that come out. The losses that training reports, and a gain
///   that is measured on the same rows, are computed without noise: keep them, and choices made by them, to yourself.
/// - The [`NoiseKey`] must be random and secret, used once, and then forgotten: who knows it can subtract the noise and
///   knows which rows were taken. That is why the noise does not come from the run's seed, which receipts publish, and
///   why a private run cannot have a receipt.
/// - Noise made from floating-point numbers has gaps that can betray what it was added to (Mironov, *On Significance of
///   the Least Significant Bits for Differential Privacy*, 2012). [Ours](NoiseKey#noise) is rounded to a grid much
///   coarser than those gaps, with what it is added to, so that they do not show; but it is no exact sample of a
///   discrete distribution, and the time that it takes is not constant.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// The longest derivative of one row (or the longest update) that is used as it is, by its
    /// [norm](crate::TrainOptions::clip_norm); above 0. Longer ones are shortened to it.
    pub clip_norm: f32,
    /// The standard deviation of the noise, in units of `clip_norm`: 0.01 to 1,000,000.
    pub noise_multiplier: f64,
}

impl Privacy {
    /// The name of the field that is out of range, and the range.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if !(self.clip_norm > 0.0 && self.clip_norm.is_finite()) {
            return Err(("privacy clip_norm", "above 0"));
        }
        match accountant::is_noise(self.noise_multiplier) {
            true => Ok(()),
            false => Err(("noise_multiplier", "0.01 to 1,000,000")),
        }
    }

    /// The standard deviation of the noise.
    pub(crate) fn deviation(&self) -> f64 {
        self.noise_multiplier * f64::from(self.clip_norm)
    }
}

/// Why an update cannot be made private.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivatiseError {
    /// The clip norm or the noise multiplier is out of range.
    #[error("{option} is out of range: {range}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// There is no update from the one to the other, or its noise is too large for the numbers.
    #[error(transparent)]
    Gradient(#[from] GradientError),
}

/// Hides one whole update: the parameters that `before` leads to by the update to `after`, clipped and noised.
///
/// The update is `after - before` in binary32, multiplied by `clip_norm / norm` in binary64 if its
/// [norm](crate::TrainOptions::clip_norm) is above `clip_norm`; then noise of standard deviation
/// `noise_multiplier * clip_norm` is [added](NoiseKey#noise), from stream 1 of the key. The result is `before` plus that,
/// rounded to binary32.
///
/// What is hidden is whether this update was made at all, so all rows that it was learned from together. As a
/// [`SampledGaussian`] it is one step with a sampling rate of 1.
///
/// # Errors
///
/// If an option is out of range, the two are of different architectures, or a number grows out of range.
pub fn privatise(
    before: &Parameters,
    after: &Parameters,
    privacy: Privacy,
    key: NoiseKey,
) -> Result<Parameters, PrivatiseError> {
    privacy
        .check()
        .map_err(|(option, range)| PrivatiseError::Option { option, range })?;
    let update = Gradient::between(before, after)?;
    let update = update.values();
    let factor = factor(norm(update), privacy.clip_norm);
    let mut sums: Vec<f64> = update.iter().map(|&x| f64::from(x) * factor).collect();
    Noise::new(&key, 1, privacy.deviation()).add_to(&mut sums);
    let values = before
        .values()
        .iter()
        .zip(sums)
        .map(|(&p, sum)| (f64::from(p) + sum) as f32)
        .collect();
    let tensors = Tensors::new(before.0.plan().to_vec(), values)
        .map_err(|tensor| GradientError::NotFinite { tensor })?;
    Ok(Parameters(tensors))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Architecture;

    fn pair() -> (Parameters, Parameters) {
        let json = r#"{"input":[50],"layers":[{"dense":{"units":40}}],"head":"squared_error"}"#;
        let architecture: Architecture = serde_json::from_str(json).unwrap();
        let initial = |seed| Parameters::initialise(&architecture, seed).unwrap();
        (initial(1), initial(2))
    }

    fn change(before: &Parameters, after: &Parameters) -> Vec<f32> {
        Gradient::between(before, after).unwrap().values().to_vec()
    }

    #[test]
    fn updates_are_clipped_and_noised() {
        let (before, after) = pair();
        let run = |noise_multiplier, clip_norm, key| {
            let privacy = Privacy {
                clip_norm,
                noise_multiplier,
            };
            privatise(&before, &after, privacy, NoiseKey::new([key; 32])).unwrap()
        };
        // With almost no noise, the update itself at the norm that was asked for.
        let update = change(&before, &after);
        let clipped = change(&before, &run(0.01, 0.5, 1));
        assert!(norm(&update) > 5.0);
        let cosine: f64 = update
            .iter()
            .zip(&clipped)
            .map(|(&u, &c)| f64::from(u) * f64::from(c))
            .sum::<f64>()
            / norm(&update)
            / norm(&clipped);
        // The noise's norm is about sqrt(2040) * 0.01 * 0.5 = 0.226 beside 0.5.
        assert!((norm(&clipped) - 0.549).abs() < 0.02, "{}", norm(&clipped));
        assert!(cosine > 0.9, "{cosine}");
        // With much, the noise at its own size.
        let noised = change(&before, &run(10.0, 0.5, 1));
        let expected = 2_040f64.sqrt() * 5.0;
        assert!((norm(&noised) / expected - 1.0).abs() < 0.05);
        // The same for the same key only.
        assert_eq!(run(1.0, 0.5, 1), run(1.0, 0.5, 1));
        assert_ne!(run(1.0, 0.5, 1), run(1.0, 0.5, 2));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let (before, after) = pair();
        for (clip_norm, noise_multiplier, name) in [
            (0.0, 1.0, "privacy clip_norm"),
            (f32::NAN, 1.0, "privacy clip_norm"),
            (f32::INFINITY, 1.0, "privacy clip_norm"),
            (1.0, 0.0, "noise_multiplier"),
            (1.0, 1e7, "noise_multiplier"),
            (1.0, f64::NAN, "noise_multiplier"),
        ] {
            let privacy = Privacy {
                clip_norm,
                noise_multiplier,
            };
            let refused = privatise(&before, &after, privacy, NoiseKey::new([1; 32]));
            assert!(
                matches!(refused, Err(PrivatiseError::Option { option, .. }) if option == name),
                "{privacy:?}"
            );
        }
        let large = Privacy {
            clip_norm: f32::MAX,
            noise_multiplier: 1e6,
        };
        assert!(matches!(
            privatise(&before, &after, large, NoiseKey::new([1; 32])),
            Err(PrivatiseError::Gradient(GradientError::NotFinite { .. }))
        ));
    }
}
