//! How amounts, errors, accounts and times are written for people, and read from them.

mod account;
mod amount;
mod time;

pub use account::{address, parse_address, short_address, AddressError};
pub use amount::{amount, Amount, AmountError};
pub use time::{blocks_in, duration};

use sonar_primitives::MeasuredError;
use syft::{Metric, WORST_ERROR_RATE};

/// An error in the metric's own terms: `4.17 %` for an error rate, a decimal number for a mean squared error.
pub fn error(metric: Metric, error: MeasuredError) -> String {
    metric.show(error).to_string()
}

/// The accuracy, 1 - error, of a classifier: `95.83 %`. `None` for metrics that know no accuracy, and for an error
/// above [`WORST_ERROR_RATE`].
pub fn accuracy(metric: Metric, error: MeasuredError) -> Option<String> {
    match metric {
        Metric::ErrorRate => Some(
            metric
                .show(WORST_ERROR_RATE.checked_sub(error)?)
                .to_string(),
        ),
        Metric::MeanSquaredError => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_accuracies_are_shown() {
        assert_eq!(error(Metric::ErrorRate, 41_666_666), "4.17 %");
        assert_eq!(
            accuracy(Metric::ErrorRate, 41_666_666).as_deref(),
            Some("95.83 %")
        );
        assert_eq!(accuracy(Metric::ErrorRate, WORST_ERROR_RATE + 1), None);
        assert_eq!(accuracy(Metric::MeanSquaredError, 5), None);
    }
}
