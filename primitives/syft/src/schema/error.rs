//! Mistakes in schemas.

use super::{Name, MAX_BUCKETS, MAX_CLASSES_IN_ALL, MAX_NAME, MAX_RANGE};
use crate::{MAX_INPUTS, MAX_OUTPUTS};

/// Why a schema is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// No input field.
    #[error("the schema has no input field: add one")]
    NoInputs,
    /// A name that people could not tell from another, or not see.
    #[error("{name:?} is no name: use 1 to {MAX_NAME} bytes, no white space at the ends, no control characters")]
    NotAName {
        /// The name.
        name: Name,
    },
    /// Two fields of one name, or a field whose name is that of a column of another.
    #[error("two fields share the column {name:?}: rename one")]
    SharedName {
        /// The name.
        name: Name,
    },
    /// A class twice in one field.
    #[error("field {field:?} has the class {class:?} twice")]
    SharedClass {
        /// The field's name.
        field: Name,
        /// The class's name.
        class: Name,
    },
    /// A category of fewer than two classes.
    #[error("field {field:?} has fewer than two classes")]
    TooFewClasses {
        /// The field's name.
        field: Name,
    },
    /// Too many classes in the schema.
    #[error("the schema has more than {MAX_CLASSES_IN_ALL} classes in all: merge some")]
    TooManyClasses,
    /// A vector, image or text without values.
    #[error("field {field:?} holds no values: each of its dimensions must be at least 1")]
    EmptyField {
        /// The field's name.
        field: Name,
    },
    /// A range that scales nothing, or with an end out of bounds.
    #[error("the range of field {field:?} must have low below high, both within {MAX_RANGE} millionths of zero")]
    BadRange {
        /// The field's name.
        field: Name,
    },
    /// A text with no or too many numbers for its tokens.
    #[error("the buckets of field {field:?} must be 1 to {MAX_BUCKETS}")]
    BadBuckets {
        /// The field's name.
        field: Name,
    },
    /// A text as the output.
    #[error("the output {field:?} is a text: models read texts, but tell classes or numbers")]
    TextOutput {
        /// The field's name.
        field: Name,
    },
    /// Too many values in a row.
    #[error("a row has more than {MAX_INPUTS} input values: use fewer or smaller fields")]
    TooManyInputs,
    /// Too many values in the output.
    #[error("the output has more than {MAX_OUTPUTS} values: use a smaller field")]
    TooManyOutputs,
}
