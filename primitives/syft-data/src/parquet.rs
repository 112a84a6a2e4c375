//! Data sets from Parquet files.
//!
//! The `parquet` crate reads the description at the end of a file and decodes values; finding, unpacking and bounding
//! pages is done here, because sizes that a hostile file claims must not be believed.

mod column;
mod page;
mod thrift;
mod unpack;

use crate::error::{LoadError, Problem};
use crate::gather::{column_names, Gather};
use column::{read_column, Shape, Value};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};
use syft::{Dataset, Field, FieldKind, Schema};

const FORMAT: &str = "Parquet";
/// Bytes of a file's description, at most. A column takes about 100, in each group of rows.
const MAX_DESCRIPTION: u32 = 16 << 20;

/// Reads a data set from a Parquet file.
///
/// Columns are found by name, as in [CSV](crate::load_csv); a vector or picture may also be one column of lists, flat and of
/// equal length. Columns and structures that the schema does not name are ignored, and nulls are refused. A number is an
/// integer or a floating-point number (a binary64 is rounded to binary32). A category is the name of a class; an integer
/// or boolean stands for the class called like its decimal text, `true` or `false`. A text is a string; white space (ASCII)
/// at its ends is removed. Dates, decimals and the like are refused.
///
/// Pages may be plain or packed by Snappy, gzip, Zstandard or LZ4 (raw).
///
/// Safe on untrusted files: memory is bounded by some multiple of 256 MiB, which one unpacked page may not exceed, besides
/// what [`Limits::default`](syft::Limits::default) allows for the rows.
///
/// # Errors
///
/// The first mistake, with its row from 0 and the column.
pub fn load_parquet(file: File, schema: &Schema) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    check_description(&file)?;
    let metadata = contained(|| {
        let reader = ParquetMetaDataReader::new();
        Ok(reader.parse_and_finish(&file).map_err(malformed)?)
    })?;
    let rows = metadata.file_metadata().num_rows();
    let rows = u64::try_from(rows).map_err(malformed)?;
    gather.add_rows(rows)?;
    let sources = sources(schema, metadata.file_metadata().schema_descr())?;
    let mut read = 0;
    for group in metadata.row_groups() {
        let count = u64::try_from(group.num_rows()).map_err(malformed)?;
        if count > rows - read {
            return Err(Problem::malformed(FORMAT, "its groups have more rows than it").into());
        }
        for (index, field) in schema.fields().enumerate() {
            let place = Target {
                field: index,
                kind: &field.kind,
                // Rows were checked to be few.
                rows: count as usize,
            };
            let source = sources.iter().filter(|source| source.field == index);
            read_group(&file, group, source, place, &mut gather)
                .map_err(|error| error.after_rows(read))?;
        }
        read += count;
    }
    if read < rows {
        return Err(Problem::malformed(FORMAT, "its groups have fewer rows than it").into());
    }
    Ok(gather.finish()?)
}

/// Checks the length of a file's description before it is read.
fn check_description(mut file: &File) -> Result<(), LoadError> {
    let short = |_| Problem::malformed(FORMAT, "the file is too short");
    file.seek(SeekFrom::End(-8)).map_err(short)?;
    let mut end = [0; 8];
    file.read_exact(&mut end)?;
    let [a, b, c, d, mark @ ..] = end;
    if &mark != b"PAR1" {
        return Err(Problem::malformed(FORMAT, "it does not end with PAR1").into());
    }
    if u32::from_le_bytes([a, b, c, d]) > MAX_DESCRIPTION {
        let reason = format!("its description is longer than {MAX_DESCRIPTION} bytes");
        return Err(Problem::malformed(FORMAT, reason).into());
    }
    Ok(())
}

/// Runs the `parquet` crate's code, which panics on some malformed files: an error like others. Nothing that it was working
/// on is used after that.
fn contained<T>(run: impl FnOnce() -> Result<T, LoadError>) -> Result<T, LoadError> {
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|_| Err(Problem::malformed(FORMAT, "it cannot be decoded").into()))
}

fn malformed(error: impl std::fmt::Display) -> Problem {
    let reason = error.to_string();
    let reason = reason.strip_prefix("Parquet error: ").unwrap_or(&reason);
    Problem::malformed(FORMAT, reason)
}

/// A column of the file that holds a field or a part of it.
struct Source {
    /// The field's position in the schema.
    field: usize,
    /// The column's position in the file.
    column: usize,
    /// Its name.
    name: String,
    /// Where in a row its first value belongs.
    offset: usize,
    /// Values that it has per row.
    width: usize,
}

/// The columns of all fields, in the schema's order.
fn sources(schema: &Schema, file: &SchemaDescriptor) -> Result<Vec<Source>, LoadError> {
    // By the name of the whole column, however deep its values are in it.
    let mut found: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, column) in file.columns().iter().enumerate() {
        if let Some(name) = column.path().parts().first() {
            found.entry(name).or_default().push(position);
        }
    }
    let mut sources = Vec::new();
    for (index, field) in schema.fields().enumerate() {
        let width = field.kind.columns().unwrap_or_default() as usize;
        // A whole vector or picture in one column of lists, or column by column.
        let whole = found.get(field.name.as_str());
        let columns: Vec<String> = match field.kind.is_numbered() && whole.is_some() {
            true => vec![field.name.to_string()],
            false => column_names(field).collect(),
        };
        let width = if columns.len() == 1 { width } else { 1 };
        for (offset, name) in columns.into_iter().enumerate() {
            let at = |problem| LoadError::from(problem).in_column(&name);
            let column = match found.get(name.as_str()).map(Vec::as_slice) {
                Some(&[column]) => column,
                Some(_) => return Err(at(Problem::RepeatedColumn)),
                None => return Err(at(Problem::MissingColumn)),
            };
            check_kind(field, whole.is_some(), &file.column(column)).map_err(at)?;
            sources.push(Source {
                field: index,
                column,
                name,
                offset,
                width,
            });
        }
    }
    Ok(sources)
}

/// Checks that a column can hold what the field needs.
fn check_kind(field: &Field, whole: bool, column: &ColumnDescriptor) -> Result<(), Problem> {
    let wrong = |expected| {
        Err(Problem::WrongKind {
            expected,
            found: match column.logical_type_ref() {
                Some(logical) => format!("{logical:?}"),
                None => format!("{} ({})", column.physical_type(), column.converted_type()),
            },
        })
    };
    let lists = i16::from(whole && field.kind.is_numbered());
    let depth = column.path().parts().len();
    if column.max_rep_level() != lists || (lists == 0 && depth != 1) {
        return match lists {
            0 => wrong("a plain column"),
            _ => wrong("a column of flat lists"),
        };
    }
    let number = match column.physical_type() {
        Type::FLOAT | Type::DOUBLE => column.logical_type_ref().is_none(),
        Type::INT32 | Type::INT64 => is_plain_integer(column),
        _ => false,
    };
    let text = column.physical_type() == Type::BYTE_ARRAY
        && matches!(
            column.logical_type_ref(),
            None | Some(LogicalType::String | LogicalType::Enum)
        )
        && matches!(
            column.converted_type(),
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM
        );
    let whole_number = is_plain_integer(column) || column.physical_type() == Type::BOOLEAN;
    match &field.kind {
        FieldKind::Category { .. } if text || whole_number => Ok(()),
        FieldKind::Category { .. } => wrong("strings, integers or booleans"),
        FieldKind::Text { .. } if text => Ok(()),
        FieldKind::Text { .. } => wrong("strings"),
        _ if number => Ok(()),
        _ => wrong("integers or floating-point numbers"),
    }
}

/// Whether a column holds integers that mean nothing else, such as a date.
fn is_plain_integer(column: &ColumnDescriptor) -> bool {
    use ConvertedType::{INT_16, INT_32, INT_64, INT_8, NONE, UINT_16, UINT_32, UINT_64, UINT_8};
    matches!(column.physical_type(), Type::INT32 | Type::INT64)
        && matches!(
            column.logical_type_ref(),
            None | Some(LogicalType::Integer(_))
        )
        && matches!(
            column.converted_type(),
            NONE | INT_8 | INT_16 | INT_32 | INT_64 | UINT_8 | UINT_16 | UINT_32 | UINT_64
        )
}

/// Where a group of rows goes.
#[derive(Clone, Copy)]
struct Target<'a> {
    field: usize,
    kind: &'a FieldKind,
    rows: usize,
}

/// Reads the columns of one field in one group of rows.
fn read_group<'a>(
    file: &File,
    group: &RowGroupMetaData,
    sources: impl Iterator<Item = &'a Source>,
    target: Target,
    gather: &mut Gather,
) -> Result<(), LoadError> {
    let field = target.field;
    let width = target.kind.columns().unwrap_or_default() as usize;
    let is_number = !matches!(
        target.kind,
        FieldKind::Category { .. } | FieldKind::Text { .. }
    );
    let start = match is_number {
        true => gather.add_zeros(field, target.rows * width)?,
        false => 0,
    };
    for source in sources {
        let shape = Shape {
            rows: target.rows,
            width: source.width,
        };
        let mut store = |row: usize, index: usize, value: Value| {
            let place = start + row * width + source.offset + index;
            match (is_number, value) {
                (true, Value::Signed(value)) => gather.set_number(field, place, value as f32),
                (true, Value::Unsigned(value)) => gather.set_number(field, place, value as f32),
                (true, Value::Single(value)) => gather.set_number(field, place, value),
                (true, Value::Double(value)) => gather.set_number(field, place, value as f32),
                (_, Value::Signed(value)) => gather.cell(field, &value.to_string()),
                (_, Value::Unsigned(value)) => gather.cell(field, &value.to_string()),
                (_, Value::Boolean(value)) => gather.cell(field, &value.to_string()),
                (_, Value::Text(bytes)) => {
                    let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?;
                    gather.cell(field, text)
                }
                (false, Value::Single(_) | Value::Double(_)) => Err(Problem::WrongKind {
                    expected: "strings, integers or booleans",
                    found: "a floating-point number".into(),
                }),
            }
        };
        let column = group
            .columns()
            .get(source.column)
            .ok_or_else(|| Problem::malformed(FORMAT, "a group of rows lacks a column"))?;
        contained(|| read_column(file, column, shape, &mut store))
            .map_err(|error| error.in_column(&source.name))?;
    }
    Ok(())
}
