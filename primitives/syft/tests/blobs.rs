//! Stored parameters: what others can read, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::SafeTensors;
use syft::{
    check_parameters, max_blob_size, max_header_size, min_blob_size, Architecture, BlobError,
    Model, ModelError, Parameters,
};

fn architecture() -> Architecture {
    let layers = r#"[{"dense":{"units":3}},"relu",{"dense":{"units":2}}]"#;
    serde_json::from_str(&format!(
        r#"{{"input":[4],"layers":{layers},"head":"squared_error"}}"#
    ))
    .unwrap()
}

fn parameters() -> Parameters {
    Parameters::initialise(&architecture(), 1).unwrap()
}

/// The header and the data of a file.
fn parts(bytes: &[u8]) -> (String, Vec<u8>) {
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (
        String::from_utf8(bytes[8..end].to_vec()).unwrap(),
        bytes[end..].to_vec(),
    )
}

fn join(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// Reads parameters, once it is certain that the check says the same of everything but the values.
fn read(bytes: &[u8]) -> Result<Parameters, BlobError> {
    let read = Parameters::from_safetensors(&architecture(), bytes);
    let expected = match &read {
        Ok(_) | Err(BlobError::NotFinite { .. }) => Ok(()),
        Err(error) => Err(error.clone()),
    };
    assert_eq!(check_parameters(&architecture(), bytes), expected);
    read
}

/// The canonical file with a change to its header.
fn with_header(change: impl Fn(String) -> String) -> Result<Parameters, BlobError> {
    let (header, data) = parts(&parameters().to_safetensors());
    let changed = change(header.clone());
    assert_ne!(changed, header, "the change must change something");
    read(&join(&changed, &data))
}

#[test]
fn the_canonical_file_is_what_it_always_was() {
    let bytes = parameters().to_safetensors();
    let (header, data) = parts(&bytes);
    assert_eq!(
        header.trim_end(),
        concat!(
            r#"{"__metadata__":{"format":"pt"},"#,
            r#""layers.0.weight":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},"#,
            r#""layers.0.bias":{"dtype":"F32","shape":[3],"data_offsets":[48,60]},"#,
            r#""layers.2.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[60,84]},"#,
            r#""layers.2.bias":{"dtype":"F32","shape":[2],"data_offsets":[84,92]}}"#
        )
    );
    assert_eq!(header.len() % 8, 0);
    assert_eq!(data.len(), 92);
    assert_eq!(
        hex(&parameters().hash()),
        "1a530b315d412c7bc8b7c7722c73536228a53c47d1a6d1e4786d2bc0d2695e2c"
    );
}

#[test]
fn parameters_round_trip() {
    let parameters = parameters();
    let bytes = parameters.to_safetensors();
    assert_eq!(read(&bytes).unwrap(), parameters);
    let plan = architecture().plan().unwrap();
    assert!((min_blob_size(&plan)..=max_blob_size(&plan)).contains(&(bytes.len() as u64)));
}

#[test]
fn initial_weights_have_the_documented_spread() {
    let json = r#"{"input":[200],"layers":[{"dense":{"units":500}}],"head":"squared_error"}"#;
    let wide: Architecture = serde_json::from_str(json).unwrap();
    let parameters = Parameters::initialise(&wide, 9).unwrap();
    let (weights, biases) = parameters.values().split_at(100_000);
    let variance = weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / 1e5;
    assert!((variance - 0.01).abs() < 0.000_2, "{variance}");
    assert!(biases.iter().all(|&bias| bias == 0.0));
    assert_ne!(parameters, Parameters::initialise(&wide, 10).unwrap());
}

#[test]
fn the_ecosystems_library_reads_ours() {
    let parameters = parameters();
    let bytes = parameters.to_safetensors();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.len(), 4);
    for (tensor, array) in parameters.tensors() {
        let view = file.tensor(&tensor.name).unwrap();
        assert_eq!(view.dtype(), Dtype::F32);
        assert_eq!(view.shape(), array.shape());
        let values: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(view.data(), values);
    }
}

#[test]
fn we_read_the_ecosystems_library() {
    let parameters = parameters();
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = parameters
        .tensors()
        .map(|(tensor, array)| {
            let bytes = array.iter().flat_map(|value| value.to_le_bytes()).collect();
            (tensor.name.clone(), array.shape().to_vec(), bytes)
        })
        .collect();
    let views = data.iter().map(|(name, shape, bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap(),
        )
    });
    // That library puts biases first, as it sorts by name.
    let theirs = safetensors::serialize(views, None).unwrap();
    assert_ne!(theirs, parameters.to_safetensors());
    assert_eq!(read(&theirs).unwrap(), parameters);
}

#[test]
fn wrong_sizes_are_refused() {
    let bytes = parameters().to_safetensors();
    let plan = architecture().plan().unwrap();
    assert!(matches!(read(&[]), Err(BlobError::Size { bytes: 0, .. })));
    assert!(matches!(
        read(&bytes[..50]),
        Err(BlobError::Size {
            bytes: 50,
            least: 100,
            ..
        })
    ));
    let huge = vec![0; max_blob_size(&plan) as usize + 1];
    assert!(matches!(read(&huge), Err(BlobError::Size { .. })));
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(read(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn lying_header_lengths_are_refused() {
    let good = parameters().to_safetensors();
    let expected = u64::from_le_bytes(good[..8].try_into().unwrap());
    for claimed in [
        0,
        1,
        expected - 1,
        expected + 1,
        100_000_000,
        u64::MAX - 7,
        u64::MAX,
    ] {
        let mut bytes = good.clone();
        bytes[..8].copy_from_slice(&claimed.to_le_bytes());
        assert_eq!(
            read(&bytes),
            Err(BlobError::HeaderLength {
                claimed,
                least: expected,
                most: expected
            })
        );
    }
}

#[test]
fn headers_of_the_longest_size_are_read() {
    let (header, data) = parts(&parameters().to_safetensors());
    let most = max_header_size(&architecture().plan().unwrap()) as usize;
    let padded = |length: usize| join(&format!("{header:length$}"), &data);
    assert_eq!(read(&padded(most)).unwrap(), parameters());
    assert!(matches!(
        read(&padded(most + 1)),
        Err(BlobError::Size { .. })
    ));
}

#[test]
fn malformed_headers_are_refused() {
    let malformed = |result| matches!(result, Err(BlobError::Header { .. }));
    assert!(malformed(with_header(|header| header.replace('}', "]"))));
    assert!(malformed(with_header(|header| format!(" {header}"))));
    assert!(malformed(with_header(
        |header| header.replace("[0,48]", "[0,-48]")
    )));
    assert!(malformed(with_header(
        |header| header.replace("[0,48]", "[0,48,48]")
    )));
    assert!(malformed(with_header(
        |header| header.replace("[3,4]", "[3.5,4]")
    )));
    assert!(malformed(with_header(
        |header| header.replace("\"shape\":[3,4]", "\"shape\":[3,4],\"shape\":[3,4]")
    )));
    assert!(malformed(with_header(
        |header| header.replace("\"dtype\"", "\"type\"")
    )));
    assert!(malformed(with_header(
        |header| header.replace("\"pt\"", "7")
    )));
    assert!(malformed(with_header(|header| header.replacen(
        '{',
        "{\"__metadata__\":{},",
        1
    ))));
    assert!(malformed(with_header(|header| header
        .trim_end()
        .to_owned()
        + "{}")));
    assert!(malformed(with_header(|_| format!(
        "{{\"a\":{}",
        "[".repeat(600)
    ))));
    let (header, data) = parts(&parameters().to_safetensors());
    let mut bytes = join(&header, &data);
    bytes[12] = 0xff;
    assert!(malformed(read(&bytes)));
}

#[test]
fn malformed_entries_are_named() {
    for (from, to, reason) in [
        ("[0,48]", "[0,-48]", "invalid value"),
        ("[0,48]", "[0,48.0]", "invalid type"),
        ("[3,4]", "{}", "invalid type"),
        ("\"shape\"", "\"size\"", "unknown field `size`"),
        ("\"shape\":[3,4],", "", "missing field `shape`"),
    ] {
        let Err(BlobError::Header { reason: found }) = with_header(|h| h.replacen(from, to, 1))
        else {
            panic!("{from} as {to}");
        };
        let expected = format!("tensor \"layers.0.weight\": {reason}");
        assert!(found.starts_with(&expected), "{found}");
        assert!(found.contains(" at line 1 column "), "{found}");
    }
}

#[test]
fn tensors_must_be_those_of_the_architecture() {
    let tensor = || "layers.0.bias".to_string();
    let entry = r#""layers.0.bias":{"dtype":"F32","shape":[3],"data_offsets":[48,60]},"#;
    let missing = with_header(|header| header.replace(entry, ""));
    assert_eq!(missing, Err(BlobError::Missing { tensor: tensor() }));
    let unknown = with_header(|header| header.replace("layers.0.bias", "layers.0.bases"));
    assert_eq!(
        unknown,
        Err(BlobError::Unknown {
            tensor: "layers.0.bases".into()
        })
    );
    let twice = with_header(|header| header.replace(entry, &entry.repeat(2)));
    assert_eq!(twice, Err(BlobError::Repeated { tensor: tensor() }));
    let half = with_header(|header| header.replacen("F32", "F16", 1));
    assert_eq!(
        half,
        Err(BlobError::Type {
            tensor: "layers.0.weight".into(),
            expected: "F32",
            found: "F16".into()
        })
    );
    let turned = with_header(|header| header.replace("[3,4]", "[4,3]"));
    let shape = BlobError::Shape {
        tensor: "layers.0.weight".into(),
        expected: vec![3, 4],
        found: vec![4, 3],
    };
    assert_eq!(turned, Err(shape));
    for offsets in [
        "[48,61]",
        "[60,48]",
        "[49,61]",
        "[0,12]",
        "[18446744073709551604,0]",
        "[84,96]",
    ] {
        let moved = with_header(|header| header.replace("[48,60]", offsets));
        assert!(matches!(moved, Err(BlobError::Offsets { .. })), "{offsets}");
    }
    let other = r#"{"input":[4],"layers":[{"dense":{"units":4}}],"head":"squared_error"}"#;
    let other: Architecture = serde_json::from_str(other).unwrap();
    assert!(Parameters::from_safetensors(&other, &parameters().to_safetensors()).is_err());
    assert_eq!(Model::new(other, parameters()), Err(ModelError::Mismatch));
}

#[test]
fn values_must_be_finite() {
    let (header, data) = parts(&parameters().to_safetensors());
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut data = data.clone();
        data[84..88].copy_from_slice(&value.to_le_bytes());
        let refused = BlobError::NotFinite {
            tensor: "layers.2.bias".into(),
        };
        assert_eq!(read(&join(&header, &data)), Err(refused));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn any_values_pass_the_check(data: [[u8; 4]; 23]) {
        let (header, _) = parts(&parameters().to_safetensors());
        let finite = data.iter().all(|&value| f32::from_le_bytes(value).is_finite());
        let file = join(&header, &data.concat());
        prop_assert_eq!(check_parameters(&architecture(), &file), Ok(()));
        prop_assert_eq!(read(&file).is_ok(), finite);
    }

    #[test]
    fn any_header_never_panics(header in "[\\{\\}\\[\\]\",:a-z0-9 ]{0,200}") {
        let bytes = join(&format!("{{{header}"), &[0; 92]);
        prop_assert!(read(&bytes).is_err());
    }
}
