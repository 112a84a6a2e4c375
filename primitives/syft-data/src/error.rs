//! Mistakes in files of data, and where they are.

use crate::MAX_RECORD;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use syft::{shorten, DatasetError, MAX_TEXT};

/// Why a file is not a data set of the schema, and where.
///
/// ```
/// let schema: syft::Schema = serde_json::from_str(r#"{
///     "inputs": [{"name": "x", "kind": {"number": {}}}],
///     "output": {"name": "y", "kind": {"number": {}}}
/// }"#)?;
/// let error = syft_data::load_csv("x,y\n1,2\n3,four\n".as_bytes(), &schema).unwrap_err();
/// assert_eq!(error.to_string(), r#"line 3, column "y": "four" is not a number"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{place}{problem}")]
pub struct LoadError {
    place: Box<Place>,
    problem: Box<Problem>,
}

/// Where a mistake is, as far as that is known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Place {
    /// The file or folder, if it was opened by its path.
    pub file: Option<PathBuf>,
    /// The row.
    pub row: Option<Row>,
    /// The column's or field's name.
    pub column: Option<String>,
}

/// How a row is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Row {
    /// The line of a text, from 1.
    Line(u64),
    /// The position among the rows, from 0.
    Position(u64),
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Reading failed.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// A file name that names no format.
    #[error("no known format: a file's name must end in .csv, .jsonl, .ndjson (these also with .gz), .parquet or contain idx; a folder holds one folder of images per class")]
    UnknownFormat,
    /// No header row.
    #[error("the file is empty: it needs a header row")]
    Empty,
    /// A column of the schema is not there.
    #[error("there is no such column")]
    MissingColumn,
    /// A column of the schema is there twice.
    #[error("the column is there twice")]
    RepeatedColumn,
    /// A row with more or fewer columns than the header.
    #[error("{found} columns, the header has {expected}")]
    Columns {
        /// Columns in the header.
        expected: u64,
        /// Columns in the row.
        found: u64,
    },
    /// Text that is not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// A row too long to be one.
    #[error("the row is longer than {MAX_RECORD} bytes; is a quote or a line end missing?")]
    RecordTooLong,
    /// Something else where a number should be.
    #[error("{text:?} is not a number")]
    NotANumber {
        /// What is there, shortened.
        text: String,
    },
    /// A number too large, an infinity or not a number.
    #[error("{text:?} is not a finite 32-bit number")]
    NotFinite {
        /// What is there, shortened.
        text: String,
    },
    /// A class that the field does not have.
    #[error("{text:?} is not one of the field's classes")]
    UnknownClass {
        /// What is there, shortened.
        text: String,
    },
    /// A text that is too long.
    #[error("the text is longer than {MAX_TEXT} bytes")]
    TextTooLong,
    /// No value.
    #[error("there is no value: data sets have no missing values")]
    Missing,
    /// A value of another kind than the field's.
    #[error("{found}, where there should be {expected}")]
    WrongKind {
        /// What the field needs.
        expected: &'static str,
        /// What is there, shortened.
        found: String,
    },
    /// A list or picture of other dimensions than the field's.
    #[error("{found} where there should be {expected}")]
    Dimensions {
        /// What the field needs.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The schema cannot be told in this format.
    #[error("{format} holds only {holds}: the schema asks for something else")]
    Schema {
        /// The format.
        format: &'static str,
        /// What it can hold.
        holds: &'static str,
    },
    /// Not a well-formed file of its format, or one that asks for too much memory.
    #[error("not well-formed {format}: {reason}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the format that is not read here.
    #[error("{what}: not supported")]
    Unsupported {
        /// Which part.
        what: String,
    },
    /// The rows do not make a data set: the schema is not accepted, or there are none or too many.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl LoadError {
    /// Where the mistake is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.place.row = Some(Row::Line(line));
        self
    }

    pub(crate) fn at_row(mut self, row: u64) -> Self {
        self.place.row = Some(Row::Position(row));
        self
    }

    /// Counts a row that was named within a part from the start of the file.
    pub(crate) fn after_rows(mut self, before: u64) -> Self {
        if let Some(Row::Position(row)) = &mut self.place.row {
            *row += before;
        }
        self
    }

    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.place.column = Some(shorten(column));
        self
    }

    /// Names the file, unless a nearer one is named already.
    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        self.place.file.get_or_insert_with(|| file.into());
        self
    }
}

impl<P: Into<Problem>> From<P> for LoadError {
    fn from(problem: P) -> Self {
        Self {
            place: Box::default(),
            problem: Box::new(problem.into()),
        }
    }
}

impl Problem {
    pub(crate) fn malformed(format: &'static str, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            format,
            reason: shorten_reason(&reason.to_string()),
        }
    }
}

/// Libraries repeat outside text in their messages; a line of it is enough, without control characters.
fn shorten_reason(reason: &str) -> String {
    reason
        .chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.file.as_ref().map(|file| file.display().to_string()));
        parts.extend(self.row.map(|row| match row {
            Row::Line(line) => format!("line {line}"),
            Row::Position(row) => format!("row {row}"),
        }));
        parts.extend(
            self.column
                .as_ref()
                .map(|column| format!("column {column:?}")),
        );
        match parts.is_empty() {
            true => Ok(()),
            false => write!(f, "{}: ", parts.join(", ")),
        }
    }
}
