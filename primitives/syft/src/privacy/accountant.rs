//! How much noise hides.

use super::Budget;
use serde::{Deserialize, Serialize};

/// The orders of Rényi divergence that are looked at are 2 to this.
pub const MAX_ORDER: u32 = 256;

/// The least and the greatest noise multiplier.
const NOISE: core::ops::RangeInclusive<f64> = 0.01..=1e6;

pub(super) fn is_noise(multiplier: f64) -> bool {
    NOISE.contains(&multiplier)
}

/// One step of private training: rows taken by Poisson sampling, and normal noise on the sum of their clipped
/// derivatives.
///
/// The accountant bounds the Rényi divergence between what neighbouring data sets give (Mironov, *Rényi Differential
/// Privacy*, 2017), which simply adds up over steps, for every order from 2 to [`MAX_ORDER`], and turns the sums into
/// `(epsilon, delta)` by the order that proves most. Everything is in binary64 with `exp` and `ln` of `libm`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Form")]
pub struct SampledGaussian {
    noise_multiplier: f64,
    sampling_rate: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    noise_multiplier: f64,
    sampling_rate: f64,
}

impl TryFrom<Form> for SampledGaussian {
    type Error = PrivacyError;

    fn try_from(form: Form) -> Result<Self, PrivacyError> {
        Self::new(form.noise_multiplier, form.sampling_rate)
    }
}

/// Why privacy cannot be accounted for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivacyError {
    /// A noise multiplier out of range.
    #[error("noise_multiplier is out of range: 0.01 to 1,000,000")]
    Noise,
    /// A sampling rate that is no probability.
    #[error("sampling_rate is out of range: above 0, at most 1")]
    Rate,
    /// A budget out of range.
    #[error("the budget is out of range: epsilon above 0, delta above 0 and below 1")]
    Budget,
    /// No noise is enough.
    #[error(
        "no noise multiplier up to 1,000,000 keeps the budget: take fewer steps or smaller batches"
    )]
    NoNoiseIsEnough,
    /// A ledger with too many different mechanisms.
    #[error("a ledger holds at most 256 different mechanisms: repeat those that are there")]
    TooManySpendings,
    /// More than what is left.
    #[error("the budget does not allow so many steps: {left} are left")]
    Exhausted {
        /// Steps of this mechanism that are left.
        left: u64,
    },
}

impl SampledGaussian {
    /// Noise of standard deviation `noise_multiplier` (0.01 to 1,000,000) times the greatest norm of a row's part, and
    /// every row taken with probability `sampling_rate` (above 0, at most 1).
    ///
    /// # Errors
    ///
    /// If one is out of range.
    pub fn new(noise_multiplier: f64, sampling_rate: f64) -> Result<Self, PrivacyError> {
        if !is_noise(noise_multiplier) {
            return Err(PrivacyError::Noise);
        }
        if !(sampling_rate > 0.0 && sampling_rate <= 1.0) {
            return Err(PrivacyError::Rate);
        }
        Ok(Self {
            noise_multiplier,
            sampling_rate,
        })
    }

    /// The least noise with which `steps` steps keep the budget, by bisection to 1 part in a million, rounded to the
    /// safe side.
    ///
    /// # Errors
    ///
    /// If the sampling rate or the budget is out of range, or no noise is enough.
    pub fn for_budget(
        budget: Budget,
        sampling_rate: f64,
        steps: u64,
    ) -> Result<Self, PrivacyError> {
        budget.check()?;
        let at = |noise_multiplier| Self::new(noise_multiplier, sampling_rate);
        let keeps = |mechanism: &Self| mechanism.epsilon(steps, budget.delta) <= budget.epsilon;
        let (mut least, mut enough) = (at(*NOISE.start())?, at(*NOISE.end())?);
        if keeps(&least) {
            return Ok(least);
        }
        if !keeps(&enough) {
            return Err(PrivacyError::NoNoiseIsEnough);
        }
        while enough.noise_multiplier > least.noise_multiplier * (1.0 + 1e-6) {
            // In the middle of the logarithms, as the range spans eight powers of ten.
            let middle = at((least.noise_multiplier * enough.noise_multiplier).sqrt())?;
            match keeps(&middle) {
                true => enough = middle,
                false => least = middle,
            }
        }
        Ok(enough)
    }

    /// The noise's standard deviation, in units of the clip norm.
    pub fn noise_multiplier(&self) -> f64 {
        self.noise_multiplier
    }

    /// The probability that a row takes part in a step.
    pub fn sampling_rate(&self) -> f64 {
        self.sampling_rate
    }

    /// The Rényi divergence of one step for a whole order `a` from 2 to [`MAX_ORDER`] (others are brought into that
    /// range), with noise multiplier `s` and sampling rate `q`: `a / (2 s^2)` if `q` is 1, otherwise
    ///
    /// ```text
    /// 1 / (a - 1) * ln(sum over k = 0 ... a of binomial(a, k) (1 - q)^(a - k) q^k exp((k^2 - k) / (2 s^2)))
    /// ```
    ///
    /// (Mironov, Talwar and Zhang, *Rényi Differential Privacy of the Sampled Gaussian Mechanism*, 2019, section 3.3).
    pub fn divergence(&self, order: u32) -> f64 {
        let order = f64::from(order.clamp(2, MAX_ORDER));
        let doubled = 2.0 * self.noise_multiplier * self.noise_multiplier;
        if self.sampling_rate == 1.0 {
            return order / doubled;
        }
        let (taken, left) = (
            libm::log(self.sampling_rate),
            libm::log1p(-self.sampling_rate),
        );
        // The terms' logarithms; the binomial's comes from the one before.
        let mut binomial = 0.0;
        let mut terms = [f64::NEG_INFINITY; MAX_ORDER as usize + 1];
        for (index, term) in terms.iter_mut().enumerate().take(order as usize + 1) {
            let k = index as f64;
            if index > 0 {
                binomial += libm::log((order - k + 1.0) / k);
            }
            *term = binomial + (order - k) * left + k * taken + (k * k - k) / doubled;
        }
        let greatest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = terms.iter().map(|term| libm::exp(term - greatest)).sum();
        // The true sum is at least 1.
        ((greatest + libm::log(sum)) / (order - 1.0)).max(0.0)
    }

    /// Whether another is the same but for the last digits, which can change when numbers are written and read as text.
    pub(super) fn is_about(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a;
        near(self.noise_multiplier, other.noise_multiplier)
            && near(self.sampling_rate, other.sampling_rate)
    }

    /// The divergences for all orders from 2 to [`MAX_ORDER`].
    pub(super) fn curve(&self) -> Vec<f64> {
        (2..=MAX_ORDER)
            .map(|order| self.divergence(order))
            .collect()
    }

    /// The epsilon that `steps` steps on the same rows have for a given `delta` (above 0 and below 1).
    pub fn epsilon(&self, steps: u64, delta: f64) -> f64 {
        match steps {
            0 => 0.0,
            _ => epsilon(self.curve().iter().map(|step| step * steps as f64), delta),
        }
    }
}

/// The epsilon for divergences of the orders from 2 on: the least of `r + offset(a)`, but not below 0.
pub(super) fn epsilon(curve: impl Iterator<Item = f64>, delta: f64) -> f64 {
    let least = curve
        .zip(2..)
        .map(|(divergence, order)| divergence + offset(order, delta))
        .fold(f64::INFINITY, f64::min);
    least.max(0.0)
}

/// What epsilon is above the Rényi divergence of order `a`: `ln((a - 1) / a) - (ln(delta) + ln(a)) / (a - 1)`
/// (Canonne, Kamath and Steinke, *The Discrete Gaussian for Differential Privacy*, 2020, proposition 12; Balle et al.,
/// *Hypothesis Testing Interpretations and Rényi Differential Privacy*, 2020).
pub(super) fn offset(order: u32, delta: f64) -> f64 {
    let order = f64::from(order);
    libm::log1p(-1.0 / order) - (libm::log(delta) + libm::log(order)) / (order - 1.0)
}
