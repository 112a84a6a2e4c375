//! Mistakes in data.

use super::MAX_TEXT;
use crate::{Name, SchemaError};

/// Why data do not make a data set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The schema itself is not accepted.
    #[error("schema: {0}")]
    Schema(#[from] SchemaError),
    /// No rows.
    #[error("there are no rows: give at least one")]
    NoRows,
    /// More rows than the limit.
    #[error("more than {most} rows")]
    TooManyRows {
        /// The limit.
        most: u64,
    },
    /// More values than the limit.
    #[error("rows times values per row is more than {most}: use fewer rows or smaller fields")]
    TooManyValues {
        /// The limit.
        most: u64,
    },
    /// More text than the limit.
    #[error("the texts have more than {most} bytes in all: use fewer rows or shorter texts")]
    TooMuchText {
        /// The limit.
        most: u64,
    },
    /// One text too long.
    #[error("field {field:?}, row {row}: the text is longer than {MAX_TEXT} bytes")]
    TextTooLong {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// Not one column per field.
    #[error("there are {found} columns for {expected} fields")]
    Columns {
        /// Fields in the schema.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// A column of the wrong kind or dimensions.
    #[error(
        "the column of field {field:?} does not have the field's kind, width and number of rows"
    )]
    Column {
        /// The field's name.
        field: Name,
    },
    /// A class that the field does not have.
    #[error("field {field:?}, row {row}: no such class")]
    UnknownClass {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// An infinity or something that is not a number, before or after scaling.
    #[error(
        "field {field:?}, row {row}: the number is not finite, or too large for the field's range"
    )]
    NotFinite {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// A selected row that does not exist.
    #[error("there is no row {row}")]
    NoSuchRow {
        /// The row, from 0.
        row: usize,
    },
    /// A part that would have no row.
    #[error("a part must be above 0 and below 1, and both parts need a row")]
    EmptyPart,
}
