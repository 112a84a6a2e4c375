//! The same rows from all formats, opened by their names.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use flate2::{write::GzEncoder, Compression};
use image::{codecs::png::PngEncoder, ExtendedColorType, ImageEncoder};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use syft::{Dataset, Schema};
use syft_data::{load, LoadError};
use tempfile::TempDir;

/// Pictures of 2 x 2 with their classes, in the order of an image folder.
const ROWS: [([u8; 4], &str); 3] = [
    ([0, 1, 2, 3], "0"),
    ([10, 20, 30, 40], "0"),
    ([255, 254, 253, 252], "1"),
];

fn schema() -> Schema {
    let json = r#"{
        "inputs": [{"name": "p", "kind": {"image": {"channels": 1, "height": 2, "width": 2, "range": {"low": 0, "high": 255000000}}}}],
        "output": {"name": "y", "kind": {"category": {"classes": ["0", "1"]}}}
    }"#;
    serde_json::from_str(json).unwrap()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn csv() -> String {
    let rows = ROWS.map(|([a, b, c, d], y)| format!("{y},{a},{b},{c},{d}\n"));
    format!("y,p_0,p_1,p_2,p_3\n{}", rows.concat())
}

fn json_lines() -> String {
    let rows = ROWS
        .map(|([a, b, c, d], y)| format!("{{\"p\": [[{a}, {b}], [{c}, {d}]], \"y\": \"{y}\"}}\n"));
    rows.concat()
}

fn idx() -> (Vec<u8>, Vec<u8>) {
    let images = [
        &[0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2][..],
        &ROWS.map(|row| row.0).concat(),
    ];
    let labels = ROWS.map(|row| row.1.parse::<u8>().unwrap());
    (
        images.concat(),
        [&[0, 0, 8, 1, 0, 0, 0, 3][..], &labels].concat(),
    )
}

/// Columns of numbers, or one of lists; and classes as texts.
fn parquet(lists: bool) -> Vec<u8> {
    let columns = match lists {
        true => "required group p (LIST) { repeated group list { required int32 element; } }",
        false => "required int32 p_0; required int32 p_1; required int32 p_2; required int32 p_3;",
    };
    let columns = format!("message m {{ {columns} required binary y (STRING); }}");
    let columns = Arc::new(parse_message_type(&columns).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), columns, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut numbers = |values: &[i32], levels: Option<(&[i16], &[i16])>| {
        let mut column = group.next_column().unwrap().unwrap();
        let (filled, repeated) = levels.unzip();
        let typed = column.typed::<Int32Type>();
        typed.write_batch(values, filled, repeated).unwrap();
        column.close().unwrap();
    };
    match lists {
        true => {
            let values: Vec<i32> = ROWS.iter().flat_map(|row| row.0.map(i32::from)).collect();
            numbers(
                &values,
                Some((&[1; 12], &[0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1])),
            );
        }
        false => (0..4).for_each(|i| numbers(&ROWS.map(|row| row.0[i].into()), None)),
    }
    let mut column = group.next_column().unwrap().unwrap();
    let classes = ROWS.map(|row| ByteArray::from(row.1));
    column
        .typed::<ByteArrayType>()
        .write_batch(&classes, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn by_name(folder: &TempDir, name: &str) -> Result<Dataset, LoadError> {
    load(&folder.path().join(name), &schema())
}

#[test]
fn the_same_rows_have_the_same_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = idx();
    write(&folder, "rows.csv", csv().as_bytes());
    write(&folder, "rows.csv.gz", &packed(csv().as_bytes()));
    write(&folder, "rows.jsonl", json_lines().as_bytes());
    write(&folder, "rows.NDJSON.GZ", &packed(json_lines().as_bytes()));
    write(&folder, "columns.parquet", &parquet(false));
    write(&folder, "lists.parquet", &parquet(true));
    write(&folder, "t-images-idx3-ubyte", &images);
    write(&folder, "t-labels-idx1-ubyte", &labels);
    write(&folder, "t-images.idx3-ubyte.gz", &packed(&images));
    write(&folder, "t-labels.idx1-ubyte.gz", &packed(&labels));
    for (index, (pixels, class)) in ROWS.iter().enumerate() {
        let mut png = Vec::new();
        let encoder = PngEncoder::new(&mut png);
        encoder
            .write_image(pixels, 2, 2, ExtendedColorType::L8)
            .unwrap();
        write(&folder, &format!("pictures/{class}/{index}.png"), &png);
    }
    let expected = by_name(&folder, "rows.csv").unwrap();
    assert_eq!(expected.rows(), 3);
    for name in [
        "rows.csv.gz",
        "rows.jsonl",
        "rows.NDJSON.GZ",
        "columns.parquet",
        "lists.parquet",
        "t-images-idx3-ubyte",
        "t-images.idx3-ubyte.gz",
        "pictures",
    ] {
        let data = by_name(&folder, name).unwrap();
        assert_eq!((data.hash(), &data), (expected.hash(), &expected), "{name}");
    }
}

#[test]
fn mistakes_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (images, _) = idx();
    write(&folder, "a.csv", b"y,p_0,p_1,p_2,p_3\n1,2,3,4,five\n");
    write(&folder, "a.txt", b"");
    write(&folder, "b.csv.gz", csv().as_bytes());
    write(
        &folder,
        "c.jsonl.gz",
        &packed(json_lines().as_bytes())[..30],
    );
    write(&folder, "d.parquet", b"");
    write(&folder, "images.idx", &images);
    write(&folder, "labels.idx", &images);
    write(&folder, "images-idx3", &images);
    write(&folder, "idx", &images);
    let failure = |name: &str| {
        let path = folder.path().join(name);
        let text = by_name(&folder, name).unwrap_err().to_string();
        let rest = text.strip_prefix(path.to_str().unwrap());
        rest.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert_eq!(
        failure("a.csv"),
        ", line 2, column \"p_3\": \"five\" is not a number"
    );
    assert!(failure("a.txt").contains("no known format"));
    assert!(failure("b.csv.gz").contains("cannot read"));
    assert!(failure("c.jsonl.gz").contains("cannot read"));
    assert!(failure("d.parquet").contains("too short"));
    assert!(failure("images.idx").contains("column \"y\": rows of dimensions [2, 2]"));
    assert!(failure("images-idx3").contains("labels-idx1"));
    assert!(failure("idx").contains("whose name contains \"images\""));
    for name in ["none.csv", "none.jsonl", "none.parquet", "images-none.idx"] {
        assert!(failure(name).contains("cannot read"), "{name}");
    }
    assert!(load(Path::new(""), &schema()).is_err());
}

#[test]
fn packed_bombs_are_left_packed() {
    let folder = tempfile::tempdir().unwrap();
    // Ten megabytes of zeros, and a header that promises pictures.
    let (images, labels) = idx();
    let mut bomb = images.clone();
    bomb.extend(vec![0; 10 << 20]);
    for (name, bytes) in [
        ("zeros.csv.gz", &bomb[images.len()..]),
        ("zeros.jsonl.gz", &bomb[images.len()..]),
        ("images.idx.gz", &bomb),
    ] {
        write(&folder, name, &packed(bytes));
    }
    write(&folder, "labels.idx.gz", &packed(&labels));
    let failure = |name: &str| by_name(&folder, name).unwrap_err().to_string();
    assert!(failure("zeros.csv.gz").contains("longer than 1048576 bytes"));
    assert!(failure("zeros.jsonl.gz").contains("longer than 1048576 bytes"));
    assert!(failure("images.idx.gz").contains("more after the last row"));
}
