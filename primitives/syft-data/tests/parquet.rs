//! Data sets from Parquet files. Those in `files` hold the same three rows, written by pyarrow 25 with each compression,
//! and with its second kind of page and other encodings, those that are read (`v2.parquet`) and those that are not
//! (`delta.parquet`, both by pyarrow 26).

#![allow(clippy::unwrap_used, clippy::expect_used)]

use parquet::basic::Encoding;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use syft::{Dataset, Schema};
use syft_data::{load_csv, load_parquet, LoadError};

fn schema(inputs: &[(&str, &str)]) -> Schema {
    let field = |(name, kind): &(&str, &str)| format!(r#"{{"name":"{name}","kind":{kind}}}"#);
    let inputs: Vec<_> = inputs.iter().map(field).collect();
    let output = field(&("y", r#"{"category":{"classes":["0","1"]}}"#));
    let json = format!(r#"{{"inputs":[{}],"output":{output}}}"#, inputs.join(","));
    serde_json::from_str(&json).unwrap()
}

const NUMBER: &str = r#"{"number":{}}"#;
const PAIR: &str = r#"{"vector":{"length":2}}"#;
const TEXT: &str = r#"{"text":{"length":4,"buckets":100}}"#;

/// Everything in the files of pyarrow but the columns that data sets cannot hold.
fn whole() -> Schema {
    schema(&[
        ("colour", r#"{"category":{"classes":["red","blue"]}}"#),
        ("note", TEXT),
        ("p", r#"{"image":{"channels":1,"height":1,"width":2}}"#),
        ("q", PAIR),
        ("flag", r#"{"category":{"classes":["false","true"]}}"#),
        ("count", NUMBER),
    ])
}

const WHOLE: &str = "colour,note,p_0,p_1,q_0,q_1,flag,count,y
red,a steel hammer,0.5,1,1,0.1,true,7,1
blue,ein grüner Ball,2,3,2,0.2,false,255,0
red,,-4,0.1,3,1000,true,0,1
";

fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/files").join(name)
}

const FILES: [&str; 6] = [
    "none.parquet",
    "snappy.parquet",
    "gzip.parquet",
    "zstd.parquet",
    "lz4.parquet",
    "v2.parquet",
];

fn load(bytes: &[u8], schema: &Schema) -> Result<Dataset, LoadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    load_parquet(file, schema)
}

fn message(bytes: &[u8], schema: &Schema) -> String {
    load(bytes, schema).unwrap_err().to_string()
}

#[test]
fn files_of_another_writer_are_read() {
    let expected = load_csv(WHOLE.as_bytes(), &whole()).unwrap();
    for name in FILES {
        let data = load_parquet(File::open(path(name)).unwrap(), &whole()).unwrap();
        assert_eq!(data, expected, "{name}");
    }
    let brotli = std::fs::read(path("brotli.parquet")).unwrap();
    let text = message(&brotli, &whole());
    assert!(
        text.contains("compression BROTLI") && text.contains("not supported"),
        "{text}"
    );
}

#[test]
fn columns_of_other_kinds_are_refused() {
    let bytes = std::fs::read(path("zstd.parquet")).unwrap();
    let with = |name, kind| message(&bytes, &schema(&[(name, kind)]));
    assert_eq!(with("z", NUMBER), "column \"z\": there is no such column");
    assert_eq!(with("z", PAIR), "column \"z_0\": there is no such column");
    let triple = r#"{"vector":{"length":3}}"#;
    assert_eq!(with("q", triple), "column \"q_2\": there is no such column");
    assert_eq!(
        with("p", triple),
        "row 0, column \"p\": a list of 2 where there should be 3 values"
    );
    let one = r#"{"vector":{"length":1}}"#;
    let text = with("p", one);
    assert!(text.contains("more values than the field's rows"), "{text}");
    for (name, kind) in [
        ("colour", NUMBER),
        ("flag", NUMBER),
        ("when", NUMBER),
        ("p", NUMBER),
        ("q_0", TEXT),
        ("q_1", r#"{"category":{"classes":["0.1","0.2"]}}"#),
        ("q_0", PAIR),
    ] {
        let text = with(name, kind);
        assert!(
            text.contains("where there should be"),
            "{name} {kind}: {text}"
        );
    }
    assert_eq!(
        with("other", TEXT),
        "row 0, column \"other\": there is no value: data sets have no missing values"
    );
    assert_eq!(
        with("colour", r#"{"category":{"classes":["red","green"]}}"#),
        "row 1, column \"colour\": \"blue\" is not one of the field's classes"
    );
    // Counted from the start of the file, not of its group of rows.
    assert_eq!(
        with("q_0", r#"{"category":{"classes":["1","2"]}}"#),
        "row 2, column \"q_0\": \"3\" is not one of the field's classes"
    );
}

/// A file of the given columns, whose values `write` writes in order.
struct Writer {
    writer: SerializedFileWriter<Vec<u8>>,
}

impl Writer {
    fn new(columns: &str, properties: WriterProperties) -> Self {
        let schema = parse_message_type(&format!("message m {{ {columns} }}")).unwrap();
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties));
        Self {
            writer: writer.unwrap(),
        }
    }

    fn group(&mut self, write: impl FnOnce(&mut dyn FnMut(Values))) {
        let mut group = self.writer.next_row_group().unwrap();
        write(&mut |values| {
            let mut column = group.next_column().unwrap().unwrap();
            match values {
                Values::I32(values) => put::<Int32Type>(&mut column, values, None),
                Values::I64(values) => put::<Int64Type>(&mut column, values, None),
                Values::F64(values) => put::<DoubleType>(&mut column, values, None),
                Values::Bytes(values) => {
                    let values: Vec<_> =
                        values.iter().map(|v| ByteArray::from(v.to_vec())).collect();
                    put::<ByteArrayType>(&mut column, &values, None);
                }
                Values::Optional(values, filled) => {
                    put::<DoubleType>(&mut column, values, Some(filled));
                }
            }
            column.close().unwrap();
        });
        group.close().unwrap();
    }

    fn finish(self) -> Vec<u8> {
        self.writer.into_inner().unwrap()
    }
}

enum Values<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
    F64(&'a [f64]),
    Bytes(&'a [&'a [u8]]),
    Optional(&'a [f64], &'a [i16]),
}

fn put<T: DataType>(
    column: &mut parquet::file::writer::SerializedColumnWriter,
    values: &[T::T],
    filled: Option<&[i16]>,
) {
    column
        .typed::<T>()
        .write_batch(values, filled, None)
        .unwrap();
}

fn one_group(columns: &str, write: impl FnOnce(&mut dyn FnMut(Values))) -> Vec<u8> {
    let mut writer = Writer::new(columns, WriterProperties::builder().build());
    writer.group(write);
    writer.finish()
}

#[test]
fn mistakes_in_rows_are_named() {
    let number = |values: &[f64]| {
        one_group("required double x; required int32 y;", |put| {
            put(Values::F64(values));
            put(Values::I32(&vec![0; values.len()]));
        })
    };
    let schema = schema(&[("x", NUMBER)]);
    assert!(load(&number(&[1.0, -0.0]), &schema).is_ok());
    for (value, shown) in [
        (f64::NAN, "NaN"),
        (1e39, "inf"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        assert_eq!(
            message(&number(&[1.0, value]), &schema),
            format!("row 1, column \"x\": {shown:?} is not a finite 32-bit number")
        );
    }
    let null = one_group("optional double x; required int32 y;", |put| {
        put(Values::Optional(&[1.0], &[1, 0]));
        put(Values::I32(&[0, 0]));
    });
    assert_eq!(
        message(&null, &schema),
        "row 1, column \"x\": there is no value: data sets have no missing values"
    );
    let full = one_group("optional double x; required int32 y;", |put| {
        put(Values::Optional(&[1.0, 2.0], &[1, 1]));
        put(Values::I32(&[0, 1]));
    });
    assert!(load(&full, &schema).is_ok());
    let empty = Writer::new("required double x; required int32 y;", Default::default()).finish();
    assert!(message(&empty, &schema).contains("there are no rows"));
}

#[test]
fn texts_are_bounded_utf8() {
    let text = |values: &[&[u8]]| {
        let bytes = one_group("required binary t (STRING); required int64 y;", |put| {
            put(Values::Bytes(values));
            put(Values::I64(&vec![0; values.len()]));
        });
        load(&bytes, &schema(&[("t", TEXT)]))
    };
    assert!(text(&[b"a", b""]).is_ok());
    let error = text(&[b"a", b"\xff"]).unwrap_err().to_string();
    assert_eq!(error, "row 1, column \"t\": not valid UTF-8");
    let long = vec![b'x'; 65_537];
    let error = text(&[b"a", &long]).unwrap_err().to_string();
    assert_eq!(
        error,
        "row 1, column \"t\": the text is longer than 65536 bytes"
    );
    // A few kilobytes, by way of a dictionary, for more than all texts of a data set may have.
    let long = [b'x'; 65_000];
    let many = vec![&long[..]; 2_000];
    let error = text(&many).unwrap_err().to_string();
    assert!(
        error.contains("more than 100000000 bytes in all"),
        "{error}"
    );
}

#[test]
fn encodings_that_claim_their_own_number_of_texts_are_refused() {
    let delta = std::fs::read(path("delta.parquet")).unwrap();
    let category = r#"{"category":{"classes":["red","blue"]}}"#;
    for (name, kind, encoding) in [
        ("colour", category, "DELTA_BYTE_ARRAY"),
        ("note", TEXT, "DELTA_LENGTH_BYTE_ARRAY"),
    ] {
        let expected = format!(
            "column \"{name}\": not well-formed Parquet: encoding {encoding} is not supported: \
             write the column with PLAIN or RLE_DICTIONARY instead"
        );
        assert_eq!(message(&delta, &schema(&[(name, kind)])), expected);
    }
    // Its other columns are read.
    let numbers = schema(&[("q", PAIR)]);
    assert!(load(&delta, &numbers).is_ok());
    // The same of each writer.
    for encoding in [
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
    ] {
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_dictionary_enabled(false)
            .set_column_encoding("t".into(), encoding)
            .build();
        let mut writer = Writer::new("required binary t (STRING); required int32 y;", properties);
        writer.group(|put| {
            put(Values::Bytes(&[&b"a"[..]; 200]));
            put(Values::I32(&[0; 200]));
        });
        let text = message(&writer.finish(), &schema(&[("t", TEXT)]));
        assert!(text.contains(&format!("encoding {encoding} is")), "{text}");
    }
}

#[test]
fn pages_and_groups_without_number() {
    let properties = WriterProperties::builder()
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(7)
        .build();
    let mut writer = Writer::new("required double x; required int32 y;", properties);
    let values: Vec<f64> = (0..5_000).map(f64::from).collect();
    for part in values.chunks(1_100) {
        writer.group(|put| {
            put(Values::F64(part));
            put(Values::I32(&vec![1; part.len()]));
        });
    }
    let data = load(&writer.finish(), &schema(&[("x", NUMBER)])).unwrap();
    let numbers: Vec<f32> = data.features().iter().copied().collect();
    assert_eq!(numbers, (0..5_000).map(|x| x as f32).collect::<Vec<_>>());
}

#[test]
fn too_many_rows_are_refused() {
    // A million and one of them, in a few bytes.
    let bytes = one_group("required double x; required int32 y;", |put| {
        put(Values::F64(&vec![0.0; 1_000_001]));
        put(Values::I32(&vec![0; 1_000_001]));
    });
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    assert_eq!(
        message(&bytes, &schema(&[("x", NUMBER)])),
        "more than 1000000 rows"
    );
}

#[test]
fn files_that_are_no_parquet_are_refused() {
    for bytes in [
        &b""[..],
        b"PAR1",
        b"PAR1PAR1",
        &[0; 100],
        b"x,y\n1,2\n3,4\n",
    ] {
        assert!(message(bytes, &whole()).contains("not well-formed Parquet"));
    }
    let mut bytes = std::fs::read(path("none.parquet")).unwrap();
    let at = bytes.len() - 8;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(
        message(&bytes, &whole()).contains("longer than"),
        "{}",
        message(&bytes, &whole())
    );
    bytes[at..at + 4].copy_from_slice(&(1u32 << 24).to_le_bytes());
    assert!(load(&bytes, &whole()).is_err());
}

#[test]
fn cut_files_are_refused() {
    for name in FILES {
        let bytes = std::fs::read(path(name)).unwrap();
        for cut in (0..bytes.len()).step_by(11) {
            // Without a part in the middle, so that the end is still an end.
            let cut = [&bytes[..cut], &bytes[(cut + 5).min(bytes.len())..]].concat();
            let _ = load(&cut, &whole());
        }
    }
}

/// Changed files that are tried; 100,000 by hand found nothing either, within 3 GB of address space.
const CASES: u32 = 2_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]
    #[test]
    fn changed_files_never_panic(
        file in 0..FILES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = std::fs::read(path(FILES[file])).unwrap();
        for (index, byte) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *byte;
        }
        let _ = load(&bytes, &whole());
    }
}
