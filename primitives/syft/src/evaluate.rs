//! Measuring a model.

mod score;
mod set;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use set::ValidationSet;
pub(crate) use set::MAX_ROOMS;

use crate::{Dataset, FitError, Metric, Model, ModelError};

/// Why a model has no error on a data set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Model, data and metric do not belong together.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The model is malformed: it gives an infinity or something that is not a number.
    #[error("the model is malformed: {0}")]
    Malformed(ModelError),
}

/// The error of a model on all rows of a data set, exactly as [`Metric`] defines it: the same on every machine.
///
/// For more than one model use [`ValidationSet`].
///
/// # Errors
///
/// If model, data and metric do not fit, or the model gives a value that is not finite for any row.
pub fn evaluate(model: &Model, data: &Dataset, metric: Metric) -> Result<u64, EvaluateError> {
    ValidationSet::new(data).error_of(model, metric)
}
