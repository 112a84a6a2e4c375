//! Data sets from JSON Lines.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use std::io::{self, Read};
use syft::{Column, Dataset, DatasetError, Schema};
use syft_data::{load_json_lines, LoadError, Problem, Row, MAX_RECORD};

fn schema() -> Schema {
    let json = r#"{
        "inputs": [
            {"name": "colour", "kind": {"category": {"classes": ["red", "2", "true"]}}},
            {"name": "note", "kind": {"text": {"length": 4, "buckets": 100}}},
            {"name": "p", "kind": {"image": {"channels": 1, "height": 2, "width": 2}}},
            {"name": "rgb", "kind": {"image": {"channels": 2, "height": 1, "width": 2}}},
            {"name": "v", "kind": {"vector": {"length": 2}}}
        ],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    serde_json::from_str(json).unwrap()
}

const ROW: &str = r#"{"colour": "red", "note": "a", "p": [1, 2, 3, 4], "rgb": [1, 2, 3, 4], "v": [5, 6], "y": 1}"#;

fn load(text: &str) -> Result<Dataset, LoadError> {
    load_json_lines(text.as_bytes(), &schema())
}

/// The message for a row in which something is replaced.
fn with(from: &str, to: &str) -> String {
    assert!(ROW.contains(from), "{from}");
    load(&ROW.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn values_are_found_by_key() {
    let other = r#"{"y":-1.5e0,"v":[0.1,1e3],"other":{"deep":[[null]]},"rgb":[[[1,2]],[[3,4]]],"p":[[1,2],[3,4]],"note":" \u00fcber\n","colour":2}"#;
    let third = ROW
        .replace("\"red\"", "true")
        .replace("[1, 2, 3, 4]", "[[[1,2], [3,4]]]");
    let third = third.replace(r#""rgb": [[[1,2], [3,4]]]"#, r#""rgb": [1,2,3,4]"#);
    let data = load(&format!("\u{feff}{ROW}\n\n{other}\r\n{third}")).unwrap();
    let columns = data.columns();
    assert_eq!(columns[0], Column::Classes(vec![0, 1, 2]));
    let Column::Texts(texts) = &columns[1] else {
        unreachable!()
    };
    assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "über", "a"]);
    let four = ndarray::array![
        [1.0, 2.0, 3.0, 4.0],
        [1.0, 2.0, 3.0, 4.0],
        [1.0, 2.0, 3.0, 4.0]
    ];
    assert_eq!(columns[2], Column::Numbers(four.clone()));
    assert_eq!(columns[3], Column::Numbers(four));
    let v = ndarray::array![[5.0, 6.0], [0.1, 1000.0], [5.0, 6.0]];
    assert_eq!(columns[4], Column::Numbers(v));
    assert_eq!(
        columns[5],
        Column::Numbers(ndarray::array![[1.0], [-1.5], [1.0]])
    );
}

#[test]
fn numbers_are_rounded_once() {
    // Halfway between two binary32 numbers, and a little more: only by way of binary64 is it rounded down.
    let text = "1.00000005960464477540";
    assert!((text.parse::<f64>().unwrap() as f32) < text.parse::<f32>().unwrap());
    let data = load(&ROW.replace("\"y\": 1}", &format!("\"y\": {text}}}"))).unwrap();
    let one = ndarray::array![[f32::from_bits(1f32.to_bits() + 1)]];
    assert_eq!(data.columns()[5], Column::Numbers(one));
}

#[test]
fn mistakes_are_named() {
    assert_eq!(
        with("\"y\": 1", "\"z\": 1"),
        "line 1, column \"y\": there is no such column"
    );
    assert_eq!(
        with("\"y\": 1", "\"y\": 1, \"y\": 1"),
        "line 1, column \"y\": the column is there twice"
    );
    assert_eq!(
        with("\"y\": 1", "\"y\": null"),
        "line 1, column \"y\": there is no value: data sets have no missing values"
    );
    for (value, shown) in [
        ("\"1\"", r#""1""#),
        ("true", "true"),
        ("[1]", "[1]"),
        ("{}", "{}"),
    ] {
        assert_eq!(
            with("\"y\": 1", &format!("\"y\": {value}")),
            format!("line 1, column \"y\": {shown}, where there should be a number")
        );
    }
    assert_eq!(
        with("\"y\": 1", "\"y\": 1e39"),
        "line 1, column \"y\": \"1e39\" is not a finite 32-bit number"
    );
    for (name, shown) in [
        ("\"blue\"", "blue"),
        ("3", "3"),
        ("false", "false"),
        ("\"red \"", "red "),
    ] {
        assert_eq!(
            with("\"red\"", name),
            format!("line 1, column \"colour\": {shown:?} is not one of the field's classes")
        );
    }
    assert_eq!(
        with("\"red\"", "[\"red\"]"),
        "line 1, column \"colour\": [\"red\"], where there should be the name of a class"
    );
    assert_eq!(
        with("\"a\"", "5"),
        "line 1, column \"note\": 5, where there should be a string"
    );
    let long = with("\"a\"", &format!("\"{}\"", "x".repeat(65_537)));
    assert_eq!(
        long,
        "line 1, column \"note\": the text is longer than 65536 bytes"
    );
    assert_eq!(
        with("[5, 6]", "[5, 6, 7]"),
        "line 1, column \"v\": a list of 3 where there should be 2 items"
    );
    for value in ["5", "[[5], [6]]", "\"[5, 6]\"", "{}"] {
        let message = with("[5, 6]", value);
        assert!(message.contains("in lists as deep as"), "{message}");
    }
    assert_eq!(
        with("[5, 6]", "[5, null]"),
        "line 1, column \"v\": there is no value: data sets have no missing values"
    );
    for value in [
        "[[1, 2], 3]",
        "[[1, 2], [3]]",
        "[[1, 2], [3, [4]]]",
        "[[[1, 2], [3]]]",
    ] {
        let message = with("[1, 2, 3, 4]", value);
        assert!(message.starts_with("line 1, column \"p\": "), "{message}");
    }
}

#[test]
fn lines_that_are_no_objects_are_refused() {
    for line in [
        "",
        "5",
        "[]",
        "null",
        "{",
        "{\"y\"}",
        "}",
        "{} {}",
        "\u{0}",
        &"[".repeat(10_000),
    ] {
        let text = format!("{ROW}\n{line}x");
        let error = load(&text).unwrap_err();
        assert_eq!(error.place().row, Some(Row::Line(2)), "{line:?}");
        let malformed = matches!(error.problem(), Problem::Malformed { format: "JSON", .. });
        assert!(malformed, "{line:?}: {error}");
    }
    let error = load_json_lines(&b"\xff\n"[..], &schema()).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotUtf8));
    let error = load("\n\n").unwrap_err();
    assert!(matches!(
        error.problem(),
        Problem::Dataset(DatasetError::NoRows)
    ));
    // Half of a surrogate pair is no character.
    let message = with("\"a\"", "\"\\ud800\"");
    assert!(message.contains("not well-formed JSON"), "{message}");
}

#[test]
fn endless_lines_do_not_fill_the_memory() {
    for endless in *b"x \"[{" {
        let text = ROW.as_bytes().chain(&b"\n"[..]).chain(io::repeat(endless));
        let error = load_json_lines(text, &schema()).unwrap_err();
        assert!(matches!(error.problem(), Problem::RecordTooLong), "{error}");
        assert_eq!(error.place().row, Some(Row::Line(2)));
    }
    let fill = |length: usize| {
        let spaces = " ".repeat(length - ROW.len());
        load(&format!("{ROW}{spaces}"))
    };
    assert!(fill(MAX_RECORD).is_ok());
    assert!(fill(MAX_RECORD + 1).is_err());
}

proptest! {
    #[test]
    fn any_line_never_panics(text in "[a-z0-9{}:,.\"\\[\\]\\\\ -]{0,200}") {
        let _ = load(&text);
    }

    #[test]
    fn changed_lines_never_panic(place in any::<prop::sample::Index>(), new in ".{0,3}") {
        let place = place.index(ROW.len());
        let _ = load(&format!("{}{new}{}", &ROW[..place], &ROW[place + 1..]));
    }
}
