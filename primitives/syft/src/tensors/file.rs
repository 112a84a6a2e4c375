//! The safetensors format.
//!
//! A file is the length of a JSON header (8 bytes, little-endian), the header, and the tensors' values (little-endian).
//! Reading is ours rather than a library's: files come from strangers, and we refuse what libraries let pass, such as a
//! tensor named twice.

use super::BlobError;
use crate::shorten::shorten;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

/// The header's entry that is no tensor.
const METADATA: &str = "__metadata__";

/// Free texts by name that travel in the header.
pub(crate) type Metadata = BTreeMap<String, String>;

/// The type of a tensor's values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// IEEE 754 binary32.
    F32,
    /// The upper half of a binary32.
    Bf16,
    /// A whole number in two's complement.
    I8,
    /// A whole number from 0.
    U32,
}

impl Kind {
    /// As the format names it.
    fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::Bf16 => "BF16",
            Self::I8 => "I8",
            Self::U32 => "U32",
        }
    }

    /// Bytes of one value.
    fn size(self) -> u64 {
        match self {
            Self::F32 | Self::U32 => 4,
            Self::Bf16 => 2,
            Self::I8 => 1,
        }
    }
}

/// A tensor as a file holds it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// Letters, digits and dots.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Dimensions, outermost first; their product is far below 2^32.
    pub(crate) shape: Vec<u32>,
}

impl Stored {
    /// Bytes of all its values.
    fn size(&self) -> u64 {
        self.kind.size() * self.shape.iter().map(|&d| u64::from(d)).product::<u64>()
    }
}

/// The beginning of a canonical file, with room for the tensors' values, which must follow in the same order: the
/// given metadata in their order, the tensors, no white space but the spaces that bring the header to a multiple of 8
/// bytes.
pub(crate) fn begin(metadata: &[(&str, &str)], tensors: &[Stored]) -> Vec<u8> {
    let metadata: Vec<_> = metadata
        .iter()
        .map(|&(name, text)| format!("{}:{}", Value::from(name), Value::from(text)))
        .collect();
    let mut header = format!("{{\"{METADATA}\":{{{}}}", metadata.join(","));
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.size();
        let shape: Vec<_> = tensor.shape.iter().map(u32::to_string).collect();
        header.push_str(&format!(
            ",\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            tensor.name,
            tensor.kind.name(),
            shape.join(",")
        ));
        start = end;
    }
    header.push('}');
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut bytes = Vec::with_capacity(8 + header.len() + start as usize);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

/// A file whose header has been read, and whose tensors have not.
pub(crate) struct File<'a> {
    header: Header,
    data: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the header of a file that has one of these sizes in all and of these lengths of the header.
    ///
    /// Takes memory in proportion to the header only.
    pub(crate) fn read(
        bytes: &'a [u8],
        sizes: RangeInclusive<u64>,
        headers: RangeInclusive<u64>,
    ) -> Result<Self, BlobError> {
        let size = bytes.len() as u64;
        let Some((claimed, rest)) = bytes
            .split_first_chunk::<8>()
            .filter(|_| sizes.contains(&size))
        else {
            return Err(BlobError::Size {
                bytes: size,
                least: *sizes.start(),
                most: *sizes.end(),
            });
        };
        let claimed = u64::from_le_bytes(*claimed);
        let (header, data) = usize::try_from(claimed)
            .ok()
            .filter(|_| headers.contains(&claimed))
            .and_then(|length| rest.split_at_checked(length))
            .ok_or_else(|| BlobError::HeaderLength {
                claimed,
                least: *headers.start(),
                most: (*headers.end()).min(rest.len() as u64),
            })?;
        let header = Header::parse(header)?;
        Ok(Self { header, data })
    }

    /// The texts in the header.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.header.metadata
    }

    /// The same when nothing else is needed any more.
    pub(crate) fn into_metadata(self) -> Metadata {
        self.header.metadata
    }

    /// The shape that the header gives for the first tensor of this name.
    pub(crate) fn shape(&self, name: &str) -> Result<&[u64], BlobError> {
        let mut tensors = self.header.tensors.iter();
        tensors
            .find(|(own, _)| own == name)
            .map(|(_, entry)| &entry.shape[..])
            .ok_or_else(|| BlobError::Missing {
                tensor: name.into(),
            })
    }

    /// The bytes of each tensor in `wanted`, in that order. The file must hold exactly these tensors, in any order, and
    /// nothing else.
    pub(crate) fn tensors(&self, wanted: &[Stored]) -> Result<Vec<&'a [u8]>, BlobError> {
        let mut entries = BTreeMap::new();
        for (name, entry) in &self.header.tensors {
            if !wanted.iter().any(|tensor| tensor.name == *name) {
                return Err(BlobError::Unknown {
                    tensor: shorten(name),
                });
            }
            if entries.insert(name, entry).is_some() {
                return Err(BlobError::Repeated {
                    tensor: name.clone(),
                });
            }
        }
        let mut spans = Vec::with_capacity(wanted.len());
        for tensor in wanted {
            let entry = entries
                .get(&tensor.name)
                .ok_or_else(|| BlobError::Missing {
                    tensor: tensor.name.clone(),
                })?;
            spans.push((entry.check(tensor)?, tensor));
        }
        check_spans(&spans, self.data.len() as u64)?;
        spans
            .iter()
            .map(|&((start, end), tensor)| {
                self.data
                    .get(start as usize..end as usize)
                    .ok_or_else(|| offsets(tensor))
            })
            .collect()
    }
}

/// Checks that tensors, each of the right size, follow one another from 0 to `end` without gap or overlap.
fn check_spans(spans: &[((u64, u64), &Stored)], end: u64) -> Result<(), BlobError> {
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|&(span, _)| span);
    let mut expected = 0;
    for &((start, end), tensor) in &sorted {
        if start != expected {
            return Err(offsets(tensor));
        }
        expected = end;
    }
    match sorted.last() {
        Some((_, tensor)) if expected != end => Err(offsets(tensor)),
        _ => Ok(()),
    }
}

fn offsets(tensor: &Stored) -> BlobError {
    BlobError::Offsets {
        tensor: tensor.name.clone(),
    }
}

/// What a file's header says, unchecked but for its form.
struct Header {
    metadata: Metadata,
    tensors: Vec<(String, Entry)>,
}

/// What a header says of one tensor.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Entry {
    /// Where the values of `tensor` lie in the data, if they are what they should be.
    fn check(&self, tensor: &Stored) -> Result<(u64, u64), BlobError> {
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
    fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
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
                        tensors.push((name, map.next_value()?));
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
