//! What the data of a campaign look like: named fields that make up a row.

use crate::{Text, MAX_INPUTS, MAX_OUTPUTS};
use alloc::collections::BTreeSet;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Input fields of a schema, at most.
pub const MAX_FIELDS: u32 = 128;
/// Classes of one category, at most, so that a class fits in a byte.
pub const MAX_CLASSES: u32 = 256;
/// Classes of all categories of a schema together, at most: keeps a schema small enough to store.
pub const MAX_CLASSES_IN_ALL: usize = 1_024;
/// Bytes of a field's or a class's name, at most.
pub const MAX_NAME: u32 = 64;
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
    /// A vector or image without values.
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
    /// Too many values in a row.
    #[error("a row has more than {MAX_INPUTS} input values: use fewer or smaller fields")]
    TooManyInputs,
    /// Too many values in the output.
    #[error("the output has more than {MAX_OUTPUTS} values: use a smaller field")]
    TooManyOutputs,
}

impl FieldKind {
    /// Columns that the field has in a table: one for a number or category, one per value of a vector or image. `None`
    /// if there are more than [`MAX_INPUTS`].
    pub fn columns(&self) -> Option<u32> {
        let columns = match *self {
            FieldKind::Number { .. } | FieldKind::Category { .. } => Some(1),
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

    /// Values that a model reads or gives for the field: one per class, or one per number. `None` if there are more
    /// than [`MAX_INPUTS`].
    pub fn values(&self) -> Option<u32> {
        match self {
            FieldKind::Category { classes } => u32::try_from(classes.len()).ok(),
            _ => self.columns(),
        }
    }

    /// How numbers of the field are scaled, if they are.
    pub fn range(&self) -> Option<Range> {
        match self {
            FieldKind::Number { range }
            | FieldKind::Vector { range, .. }
            | FieldKind::Image { range, .. } => *range,
            FieldKind::Category { .. } => None,
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
    if field.kind.columns() == Some(0) {
        return Err(SchemaError::EmptyField {
            field: field.name.clone(),
        });
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn name(text: &str) -> Name {
        Name::try_from(text).unwrap()
    }

    fn number(field: &str) -> Field {
        Field {
            name: name(field),
            kind: FieldKind::Number { range: None },
        }
    }

    fn vector(field: &str, length: u32) -> Field {
        Field {
            name: name(field),
            kind: FieldKind::Vector {
                length,
                range: None,
            },
        }
    }

    fn category(field: &str, classes: &[&str]) -> Field {
        let classes: Vec<_> = classes.iter().map(|class| name(class)).collect();
        Field {
            name: name(field),
            kind: FieldKind::Category {
                classes: classes.try_into().unwrap(),
            },
        }
    }

    fn many_classes(field: &str) -> Field {
        let classes: Vec<String> = (0..256).map(|class| format!("{class}")).collect();
        category(
            field,
            &classes.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    fn schema(inputs: Vec<Field>, output: Field) -> Schema {
        Schema {
            inputs: inputs.try_into().unwrap(),
            output,
        }
    }

    fn check(inputs: Vec<Field>, output: Field) -> Result<(u32, u32), SchemaError> {
        schema(inputs, output)
            .check()
            .map(|plan| (plan.inputs, plan.outputs))
    }

    #[test]
    fn values_of_every_kind_are_counted() {
        let image = Field {
            name: name("picture"),
            kind: FieldKind::Image {
                channels: 3,
                height: 4,
                width: 5,
                range: None,
            },
        };
        let inputs = alloc::vec![
            number("a"),
            category("b", &["x", "y", "z"]),
            vector("c", 7),
            image
        ];
        assert_eq!(
            check(inputs.clone(), number("out")),
            Ok((1 + 3 + 7 + 60, 1))
        );
        assert_eq!(
            check(inputs.clone(), category("out", &["x", "y"])),
            Ok((71, 2))
        );
        assert_eq!(check(inputs, vector("out", 9)), Ok((71, 9)));
    }

    #[test]
    fn names_must_be_told_apart() {
        let shared = |text| Err(SchemaError::SharedName { name: name(text) });
        assert_eq!(
            check(alloc::vec![number("a"), number("a")], number("b")),
            shared("a")
        );
        assert_eq!(check(alloc::vec![number("a")], number("a")), shared("a"));
        // The output would be among the inputs.
        assert_eq!(
            check(alloc::vec![vector("a", 64)], number("a_3")),
            shared("a_3")
        );
        assert!(check(alloc::vec![vector("a", 64)], number("a_b")).is_ok());
        assert!(check(alloc::vec![vector("a", 64)], number("a_")).is_ok());
        assert!(check(alloc::vec![vector("a", 64), vector("a_1", 64)], number("b")).is_ok());
        for bad in ["", " a", "a ", "a\nb", "\u{7f}"] {
            let expected = Err(SchemaError::NotAName { name: name(bad) });
            assert_eq!(check(alloc::vec![number(bad)], number("b")), expected);
            assert_eq!(
                check(alloc::vec![number("a")], category("b", &["x", bad])),
                expected
            );
        }
    }

    #[test]
    fn limits_hold_exactly() {
        use SchemaError::*;
        let field = || name("f");
        assert_eq!(check(Vec::new(), number("b")), Err(NoInputs));
        assert_eq!(
            check(alloc::vec![category("f", &["x"])], number("b")),
            Err(TooFewClasses { field: field() })
        );
        let twice = SharedClass {
            field: field(),
            class: name("x"),
        };
        assert_eq!(
            check(alloc::vec![category("f", &["x", "y", "x"])], number("b")),
            Err(twice)
        );
        assert_eq!(
            check(alloc::vec![vector("f", 0)], number("b")),
            Err(EmptyField { field: field() })
        );
        assert_eq!(
            check(alloc::vec![vector("f", 65_536)], number("b")),
            Ok((MAX_INPUTS, 1))
        );
        assert_eq!(
            check(alloc::vec![vector("f", 65_537)], number("b")),
            Err(TooManyInputs)
        );
        assert_eq!(
            check(alloc::vec![vector("f", 65_536), number("g")], number("b")),
            Err(TooManyInputs)
        );
        assert_eq!(
            check(alloc::vec![vector("f", u32::MAX), number("g")], number("b")),
            Err(TooManyInputs)
        );
        let image = FieldKind::Image {
            channels: 65_536,
            height: 65_536,
            width: 1,
            range: None,
        };
        assert_eq!(
            check(
                alloc::vec![Field {
                    name: field(),
                    kind: image
                }],
                number("b")
            ),
            Err(TooManyInputs)
        );
        assert_eq!(
            check(alloc::vec![number("f")], vector("b", 1_024)),
            Ok((1, MAX_OUTPUTS))
        );
        assert_eq!(
            check(alloc::vec![number("f")], vector("b", 1_025)),
            Err(TooManyOutputs)
        );
        let four: Vec<_> = ["f", "g", "h", "i"].into_iter().map(many_classes).collect();
        assert_eq!(check(four.clone(), number("b")), Ok((1_024, 1)));
        assert_eq!(check(four, category("b", &["x", "y"])), Err(TooManyClasses));
    }

    #[test]
    fn ranges_must_rise_within_bounds() {
        let with = |low, high| {
            let kind = FieldKind::Number {
                range: Some(Range { low, high }),
            };
            check(
                alloc::vec![Field {
                    name: name("f"),
                    kind
                }],
                number("b"),
            )
        };
        let bad = Err(SchemaError::BadRange { field: name("f") });
        assert!(with(0, 1).is_ok() && with(-MAX_RANGE, MAX_RANGE).is_ok());
        assert_eq!(with(1, 1), bad);
        assert_eq!(with(2, 1), bad);
        assert_eq!(with(i64::MIN, 0), bad);
        assert_eq!(with(0, i64::MAX), bad);
        assert_eq!(with(0, MAX_RANGE + 1), bad);
    }

    #[test]
    fn json_and_scale_round_trip() {
        let json = r#"{"inputs":[{"name":"a","kind":{"number":{}}},{"name":"p","kind":{"image":{"channels":1,"height":8,"width":8,"range":{"low":0,"high":255000000}}}}],"output":{"name":"b","kind":{"category":{"classes":["x","y"]}}}}"#;
        let schema: Schema = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&schema).unwrap(), json);
        let bytes = schema.encode();
        assert_eq!(Schema::decode(&mut &bytes[..]).unwrap(), schema);
        assert!(serde_json::from_str::<Schema>(&json.replace("height", "heigth")).is_err());
    }
}
