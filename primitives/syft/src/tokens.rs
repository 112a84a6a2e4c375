//! Texts as token numbers: the same for everybody, whatever version of Unicode they know.
//!
//! A *token* is a maximal run of ASCII letters, ASCII digits and bytes of 128 and above (so a word in any script that
//! separates words by ASCII white space or punctuation is one token). Every other byte separates tokens. ASCII letters
//! count as lower case; all other bytes count as they are. A token's number among `b` buckets is
//! `1 + fnv1a64(bytes) mod b`; 0 is for places without a token.
//!
//! `fnv1a64` is the 64-bit FNV-1a hash of Fowler, Noll and Vo: start from 14695981039346656037, and for each byte
//! exclusive-or it, then multiply by 1099511628211 modulo 2^64.

use crate::{Architecture, FieldKind, FitError, Layer, Schema};

const OFFSET_BASIS: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;

/// The numbers of a text's tokens in order, each 1 to `buckets`; none for no buckets.
pub fn token_numbers(text: &str, buckets: u32) -> impl Iterator<Item = u32> + '_ {
    text.as_bytes()
        .split(|byte| !is_in_token(*byte))
        .filter(|token| !token.is_empty())
        .filter_map(move |token| {
            let bucket = hash(token).checked_rem(buckets.into())?;
            // Below `buckets`, so the next number is in u32 too.
            u32::try_from(bucket + 1).ok()
        })
}

fn is_in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// FNV-1a of a token, ASCII letters in lower case.
fn hash(token: &[u8]) -> u64 {
    token.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(PRIME)
    })
}

/// Checks that texts, and nothing else, go to an embedding bag, which has a row for each number that a token can get and one
/// for padding. Schema and architecture are accepted on their own.
pub(crate) fn check_tokens(schema: &Schema, architecture: &Architecture) -> Result<(), FitError> {
    let first = match schema.inputs.first().map(|field| &field.kind) {
        Some(FieldKind::Text { buckets, .. }) => Some(*buckets),
        _ => None,
    };
    let alike = schema.inputs.iter().all(|field| match field.kind {
        FieldKind::Text { buckets, .. } => Some(buckets) == first,
        _ => first.is_none(),
    });
    if !alike {
        return Err(FitError::MixedTexts);
    }
    match (first, architecture.layers.first()) {
        (Some(buckets), Some(Layer::EmbeddingBag { tokens, .. }))
            if Some(*tokens) == buckets.checked_add(1) =>
        {
            Ok(())
        }
        (Some(buckets), _) => Err(FitError::NoEmbeddingBag {
            tokens: buckets.saturating_add(1),
        }),
        (None, Some(Layer::EmbeddingBag { .. })) => Err(FitError::NoTexts),
        (None, _) => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Metric;
    use alloc::format;
    use alloc::vec::Vec;

    fn numbers(text: &str, buckets: u32) -> Vec<u32> {
        token_numbers(text, buckets).collect()
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // From the test vectors that its authors publish.
        for (text, expected) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("b", 0xaf63_df4c_8601_f1a5),
            ("foo", 0xdcb2_7518_fed9_d577),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(hash(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_exact() {
        // 0x85944171f73967e8 and 0xaf63dc4c8601ec8c modulo 4096, plus 1.
        assert_eq!(numbers("foobar a", 4_096), [0x7e8 + 1, 0xc8c + 1]);
        assert_eq!(numbers("foobar a", 1), [1, 1]);
        assert_eq!(
            numbers("a", 1_000),
            [(0xaf63_dc4c_8601_ec8c_u64 % 1_000) as u32 + 1]
        );
        assert_eq!(numbers("a", 0), [0; 0]);
    }

    #[test]
    fn tokens_are_runs_of_letters_digits_and_other_scripts() {
        let same = |a, b| assert_eq!(numbers(a, 1 << 19), numbers(b, 1 << 19), "{a:?} {b:?}");
        same("Don't STOP, 42nd!", "don t stop 42nd");
        same("\t a--b_c\u{0}\u{7f} ", "a b c");
        same("Ärger über naïve", "Ärger über naïve");
        assert_eq!(numbers("naïve", 1 << 19).len(), 1);
        // Unicode's own spaces, and lower case beyond ASCII, would need tables: they are parts of tokens like any other.
        assert_eq!(numbers("a\u{a0}b\u{3000}c", 1 << 19).len(), 1);
        assert_ne!(numbers("Ä", 1 << 19), numbers("ä", 1 << 19));
        assert_eq!(numbers("", 1 << 19), [0; 0]);
        assert_eq!(numbers(" .,;!", 1 << 19), [0; 0]);
    }

    #[test]
    fn texts_go_to_an_embedding_bag() {
        let fits = |inputs: &str, layers: &str| {
            let output = r#"{"name":"y","kind":{"category":{"classes":["a","b"]}}}"#;
            let schema = format!(r#"{{"inputs":[{inputs}],"output":{output}}}"#);
            let schema: Schema = serde_json::from_str(&schema).unwrap();
            let head = r#""head":"softmax_cross_entropy""#;
            let layers = format!(r#"[{layers}{{"dense":{{"units":2}}}}]"#);
            let input = schema.check().unwrap().inputs;
            let architecture = format!(r#"{{"input":[{input}],"layers":{layers},{head}}}"#);
            let architecture = serde_json::from_str(&architecture).unwrap();
            schema.fits(&architecture, Metric::ErrorRate)
        };
        let text = |name: &str, buckets: u32| {
            format!(r#"{{"name":"{name}","kind":{{"text":{{"length":4,"buckets":{buckets}}}}}}}"#)
        };
        let number = r#"{"name":"n","kind":{"number":{}}}"#;
        let bag = r#"{"embedding_bag":{"tokens":11,"width":3}},"#;
        let texts = |others: &str| format!("{},{others}", text("s", 10));
        assert_eq!(fits(&text("t", 10), bag), Ok(()));
        assert_eq!(fits(&texts(&text("t", 10)), bag), Ok(()));
        assert_eq!(fits(number, ""), Ok(()));
        assert_eq!(fits(number, bag), Err(FitError::NoTexts));
        assert_eq!(fits(&texts(number), bag), Err(FitError::MixedTexts));
        assert_eq!(
            fits(&format!("{number},{}", text("t", 10)), bag),
            Err(FitError::MixedTexts)
        );
        assert_eq!(fits(&texts(&text("t", 11)), bag), Err(FitError::MixedTexts));
        for (buckets, layers) in [(10, ""), (10, "\"relu\","), (11, bag), (9, bag)] {
            let tokens = buckets + 1;
            let error = Err(FitError::NoEmbeddingBag { tokens });
            assert_eq!(fits(&text("t", buckets), layers), error, "{layers}");
        }
    }
}
