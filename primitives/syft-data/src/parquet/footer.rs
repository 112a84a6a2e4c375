//! The description at the end of a file.
//!
//! Groups of rows are read here. The `parquet` crate decodes the schema, but only after all of it was checked here: it
//! believes how many children an element claims, goes as deep as they are nested, and does not look at the types of fields,
//! so that it might read something else than what was checked.

use super::page::general;
use super::thrift::{Input, BINARY, BYTE, FALSE, I32, I64, LIST, STRUCT, TRUE};
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// Elements of a schema, at most.
const MAX_ELEMENTS: u64 = 250_000;
/// Elements of a schema within each other, at most, from the root to a column's values.
const MAX_DEPTH: usize = 16;
/// Bytes of all elements' names, each with the names of the groups that it is in, at most.
const MAX_PATHS: u64 = 64 << 20;

/// What is read of a file's description.
pub(super) struct Footer {
    pub(super) rows: u64,
    pub(super) schema: Arc<SchemaDescriptor>,
    pub(super) groups: Vec<Group>,
}

/// A group of rows.
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) columns: Vec<Chunk>,
}

/// Where the pages of a column in one group of rows are.
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) compression: Compression,
    /// Whether they are in another file.
    pub(super) is_elsewhere: bool,
}

impl Footer {
    /// Reads a description, all of which was read into memory.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let mut input = Input { reader: &mut rest };
        let (mut schema, mut rows, mut groups) = (None, None, None);
        let mut id = 0;
        while let Some(kind) = input.field(&mut id)? {
            match (id, kind) {
                (2, LIST) => {
                    let before = *input.reader;
                    check_schema(&mut input)?;
                    schema = before.get(..before.len() - input.reader.len());
                }
                (3, I64) => rows = Some(input.size()?),
                (4, LIST) => groups = Some(items(&mut input, group)?),
                _ => input.skip(kind, 0)?,
            }
        }
        let schema = schema.ok_or_else(malformed)?;
        // A description that has nothing but the schema.
        let alone = [&[0x20 | LIST], schema, &[0]].concat();
        Ok(Self {
            rows: rows.ok_or_else(malformed)?,
            schema: ParquetMetaDataReader::decode_schema(&alone)?,
            groups: groups.ok_or_else(malformed)?,
        })
    }
}

/// A list of structs. Grows with what is really there.
fn items<T>(
    input: &mut Input<&[u8]>,
    read: impl Fn(&mut Input<&[u8]>) -> Result<T>,
) -> Result<Vec<T>> {
    let (kind, count) = input.list()?;
    if kind != STRUCT && count > 0 {
        return Err(malformed());
    }
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(read(input)?);
    }
    Ok(items)
}

fn group(input: &mut Input<&[u8]>) -> Result<Group> {
    let (mut rows, mut columns) = (None, None);
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        match (id, kind) {
            (1, LIST) => columns = Some(items(input, chunk)?),
            (3, I64) => rows = Some(input.size()?),
            _ => input.skip(kind, 0)?,
        }
    }
    Ok(Group {
        rows: rows.ok_or_else(malformed)?,
        columns: columns.ok_or_else(malformed)?,
    })
}

fn chunk(input: &mut Input<&[u8]>) -> Result<Chunk> {
    let (mut found, mut is_elsewhere) = (None, false);
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        is_elsewhere |= id == 1;
        match (id, kind) {
            (3, STRUCT) => found = Some(place(input)?),
            _ => input.skip(kind, 0)?,
        }
    }
    let found = found.ok_or_else(|| general("a column is encrypted, or its place missing"))?;
    Ok(Chunk {
        is_elsewhere,
        ..found
    })
}

fn place(input: &mut Input<&[u8]>) -> Result<Chunk> {
    let (mut number, mut length, mut data, mut dictionary) = (None, None, None, 0);
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        match (id, kind) {
            (4, I32) => number = Some(input.i32()?),
            (7, I64) => length = Some(input.size()?),
            (9, I64) => data = Some(input.size()?),
            (11, I64) => dictionary = input.size()?,
            _ => input.skip(kind, 0)?,
        }
    }
    let data = data.ok_or_else(malformed)?;
    Ok(Chunk {
        // Old writers say 0 where there is no dictionary.
        start: if dictionary > 0 { dictionary } else { data },
        length: length.ok_or_else(malformed)?,
        compression: compression(number.ok_or_else(malformed)?)?,
        is_elsewhere: false,
    })
}

/// A compression, by its number in the format.
fn compression(number: i32) -> Result<Compression> {
    Ok(match number {
        0 => Compression::UNCOMPRESSED,
        1 => Compression::SNAPPY,
        2 => Compression::GZIP(Default::default()),
        3 => Compression::LZO,
        4 => Compression::BROTLI(Default::default()),
        5 => Compression::LZ4,
        6 => Compression::ZSTD(Default::default()),
        7 => Compression::LZ4_RAW,
        _ => return Err(general(format!("compression {number} is not supported"))),
    })
}

/// Checks the list of a schema's elements, in which each group comes before its children.
fn check_schema(input: &mut Input<&[u8]>) -> Result<()> {
    let (kind, count) = input.list()?;
    if kind != STRUCT {
        return Err(malformed());
    }
    if count > MAX_ELEMENTS {
        return Err(general(format!("more than {MAX_ELEMENTS} columns")));
    }
    // Of each group that the next element is in: children that are still to come, and bytes of the path.
    let mut open: Vec<(u64, u64)> = Vec::new();
    let mut paths = 0;
    for index in 0..count {
        let element = element(input)?;
        let outer = open.last_mut().map_or(0, |(children, path)| {
            *children -= 1;
            *path
        });
        let path = outer.saturating_add(element.name);
        paths = path.saturating_add(paths);
        if paths > MAX_PATHS {
            return Err(general("its columns' names are too long"));
        }
        if element.children > count - index - 1 {
            return Err(general("a group of columns claims more than there are"));
        }
        open.push((element.children, path));
        if open.len() > MAX_DEPTH {
            return Err(general(format!("columns are nested over {MAX_DEPTH} deep")));
        }
        while open.last().is_some_and(|(children, _)| *children == 0) {
            open.pop();
        }
    }
    match open.is_empty() {
        true => Ok(()),
        false => Err(general("a group of columns claims more than there are")),
    }
}

struct Element {
    children: u64,
    /// Bytes of the name.
    name: u64,
}

/// Reads an element of a schema, with no other fields and types than the format has.
fn element(input: &mut Input<&[u8]>) -> Result<Element> {
    let (mut children, mut name) = (0, 0);
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        match (id, kind) {
            (4, BINARY) => {
                name = input.varint()?;
                input.skip_bytes(name)?;
            }
            (5, I32) => children = u64::try_from(input.i32()?).map_err(|_| malformed())?,
            (1..=3 | 6..=9, I32) => drop(input.i32()?),
            (10, STRUCT) => check_logical(input)?,
            _ => return Err(malformed()),
        }
    }
    Ok(Element { children, name })
}

/// Checks a logical type: one struct, whose number tells the type.
fn check_logical(input: &mut Input<&[u8]>) -> Result<()> {
    let mut logical = 0;
    if input.field(&mut logical)? != Some(STRUCT) {
        return Err(malformed());
    }
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        match (logical, id, kind) {
            // Decimals, integers, variants and places on Earth.
            (5, 1 | 2, I32)
            | (10, 1, BYTE)
            | (10, 2, TRUE | FALSE)
            | (16, 1, BYTE)
            | (17 | 18, 1, BINARY)
            | (18, 2, I32)
            // Times.
            | (7 | 8, 1, TRUE | FALSE) => input.skip(kind, 0)?,
            (7 | 8, 2, STRUCT) => {
                // The unit: an empty struct, whose number tells it.
                let unit = input.field(&mut 0)?;
                if unit != Some(STRUCT) || input.field(&mut 0)?.is_some() {
                    return Err(malformed());
                }
                end(input)?;
            }
            _ => return Err(malformed()),
        }
    }
    end(input)
}

/// Checks that a struct ends here.
fn end(input: &mut Input<&[u8]>) -> Result<()> {
    match input.field(&mut 0)? {
        None => Ok(()),
        Some(_) => Err(malformed()),
    }
}

fn malformed() -> ParquetError {
    general("its description is malformed")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A group of columns that is to have so many children, in zigzag order.
    fn group(children: &[u8]) -> Vec<u8> {
        [&[0x35, 0, 0x18, 1, b'g', 0x15], children, &[0]].concat()
    }

    /// A column of integers, with more fields after its name.
    fn column(rest: &[u8]) -> Vec<u8> {
        [&[0x15, 2, 0x25, 0, 0x18, 1, b'c'], rest, &[0]].concat()
    }

    /// A description without groups of rows.
    fn description(elements: &[Vec<u8>]) -> Vec<u8> {
        let count = elements.len() as u32;
        let digits = [0, 7, 14, 21].map(|shift| (count >> shift) as u8 & 0x7f);
        let [a, b, c, d] = digits;
        let list = [0x29, 0xfc, a | 0x80, b | 0x80, c | 0x80, d];
        [&list, &elements.concat()[..], &[0x16, 0, 0x19, 0x0c, 0]].concat()
    }

    fn read(elements: &[Vec<u8>]) -> Result<usize> {
        let footer = Footer::read(&description(elements))?;
        Ok(footer.schema.num_columns())
    }

    fn nested(depth: usize) -> Vec<Vec<u8>> {
        let mut elements = vec![group(&[2]); depth - 1];
        elements.push(column(&[]));
        elements
    }

    #[test]
    fn deep_schemas_are_refused() {
        assert_eq!(read(&nested(MAX_DEPTH)).unwrap(), 1);
        // The last would overflow the stack.
        for depth in [MAX_DEPTH + 1, 200_000] {
            let error = read(&nested(depth)).err().unwrap().to_string();
            assert!(error.contains("nested over 16 deep"), "{error}");
        }
        let wide = [vec![group(&[6])], vec![column(&[]); 3]].concat();
        assert_eq!(read(&wide).unwrap(), 3);
        let many = vec![column(&[]); MAX_ELEMENTS as usize + 1];
        let error = read(&many).err().unwrap().to_string();
        assert!(error.contains("more than 250000 columns"), "{error}");
    }

    #[test]
    fn claims_of_children_are_checked() {
        // 2, 3, 2^31 - 1 and -1, of one that is there.
        for claim in [&[4][..], &[6], &[0xfe, 0xff, 0xff, 0xff, 0x0f], &[1]] {
            assert!(read(&[group(claim), column(&[])]).is_err(), "{claim:?}");
        }
        // As many as there are elements left, but they are not all its own.
        let elements = [group(&[4]), group(&[4]), column(&[]), column(&[])];
        let error = read(&elements).err().unwrap().to_string();
        assert!(error.contains("claims more than there are"), "{error}");
    }

    #[test]
    fn names_do_not_multiply_memory() {
        let name = [&[0x35, 0, 0x18, 0x80, 0x80, 0x40][..], &[b'n'; 1 << 20]].concat();
        let long = [&name[..], &[0x15, 0xc8, 1, 0]].concat();
        let elements = [vec![long], vec![column(&[]); 100]].concat();
        let error = read(&elements).err().unwrap().to_string();
        assert!(error.contains("names are too long"), "{error}");
    }

    #[test]
    fn logical_types_have_their_own_fields_only() {
        let with = |rest: &[u8]| read(&[group(&[2]), column(rest)]);
        // A decimal of 9 digits, a signed integer of 8 bits, a time in milliseconds, a date.
        let decimal = [0x35, 0, 0x15, 18, 0x2c, 0x5c, 0x15, 0, 0x15, 18, 0, 0];
        assert!(with(&decimal).is_ok());
        assert!(with(&[0x6c, 0xac, 0x13, 8, 0x11, 0, 0]).is_ok());
        assert!(with(&[0x6c, 0x7c, 0x11, 0x1c, 0x1c, 0, 0, 0, 0]).is_ok());
        assert!(with(&[0x6c, 0x6c, 0, 0]).is_ok());
        // Bytes where the crate takes a number, and goes on to read what is in them; other types and fields.
        for rest in [
            &[0x6c, 0x5c, 0x18, 2, 0, 0, 0x15, 18, 0, 0][..],
            &[0x6c, 0x7c, 0x11, 0x18, 2, 0, 0, 0, 0],
            &[0x6c, 0x6c, 0x18, 1, 0, 0, 0],
            &[0x68, 2, 0, 0],
            &[0x18, 1, 0],
            &[0x16, 2],
            &[0x75, 0],
        ] {
            let bytes = description(&[group(&[2]), column(rest)]);
            let mut list = &bytes[1..];
            let checked = check_schema(&mut Input { reader: &mut list });
            assert!(checked.is_err(), "{rest:?}");
        }
    }

    #[test]
    fn descriptions_are_whole() {
        let whole = description(&[group(&[2]), column(&[])]);
        assert!(Footer::read(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(Footer::read(&whole[..end]).is_err(), "{end}");
        }
        // Billions of items that are not there.
        let claims = [0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
        assert!(Footer::read(&claims).is_err());
        let unknown = [0x0b + 0xe0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x11, 1];
        assert!(Footer::read(&unknown).is_err());
    }
}
