//! What can be told of a gradient without its values, as a chain does it.

use crate::{architecture, golden, gradient, join, parts, DENSE};
use proptest::prelude::*;
use syft::{check_gradient, Architecture, BlobError, Encoding, Gradient, Random};

/// Decodes a gradient, once it is certain that the check says the same of everything but the values.
pub fn decode(architecture: &Architecture, bytes: &[u8]) -> Result<Gradient, BlobError> {
    let decoded = Gradient::decode(architecture, bytes);
    let expected = match &decoded {
        Err(error) if !is_about_values(error) => Err(error.clone()),
        _ => Ok(()),
    };
    assert_eq!(check_gradient(architecture, bytes), expected);
    decoded
}

/// Whether only the values are wrong.
fn is_about_values(error: &BlobError) -> bool {
    matches!(
        error,
        BlobError::NotFinite { .. } | BlobError::Scale { .. } | BlobError::Quantised { .. }
    )
}

fn sparse(k: u32) -> Encoding {
    Encoding::TopK { k }
}

#[test]
fn gradients_in_every_encoding_pass() {
    for (inputs, units) in [(1, 1), (33, 2), (100, 64), (999, 1_000)] {
        let architecture = architecture(inputs, units);
        let parameters = architecture.plan().unwrap().parameters;
        let values: Vec<f32> = (0..parameters).map(|i| (i % 11) as f32).collect();
        let gradient = gradient(&architecture, &values);
        let sparse = [1, parameters as u32 / 20, u32::MAX].map(sparse);
        for encoding in DENSE.into_iter().chain(sparse) {
            let file = gradient.encode(encoding);
            assert_eq!(check_gradient(&architecture, &file), Ok(()), "{encoding:?}");
        }
    }
}

#[test]
fn architectures_beyond_a_limit_have_no_gradients() {
    let (_, gradient) = golden();
    let file = gradient.encode(Encoding::DenseF32);
    let none = architecture(0, 1);
    let error = BlobError::Architecture(none.plan().unwrap_err());
    assert_eq!(decode(&none, &file), Err(error));
}

/// Whatever the values are, the check passes; decoding fails for each of the three reasons.
#[test]
fn values_are_not_looked_at() {
    let (architecture, gradient) = golden();
    let mut random = Random::new(1, 0);
    // Accepted, not finite, a wrong scale, -128.
    let mut seen = [0; 4];
    for encoding in DENSE.into_iter().chain([sparse(7)]) {
        let (header, mut data) = parts(&gradient.encode(encoding));
        // The positions of sparse values stay.
        let first = if encoding == sparse(7) { 28 } else { 0 };
        for _ in 0..1_000 {
            data[first..].fill_with(|| random.below(256) as u8);
            let file = join(&header, &data);
            assert_eq!(check_gradient(&architecture, &file), Ok(()), "{encoding:?}");
            let result = match Gradient::decode(&architecture, &file) {
                Ok(_) => 0,
                Err(BlobError::NotFinite { .. }) => 1,
                Err(BlobError::Scale { .. }) => 2,
                Err(BlobError::Quantised { .. }) => 3,
                Err(error) => panic!("{encoding:?}: {error}"),
            };
            seen[result] += 1;
        }
    }
    assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    let sparse = (1u32..40).prop_map(sparse).boxed();
    let dense = proptest::sample::select(DENSE.to_vec()).boxed();
    prop_oneof![dense, sparse]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&golden().0, &bytes);
    }

    #[test]
    fn any_header(header in "[\\{\\}\\[\\]\",:a-z0-9 ]{0,300}", data in 0usize..300) {
        let file = join(&format!("{{{header}"), &vec![0; data]);
        prop_assert!(decode(&golden().0, &file).is_err());
    }

    /// A part of the header is replaced, sometimes by a part of another's.
    #[test]
    fn any_change_to_a_header(
        (encoding, other) in (any_encoding(), any_encoding()),
        from: prop::sample::Index,
        length in 0usize..20,
        with in proptest::option::of("[\\{\\}\\[\\]\",:0-9 ]{0,4}"),
    ) {
        let (architecture, gradient) = golden();
        let (header, data) = parts(&gradient.encode(encoding));
        let start = from.index(header.len());
        let end = (start + length).min(header.len());
        let part = |header: &str| header.chars().skip(start).take(length).collect();
        let with: String = match with {
            Some(with) => with,
            None => part(&parts(&gradient.encode(other)).0),
        };
        let changed = format!("{}{with}{}", &header[..start], &header[end..]);
        let _ = decode(&architecture, &join(&changed, &data));
    }

    #[test]
    fn any_change_to_data(
        encoding in any_encoding(),
        at: prop::sample::Index,
        with: [u8; 4],
    ) {
        let (architecture, gradient) = golden();
        let (header, mut data) = parts(&gradient.encode(encoding));
        let at = at.index(data.len() - 3);
        data[at..at + 4].copy_from_slice(&with);
        let _ = decode(&architecture, &join(&header, &data));
    }
}
