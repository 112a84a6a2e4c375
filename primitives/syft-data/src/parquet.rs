//! Data sets from Parquet files.
//!
//! The `parquet` crate decodes the schema and values. The description at the end of a file is read here, and pages are
//! found, unpacked and bounded here, because sizes that a hostile file claims must not be believed.

mod column;
mod footer;
mod page;
mod thrift;
mod unpack;

use crate::error::{LoadError, Problem};
use crate::gather::{column_names, Gather};
use column::{read_column, Shape, Value};
use footer::{Footer, Group};
use page::Budget;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};
use syft::{Dataset, Field, FieldKind, Schema};

const FORMAT: &str = "Parquet";
/// Bytes of a file's description, at most. A column takes about 100, in each group of rows.
const MAX_DESCRIPTION: u32 = 16 << 20;
/// Bytes of all pages that are read, unpacked, at most. The 100 million values that a data set may have take a fifth of it as
/// 64-bit numbers.
const MAX_PAGES: u64 = 4 << 30;

/// Reads a data set from a Parquet file.
///
/// Columns are found by name, as in [CSV](crate::load_csv); a vector or picture may also be one column of lists, flat and of
/// equal length. Columns and structures that the schema does not name are ignored, and nulls are refused. A number is an
/// integer or a floating-point number (a binary64 is rounded to binary32). A category is the name of a class; an integer
/// or boolean stands for the class called like its decimal text, `true` or `false`. A text is a string; white space (ASCII)
/// at its ends is removed. Dates, decimals and the like are refused.
///
/// Pages may be packed by Snappy, gzip, Zstandard or LZ4 (raw), or not at all. Their values may be encoded as `PLAIN`,
/// `RLE_DICTIONARY` (or `PLAIN_DICTIONARY`), `RLE`, `DELTA_BINARY_PACKED` or `BYTE_STREAM_SPLIT`; `DELTA_LENGTH_BYTE_ARRAY`
/// and `DELTA_BYTE_ARRAY` are refused.
///
/// Safe on untrusted files: memory is bounded by some multiple of 256 MiB, which one unpacked page may not exceed, besides
/// what [`Limits::default`](syft::Limits::default) allows for the rows. Time is bounded too: all pages that are read come
/// to at most 4 GiB, unpacked, and the description to 16 MiB. Columns are nested at most 16 deep.
///
/// # Errors
///
/// The first mistake, with its row from 0 and the column.
pub fn load_parquet(file: File, schema: &Schema) -> Result<Dataset, LoadError> {
    load_within(&file, schema, Budget::new(MAX_PAGES))
}

fn load_within(file: &File, schema: &Schema, budget: Budget) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    let description = description(file)?;
    let footer = contained(|| Ok(Footer::read(&description).map_err(malformed)?))?;
    let rows = footer.rows;
    gather.add_rows(rows)?;
    let sources = sources(schema, &footer.schema)?;
    let mut read = 0;
    for group in &footer.groups {
        let count = group.rows;
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
            read_group(
                (file, &footer.schema, &budget),
                group,
                source,
                place,
                &mut gather,
            )
            .map_err(|error| error.after_rows(read))?;
        }
        read += count;
    }
    if read < rows {
        return Err(Problem::malformed(FORMAT, "its groups have fewer rows than it").into());
    }
    Ok(gather.finish()?)
}

/// Reads a file's description, once its length has been checked.
fn description(mut file: &File) -> Result<Vec<u8>, LoadError> {
    let short = |_| Problem::malformed(FORMAT, "the file is too short");
    file.seek(SeekFrom::End(-8)).map_err(short)?;
    let mut end = [0; 8];
    file.read_exact(&mut end)?;
    let [a, b, c, d, mark @ ..] = end;
    if &mark != b"PAR1" {
        return Err(Problem::malformed(FORMAT, "it does not end with PAR1").into());
    }
    let length = u32::from_le_bytes([a, b, c, d]);
    if length > MAX_DESCRIPTION {
        let reason = format!("its description is longer than {MAX_DESCRIPTION} bytes");
        return Err(Problem::malformed(FORMAT, reason).into());
    }
    file.seek(SeekFrom::End(-8 - i64::from(length)))
        .map_err(short)?;
    let mut description = Vec::new();
    file.take(length.into()).read_to_end(&mut description)?;
    Ok(description)
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
    (file, schema, budget): (&File, &SchemaDescriptor, &Budget),
    group: &Group,
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
        let chunk = group
            .columns
            .get(source.column)
            .ok_or_else(|| Problem::malformed(FORMAT, "a group of rows lacks a column"))?;
        // The position came from this schema.
        let column = schema.column(source.column);
        contained(|| read_column(file, chunk, &column, shape, budget.clone(), &mut store))
            .map_err(|error| error.in_column(&source.name))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ::parquet::data_type::{DoubleType, Int32Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    /// A file with groups of 1,000 rows, each with 12,000 bytes of values.
    fn file(groups: usize) -> File {
        let file = tempfile::tempfile().unwrap();
        let columns = "message m { required double x; required int32 y; }";
        let columns = Arc::new(parse_message_type(columns).unwrap());
        let properties = ::parquet::file::properties::WriterProperties::builder()
            .set_dictionary_enabled(false)
            .build();
        let clone = file.try_clone().unwrap();
        let mut writer = SerializedFileWriter::new(clone, columns, Arc::new(properties)).unwrap();
        for _ in 0..groups {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let x = column.typed::<DoubleType>();
            x.write_batch(&[0.5; 1_000], None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let y = column.typed::<Int32Type>();
            y.write_batch(&[1; 1_000], None, None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        writer.close().unwrap();
        file
    }

    #[test]
    fn all_pages_of_a_file_share_a_budget() {
        let json = r#"{"inputs": [{"name": "x", "kind": {"number": {}}}], "output": {"name": "y", "kind": {"number": {}}}}"#;
        let schema: Schema = serde_json::from_str(json).unwrap();
        let load = |groups, bytes| load_within(&file(groups), &schema, Budget::new(bytes));
        assert_eq!(load(1, 13_000).unwrap().rows(), 1_000);
        assert_eq!(load(9, 117_000).unwrap().rows(), 9_000);
        for (groups, bytes) in [(1, 12_000), (2, 13_000), (9, 100_000)] {
            let error = load(groups, bytes).unwrap_err().to_string();
            assert!(error.contains("together are too large"), "{error}");
        }
    }
}
