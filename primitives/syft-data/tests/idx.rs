//! Data sets from IDX files.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use std::io::{self, Read};
use syft::{Column, Dataset, Schema};
use syft_data::{load_idx, LoadError};

fn schema(input: &str, output: &str) -> Schema {
    let json = format!(
        r#"{{"inputs":[{{"name":"p","kind":{input}}}],"output":{{"name":"y","kind":{output}}}}}"#
    );
    serde_json::from_str(&json).unwrap()
}

const IMAGE: &str = r#"{"image":{"channels":1,"height":2,"width":3}}"#;
const VECTOR: &str = r#"{"vector":{"length":6}}"#;
const CLASSES: &str = r#"{"category":{"classes":["zero","one"]}}"#;
const NUMBER: &str = r#"{"number":{}}"#;

fn idx(kind: u8, dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend_from_slice(values);
    bytes
}

fn images() -> Vec<u8> {
    idx(
        8,
        &[2, 2, 3],
        &[0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255],
    )
}

fn labels() -> Vec<u8> {
    idx(8, &[2], &[1, 0])
}

fn load(images: &[u8], labels: &[u8], schema: &Schema) -> Result<Dataset, LoadError> {
    load_idx(images, labels, schema)
}

fn message(images: &[u8], labels: &[u8]) -> String {
    load(images, labels, &schema(IMAGE, CLASSES))
        .unwrap_err()
        .to_string()
}

#[test]
fn pictures_and_positions_of_classes() {
    for input in [IMAGE, VECTOR] {
        let data = load(&images(), &labels(), &schema(input, CLASSES)).unwrap();
        let numbers = ndarray::array![
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            [250.0, 251.0, 252.0, 253.0, 254.0, 255.0]
        ];
        assert_eq!(data.columns()[0], Column::Numbers(numbers));
        assert_eq!(data.columns()[1], Column::Classes(vec![1, 0]));
    }
}

#[test]
fn all_types_are_read() {
    let two = |kind, bytes: &[u8]| {
        let inputs = idx(kind, &[1, 2], bytes);
        let schema = schema(r#"{"vector":{"length":2}}"#, NUMBER);
        let data = load(
            &inputs,
            &idx(kind, &[1], &bytes[..bytes.len() / 2]),
            &schema,
        )
        .unwrap();
        let Column::Numbers(numbers) = &data.columns()[0] else {
            unreachable!()
        };
        let Column::Numbers(target) = &data.columns()[1] else {
            unreachable!()
        };
        assert_eq!(target[[0, 0]], numbers[[0, 0]]);
        (numbers[[0, 0]], numbers[[0, 1]])
    };
    assert_eq!(two(8, &[255, 1]), (255.0, 1.0));
    assert_eq!(two(9, &[255, 1]), (-1.0, 1.0));
    assert_eq!(two(11, &[255, 254, 1, 0]), (-2.0, 256.0));
    assert_eq!(two(12, &[255, 255, 255, 255, 0, 1, 0, 0]), (-1.0, 65_536.0));
    let floats = [0.1f32.to_be_bytes(), 2f32.to_be_bytes()].concat();
    assert_eq!(two(13, &floats), (0.1, 2.0));
    let doubles = [0.1f64.to_be_bytes(), 2f64.to_be_bytes()].concat();
    assert_eq!(two(14, &doubles), (0.1, 2.0));
}

#[test]
fn mistakes_are_named() {
    let good = images();
    assert_eq!(
        message(&good, &idx(8, &[2], &[1, 2])),
        "row 1, column \"y\": \"2\" is not one of the field's classes"
    );
    assert_eq!(
        message(&good, &idx(9, &[2], &[255, 0])),
        "row 0, column \"y\": \"-1\" is not one of the field's classes"
    );
    assert_eq!(
        message(&good, &idx(8, &[3], &[1, 0, 1])),
        "column \"y\": 3 rows where there should be 2 rows, as of \"p\""
    );
    assert_eq!(
        message(&good, &idx(13, &[2], &[0; 8])),
        "column \"y\": floating-point numbers, where there should be positions of classes"
    );
    assert_eq!(
        message(&good, &idx(8, &[2, 2], &[0; 4])),
        "column \"y\": rows of dimensions [2] where there should be the field's values: 1"
    );
    // The other way round: rows and pixels of a row.
    assert!(message(&idx(8, &[2, 3, 2], &[0; 12]), &labels()).contains("dimensions [3, 2]"));
    assert!(message(&good[..good.len() - 1], &labels())
        .contains("row 1, column \"p\": not well-formed IDX: it ends"));
    assert!(message(&[&good[..], &[0]].concat(), &labels()).contains("more after the last row"));
    assert!(message(&good, &[&labels()[..], &[0]].concat()).contains("more after the last row"));
    assert!(message(b"\x1f\x8b\x08\x00", &labels()).contains("two zero bytes"));
    assert!(message(&idx(10, &[2], &[]), &labels()).contains("no type 10"));
    assert!(message(&idx(8, &[], &[]), &labels()).contains("no dimensions"));
    assert!(message(&idx(8, &[0, 2, 3], &[]), &idx(8, &[0], &[])).contains("there are no rows"));
    let nan = idx(13, &[1, 2, 3], &[0xff; 24]);
    let text = message(&nan, &idx(8, &[1], &[0]));
    assert_eq!(
        text,
        "row 0, column \"p\": \"NaN\" is not a finite 32-bit number"
    );
    for end in 0..good.len() {
        assert!(
            message(&good[..end], &labels()).contains("it ends within"),
            "{end}"
        );
    }
}

#[test]
fn other_schemas_cannot_be_told() {
    let text = r#"{"text":{"length":6,"buckets":10}}"#;
    for schema in [schema(CLASSES, NUMBER), schema(text, NUMBER)] {
        let error = load(&images(), &labels(), &schema).unwrap_err().to_string();
        assert!(error.contains("IDX holds only one input"), "{error}");
    }
    let mut two = schema(IMAGE, CLASSES);
    let mut other = two.inputs[0].clone();
    other.name = syft::Name::try_from("q").unwrap();
    two.inputs.try_push(other).unwrap();
    assert!(load(&images(), &labels(), &two).is_err());
}

#[test]
fn huge_claims_reserve_nothing() {
    for dimensions in [
        &[u32::MAX, 2, 3][..],
        &[2, u32::MAX, u32::MAX],
        &[2, 65_536, 65_536],
        &[u32::MAX; 255],
    ] {
        let file = idx(8, dimensions, &[]);
        let all = |rows| idx(8, &[rows], &[]);
        assert!(load(&file, &all(dimensions[0]), &schema(IMAGE, CLASSES)).is_err());
        assert!(load(&file, &all(dimensions[0]), &schema(VECTOR, CLASSES)).is_err());
    }
    // As many rows as are allowed, of which none is there.
    let file = idx(8, &[1_000_000, 2, 3], &[]);
    let text = message(&file, &idx(8, &[1_000_000], &[]));
    assert!(text.contains("it ends within the values"), "{text}");
    let endless = images().len();
    let images = images();
    let error = load_idx(
        images.as_slice().take(endless as u64).chain(io::repeat(0)),
        labels().as_slice(),
        &schema(IMAGE, CLASSES),
    );
    assert!(error.unwrap_err().to_string().contains("more after"));
}

proptest! {
    #[test]
    fn changed_files_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        labels in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = images();
        for (index, byte) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *byte;
        }
        let _ = load(&bytes, &self::labels(), &schema(VECTOR, CLASSES));
        let _ = load(&images(), &labels, &schema(IMAGE, CLASSES));
    }
}
