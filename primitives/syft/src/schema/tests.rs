use super::*;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn number(field: &str) -> Field {
    Field {
        name: name(field),
        kind: FieldKind::Number { range: None },
    }
}

fn vector(field: &str, length: u32) -> Field {
    Field {
        name: name(field),
        kind: FieldKind::Vector {
            length,
            range: None,
        },
    }
}

fn category(field: &str, classes: &[&str]) -> Field {
    let classes: Vec<_> = classes.iter().map(|class| name(class)).collect();
    Field {
        name: name(field),
        kind: FieldKind::Category {
            classes: classes.try_into().unwrap(),
        },
    }
}

fn many_classes(field: &str) -> Field {
    let classes: Vec<String> = (0..256).map(|class| format!("{class}")).collect();
    category(
        field,
        &classes.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

fn schema(inputs: Vec<Field>, output: Field) -> Schema {
    Schema {
        inputs: inputs.try_into().unwrap(),
        output,
    }
}

fn check(inputs: Vec<Field>, output: Field) -> Result<(u32, u32), SchemaError> {
    schema(inputs, output)
        .check()
        .map(|plan| (plan.inputs, plan.outputs))
}

#[test]
fn values_of_every_kind_are_counted() {
    let image = Field {
        name: name("picture"),
        kind: FieldKind::Image {
            channels: 3,
            height: 4,
            width: 5,
            range: None,
        },
    };
    let inputs = alloc::vec![
        number("a"),
        category("b", &["x", "y", "z"]),
        vector("c", 7),
        image
    ];
    assert_eq!(
        check(inputs.clone(), number("out")),
        Ok((1 + 3 + 7 + 60, 1))
    );
    assert_eq!(
        check(inputs.clone(), category("out", &["x", "y"])),
        Ok((71, 2))
    );
    assert_eq!(check(inputs, vector("out", 9)), Ok((71, 9)));
}

#[test]
fn names_must_be_told_apart() {
    let shared = |text| Err(SchemaError::SharedName { name: name(text) });
    assert_eq!(
        check(alloc::vec![number("a"), number("a")], number("b")),
        shared("a")
    );
    assert_eq!(check(alloc::vec![number("a")], number("a")), shared("a"));
    // The output would be among the inputs.
    assert_eq!(
        check(alloc::vec![vector("a", 64)], number("a_3")),
        shared("a_3")
    );
    assert!(check(alloc::vec![vector("a", 64)], number("a_b")).is_ok());
    assert!(check(alloc::vec![vector("a", 64)], number("a_")).is_ok());
    assert!(check(alloc::vec![vector("a", 64), vector("a_1", 64)], number("b")).is_ok());
    for bad in ["", " a", "a ", "a\nb", "\u{7f}"] {
        let expected = Err(SchemaError::NotAName { name: name(bad) });
        assert_eq!(check(alloc::vec![number(bad)], number("b")), expected);
        assert_eq!(
            check(alloc::vec![number("a")], category("b", &["x", bad])),
            expected
        );
    }
}

#[test]
fn limits_hold_exactly() {
    use SchemaError::*;
    let field = || name("f");
    assert_eq!(check(Vec::new(), number("b")), Err(NoInputs));
    assert_eq!(
        check(alloc::vec![category("f", &["x"])], number("b")),
        Err(TooFewClasses { field: field() })
    );
    let twice = SharedClass {
        field: field(),
        class: name("x"),
    };
    assert_eq!(
        check(alloc::vec![category("f", &["x", "y", "x"])], number("b")),
        Err(twice)
    );
    assert_eq!(
        check(alloc::vec![vector("f", 0)], number("b")),
        Err(EmptyField { field: field() })
    );
    assert_eq!(
        check(alloc::vec![vector("f", 65_536)], number("b")),
        Ok((MAX_INPUTS, 1))
    );
    assert_eq!(
        check(alloc::vec![vector("f", 65_537)], number("b")),
        Err(TooManyInputs)
    );
    assert_eq!(
        check(alloc::vec![vector("f", 65_536), number("g")], number("b")),
        Err(TooManyInputs)
    );
    assert_eq!(
        check(alloc::vec![vector("f", u32::MAX), number("g")], number("b")),
        Err(TooManyInputs)
    );
    let image = FieldKind::Image {
        channels: 65_536,
        height: 65_536,
        width: 1,
        range: None,
    };
    assert_eq!(
        check(
            alloc::vec![Field {
                name: field(),
                kind: image
            }],
            number("b")
        ),
        Err(TooManyInputs)
    );
    assert_eq!(
        check(alloc::vec![number("f")], vector("b", 1_024)),
        Ok((1, MAX_OUTPUTS))
    );
    assert_eq!(
        check(alloc::vec![number("f")], vector("b", 1_025)),
        Err(TooManyOutputs)
    );
    let four: Vec<_> = ["f", "g", "h", "i"].into_iter().map(many_classes).collect();
    assert_eq!(check(four.clone(), number("b")), Ok((1_024, 1)));
    assert_eq!(check(four, category("b", &["x", "y"])), Err(TooManyClasses));
}

#[test]
fn texts_are_inputs_with_bounded_tokens() {
    let text = |length, buckets| Field {
        name: name("t"),
        kind: FieldKind::Text { length, buckets },
    };
    let with = |field| check(alloc::vec![field], number("b"));
    assert_eq!(with(text(32, 4_096)), Ok((32, 1)));
    assert_eq!(with(text(MAX_INPUTS, MAX_BUCKETS)), Ok((MAX_INPUTS, 1)));
    assert_eq!(
        with(text(MAX_INPUTS + 1, 1)),
        Err(SchemaError::TooManyInputs)
    );
    let field = || name("t");
    assert_eq!(
        with(text(0, 1)),
        Err(SchemaError::EmptyField { field: field() })
    );
    for buckets in [0, MAX_BUCKETS + 1, u32::MAX] {
        assert_eq!(
            with(text(1, buckets)),
            Err(SchemaError::BadBuckets { field: field() })
        );
    }
    assert_eq!(
        check(alloc::vec![number("a")], text(1, 1)),
        Err(SchemaError::TextOutput { field: field() })
    );
    let json = r#"{"text":{"length":32,"buckets":4096}}"#;
    let kind: FieldKind = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&kind).unwrap(), json);
    assert_eq!(kind.encode(), [4, 32, 0, 0, 0, 0, 16, 0, 0]);
}

#[test]
fn ranges_must_rise_within_bounds() {
    let with = |low, high| {
        let kind = FieldKind::Number {
            range: Some(Range { low, high }),
        };
        check(
            alloc::vec![Field {
                name: name("f"),
                kind
            }],
            number("b"),
        )
    };
    let bad = Err(SchemaError::BadRange { field: name("f") });
    assert!(with(0, 1).is_ok() && with(-MAX_RANGE, MAX_RANGE).is_ok());
    assert_eq!(with(1, 1), bad);
    assert_eq!(with(2, 1), bad);
    assert_eq!(with(i64::MIN, 0), bad);
    assert_eq!(with(0, i64::MAX), bad);
    assert_eq!(with(0, MAX_RANGE + 1), bad);
}

#[test]
fn json_and_scale_round_trip() {
    let json = r#"{"inputs":[{"name":"a","kind":{"number":{}}},{"name":"p","kind":{"image":{"channels":1,"height":8,"width":8,"range":{"low":0,"high":255000000}}}}],"output":{"name":"b","kind":{"category":{"classes":["x","y"]}}}}"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&schema).unwrap(), json);
    let bytes = schema.encode();
    assert_eq!(Schema::decode(&mut &bytes[..]).unwrap(), schema);
    assert!(serde_json::from_str::<Schema>(&json.replace("height", "heigth")).is_err());
}
