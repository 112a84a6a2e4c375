use super::*;
use crate::Name;
use ndarray::array;

fn schema() -> Schema {
    let json = r#"{
        "inputs": [
            {"name": "colour", "kind": {"category": {"classes": ["red", "green", "blue"]}}},
            {"name": "place", "kind": {"vector": {"length": 2, "range": {"low": -1000000, "high": 3000000}}}},
            {"name": "age", "kind": {"number": {}}}
        ],
        "output": {"name": "price", "kind": {"number": {"range": {"low": 0, "high": 10000000}}}}
    }"#;
    serde_json::from_str(json).unwrap()
}

fn columns() -> Vec<Column> {
    vec![
        Column::Classes(vec![2, 0]),
        Column::Numbers(array![[-1.0, 3.0], [1.0, 7.0]]),
        Column::Numbers(array![[5.5], [-0.0]]),
        Column::Numbers(array![[5.0], [20.0]]),
    ]
}

fn dataset() -> Dataset {
    Dataset::new(schema(), columns(), Limits::default()).unwrap()
}

#[test]
fn features_and_targets_are_scaled_and_one_hot() {
    let data = dataset();
    assert_eq!(data.rows(), 2);
    assert_eq!(
        data.features(),
        array![
            [0.0, 0.0, 1.0, 0.0, 1.0, 5.5],
            [1.0, 0.0, 0.0, 0.5, 2.0, -0.0]
        ]
    );
    assert_eq!(data.features_of(1..2), data.features().slice(s![1.., ..]));
    assert_eq!(data.targets(), Targets::Numbers(array![[0.5], [2.0]]));
}

#[test]
fn select_takes_rows_in_order() {
    let data = dataset();
    let picked = data.select(&[1, 0, 1]).unwrap();
    assert_eq!(picked.columns()[0], Column::Classes(vec![0, 2, 0]));
    assert_eq!(picked.features().row(1), data.features().row(0));
    assert_eq!(data.select(&[]), Err(DatasetError::NoRows));
    assert_eq!(
        data.select(&[0, 2]),
        Err(DatasetError::NoSuchRow { row: 2 })
    );
}

#[test]
fn split_has_every_row_once() {
    let data = dataset().select(&[0, 1, 1, 0, 1, 1, 0, 1, 1, 1]).unwrap();
    let (first, second) = data.split(0.3, 7).unwrap();
    assert_eq!((first.rows(), second.rows()), (3, 7));
    assert_eq!(data.split(0.3, 7).unwrap().0, first);
    let reds = |data: &Dataset| data.features().column(0).sum();
    assert_eq!(reds(&first) + reds(&second), reds(&data));
    for part in [0.0, 1.0, 0.99, 0.01, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(data.split(part, 7), Err(DatasetError::EmptyPart), "{part}");
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let with = |index: usize, column: Column| {
        let mut columns = columns();
        columns[index] = column;
        Dataset::new(schema(), columns, Limits::default())
    };
    let name = |name: &str| Name::try_from(name).unwrap();
    let wrong = |field| Err(DatasetError::Column { field: name(field) });
    assert_eq!(
        with(0, Column::Numbers(array![[1.0], [1.0]])),
        wrong("colour")
    );
    assert_eq!(
        with(1, Column::Numbers(array![[1.0], [1.0]])),
        wrong("place")
    );
    assert_eq!(with(2, Column::Classes(vec![0, 0])), wrong("age"));
    assert_eq!(with(2, Column::Numbers(array![[1.0]])), wrong("age"));
    let unknown = DatasetError::UnknownClass {
        field: name("colour"),
        row: 1,
    };
    assert_eq!(with(0, Column::Classes(vec![0, 3])), Err(unknown));
    let infinite = DatasetError::NotFinite {
        field: name("age"),
        row: 0,
    };
    assert_eq!(
        with(2, Column::Numbers(array![[f32::NAN], [0.0]])),
        Err(infinite)
    );
    let found = Dataset::new(schema(), columns()[1..].to_vec(), Limits::default());
    assert_eq!(
        found,
        Err(DatasetError::Columns {
            expected: 4,
            found: 3
        })
    );
    assert_eq!(with(0, Column::Classes(vec![])), Err(DatasetError::NoRows));
}

#[test]
fn numbers_too_large_after_scaling_are_refused() {
    let mut schema = schema();
    schema.inputs[2].kind = FieldKind::Number {
        range: Some(Range { low: 0, high: 1 }),
    };
    let mut columns = columns();
    columns[2] = Column::Numbers(array![[1.0], [1e35]]);
    let field = Name::try_from("age").unwrap();
    let error = Dataset::new(schema, columns, Limits::default());
    assert_eq!(error, Err(DatasetError::NotFinite { field, row: 1 }));
}

#[test]
fn limits_hold_exactly() {
    let new = |rows, values| {
        let limits = Limits {
            rows,
            values,
            ..Limits::default()
        };
        Dataset::new(schema(), columns(), limits)
    };
    assert!(new(2, 12).is_ok());
    assert_eq!(new(1, 12), Err(DatasetError::TooManyRows { most: 1 }));
    assert_eq!(new(2, 11), Err(DatasetError::TooManyValues { most: 11 }));
}

#[test]
fn values_that_a_model_gives_are_bounded_too() {
    let plan = SchemaPlan {
        inputs: 1,
        outputs: 1_000,
    };
    let limits = Limits::default();
    assert_eq!(limits.check_rows(100_000, plan), Ok(()));
    let most = MAX_VALUES;
    let error = Err(DatasetError::TooManyValues { most });
    assert_eq!(limits.check_rows(100_001, plan), error);
}

fn texts(rows: &[&str]) -> Column {
    let mut texts = Texts::default();
    rows.iter().for_each(|text| texts.push(text).unwrap());
    Column::Texts(texts)
}

fn with_texts(rows: &[&str], limits: Limits) -> Result<Dataset, DatasetError> {
    let json = r#"{
        "inputs": [{"name": "t", "kind": {"text": {"length": 3, "buckets": 4096}}}],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    let numbers = Column::Numbers(Array2::zeros((rows.len(), 1)));
    let schema = serde_json::from_str(json).unwrap();
    Dataset::new(schema, vec![texts(rows), numbers], limits)
}

#[test]
fn texts_become_token_numbers_and_padding() {
    let rows = ["a foobar", "", "A, a; foobar A"];
    let data = with_texts(&rows, Limits::default()).unwrap();
    let (a, foobar) = (0xc8c as f32 + 1.0, 0x7e8 as f32 + 1.0);
    let expected = array![[a, foobar, 0.0], [0.0, 0.0, 0.0], [a, a, foobar]];
    assert_eq!(data.features(), expected);
    assert_eq!(data.features_of(2..3), expected.slice(s![2.., ..]));
    let picked = data.select(&[2, 2, 0]).unwrap();
    assert_eq!(picked.columns()[0], texts(&[rows[2], rows[2], rows[0]]));
}

#[test]
fn texts_are_bounded() {
    let limits = Limits {
        text: 5,
        ..Limits::default()
    };
    assert!(with_texts(&["abc", "de"], limits).is_ok());
    let error = with_texts(&["abc", "def"], limits);
    assert_eq!(error, Err(DatasetError::TooMuchText { most: 5 }));
    let long = "x".repeat(MAX_TEXT);
    assert!(with_texts(&["", &long], Limits::default()).is_ok());
    let error = with_texts(&["", &(long + "x")], Limits::default());
    let field = Name::try_from("t").unwrap();
    assert_eq!(error, Err(DatasetError::TextTooLong { field, row: 1 }));
    // One of the largest texts, selected again and again.
    let large = with_texts(&["x".repeat(MAX_TEXT).as_str()], Limits::default()).unwrap();
    let most = MAX_ALL_TEXT;
    assert_eq!(
        large.select(&[0; 2_000]),
        Err(DatasetError::TooMuchText { most })
    );
}

#[test]
fn columns_of_texts_belong_to_texts() {
    let field = |name| Name::try_from(name).unwrap();
    let numbers = || Column::Numbers(Array2::zeros((2, 1)));
    let text = with_texts(&["", ""], Limits::default()).unwrap();
    let columns = vec![numbers(), numbers()];
    let error = Dataset::new(text.schema().clone(), columns, Limits::default());
    assert_eq!(error, Err(DatasetError::Column { field: field("t") }));
    let columns = vec![texts(&[""]), numbers()];
    let error = Dataset::new(text.schema().clone(), columns, Limits::default());
    assert!(matches!(error, Err(DatasetError::Column { .. })));
    let mut columns = self::columns();
    columns[2] = texts(&["", ""]);
    let error = Dataset::new(schema(), columns, Limits::default());
    assert_eq!(
        error,
        Err(DatasetError::Column {
            field: field("age")
        })
    );
}
