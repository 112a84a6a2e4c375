//! Data sets from comma-separated text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use std::io::{self, Read};
use syft::{Column, Dataset, DatasetError, Schema, SchemaError, MAX_ROWS};
use syft_data::{load_csv, load_json_lines, LoadError, Problem, Row};

fn schema() -> Schema {
    let json = r#"{
        "inputs": [
            {"name": "colour", "kind": {"category": {"classes": ["red", "dark blue"]}}},
            {"name": "p", "kind": {"vector": {"length": 2}}}
        ],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    serde_json::from_str(json).unwrap()
}

fn load(text: &str) -> Result<Dataset, LoadError> {
    load_csv(text.as_bytes(), &schema())
}

fn message(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

#[test]
fn columns_are_found_by_name() {
    let data = load("y,note,p_1,p_0,colour\n0.5,hello,2,1e3,dark blue\n-1,,4,+3.25,red\n").unwrap();
    assert_eq!(data.rows(), 2);
    assert_eq!(data.columns()[0], Column::Classes(vec![1, 0]));
    assert_eq!(
        data.columns()[1],
        Column::Numbers(ndarray::array![[1000.0, 2.0], [3.25, 4.0]])
    );
    assert_eq!(
        data.columns()[2],
        Column::Numbers(ndarray::array![[0.5], [-1.0]])
    );
}

#[test]
fn spelling_does_not_matter() {
    let plain = load("colour,p_0,p_1,y\nred,1,2,3\n").unwrap();
    for text in [
        "colour,p_0,p_1,y\r\nred,1,2,3\r\n",
        "\u{feff}colour,p_0,p_1,y\nred,1,2,3",
        "\"colour\",\"p_0\",p_1,y\n\"red\",\"1\",2,3\n",
        " colour , p_0,p_1,y\n red , 1,2.0 ,3\n\n\n",
    ] {
        let data = load(text).unwrap();
        assert_eq!((data.hash(), &data), (plain.hash(), &plain), "{text:?}");
    }
}

#[test]
fn mistakes_in_the_header_are_named() {
    for empty in ["", "\n\n"] {
        let error = load(empty).unwrap_err();
        assert!(matches!(error.problem(), Problem::Empty));
    }
    assert_eq!(
        message("colour,p_0,y\nred,1,2\n"),
        "column \"p_1\": there is no such column"
    );
    assert_eq!(
        message("colour,p_0,p_1,y,y\nred,1,2,3,4\n"),
        "column \"y\": the column is there twice"
    );
    assert!(
        load("colour,p_0,p_1,y,z,z\nred,1,2,3,4,5\n").is_ok(),
        "other columns are not our concern"
    );
    let error = load("colour,p_0,p_1,y\n").unwrap_err();
    assert!(matches!(
        error.problem(),
        Problem::Dataset(DatasetError::NoRows)
    ));
}

#[test]
fn mistakes_in_a_row_are_named() {
    let row = |row: &str| message(&format!("colour,p_0,p_1,y\nred,1,2,3\n\n{row}\n"));
    assert_eq!(
        row("red,1,two,3"),
        "line 4, column \"p_1\": \"two\" is not a number"
    );
    assert_eq!(
        row("red,1,,3"),
        "line 4, column \"p_1\": \"\" is not a number"
    );
    assert_eq!(
        row("red,1,nan,3"),
        "line 4, column \"p_1\": \"nan\" is not a finite 32-bit number"
    );
    assert_eq!(
        row("red,1,1e39,3"),
        "line 4, column \"p_1\": \"1e39\" is not a finite 32-bit number"
    );
    assert_eq!(
        row("red,1,-inf,3"),
        "line 4, column \"p_1\": \"-inf\" is not a finite 32-bit number"
    );
    assert_eq!(
        row("green,1,2,3"),
        "line 4, column \"colour\": \"green\" is not one of the field's classes"
    );
    assert_eq!(row("red,1,2"), "line 4: 3 columns, the header has 4");
    assert_eq!(row("red,1,2,3,4"), "line 4: 5 columns, the header has 4");
    let long = row(&format!("red,1,{},3", "x".repeat(1_000)));
    assert!(long.len() < 150, "{long}");
    assert!(!row("red,1,\u{1b}[31m,3").contains('\u{1b}'));
}

#[test]
fn lines_are_counted_however_they_end() {
    for end in ["\n", "\r\n", "\n\n", "\r\n\r\n"] {
        for rows in [0, 1, 5_000] {
            let good = format!("red,1,2,3{end}").repeat(rows);
            let lines = (rows + 1) * end.matches('\n').count() + 1;
            for last in ["", end] {
                let message = message(&format!("colour,p_0,p_1,y{end}{good}green,1,2,3{last}"));
                assert!(
                    message.starts_with(&format!("line {lines},")),
                    "{rows} rows and {end:?}: {message}"
                );
            }
        }
    }
    let message = message("colour,p_0,p_1,y,z\nred,1,2,3,\"a\nb\r\nc\"\nred,1,2,x,z\n");
    assert!(message.starts_with("line 5,"), "{message}");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let text = b"colour,p_0,p_1,y\nred,1,2,3\nr\xffd,1,2,3\n";
    let error = load_csv(&text[..], &schema()).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotUtf8));
    assert_eq!(error.place().row, Some(Row::Line(3)));
}

#[test]
fn endless_rows_do_not_fill_the_memory() {
    let start = "colour,p_0,p_1,y\nred,1,2,3\n";
    for endless in *b"x,\"\n" {
        let text = start.as_bytes().chain(io::repeat(endless));
        let error = load_csv(text, &schema()).unwrap_err();
        assert!(
            matches!(error.problem(), Problem::RecordTooLong),
            "{endless}"
        );
        assert_eq!(error.place().row, Some(Row::Line(3)));
        let error = load_csv(io::repeat(endless), &schema()).unwrap_err();
        assert!(matches!(error.problem(), Problem::RecordTooLong));
        assert_eq!(error.place().row, Some(Row::Line(1)));
    }
    // Long, but not too long, and many of them.
    let row = format!("red,1,2,3,{}\n", "x".repeat(900_000));
    let data = load(&format!("colour,p_0,p_1,y,z\n{}", row.repeat(5))).unwrap();
    assert_eq!(data.rows(), 5);
}

#[test]
fn too_many_rows_are_refused() {
    let rows = "red,1,2,3\n".repeat(MAX_ROWS as usize + 1);
    let error = load_csv(
        "colour,p_0,p_1,y\n".as_bytes().chain(rows.as_bytes()),
        &schema(),
    )
    .unwrap_err();
    assert!(
        matches!(
            error.problem(),
            Problem::Dataset(DatasetError::TooManyRows { most: MAX_ROWS })
        ),
        "{error}"
    );
}

#[test]
fn a_reader_that_fails_and_a_bad_schema_are_reported() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = "colour,p_0,p_1,y\n".as_bytes().chain(Broken);
    let error = load_csv(text, &schema()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read: the disk is gone");
    let mut bad = schema();
    bad.inputs.clear();
    let error = load_csv(&b""[..], &bad).unwrap_err();
    assert!(matches!(
        error.problem(),
        Problem::Dataset(DatasetError::Schema(SchemaError::NoInputs))
    ));
}

#[test]
fn texts_are_quoted_cells() {
    let json = r#"{
        "inputs": [{"name": "t", "kind": {"text": {"length": 4, "buckets": 100}}}],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    let text = "t,y\n\" a \"\"b\"\", c\nd \",1\n,2\n";
    let data = load_csv(text.as_bytes(), &schema).unwrap();
    let Column::Texts(texts) = &data.columns()[0] else {
        unreachable!()
    };
    assert_eq!(texts.iter().collect::<Vec<_>>(), ["a \"b\", c\nd", ""]);
    let long = format!("t,y\n{},1\n", "x".repeat(65_537));
    let error = load_csv(long.as_bytes(), &schema).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column \"t\": the text is longer than 65536 bytes"
    );
    // 2,000 of the longest are too much.
    let row = format!("{},1\n", "x".repeat(65_536)).repeat(2_000);
    let error = load_csv(format!("t,y\n{row}").as_bytes(), &schema).unwrap_err();
    let most = syft::MAX_ALL_TEXT;
    assert!(
        matches!(error.problem(), Problem::Dataset(DatasetError::TooMuchText { most: m }) if *m == most),
        "{error}"
    );
}

#[test]
fn only_ascii_white_space_is_removed() {
    let json = r#"{
        "inputs": [{"name": "t", "kind": {"text": {"length": 4, "buckets": 100}}}],
        "output": {"name": "y", "kind": {"category": {"classes": ["a", "b"]}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    let csv = "\t t \x0c, y \n \u{a0}red\u{a0}\t,\x0ca \n\u{2003},b\n";
    let lines =
        "{\"t\": \" \u{a0}red\u{a0}\\t\", \"y\": \"a\"}\n{\"t\": \"\u{2003}\", \"y\": \"b\"}\n";
    let data = load_csv(csv.as_bytes(), &schema).unwrap();
    let Column::Texts(texts) = &data.columns()[0] else {
        unreachable!()
    };
    assert_eq!(
        texts.iter().collect::<Vec<_>>(),
        ["\u{a0}red\u{a0}", "\u{2003}"]
    );
    let same = load_json_lines(lines.as_bytes(), &schema).unwrap();
    assert_eq!(data.hash(), same.hash());
    let error = load_csv("\u{a0}t,y\na,b\n".as_bytes(), &schema).unwrap_err();
    assert_eq!(error.to_string(), "column \"t\": there is no such column");
    let error = load_csv("t,y\na,\u{a0}b\n".as_bytes(), &schema).unwrap_err();
    assert!(matches!(error.problem(), Problem::UnknownClass { .. }));
}

proptest! {
    #[test]
    fn any_text_never_panics(text in "[a-z0-9,.\"\n\r -]{0,300}") {
        let _ = load(&text);
        let _ = load(&format!("colour,p_0,p_1,y\nred,1,2,3\n{text}"));
    }
}
