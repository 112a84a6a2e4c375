//! Gradients that are refused, each with the tensor that is wrong.

use crate::check::decode;
use crate::{architecture, golden, gradient, join, parts, DENSE};
use syft::{max_gradient_header_size, max_gradient_size, BlobError, Encoding, Parameters};

const TOP_7: Encoding = Encoding::TopK { k: 7 };

/// The golden gradient with a change to its header and data.
fn changed(encoding: Encoding, change: impl Fn(&mut String, &mut Vec<u8>)) -> BlobError {
    let (architecture, gradient) = golden();
    let original = parts(&gradient.encode(encoding));
    let (mut header, mut data) = original.clone();
    change(&mut header, &mut data);
    assert_ne!((&header, &data), (&original.0, &original.1));
    decode(&architecture, &join(&header, &data)).unwrap_err()
}

/// The golden gradient with something else in its header.
fn renamed(encoding: Encoding, from: &str, to: &str) -> BlobError {
    changed(encoding, |header, _| *header = header.replace(from, to))
}

/// The golden gradient with other bytes at a place in its data.
fn patched(encoding: Encoding, at: usize, bytes: &[u8]) -> BlobError {
    changed(encoding, |_, data| {
        data[at..at + bytes.len()].copy_from_slice(bytes)
    })
}

fn missing(tensor: &str) -> BlobError {
    let tensor = tensor.into();
    BlobError::Missing { tensor }
}

fn unknown(tensor: &str) -> BlobError {
    let tensor = tensor.into();
    BlobError::Unknown { tensor }
}

fn offsets(tensor: &str) -> BlobError {
    let tensor = tensor.into();
    BlobError::Offsets { tensor }
}

fn indices() -> BlobError {
    BlobError::Indices {
        tensor: "indices".into(),
        parameters: 68,
    }
}

fn scale(tensor: &str) -> BlobError {
    let tensor = tensor.into();
    BlobError::Scale { tensor }
}

fn not_finite(tensor: &str) -> BlobError {
    let tensor = tensor.into();
    BlobError::NotFinite { tensor }
}

#[test]
fn sizes_and_header_lengths() {
    let (architecture, gradient) = golden();
    let plan = architecture.plan().unwrap();
    let decode = |bytes: &[u8]| decode(&architecture, bytes);
    for encoding in DENSE.into_iter().chain([TOP_7]) {
        let good = gradient.encode(encoding);
        for end in 0..good.len() {
            assert!(decode(&good[..end]).is_err(), "{encoding:?} cut at {end}");
        }
        assert!(decode(&[&good[..], &[0]].concat()).is_err(), "{encoding:?}");
        let length = u64::from_le_bytes(good[..8].try_into().unwrap());
        for claimed in [
            0,
            1,
            length - 1,
            length + 1,
            100_000_000,
            u64::MAX - 7,
            u64::MAX,
        ] {
            let bytes = [&claimed.to_le_bytes(), &good[8..]].concat();
            assert!(decode(&bytes).is_err(), "{encoding:?} claims {claimed}");
        }
        let (header, data) = parts(&good);
        let most = max_gradient_header_size(&plan) as usize;
        let padded = |length: usize| join(&format!("{header:length$}"), &data);
        assert!(decode(&padded(most)).is_ok(), "{encoding:?}");
        assert!(decode(&padded(most + 1)).is_err(), "{encoding:?}");
    }
    let size = |bytes| BlobError::Size {
        bytes,
        least: 16,
        most: 8 + 512 + 2 * 320 + 4 * 68,
    };
    assert_eq!(decode(&[7; 15]), Err(size(15)));
    let most = max_gradient_size(&plan);
    assert_eq!(decode(&vec![7; most as usize + 1]), Err(size(most + 1)));
    let claims = [&200u64.to_le_bytes()[..], &[b'{'; 100]].concat();
    let length = BlobError::HeaderLength {
        claimed: 200,
        least: 0,
        most: 100,
    };
    assert_eq!(decode(&claims), Err(length));
}

#[test]
fn encodings_and_kinds() {
    let (architecture, gradient) = golden();
    for encoding in DENSE.into_iter().chain([TOP_7]) {
        let bytes = gradient.encode(encoding);
        assert!(Parameters::from_safetensors(&architecture, &bytes).is_err());
    }
    let dense = gradient.encode(Encoding::DenseF32);
    assert!(matches!(
        Parameters::from_safetensors(&architecture, &dense),
        Err(BlobError::Kind { .. })
    ));
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    assert!(matches!(
        decode(&architecture, &parameters.to_safetensors()),
        Err(BlobError::Kind { .. })
    ));
    let encoding = |found: &str| BlobError::Encoding {
        found: found.into(),
    };
    let renamed = |from, to| renamed(Encoding::DenseF32, from, to);
    assert_eq!(renamed("dense-f32", "dense-f64"), encoding("dense-f64"));
    assert_eq!(renamed(",\"encoding\":\"dense-f32\"", ""), encoding(""));
}

#[test]
fn mixed_encodings() {
    let wrong_type = |tensor: &str, expected, found: &str| BlobError::Type {
        tensor: tensor.into(),
        expected,
        found: found.into(),
    };
    let (weight, scale) = ("layers.0.weight", "layers.0.weight.scale");
    assert_eq!(
        renamed(Encoding::DenseF32, "dense-f32", "dense-bf16"),
        wrong_type(weight, "BF16", "F32")
    );
    assert_eq!(
        renamed(Encoding::DenseBf16, "dense-bf16", "dense-f32"),
        wrong_type(weight, "F32", "BF16")
    );
    assert_eq!(
        renamed(Encoding::DenseF32, "dense-f32", "int8-blocks"),
        missing(scale)
    );
    assert_eq!(
        renamed(Encoding::DenseF32, "dense-f32", "top-k"),
        missing("indices")
    );
    assert_eq!(
        renamed(Encoding::Int8Blocks, "int8-blocks", "dense-f32"),
        unknown(scale)
    );
    assert_eq!(renamed(TOP_7, "top-k", "int8-blocks"), unknown("indices"));
    assert_eq!(
        renamed(Encoding::Int8Blocks, "\"I8\"", "\"U8\""),
        wrong_type(weight, "I8", "U8")
    );
    assert_eq!(
        renamed(TOP_7, "\"U32\"", "\"I32\""),
        wrong_type("indices", "U32", "I32")
    );
}

#[test]
fn blocks() {
    let blocks = Encoding::Int8Blocks;
    let (weight_scale, bias_scale) = ("layers.0.weight.scale", "layers.0.bias.scale");
    for wrong in [-1.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(
            patched(blocks, 4, &wrong.to_le_bytes()),
            scale(weight_scale)
        );
        assert_eq!(patched(blocks, 8, &wrong.to_le_bytes()), scale(bias_scale));
    }
    // Finite, but not times 127.
    assert_eq!(
        patched(blocks, 8, &f32::MAX.to_le_bytes()),
        not_finite("layers.0.bias")
    );
    let quantised = |tensor: &str| BlobError::Quantised {
        tensor: tensor.into(),
    };
    assert_eq!(patched(blocks, 12, &[0x80]), quantised("layers.0.weight"));
    assert_eq!(patched(blocks, 79, &[0x80]), quantised("layers.0.bias"));
    assert_eq!(
        renamed(
            blocks,
            "\"shape\":[2],\"data_offsets\":[0,8]",
            "\"shape\":[1],\"data_offsets\":[0,4]"
        ),
        BlobError::Shape {
            tensor: weight_scale.into(),
            expected: vec![2],
            found: vec![1],
        }
    );
    assert_eq!(renamed(blocks, "[0,8]", "[0,4]"), offsets(weight_scale));
    assert_eq!(
        renamed(blocks, "[78,80]", "[12,14]"),
        offsets("layers.0.weight")
    );
    let entry = r#","layers.0.bias.scale":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#;
    assert_eq!(renamed(blocks, entry, ""), missing(bias_scale));
    let repeated = BlobError::Repeated {
        tensor: bias_scale.into(),
    };
    assert_eq!(renamed(blocks, entry, &entry.repeat(2)), repeated);
    // Data that no tensor claims.
    assert_eq!(
        changed(blocks, |_, data| data.push(0)),
        offsets("layers.0.bias")
    );
}

#[test]
fn sparse_values() {
    // Positions 0, 11, 19, 30, 41, 49 and 60, and the values from byte 28 on.
    for (at, wrong) in [
        (4, 0),
        (8, 11),
        (8, 10),
        (24, 68),
        (24, u32::MAX),
        (0, u32::MAX),
    ] {
        let wrong = u32::to_le_bytes(wrong);
        assert_eq!(patched(TOP_7, at, &wrong), indices(), "{wrong:?} at {at}");
    }
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let wrong = wrong.to_le_bytes();
        assert_eq!(patched(TOP_7, 28, &wrong), not_finite("layers.0.weight"));
    }
    let count = BlobError::Count {
        tensor: "indices".into(),
        most: 34,
    };
    for shape in [
        "[]",
        "[0]",
        "[1,7]",
        "[35]",
        "[4294967303]",
        "[18446744073709551615]",
    ] {
        assert_eq!(renamed(TOP_7, "[7]", shape), count, "{shape}");
    }
    let values = BlobError::Shape {
        tensor: "values".into(),
        expected: vec![6],
        found: vec![7],
    };
    assert_eq!(
        renamed(
            TOP_7,
            "[7],\"data_offsets\":[0,28]",
            "[6],\"data_offsets\":[0,24]"
        ),
        values
    );
    assert_eq!(renamed(TOP_7, "\"values\"", "\"value\""), unknown("value"));
    assert_eq!(
        renamed(TOP_7, "\"indices\"", "\"index\""),
        missing("indices")
    );
    let entry = r#","values":{"dtype":"F32","shape":[7],"data_offsets":[28,56]}"#;
    assert_eq!(renamed(TOP_7, entry, ""), missing("values"));
    assert_eq!(renamed(TOP_7, "[28,56]", "[0,28]"), offsets("values"));
    assert_eq!(
        renamed(
            TOP_7,
            "[28,56]",
            "[18446744073709551588,18446744073709551615]"
        ),
        offsets("values")
    );
    assert_eq!(changed(TOP_7, |_, data| data.push(0)), offsets("values"));
    // More than half of the values, in a file that is small enough.
    let (architecture, gradient) = (architecture(1, 1), gradient(&architecture(1, 1), &[1.0; 2]));
    let (header, _) = parts(&gradient.encode(TOP_7));
    let header = header
        .replace("[1]", "[2]")
        .replace("[4,8]", "[8,16]")
        .replace("[0,4]", "[0,8]");
    let both = join(&header, &[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert!(matches!(
        decode(&architecture, &both),
        Err(BlobError::Count { most: 1, .. })
    ));
}

#[test]
fn dense_values_must_be_finite() {
    for wrong in [0x7f80u16, 0xff80, 0x7fc0, 0x7f81] {
        let wrong = wrong.to_le_bytes();
        assert_eq!(
            patched(Encoding::DenseBf16, 134, &wrong),
            not_finite("layers.0.bias")
        );
        let wrong = [0, 0, wrong[0], wrong[1]];
        assert_eq!(
            patched(Encoding::DenseF32, 0, &wrong),
            not_finite("layers.0.weight")
        );
    }
}

#[test]
fn tensors_in_another_order_are_read() {
    let (architecture, gradient) = golden();
    let (header, data) = parts(&gradient.encode(TOP_7));
    let swapped = header
        .replace("[0,28]", "[a]")
        .replace("[28,56]", "[0,28]")
        .replace("[a]", "[28,56]")
        .replace("\"format\"", "\"by\":\"hand\", \"format\"");
    let swapped = join(&swapped, &[&data[28..], &data[..28]].concat());
    let canonical = gradient.encode(TOP_7);
    assert_ne!(swapped, canonical);
    assert_eq!(
        decode(&architecture, &swapped).unwrap(),
        decode(&architecture, &canonical).unwrap()
    );
}
