//! What the data of a campaign look like: named fields that make up a row.

mod error;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::{Text, MAX_INPUTS, MAX_OUTPUTS};
use alloc::collections::BTreeSet;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

pub use error::SchemaError;

/// Input fields of a schema, at most.
pub const MAX_FIELDS: u32 = 128;
/// Classes of one category, at most, so that a class fits in a byte.
pub const MAX_CLASSES: u32 = 256;
/// Classes of all categories of a schema together, at most: keeps a schema small enough to store.
pub const MAX_CLASSES_IN_ALL: usize = 1_024;
/// Bytes of a field's or a class's name, at most.
pub const MAX_NAME: u32 = 64;
/// Numbers that a token of a text can get, at most. A table with one value for each and one for padding still leaves room
/// among [`MAX_PARAMETERS`](crate::MAX_PARAMETERS) for the layers after it, and binary32 holds all of them exactly.
pub const MAX_BUCKETS: u32 = 1 << 19;
/// Greatest end of a [`Range`], in millionths either side of zero: binary64 holds all of them exactly.
pub const MAX_RANGE: i64 = 1_000_000_000_000_000;

/// The name of a field or a class. [`Schema::check`] refuses names that are empty, start or end with white space, or
/// contain control characters.
pub type Name = Text<MAX_NAME>;

/// The fields of one row: what a model reads and what it has to tell.
///
/// In JSON, the digits data set of the examples (8x8 pixels from 0 to 16):
///
/// ```
/// let json = r#"{
///     "inputs": [{"name": "pixels", "kind": {"vector": {"length": 64, "range": {"low": 0, "high": 16000000}}}}],
///     "output": {"name": "digit", "kind": {"category": {"classes": ["0","1","2","3","4","5","6","7","8","9"]}}}
/// }"#;
/// let schema: syft::Schema = serde_json::from_str(json).unwrap();
/// let plan = schema.check().unwrap();
/// assert_eq!((plan.inputs, plan.outputs), (64, 10));
/// ```
#[derive(
    Clone,
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
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// What the model reads, in order.
    pub inputs: BoundedVec<Field, ConstU32<MAX_FIELDS>>,
    /// What the model has to tell.
    pub output: Field,
}

/// One named field.
#[derive(
    Clone,
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
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, unique in the schema.
    pub name: Name,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds and how a model sees it.
#[derive(
    Clone,
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
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldKind {
    /// One number: one value.
    Number {
        /// How it is scaled; not at all without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<Range>,
    },
    /// One of several classes: as an input one value per class, 1 for the class and 0 for the others; as an output the
    /// position of the class.
    Category {
        /// Their names, in order.
        classes: BoundedVec<Name, ConstU32<MAX_CLASSES>>,
    },
    /// Numbers in a fixed order: `length` values, in columns `name_0`, `name_1` and so on.
    Vector {
        /// How many.
        length: u32,
        /// How each is scaled; not at all without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<Range>,
    },
    /// A picture: a vector of `channels * height * width` values in that order of nesting.
    Image {
        /// Values per pixel.
        channels: u32,
        /// Rows of pixels.
        height: u32,
        /// Pixels in a row.
        width: u32,
        /// How each value is scaled; not at all without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<Range>,
    },
    /// A text, as an input only: the [numbers of its first `length` tokens](crate::token_numbers) in order, then 0 in the
    /// places that are left. They go to an embedding bag.
    Text {
        /// Tokens that are read: values for a model.
        length: u32,
        /// Numbers that a token can get, 1 to [`MAX_BUCKETS`].
        buckets: u32,
    },
}

/// What counts as 0 and as 1 for a model, both in millionths.
///
/// A value `x` becomes `(x - l) / w`, two operations in binary32, where `l` is `low / 1e6` and `w` is
/// `(high - low) / 1e6`, both computed in binary64 and rounded to binary32. Values outside the range are not cut. On an
/// output it scales the truth, so errors are measured in the scaled unit.
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
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Becomes 0; in millionths.
    pub low: i64,
    /// Becomes 1; in millionths, above `low`.
    pub high: i64,
}

/// What a schema amounts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SchemaPlan {
    /// Values that a model reads for one row, 1 to [`MAX_INPUTS`].
    pub inputs: u32,
    /// Values that a model gives for one row, 1 to [`MAX_OUTPUTS`]: one per class, or one per number.
    pub outputs: u32,
}

impl FieldKind {
    /// Columns that the field has in a table: one for a number, category or text, one per value of a vector or image.
    /// `None` if there are more than [`MAX_INPUTS`].
    pub fn columns(&self) -> Option<u32> {
        let columns = match *self {
            FieldKind::Number { .. } | FieldKind::Category { .. } | FieldKind::Text { .. } => {
                Some(1)
            }
            FieldKind::Vector { length, .. } => Some(length),
            FieldKind::Image {
                channels,
                height,
                width,
                ..
            } => channels
                .checked_mul(height)
                .and_then(|values| values.checked_mul(width)),
        };
        columns.filter(|&columns| columns <= MAX_INPUTS)
    }

    /// Values that a model reads or gives for the field: one per class, number, or token that is read. `None` if there
    /// are more than [`MAX_INPUTS`].
    pub fn values(&self) -> Option<u32> {
        match self {
            FieldKind::Category { classes } => u32::try_from(classes.len()).ok(),
            FieldKind::Text { length, .. } => Some(*length).filter(|&length| length <= MAX_INPUTS),
            _ => self.columns(),
        }
    }

    /// How numbers of the field are scaled, if they are.
    pub fn range(&self) -> Option<Range> {
        match self {
            FieldKind::Number { range }
            | FieldKind::Vector { range, .. }
            | FieldKind::Image { range, .. } => *range,
            FieldKind::Category { .. } | FieldKind::Text { .. } => None,
        }
    }

    /// The classes, if it is a category.
    pub fn classes(&self) -> Option<&[Name]> {
        match self {
            FieldKind::Category { classes } => Some(classes),
            _ => None,
        }
    }

    /// Whether the field's columns are numbered (`name_0`, `name_1`, ...) rather than called like the field.
    pub fn is_numbered(&self) -> bool {
        matches!(self, FieldKind::Vector { .. } | FieldKind::Image { .. })
    }
}

impl Schema {
    /// Checks every limit and says what a row amounts to.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, see [`SchemaError`].
    pub fn check(&self) -> Result<SchemaPlan, SchemaError> {
        if self.inputs.is_empty() {
            return Err(SchemaError::NoInputs);
        }
        let mut names = BTreeSet::new();
        let mut classes = 0usize;
        for field in self.fields() {
            check_field(field)?;
            if !names.insert(&field.name) {
                return Err(SchemaError::SharedName {
                    name: field.name.clone(),
                });
            }
            classes += field.kind.classes().map_or(0, <[Name]>::len);
        }
        if classes > MAX_CLASSES_IN_ALL {
            return Err(SchemaError::TooManyClasses);
        }
        self.check_columns()?;
        let inputs = self
            .inputs
            .iter()
            .try_fold(0u32, |sum, field| sum.checked_add(field.kind.values()?))
            .filter(|&inputs| inputs <= MAX_INPUTS)
            .ok_or(SchemaError::TooManyInputs)?;
        if let FieldKind::Text { .. } = self.output.kind {
            return Err(SchemaError::TextOutput {
                field: self.output.name.clone(),
            });
        }
        let outputs = self
            .output
            .kind
            .values()
            .filter(|&outputs| outputs <= MAX_OUTPUTS)
            .ok_or(SchemaError::TooManyOutputs)?;
        Ok(SchemaPlan { inputs, outputs })
    }

    /// All fields: the inputs in order, then the output.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.inputs.iter().chain(core::iter::once(&self.output))
    }

    /// Refuses a field that is called like a numbered column of another: it would be read twice, and an output could
    /// slip into the inputs.
    fn check_columns(&self) -> Result<(), SchemaError> {
        for numbered in self.fields().filter(|field| field.kind.is_numbered()) {
            for single in self.fields().filter(|field| !field.kind.is_numbered()) {
                let index = single.name.as_str().strip_prefix(numbered.name.as_str());
                let index = index.and_then(|rest| rest.strip_prefix('_'));
                if index.is_some_and(|digits| {
                    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
                }) {
                    return Err(SchemaError::SharedName {
                        name: single.name.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// Checks one field on its own.
fn check_field(field: &Field) -> Result<(), SchemaError> {
    check_name(&field.name)?;
    if let Some(classes) = field.kind.classes() {
        if classes.len() < 2 {
            return Err(SchemaError::TooFewClasses {
                field: field.name.clone(),
            });
        }
        let mut seen = BTreeSet::new();
        for class in classes {
            check_name(class)?;
            if !seen.insert(class) {
                return Err(SchemaError::SharedClass {
                    field: field.name.clone(),
                    class: class.clone(),
                });
            }
        }
    }
    if field.kind.values() == Some(0) {
        return Err(SchemaError::EmptyField {
            field: field.name.clone(),
        });
    }
    if let FieldKind::Text { buckets, .. } = field.kind {
        if !(1..=MAX_BUCKETS).contains(&buckets) {
            return Err(SchemaError::BadBuckets {
                field: field.name.clone(),
            });
        }
    }
    let within = -MAX_RANGE..=MAX_RANGE;
    match field.kind.range() {
        Some(Range { low, high })
            if low >= high || !within.contains(&low) || !within.contains(&high) =>
        {
            Err(SchemaError::BadRange {
                field: field.name.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Refuses names that people could not see or tell from others.
fn check_name(name: &Name) -> Result<(), SchemaError> {
    let text = name.as_str();
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return Err(SchemaError::NotAName { name: name.clone() });
    }
    Ok(())
}
