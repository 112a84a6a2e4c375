//! Stored parameters and gradients: what others can read, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::SafeTensors;
use syft::{
    max_blob_size, max_header_size, min_blob_size, Architecture, BlobError, Gradient,
    GradientError, Model, ModelError, Parameters,
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

fn read(bytes: &[u8]) -> Result<Parameters, BlobError> {
    Parameters::from_safetensors(&architecture(), bytes)
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
            Err(BlobError::HeaderLength { claimed, expected })
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
        assert_eq!(read(&join(&header, &data)), Err(refused.clone()));
        let gradient = Gradient::between(&parameters(), &parameters())
            .unwrap()
            .encode();
        let (header, _) = parts(&gradient);
        assert_eq!(
            Gradient::decode(&architecture(), &join(&header, &data)),
            Err(refused)
        );
    }
}

#[test]
fn gradients_round_trip_and_lead_on() {
    let (before, after) = (
        parameters(),
        Parameters::initialise(&architecture(), 2).unwrap(),
    );
    let gradient = Gradient::between(&before, &after).unwrap();
    let bytes = gradient.encode();
    assert_eq!(Gradient::decode(&architecture(), &bytes).unwrap(), gradient);
    assert!(bytes.len() as u64 <= max_blob_size(&architecture().plan().unwrap()));
    assert!(SafeTensors::deserialize(&bytes).is_ok());
    let reached = gradient.apply(&before).unwrap();
    for ((&p, &g), &reached) in before
        .values()
        .iter()
        .zip(gradient.values())
        .zip(reached.values())
    {
        assert_eq!((p + g).to_bits(), reached.to_bits());
    }
    assert!(reached
        .values()
        .iter()
        .zip(after.values())
        .all(|(r, a)| (r - a).abs() < 1e-6));
}

#[test]
fn gradients_and_parameters_are_not_confused() {
    let gradient = Gradient::between(&parameters(), &parameters())
        .unwrap()
        .encode();
    assert!(matches!(read(&gradient), Err(BlobError::Kind { .. })));
    let decode = |bytes: &[u8]| Gradient::decode(&architecture(), bytes);
    assert!(matches!(
        decode(&parameters().to_safetensors()),
        Err(BlobError::Kind { .. })
    ));
    let (header, data) = parts(&gradient);
    let other = join(&header.replace("dense-f32", "dense-f64"), &data);
    assert_eq!(
        decode(&other),
        Err(BlobError::Encoding {
            found: "dense-f64".into()
        })
    );
    let none = join(&header.replace(",\"encoding\":\"dense-f32\"", ""), &data);
    assert_eq!(
        decode(&none),
        Err(BlobError::Encoding {
            found: String::new()
        })
    );
}

#[test]
fn gradients_that_overflow_or_belong_elsewhere_are_refused() {
    let (header, _) = parts(&parameters().to_safetensors());
    let filled = |value: f32| read(&join(&header, &value.to_le_bytes().repeat(23))).unwrap();
    let overflow = GradientError::NotFinite {
        tensor: "layers.0.weight".into(),
    };
    assert_eq!(
        Gradient::between(&filled(f32::MIN), &filled(f32::MAX)),
        Err(overflow.clone())
    );
    let gradient = Gradient::between(&filled(0.0), &filled(f32::MAX)).unwrap();
    assert_eq!(gradient.apply(&filled(f32::MAX)), Err(overflow));
    let other = r#"{"input":[23],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let other = Parameters::initialise(&serde_json::from_str(other).unwrap(), 1).unwrap();
    assert_eq!(gradient.apply(&other), Err(GradientError::Mismatch));
    assert_eq!(
        Gradient::between(&other, &parameters()),
        Err(GradientError::Mismatch)
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn changed_files_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        for bytes in [parameters().to_safetensors(), Gradient::between(&parameters(), &parameters()).unwrap().encode()] {
            let mut bytes = bytes;
            for (index, byte) in &changes {
                let index = index.index(bytes.len());
                bytes[index] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(parameters) = read(&bytes) {
                prop_assert_eq!(read(&parameters.to_safetensors()).unwrap(), parameters);
            }
            let _ = Gradient::decode(&architecture(), &bytes);
        }
    }

    #[test]
    fn any_header_never_panics(header in "[\\{\\}\\[\\]\",:a-z0-9 ]{0,200}") {
        let bytes = join(&format!("{{{header}"), &[0; 92]);
        prop_assert!(read(&bytes).is_err());
    }
}
