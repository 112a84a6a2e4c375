//! Data sets from comma-separated text.

use crate::error::{LoadError, Problem};
use crate::gather::{column_names, Gather};
use crate::MAX_RECORD;
use csv::StringRecord;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use syft::{Dataset, Schema};

/// Reads a data set from comma-separated text with a header row.
///
/// Columns are found by name: a number, category or text has the field's name, a vector or image called `pixels` has
/// `pixels_0`, `pixels_1` and so on. Other columns are ignored. White space (ASCII) around headers and cells is ignored.
/// Categories hold names of classes.
///
/// Safe on untrusted text: memory is bounded by [`MAX_RECORD`] besides what [`Limits::default`](syft::Limits::default)
/// allows for the rows.
///
/// # Errors
///
/// The first mistake, with its line (the header's is 1; a row's is the one that it ends on) and column.
pub fn load_csv(reader: impl Read, schema: &Schema) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::None)
        .from_reader(Source::new(reader));
    let headers = reader.headers().cloned();
    let headers = headers.map_err(|error| convert(error, 1, 1))?;
    if headers.is_empty() {
        return Err(Problem::Empty.into());
    }
    let places = places(schema, &headers)?;
    let mut record = StringRecord::new();
    let mut line = end_line(&mut reader);
    loop {
        let next = line + 1;
        reader.get_mut().left = MAX_RECORD;
        let more = reader.read_record(&mut record);
        line = end_line(&mut reader);
        if !more.map_err(|error| convert(error, next, line))? {
            break;
        }
        gather.add_rows(1)?;
        for (field, index, column) in &places {
            let cell = record.get(*index).unwrap_or_default().trim_ascii();
            gather
                .cell(*field, cell)
                .map_err(|problem| LoadError::from(problem).at_line(line).in_column(column))?;
        }
    }
    Ok(gather.finish()?)
}

/// For each column of the schema in order: the field's position, the column's position in the file, and its name.
fn places(
    schema: &Schema,
    headers: &StringRecord,
) -> Result<Vec<(usize, usize, String)>, LoadError> {
    let mut found: HashMap<&str, (usize, bool)> = HashMap::new();
    for (index, header) in headers.iter().enumerate() {
        found
            .entry(header.trim_ascii())
            .and_modify(|place| place.1 = true)
            .or_insert((index, false));
    }
    let columns = schema.fields().enumerate();
    let columns =
        columns.flat_map(|(position, field)| column_names(field).map(move |name| (position, name)));
    columns
        .map(|(field, column)| match found.get(column.as_str()) {
            None => Err(LoadError::from(Problem::MissingColumn).in_column(&column)),
            Some((_, true)) => Err(LoadError::from(Problem::RepeatedColumn).in_column(&column)),
            Some(&(index, false)) => Ok((field, index, column)),
        })
        .collect()
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
fn convert(error: csv::Error, start: u64, end: u64) -> LoadError {
    let at = |problem: Problem, line| LoadError::from(problem).at_line(line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => at(Problem::NotUtf8, end),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let problem = Problem::Columns {
                expected: *expected_len,
                found: *len,
            };
            at(problem, end)
        }
        csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|e| e.is::<BoundReached>()) => {
            at(Problem::RecordTooLong, start)
        }
        _ => Problem::Io(error.into()).into(),
    }
}
