//! Data sets from comma-separated text.

use crate::dataset::check_size;
use crate::shorten::shorten;
use crate::{Column, Dataset, DatasetError, Field, FieldKind, Limits, Name, Schema};
use csv::StringRecord;
use ndarray::Array2;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};

/// Bytes of one record (a row, line ends within quotes included), at most.
pub const MAX_RECORD: usize = 1 << 20;

/// Why a text is not a data set. Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// Reading failed.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// No header row.
    #[error("the file is empty: it needs a header row")]
    Empty,
    /// A column of the schema is not in the header.
    #[error("column {column:?} is missing from the header")]
    MissingColumn {
        /// The column's name.
        column: String,
    },
    /// A column of the schema is in the header twice.
    #[error("column {column:?} is in the header twice")]
    RepeatedColumn {
        /// The column's name.
        column: String,
    },
    /// A row with more or fewer columns than the header.
    #[error("line {line}: {found} columns, the header has {expected}")]
    Columns {
        /// The line that the row ends on.
        line: u64,
        /// Columns in the header.
        expected: u64,
        /// Columns in the row.
        found: u64,
    },
    /// A row that is not UTF-8.
    #[error("line {line}: not valid UTF-8")]
    NotUtf8 {
        /// The line that the row ends on.
        line: u64,
    },
    /// A row too long to be one.
    #[error("line {line}: the row is longer than {MAX_RECORD} bytes; is a quote missing?")]
    RecordTooLong {
        /// The line that the row starts on, or blank lines before it.
        line: u64,
    },
    /// Text where a number should be.
    #[error("line {line}, column {column:?}: {text:?} is not a number")]
    NotANumber {
        /// The line that the row ends on.
        line: u64,
        /// The column's name.
        column: String,
        /// What is there, shortened.
        text: String,
    },
    /// A number too large, or one of `inf` and `nan`.
    #[error("line {line}, column {column:?}: {text:?} is not a finite 32-bit number")]
    NotFinite {
        /// The line that the row ends on.
        line: u64,
        /// The column's name.
        column: String,
        /// What is there, shortened.
        text: String,
    },
    /// A class that the field does not have.
    #[error("line {line}, column {column:?}: {text:?} is not one of the field's classes")]
    UnknownClass {
        /// The line that the row ends on.
        line: u64,
        /// The column's name.
        column: String,
        /// What is there, shortened.
        text: String,
    },
    /// The rows do not make a data set: the schema is not accepted, or there are none or too many.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

/// Reads a data set from comma-separated text with a header row.
///
/// Columns are found by name: a number or category has the field's name, a vector or image called `pixels` has
/// `pixels_0`, `pixels_1` and so on. Other columns are ignored. White space around cells is ignored. Categories hold
/// names of classes.
///
/// Safe on untrusted text: memory is bounded by [`MAX_RECORD`] besides what [`Limits::default`] allows for the rows.
///
/// # Errors
///
/// The first mistake, with its line and column, see [`CsvError`].
pub fn load_csv(reader: impl Read, schema: &Schema) -> Result<Dataset, CsvError> {
    let plan = schema.check().map_err(DatasetError::from)?;
    let limits = Limits::default();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(Source::new(reader));
    let headers = reader.headers().cloned();
    let headers = headers.map_err(|error| convert(error, 1, 1))?;
    if headers.is_empty() {
        return Err(CsvError::Empty);
    }
    let mut builders = builders(schema, &headers)?;
    let mut record = StringRecord::new();
    let mut rows = 0;
    let mut line = end_line(&mut reader);
    loop {
        let next = line + 1;
        reader.get_mut().left = MAX_RECORD;
        let more = reader.read_record(&mut record);
        line = end_line(&mut reader);
        if !more.map_err(|error| convert(error, next, line))? {
            break;
        }
        rows += 1;
        check_size(rows, plan, limits)?;
        for builder in &mut builders {
            builder.push(&record, line)?;
        }
    }
    let columns = builders
        .into_iter()
        .map(Builder::finish)
        .collect::<Result<_, _>>()?;
    Ok(Dataset::new(schema.clone(), columns, limits)?)
}

/// Gathers the column of one field.
struct Builder {
    name: Name,
    /// Position and name of each of the field's columns in the file.
    places: Vec<(usize, String)>,
    cells: Cells,
}

enum Cells {
    Numbers(Vec<f32>),
    Classes {
        by_name: HashMap<String, u8>,
        classes: Vec<u8>,
    },
}

/// One builder per field, in the schema's order.
fn builders(schema: &Schema, headers: &StringRecord) -> Result<Vec<Builder>, CsvError> {
    let mut places: HashMap<&str, (usize, bool)> = HashMap::new();
    for (index, header) in headers.iter().enumerate() {
        places
            .entry(header)
            .and_modify(|place| place.1 = true)
            .or_insert((index, false));
    }
    let find = |column: String| match places.get(column.as_str()) {
        None => Err(CsvError::MissingColumn { column }),
        Some((_, true)) => Err(CsvError::RepeatedColumn { column }),
        Some(&(index, false)) => Ok((index, column)),
    };
    schema
        .fields()
        .map(|field| {
            let places = column_names(field).map(find).collect::<Result<_, _>>()?;
            let cells = match &field.kind {
                FieldKind::Category { classes } => {
                    // At most MAX_CLASSES, so that every position fits.
                    let by_name = classes
                        .iter()
                        .map(Name::to_string)
                        .zip(0..=u8::MAX)
                        .collect();
                    Cells::Classes {
                        by_name,
                        classes: Vec::new(),
                    }
                }
                _ => Cells::Numbers(Vec::new()),
            };
            Ok(Builder {
                name: field.name.clone(),
                places,
                cells,
            })
        })
        .collect()
}

/// The columns that a field has in a file.
fn column_names(field: &Field) -> impl Iterator<Item = String> + '_ {
    let numbered = field.kind.is_numbered();
    (0..field.kind.columns().unwrap_or_default()).map(move |index| match numbered {
        true => format!("{}_{index}", field.name),
        false => field.name.to_string(),
    })
}

impl Builder {
    fn push(&mut self, record: &StringRecord, line: u64) -> Result<(), CsvError> {
        for (index, column) in &self.places {
            let text = record.get(*index).unwrap_or_default();
            let (column, shown) = (|| column.clone(), || shorten(text));
            match &mut self.cells {
                Cells::Numbers(numbers) => {
                    let number: f32 = text.parse().map_err(|_| CsvError::NotANumber {
                        line,
                        column: column(),
                        text: shown(),
                    })?;
                    if !number.is_finite() {
                        return Err(CsvError::NotFinite {
                            line,
                            column: column(),
                            text: shown(),
                        });
                    }
                    numbers.push(number);
                }
                Cells::Classes { by_name, classes } => {
                    let class = by_name.get(text);
                    classes.push(*class.ok_or_else(|| CsvError::UnknownClass {
                        line,
                        column: column(),
                        text: shown(),
                    })?);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Column, DatasetError> {
        match self.cells {
            Cells::Classes { classes, .. } => Ok(Column::Classes(classes)),
            Cells::Numbers(numbers) => {
                let width = self.places.len();
                let rows = numbers.len() / width.max(1);
                let numbers = Array2::from_shape_vec((rows, width), numbers);
                Ok(Column::Numbers(
                    numbers.map_err(|_| DatasetError::Column { field: self.name })?,
                ))
            }
        }
    }
}

/// The text's bytes, but only so many until `left` is set again, so that one record cannot fill the memory; and where its
/// lines end, as the CSV library miscounts lines where some are blank or end in CR LF.
struct Source<R> {
    inner: R,
    /// Bytes that may still be read.
    left: usize,
    /// Bytes that have been read.
    read: u64,
    /// Line ends before those in `ahead`.
    lines: u64,
    /// Positions of line ends in what was read last. Everything before has been parsed.
    ahead: VecDeque<u64>,
}

/// What [`Source`] reports when its bound is reached.
#[derive(Debug, thiserror::Error)]
#[error("the record is too long")]
struct BoundReached;

impl<R> Source<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            left: MAX_RECORD,
            read: 0,
            lines: 0,
            ahead: VecDeque::new(),
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(BoundReached));
        }
        let most = buffer.len().min(self.left);
        let count = self.inner.read(&mut buffer[..most])?;
        self.lines += self.ahead.len() as u64;
        self.ahead.clear();
        let bytes = (self.read..).zip(&buffer[..count]);
        self.ahead.extend(
            bytes
                .filter(|(_, &byte)| byte == b'\n')
                .map(|(position, _)| position),
        );
        self.read += count as u64;
        self.left = self.left.saturating_sub(count);
        Ok(count)
    }
}

/// The line on which the record that was read last ends.
fn end_line<R: Read>(reader: &mut csv::Reader<Source<R>>) -> u64 {
    let end = reader.position().byte();
    let source = reader.get_mut();
    // The record's last byte may be its line end, which does not count yet.
    while source
        .ahead
        .front()
        .is_some_and(|&position| position + 1 < end)
    {
        source.ahead.pop_front();
        source.lines += 1;
    }
    source.lines + 1
}

/// An error of the CSV library in our words, for a record that starts on the line `start` (or blank lines before it) and
/// ends on the line `end`.
fn convert(error: csv::Error, start: u64, end: u64) -> CsvError {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => CsvError::NotUtf8 { line: end },
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => CsvError::Columns {
            line: end,
            expected: *expected_len,
            found: *len,
        },
        csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|e| e.is::<BoundReached>()) => {
            CsvError::RecordTooLong { line: start }
        }
        _ => CsvError::Io(error.into()),
    }
}
