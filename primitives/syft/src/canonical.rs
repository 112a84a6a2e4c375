//! The stored form of a data set: one and the same for equal data sets, so that its hash names the data.
//!
//! ```text
//! "SYFTDAT1"          8 bytes
//! schema              SCALE
//! rows                4 bytes, little-endian
//! per input field in order, then for the output:
//!     category        1 byte per row: the position of the class
//!     text            per row 4 bytes, the text's length in bytes, little-endian, and the text in UTF-8
//!     other           1 byte: 1 if every value is a whole number from 0 to 255 (and not -0), else 0
//!                     all values, row after row, as 1 byte each or as 4 bytes of binary32, little-endian
//! ```
//!
//! Bytes for small whole numbers keep pixels at a quarter of their size. A reader refuses the wide form where the narrow
//! one would do, so there is one form only.

use crate::{
    content_hash, Column, Dataset, DatasetError, Field, FieldKind, Limits, Name, Schema, Texts,
};
use codec::{Decode, Encode};
use ndarray::Array2;

const MAGIC: &[u8; 8] = b"SYFTDAT1";
const WIDE: u8 = 0;
const NARROW: u8 = 1;

/// Why bytes are not a stored data set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Something else, or a later version.
    #[error("not a data set of version 1")]
    NotADataset,
    /// The schema cannot be read.
    #[error("the schema is malformed: {reason}")]
    Schema {
        /// What is wrong with it.
        reason: String,
    },
    /// The data end too early.
    #[error("the data end within the {part}")]
    TooShort {
        /// What was being read.
        part: String,
    },
    /// A column in an unknown form, or in the wide one where the narrow one would do.
    #[error("field {field:?} is not in its canonical form")]
    NotCanonical {
        /// The field's name.
        field: Name,
    },
    /// A text that is not UTF-8.
    #[error("field {field:?}, row {row}: not valid UTF-8")]
    NotUtf8 {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// There is more after the end.
    #[error("{bytes} bytes too many at the end")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// What was read does not make a data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl Dataset {
    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        self.schema().encode_to(&mut bytes);
        // At most MAX_ROWS.
        bytes.extend_from_slice(&(self.rows() as u32).to_le_bytes());
        for column in self.columns() {
            match column {
                Column::Classes(classes) => bytes.extend_from_slice(classes),
                Column::Texts(texts) => {
                    for text in texts.iter() {
                        // At most MAX_TEXT.
                        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                        bytes.extend_from_slice(text.as_bytes());
                    }
                }
                Column::Numbers(numbers) if numbers.iter().all(is_narrow) => {
                    bytes.push(NARROW);
                    bytes.extend(numbers.iter().map(|&number| number as u8));
                }
                Column::Numbers(numbers) => {
                    bytes.push(WIDE);
                    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                }
            }
        }
        bytes
    }

    /// Reads the canonical form. Safe on untrusted bytes: takes at most about four times their size in memory and one MB
    /// for the schema, and no more than `limits` allow.
    ///
    /// # Errors
    ///
    /// If the bytes are malformed, not canonical, or beyond the limits.
    pub fn decode(bytes: &[u8], limits: Limits) -> Result<Self, DecodeError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(DecodeError::NotADataset)?;
        let schema = Schema::decode(&mut rest).map_err(|error| DecodeError::Schema {
            reason: error.to_string(),
        })?;
        let plan = schema.check().map_err(DatasetError::from)?;
        let (rows, mut rest) =
            rest.split_first_chunk::<4>()
                .ok_or_else(|| DecodeError::TooShort {
                    part: "number of rows".into(),
                })?;
        let rows = u32::from_le_bytes(*rows);
        limits.check_rows(u64::from(rows), plan)?;
        let columns = schema
            .fields()
            .map(|field| decode_column(field, rows as usize, &mut rest))
            .collect::<Result<_, _>>()?;
        if !rest.is_empty() {
            return Err(DecodeError::TooLong { bytes: rest.len() });
        }
        Ok(Self::new(schema, columns, limits)?)
    }

    /// BLAKE2b-256 of the canonical form.
    pub fn hash(&self) -> [u8; 32] {
        content_hash(&self.encode())
    }
}

/// Whether a number is the same as its byte, the sign of zero included.
fn is_narrow(number: &f32) -> bool {
    f32::from(*number as u8).to_bits() == number.to_bits()
}

fn decode_column(field: &Field, rows: usize, rest: &mut &[u8]) -> Result<Column, DecodeError> {
    let part = || format!("field {:?}", field.name);
    match field.kind {
        FieldKind::Category { .. } => Ok(Column::Classes(take(rest, rows, part)?.to_vec())),
        FieldKind::Text { .. } => decode_texts(field, rows, rest),
        _ => decode_numbers(field, rows, rest),
    }
}

fn decode_texts(field: &Field, rows: usize, rest: &mut &[u8]) -> Result<Column, DecodeError> {
    let part = || format!("field {:?}", field.name);
    let mut texts = Texts::default();
    for row in 0..rows {
        let (length, others) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| DecodeError::TooShort { part: part() })?;
        *rest = others;
        let bytes = take(rest, u32::from_le_bytes(*length) as usize, part)?;
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8 {
            field: field.name.clone(),
            row,
        })?;
        texts.push(text)?;
    }
    Ok(Column::Texts(texts))
}

fn decode_numbers(field: &Field, rows: usize, rest: &mut &[u8]) -> Result<Column, DecodeError> {
    let part = || format!("field {:?}", field.name);
    let columns = field.kind.columns().unwrap_or_default() as usize;
    // Within the limits that the caller has checked, so far below overflow.
    let count = rows * columns;
    let numbers: Vec<f32> = match take(rest, 1, part)? {
        [NARROW] => take(rest, count, part)?
            .iter()
            .map(|&byte| f32::from(byte))
            .collect(),
        [WIDE] => {
            let bytes = take(rest, 4 * count, part)?.chunks_exact(4);
            let numbers: Vec<_> = bytes
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            if numbers.iter().all(is_narrow) {
                return Err(DecodeError::NotCanonical {
                    field: field.name.clone(),
                });
            }
            numbers
        }
        _ => {
            return Err(DecodeError::NotCanonical {
                field: field.name.clone(),
            })
        }
    };
    let numbers =
        Array2::from_shape_vec((rows, columns), numbers).map_err(|_| DatasetError::Column {
            field: field.name.clone(),
        })?;
    Ok(Column::Numbers(numbers))
}

/// The next `count` bytes.
fn take<'a>(
    rest: &mut &'a [u8],
    count: usize,
    part: impl Fn() -> String,
) -> Result<&'a [u8], DecodeError> {
    let (taken, others) = rest
        .split_at_checked(count)
        .ok_or_else(|| DecodeError::TooShort { part: part() })?;
    *rest = others;
    Ok(taken)
}
