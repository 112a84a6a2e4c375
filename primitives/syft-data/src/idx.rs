//! Data sets from a pair of IDX files, the format of MNIST.
//!
//! ```text
//! 0, 0                    2 bytes
//! type                    1 byte: 8 u8, 9 i8, 11 i16, 12 i32, 13 binary32, 14 binary64
//! number of dimensions    1 byte
//! per dimension           4 bytes; the first is the number of rows
//! values                  row after row
//! ```
//!
//! All of it is big-endian.

use crate::error::{LoadError, Problem};
use crate::gather::{dimensions, Gather};
use std::io::{self, Read};
use syft::{Dataset, FieldKind, Schema};

const FORMAT: &str = "IDX";

/// Reads a data set from two IDX files: the inputs of all rows, and their outputs.
///
/// The schema has one input field, a number, vector or picture. A picture's dimensions must be those of the file (a single
/// channel may be left out, or all of them in one); a vector needs as many values. The output is a category, whose file
/// holds one whole number per row, the *position* of the class from 0 (IDX knows no names), or numbers.
///
/// Safe on untrusted files: nothing is reserved for what they claim before [`Limits::default`](syft::Limits::default) is
/// checked.
///
/// # Errors
///
/// The first mistake, with its row from 0 and the field's name.
pub fn load_idx(
    mut inputs: impl Read,
    mut outputs: impl Read,
    schema: &Schema,
) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    let [input] = schema.inputs.as_slice() else {
        return Err(unsuitable());
    };
    let output = &schema.output;
    if matches!(
        input.kind,
        FieldKind::Category { .. } | FieldKind::Text { .. }
    ) {
        return Err(unsuitable());
    }
    let in_input = |error: LoadError| error.in_column(input.name.as_str());
    let in_output = |error: LoadError| error.in_column(output.name.as_str());
    let features = Header::read(&mut inputs).map_err(in_input)?;
    let targets = Header::read(&mut outputs).map_err(in_output)?;
    features
        .fits(&input.kind)
        .map_err(|problem| in_input(problem.into()))?;
    targets
        .fits(&output.kind)
        .map_err(|problem| in_output(problem.into()))?;
    if features.rows != targets.rows {
        return Err(in_output(
            Problem::Dimensions {
                expected: format!("{} rows, as of {:?}", features.rows, input.name),
                found: format!("{} rows", targets.rows),
            }
            .into(),
        ));
    }
    gather.add_rows(features.rows.into())?;
    read_rows(&mut gather, 0, &input.kind, features, &mut inputs).map_err(in_input)?;
    read_rows(&mut gather, 1, &output.kind, targets, &mut outputs).map_err(in_output)?;
    Ok(gather.finish()?)
}

fn unsuitable() -> LoadError {
    let holds =
        "one input, which is a number, vector or image, and an output of classes or numbers";
    let format = FORMAT;
    Problem::Schema { format, holds }.into()
}

/// The type of a file's values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

/// What a file says of itself.
struct Header {
    kind: Type,
    rows: u32,
    /// Dimensions of one row, none for one value.
    shape: Vec<u32>,
}

/// One value.
enum Value {
    Whole(i32),
    F32(f32),
    F64(f64),
}

impl Header {
    fn read(reader: &mut impl Read) -> Result<Self, LoadError> {
        let mut start = [0; 4];
        read_exact(reader, &mut start, "header")?;
        let [0, 0, kind, count] = start else {
            return Err(Problem::malformed(FORMAT, "it does not begin with two zero bytes").into());
        };
        let kind = match kind {
            8 => Type::U8,
            9 => Type::I8,
            11 => Type::I16,
            12 => Type::I32,
            13 => Type::F32,
            14 => Type::F64,
            _ => {
                return Err(Problem::malformed(FORMAT, format!("there is no type {kind}")).into());
            }
        };
        // At most 255.
        let mut dimensions = Vec::new();
        for _ in 0..count {
            let mut bytes = [0; 4];
            read_exact(reader, &mut bytes, "header")?;
            dimensions.push(u32::from_be_bytes(bytes));
        }
        let Some((&rows, shape)) = dimensions.split_first() else {
            return Err(Problem::malformed(FORMAT, "it has no dimensions").into());
        };
        Ok(Self {
            kind,
            rows,
            shape: shape.into(),
        })
    }

    /// Whether a row holds the values of the field.
    fn fits(&self, kind: &FieldKind) -> Result<(), Problem> {
        let found = self
            .shape
            .iter()
            .try_fold(1u32, |all, &n| all.checked_mul(n));
        // A category is one number here.
        let fits = match kind {
            FieldKind::Image { .. } => {
                dimensions(kind, self.shape.len()).as_ref() == Some(&self.shape)
            }
            _ => found == kind.columns(),
        };
        let whole = !matches!(self.kind, Type::F32 | Type::F64);
        match kind {
            FieldKind::Category { .. } if !whole => Err(Problem::WrongKind {
                expected: "positions of classes",
                found: "floating-point numbers".into(),
            }),
            _ if fits => Ok(()),
            _ => Err(Problem::Dimensions {
                expected: format!(
                    "the field's values: {:?}",
                    kind.columns().unwrap_or_default()
                ),
                found: format!("rows of dimensions {:?}", self.shape),
            }),
        }
    }
}

impl Type {
    /// Bytes of one value.
    fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The value in as many bytes.
    fn value(self, bytes: &[u8]) -> Option<Value> {
        Some(match (self, bytes) {
            (Self::U8, &[byte]) => Value::Whole(byte.into()),
            (Self::I8, &[byte]) => Value::Whole((byte as i8).into()),
            (Self::I16, &[a, b]) => Value::Whole(i16::from_be_bytes([a, b]).into()),
            (Self::I32, &[a, b, c, d]) => Value::Whole(i32::from_be_bytes([a, b, c, d])),
            (Self::F32, &[a, b, c, d]) => Value::F32(f32::from_be_bytes([a, b, c, d])),
            (Self::F64, bytes) => Value::F64(f64::from_be_bytes(bytes.try_into().ok()?)),
            _ => return None,
        })
    }
}

/// Reads as many rows as the header says, and makes sure that there is nothing more. The header fits the field, and its
/// rows are within the limits.
fn read_rows(
    gather: &mut Gather,
    field: usize,
    kind: &FieldKind,
    header: Header,
    reader: &mut impl Read,
) -> Result<(), LoadError> {
    let size = header.kind.size();
    let mut row = vec![0; size * kind.columns().unwrap_or_default() as usize];
    for position in 0..header.rows {
        let at = |error: LoadError| error.at_row(position.into());
        read_exact(reader, &mut row, "values").map_err(at)?;
        for value in row
            .chunks_exact(size)
            .filter_map(|bytes| header.kind.value(bytes))
        {
            let stored = match (kind, value) {
                (FieldKind::Category { .. }, Value::Whole(class)) => {
                    gather.class(field, class.into())
                }
                (_, Value::Whole(number)) => gather.number(field, number as f32),
                (_, Value::F32(number)) => gather.number(field, number),
                (_, Value::F64(number)) => gather.number(field, number as f32),
            };
            stored.map_err(|problem| at(problem.into()))?;
        }
    }
    match reader.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(Problem::malformed(FORMAT, "there is more after the last row").into()),
    }
}

fn read_exact(reader: &mut impl Read, bytes: &mut [u8], part: &str) -> Result<(), LoadError> {
    reader
        .read_exact(bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Problem::malformed(FORMAT, format!("it ends within the {part}")).into()
            }
            _ => error.into(),
        })
}
