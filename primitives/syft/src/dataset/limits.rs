//! How much data there may be.

use super::DatasetError;
use crate::SchemaPlan;

/// Rows of a data set, at most.
pub const MAX_ROWS: u64 = 1_000_000;
/// Values that a model reads from (or gives for) all rows of a data set together, at most: 400 MB of them.
pub const MAX_VALUES: u64 = 100_000_000;
/// Bytes of one text, at most.
pub const MAX_TEXT: usize = 65_536;
/// Bytes of all texts of a data set together, at most.
pub const MAX_ALL_TEXT: u64 = 100_000_000;

/// How much data a reader is ready to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Rows, at most.
    pub rows: u64,
    /// Rows times the values that a model reads from one, at most; also rows times those that it gives for one.
    pub values: u64,
    /// Bytes of all texts together, at most.
    pub text: u64,
}

impl Default for Limits {
    /// [`MAX_ROWS`], [`MAX_VALUES`] and [`MAX_ALL_TEXT`], beyond which no limits reach.
    fn default() -> Self {
        Self {
            rows: MAX_ROWS,
            values: MAX_VALUES,
            text: MAX_ALL_TEXT,
        }
    }
}

impl Limits {
    /// Checks how many rows there would be, before any is held.
    ///
    /// # Errors
    ///
    /// If there are none, or more rows or values than the limits.
    pub fn check_rows(self, rows: u64, plan: SchemaPlan) -> Result<(), DatasetError> {
        if rows == 0 {
            return Err(DatasetError::NoRows);
        }
        let most = self.rows.min(MAX_ROWS);
        if rows > most {
            return Err(DatasetError::TooManyRows { most });
        }
        let most = self.values.min(MAX_VALUES);
        if rows * u64::from(plan.inputs.max(plan.outputs)) > most {
            return Err(DatasetError::TooManyValues { most });
        }
        Ok(())
    }

    /// Checks how many bytes of text there would be in all, before they are held.
    ///
    /// # Errors
    ///
    /// If there are more than the limit.
    pub fn check_text(self, bytes: u64) -> Result<(), DatasetError> {
        let most = self.text.min(MAX_ALL_TEXT);
        match bytes > most {
            true => Err(DatasetError::TooMuchText { most }),
            false => Ok(()),
        }
    }
}
