//! What is measured: one whole number per model, lower is better.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Parts of a whole in an error rate: every row wrong.
pub const WORST_ERROR_RATE: u64 = 1_000_000_000;

/// Parts of 1 in a mean squared error.
pub const SQUARED_ERROR_UNIT: u64 = 1_000_000;

/// How predictions are compared with the truth. The result is an **error**: a whole number, 0 is perfect.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Classification: `floor(wrong rows * 10^9 / rows)`, 0 to [`WORST_ERROR_RATE`]. The predicted class is that of the
    /// greatest output, the lowest class on ties; if there is but one output, class 1 if it is above 0, else class 0.
    ErrorRate,
    /// Regression: `floor(mean of squared residuals * 10^6)`, saturating at `u64::MAX`. With `p` predicted and `t` true,
    /// all in binary64: `d = p - t; sum = sum + d * d` over all outputs of all rows in row-major order (no fused
    /// operation), then `sum / count * 1e6`, truncated.
    MeanSquaredError,
}

impl Metric {
    /// The worst error there can be.
    pub const fn worst(self) -> u64 {
        match self {
            Metric::ErrorRate => WORST_ERROR_RATE,
            Metric::MeanSquaredError => u64::MAX,
        }
    }

    /// An error for people: `4.17 %` for an error rate (rounded), the decimal number for a mean squared error.
    pub const fn show(self, error: u64) -> ShownError {
        ShownError {
            metric: self,
            error,
        }
    }
}

/// `floor(wrong * 10^9 / rows)`; `None` if there are no rows or more wrong ones than rows.
pub fn error_rate(wrong: u64, rows: u64) -> Option<u64> {
    if rows == 0 || wrong > rows {
        return None;
    }
    let rate = u128::from(wrong) * u128::from(WORST_ERROR_RATE) / u128::from(rows);
    u64::try_from(rate).ok()
}

/// Writes an error as people read it, see [`Metric::show`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShownError {
    metric: Metric,
    error: u64,
}

impl fmt::Display for ShownError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.metric {
            Metric::ErrorRate => {
                // Hundredths of a per cent; adding half of one rounds.
                let unit = WORST_ERROR_RATE / 10_000;
                let shown = self.error / unit + (self.error % unit) / unit.div_ceil(2);
                write!(f, "{}.{:02} %", shown / 100, shown % 100)
            }
            Metric::MeanSquaredError if self.error == u64::MAX => f.write_str("off the scale"),
            Metric::MeanSquaredError => {
                write!(
                    f,
                    "{}.{:06}",
                    self.error / SQUARED_ERROR_UNIT,
                    self.error % SQUARED_ERROR_UNIT
                )
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn error_rate_is_floored() {
        assert_eq!(error_rate(0, 360), Some(0));
        assert_eq!(error_rate(15, 360), Some(41_666_666));
        assert_eq!(error_rate(2, 3), Some(666_666_666));
        assert_eq!(error_rate(360, 360), Some(WORST_ERROR_RATE));
        assert_eq!(error_rate(u64::MAX, u64::MAX), Some(WORST_ERROR_RATE));
        assert_eq!(error_rate(0, 0), None);
        assert_eq!(error_rate(2, 1), None);
    }

    #[test]
    fn errors_are_shown_for_people() {
        let rate = |error| Metric::ErrorRate.show(error).to_string();
        assert_eq!(rate(41_666_666), "4.17 %");
        assert_eq!(rate(0), "0.00 %");
        assert_eq!(rate(49_999), "0.00 %");
        assert_eq!(rate(50_000), "0.01 %");
        assert_eq!(rate(WORST_ERROR_RATE), "100.00 %");
        let squared = |error| Metric::MeanSquaredError.show(error).to_string();
        assert_eq!(squared(2_859_690_012), "2859.690012");
        assert_eq!(squared(5), "0.000005");
        assert_eq!(squared(u64::MAX), "off the scale");
    }

    #[test]
    fn names_in_json() {
        assert_eq!(
            serde_json::to_string(&Metric::ErrorRate).unwrap(),
            "\"error_rate\""
        );
        assert_eq!(
            serde_json::from_str::<Metric>("\"mean_squared_error\"").unwrap(),
            Metric::MeanSquaredError
        );
    }
}
