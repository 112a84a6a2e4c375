//! The canonical form of data sets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use syft::{Dataset, DatasetError, DecodeError, Limits, Name, Schema};
use syft_data::load_csv;

fn dataset() -> Dataset {
    let json = r#"{
        "inputs": [
            {"name": "colour", "kind": {"category": {"classes": ["red", "blue"]}}},
            {"name": "p", "kind": {"vector": {"length": 2, "range": {"low": 0, "high": 16000000}}}}
        ],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    load_csv(
        "colour,p_0,p_1,y\nred,1,255,-0.5\nblue,0,16,2\nred,3,4,5\n".as_bytes(),
        &schema,
    )
    .unwrap()
}

/// Bytes from the number of rows on: what is after the schema.
const TAIL: usize = 4 + 3 + (1 + 6) + (1 + 12);

fn decode(bytes: &[u8]) -> Result<Dataset, DecodeError> {
    Dataset::decode(bytes, Limits::default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_form_is_what_it_always_was() {
    let data = dataset();
    let bytes = data.encode();
    assert_eq!(&bytes[..8], b"SYFTDAT1");
    let tail = &bytes[bytes.len() - TAIL..];
    let expected = [
        &[3, 0, 0, 0][..],
        // Classes, then narrow numbers, then wide ones.
        &[0, 1, 0],
        &[1, 1, 255, 0, 16, 3, 4],
        &[0],
        &(-0.5f32).to_le_bytes(),
        &2f32.to_le_bytes(),
        &5f32.to_le_bytes(),
    ]
    .concat();
    assert_eq!(tail, expected);
    assert_eq!(
        hex(&data.hash()),
        "8f7a6f6e0f11ce220a1a5214269f64fb98c702e33be6bc66a7fd8ea6cbe57a25"
    );
}

#[test]
fn data_sets_round_trip() {
    let data = dataset();
    assert_eq!(decode(&data.encode()).unwrap(), data);
    let part = data.select(&[2]).unwrap();
    assert_eq!(decode(&part.encode()).unwrap(), part);
    assert_ne!(part.hash(), data.hash());
}

#[test]
fn cut_and_extended_data_are_refused() {
    let bytes = dataset().encode();
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let cut = decode(&bytes[..bytes.len() - 1]);
    assert_eq!(
        cut,
        Err(DecodeError::TooShort {
            part: "field \"y\"".into()
        })
    );
    assert_eq!(
        decode(&[&bytes[..], &[0, 0]].concat()),
        Err(DecodeError::TooLong { bytes: 2 })
    );
    assert_eq!(decode(b"SYFTDAT2"), Err(DecodeError::NotADataset));
}

#[test]
fn there_is_one_form_only() {
    let field = |name| Name::try_from(name).unwrap();
    let mut bytes = dataset().encode();
    let start = bytes.len() - TAIL;
    // The narrow column in the wide form.
    let wide: Vec<u8> = [1f32, 255.0, 0.0, 16.0, 3.0, 4.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let wide = [&bytes[..start + 7], &[0], &wide, &bytes[start + 14..]].concat();
    assert_eq!(
        decode(&wide),
        Err(DecodeError::NotCanonical { field: field("p") })
    );
    bytes[start + 7] = 2;
    assert_eq!(
        decode(&bytes),
        Err(DecodeError::NotCanonical { field: field("p") })
    );
}

#[test]
fn wrong_contents_are_refused() {
    let good = dataset().encode();
    let start = good.len() - TAIL;
    let with = |at: usize, new: &[u8]| {
        let mut bytes = good.clone();
        bytes[start + at..start + at + new.len()].copy_from_slice(new);
        decode(&bytes)
    };
    let field = |name| Name::try_from(name).unwrap();
    let unknown = DatasetError::UnknownClass {
        field: field("colour"),
        row: 2,
    };
    assert_eq!(with(6, &[2]), Err(unknown.into()));
    let infinite = DatasetError::NotFinite {
        field: field("y"),
        row: 0,
    };
    assert_eq!(
        with(15, &f32::NAN.to_le_bytes()),
        Err(infinite.clone().into())
    );
    assert_eq!(with(15, &f32::INFINITY.to_le_bytes()), Err(infinite.into()));
    assert_eq!(
        with(0, &0u32.to_le_bytes()),
        Err(DatasetError::NoRows.into())
    );
    // Refused by their number, before anything is reserved for them.
    assert_eq!(
        with(0, &u32::MAX.to_le_bytes()),
        Err(DatasetError::TooManyRows { most: 1_000_000 }.into())
    );
    assert!(matches!(
        with(0, &1_000_000u32.to_le_bytes()),
        Err(DecodeError::TooShort { .. })
    ));
    let few = Limits {
        rows: 2,
        ..Limits::default()
    };
    assert_eq!(
        Dataset::decode(&good, few),
        Err(DatasetError::TooManyRows { most: 2 }.into())
    );
    let small = Limits {
        values: 11,
        ..Limits::default()
    };
    assert_eq!(
        Dataset::decode(&good, small),
        Err(DatasetError::TooManyValues { most: 11 }.into())
    );
    let mut bytes = good.clone();
    bytes[8] = 0xff;
    assert!(matches!(decode(&bytes), Err(DecodeError::Schema { .. })));
}

/// Two rows of a text and a number.
fn texts() -> Dataset {
    let json = r#"{
        "inputs": [{"name": "t", "kind": {"text": {"length": 4, "buckets": 100}}}],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    load_csv("t,y\nnaïve,1\n,2\n".as_bytes(), &schema).unwrap()
}

#[test]
fn texts_have_their_lengths_before_them() {
    let data = texts();
    let bytes = data.encode();
    let tail = [
        &[2, 0, 0, 0][..],
        &[6, 0, 0, 0],
        "naïve".as_bytes(),
        &[0, 0, 0, 0],
        &[1, 1, 2],
    ]
    .concat();
    assert!(bytes.ends_with(&tail));
    assert_eq!(decode(&bytes).unwrap(), data);
    assert_eq!(
        hex(&data.hash()),
        "e4f0a71e1a541f316db77a4cfe4f0e607edd9fa5239b7ed9508b61ec157e6148"
    );
    for end in bytes.len() - tail.len()..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let field = Name::try_from("t").unwrap();
    let start = bytes.len() - tail.len() + 4;
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[start + at] = byte;
        decode(&bytes)
    };
    assert_eq!(with(4, 0xff), Err(DecodeError::NotUtf8 { field, row: 0 }));
    let part = "field \"t\"".into();
    assert_eq!(with(3, 0xff), Err(DecodeError::TooShort { part }));
    let limits = Limits {
        text: 5,
        ..Limits::default()
    };
    assert_eq!(
        Dataset::decode(&bytes, limits),
        Err(DatasetError::TooMuchText { most: 5 }.into())
    );
}

#[test]
fn a_text_too_long_is_refused() {
    let bytes = texts().encode();
    let text = vec![b'x'; 65_537];
    let start = bytes.len() - (6 + 4 + 4 + 3);
    let bytes = [
        &bytes[..start],
        &65_537u32.to_le_bytes(),
        &text,
        &bytes[start + 10..],
    ]
    .concat();
    let field = Name::try_from("t").unwrap();
    assert_eq!(
        decode(&bytes),
        Err(DatasetError::TextTooLong { field, row: 0 }.into())
    );
}

proptest! {
    #[test]
    fn changed_data_never_panic_and_stay_canonical(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        with_texts in any::<bool>(),
    ) {
        let mut bytes = if with_texts { texts() } else { dataset() }.encode();
        for (index, byte) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(data) = decode(&bytes) {
            prop_assert_eq!(data.encode(), bytes);
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let _ = decode(&[b"SYFTDAT1", &bytes[..]].concat());
    }
}
