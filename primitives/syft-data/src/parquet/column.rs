//! The values of one column in one group of rows.

use super::footer::Chunk;
use super::page::{Budget, Pages};
use super::{malformed, FORMAT};
use crate::error::{LoadError, Problem};
use parquet::basic::ConvertedType;
use parquet::column::reader::{get_column_reader, ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::schema::types::ColumnDescPtr;
use std::fs::File;

/// Rows of numbers that are decoded at a time.
const NUMBERS: usize = 1_024;
/// Texts that are decoded at a time: one, as a few bytes of a page can stand for many long ones.
const TEXTS: usize = 1;

/// What a column has to hold.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Rows.
    pub(super) rows: usize,
    /// Values in each.
    pub(super) width: usize,
}

/// One value.
pub(super) enum Value<'a> {
    Signed(i64),
    Unsigned(u64),
    Single(f32),
    Double(f64),
    Boolean(bool),
    Text(&'a [u8]),
}

/// Takes a row (from 0 in its group), a position in the row, and the value there.
type Store<'a> = dyn FnMut(usize, usize, Value) -> Result<(), Problem> + 'a;

/// Reads all rows in order. Errors name the row in the group.
pub(super) fn read_column(
    file: &File,
    chunk: &Chunk,
    column: &ColumnDescPtr,
    shape: Shape,
    budget: Budget,
    store: &mut Store,
) -> Result<(), LoadError> {
    let unsigned = matches!(
        column.converted_type(),
        ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64
    );
    let pages = Pages::new(file, chunk, shape.rows * shape.width, budget)?;
    match get_column_reader(column.clone(), Box::new(pages)) {
        ColumnReader::BoolColumnReader(reader) => drain(
            reader,
            column,
            shape,
            NUMBERS,
            |value| Value::Boolean(*value),
            store,
        ),
        ColumnReader::Int32ColumnReader(reader) => {
            let to_value = |value: i32| match unsigned {
                true => Value::Unsigned((value as u32).into()),
                false => Value::Signed(value.into()),
            };
            drain(
                reader,
                column,
                shape,
                NUMBERS,
                |value| to_value(*value),
                store,
            )
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let to_value = |value: i64| match unsigned {
                true => Value::Unsigned(value as u64),
                false => Value::Signed(value),
            };
            drain(
                reader,
                column,
                shape,
                NUMBERS,
                |value| to_value(*value),
                store,
            )
        }
        ColumnReader::FloatColumnReader(reader) => drain(
            reader,
            column,
            shape,
            NUMBERS,
            |value| Value::Single(*value),
            store,
        ),
        ColumnReader::DoubleColumnReader(reader) => drain(
            reader,
            column,
            shape,
            NUMBERS,
            |value| Value::Double(*value),
            store,
        ),
        ColumnReader::ByteArrayColumnReader(reader) => drain(
            reader,
            column,
            shape,
            TEXTS,
            |value| Value::Text(value.data()),
            store,
        ),
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            let what = "a column of INT96 or FIXED_LEN_BYTE_ARRAY".into();
            Err(Problem::Unsupported { what }.into())
        }
    }
}

/// Passes on all values of a column, `batch` rows at a time.
fn drain<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    column: &ColumnDescPtr,
    shape: Shape,
    batch: usize,
    convert: impl Fn(&T::T) -> Value<'_>,
    store: &mut Store,
) -> Result<(), LoadError> {
    let present = column.max_def_level();
    let lists = column.max_rep_level() > 0;
    let (mut values, mut filled, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let mut row = 0;
    while row < shape.rows {
        values.clear();
        filled.clear();
        repeated.clear();
        let most = batch.min(shape.rows - row);
        let read = reader.read_records(most, Some(&mut filled), Some(&mut repeated), &mut values);
        let (records, count, levels) = read.map_err(malformed)?;
        if records == 0 {
            return Err(Problem::malformed(FORMAT, "the column has too few rows").into());
        }
        let mut starts = Starts::new(row, shape.width);
        for level in 0..levels {
            let begins = !lists || repeated.get(level) == Some(&0);
            let (row, index) = starts.next(begins)?;
            let at = |problem| LoadError::from(problem).at_row(row as u64);
            if present > 0 && filled.get(level) != Some(&present) {
                return Err(at(Problem::Missing));
            }
            // Nothing was missing so far, so each level has its value.
            let value = values.get(level).ok_or_else(|| at(Problem::Missing))?;
            store(row, index, convert(value)).map_err(at)?;
        }
        if count != levels || starts.finish()? != row + records {
            return Err(Problem::malformed(FORMAT, "values and rows do not agree").into());
        }
        row += records;
    }
    Ok(())
}

/// Counts values into rows of equal width.
struct Starts {
    /// Rows that have begun.
    rows: usize,
    width: usize,
    /// Values of the row that began last; as good as complete before the first.
    index: usize,
}

impl Starts {
    fn new(rows: usize, width: usize) -> Self {
        Self {
            rows,
            width,
            index: width,
        }
    }

    /// The row and position of the next value, which begins a row or not.
    fn next(&mut self, begins: bool) -> Result<(usize, usize), LoadError> {
        if begins {
            self.finish()?;
            self.rows += 1;
            self.index = 0;
        }
        self.index += 1;
        match self.rows.checked_sub(1) {
            Some(row) if self.index <= self.width => Ok((row, self.index - 1)),
            _ => Err(self.wrong()),
        }
    }

    /// The number of rows, of which the last is complete.
    fn finish(&self) -> Result<usize, LoadError> {
        match self.index == self.width {
            true => Ok(self.rows),
            false => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> LoadError {
        let problem = Problem::Dimensions {
            expected: format!("{} values", self.width),
            found: match self.index < self.width {
                true => format!("a list of {}", self.index),
                false => "a longer list".into(),
            },
        };
        LoadError::from(problem).at_row(self.rows.saturating_sub(1) as u64)
    }
}
