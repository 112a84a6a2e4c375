//! Reading headers.
//!
//! A header may nest no deeper than what it is read into. Its numbers are whole: one with a fraction or an exponent is
//! refused whatever it amounts to, so nothing depends on floating-point arithmetic.

use super::{offsets, Metadata, Stored, METADATA};
use crate::blob::BlobError;
use crate::shorten::shorten;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// What a file's header says, unchecked but for its form.
pub(super) struct Header {
    pub(super) metadata: Metadata,
    /// In the order of the file; a name may be there twice.
    pub(super) tensors: Vec<(String, Entry)>,
}

/// What a header says of one tensor.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    dtype: String,
    pub(super) shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Entry {
    /// Where the values of `tensor` lie in the data, if they are what they should be.
    pub(super) fn check(&self, tensor: &Stored) -> Result<(u64, u64), BlobError> {
        let name = || tensor.name.clone();
        if self.dtype != tensor.kind.name() {
            return Err(BlobError::Type {
                tensor: name(),
                expected: tensor.kind.name(),
                found: shorten(&self.dtype),
            });
        }
        if !self
            .shape
            .iter()
            .copied()
            .eq(tensor.shape.iter().map(|&d| u64::from(d)))
        {
            let found = self.shape.iter().copied().take(8).collect();
            return Err(BlobError::Shape {
                tensor: name(),
                expected: tensor.shape.clone(),
                found,
            });
        }
        let (start, end) = self.data_offsets;
        if end.checked_sub(start) != Some(tensor.size()) {
            return Err(offsets(tensor));
        }
        Ok((start, end))
    }
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        // The format asks for it; JSON alone would allow space before.
        if bytes.first() != Some(&b'{') {
            return Err(BlobError::Header {
                reason: "it does not begin with {".into(),
            });
        }
        serde_json::from_slice(bytes).map_err(|error| BlobError::Header {
            reason: error.to_string(),
        })
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;

        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("tensors by name")
            }

            // Entries are kept as they come, not in a map, so that a name given twice is seen.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut metadata = None;
                let mut tensors = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name != METADATA {
                        let entry = map.next_value().map_err(|error| {
                            de::Error::custom(format_args!("tensor {:?}: {error}", shorten(&name)))
                        })?;
                        tensors.push((name, entry));
                    } else if metadata.replace(map.next_value()?).is_some() {
                        return Err(de::Error::duplicate_field(METADATA));
                    }
                }
                Ok(Header {
                    metadata: metadata.unwrap_or_default(),
                    tensors,
                })
            }
        }

        deserializer.deserialize_map(HeaderVisitor)
    }
}
