//! Tensors of an architecture in the safetensors format.
//!
//! A file is the length of a JSON header (8 bytes, little-endian), the header, and the values (binary32, little-endian).
//! Reading is ours rather than a library's: files come from strangers, and we refuse what libraries let pass, such as a
//! tensor named twice.

use crate::finite::all_finite;
use crate::shorten::shorten;
use crate::{
    max_blob_size, max_header_size, min_blob_size, Architecture, ArchitectureError, TensorPlan,
};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The header's entry that is no tensor.
const METADATA: &str = "__metadata__";

/// Free texts by name that travel in the header.
pub(crate) type Metadata = BTreeMap<String, String>;

/// Why stored parameters or a stored gradient are not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The architecture that the file is to fit is not accepted itself.
    #[error("architecture: {0}")]
    Architecture(#[from] ArchitectureError),
    /// More or fewer bytes than any file for this architecture has.
    #[error("{bytes} bytes: a file for this architecture has {least} to {most}")]
    Size {
        /// Bytes given.
        bytes: u64,
        /// The smallest size accepted.
        least: u64,
        /// The largest size accepted.
        most: u64,
    },
    /// The header's length does not fit the file.
    #[error("the header claims {claimed} bytes, but the file's size leaves {expected} for it")]
    HeaderLength {
        /// The length that the file claims.
        claimed: u64,
        /// What the file's size leaves beside the values.
        expected: u64,
    },
    /// The header is not what the format asks for.
    #[error("the header is malformed: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor of the architecture is not in the file.
    #[error("tensor {tensor} is missing")]
    Missing {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor in the file is not one of the architecture.
    #[error("tensor {tensor:?} is not one of the architecture")]
    Unknown {
        /// The tensor's name, shortened.
        tensor: String,
    },
    /// A tensor is in the file twice.
    #[error("tensor {tensor} is there twice")]
    Repeated {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor is not of 32-bit floats.
    #[error("tensor {tensor} is of type {found:?}: store it as F32")]
    Type {
        /// The tensor's name.
        tensor: String,
        /// The type that the file names, shortened.
        found: String,
    },
    /// A tensor has other dimensions.
    #[error("tensor {tensor} has shape {found:?}, the architecture's is {expected:?}")]
    Shape {
        /// The tensor's name.
        tensor: String,
        /// The architecture's dimensions.
        expected: Vec<u32>,
        /// The file's dimensions, the first eight.
        found: Vec<u64>,
    },
    /// A tensor's values do not lie where they could.
    #[error(
        "tensor {tensor} has wrong data_offsets: tensors must fill the data without gap or overlap"
    )]
    Offsets {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor holds an infinity or something that is not a number.
    #[error("tensor {tensor} holds a value that is not finite")]
    NotFinite {
        /// The tensor's name.
        tensor: String,
    },
    /// Parameters where a gradient should be, or the other way round.
    #[error("the file is not {expected}")]
    Kind {
        /// What it should be.
        expected: &'static str,
    },
    /// A gradient in an encoding that is not known.
    #[error("gradient encoding {found:?} is not known: use \"dense-f32\"")]
    Encoding {
        /// What the file names, shortened; empty if nothing.
        found: String,
    },
}

/// Values for every tensor of an architecture, all finite.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Tensors {
    plan: Vec<TensorPlan>,
    /// All values, tensor after tensor in the order of the plan.
    values: Vec<f32>,
}

impl Tensors {
    /// Values in the order of the plan; the name of the tensor that holds one which is not finite otherwise.
    ///
    /// There must be as many values as the plan says.
    pub(crate) fn new(plan: Vec<TensorPlan>, values: Vec<f32>) -> Result<Self, String> {
        let tensors = Self { plan, values };
        tensors.check()?;
        Ok(tensors)
    }

    /// Changes the values in place; afterwards as [`new`](Self::new).
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32])) -> Result<(), String> {
        change(&mut self.values);
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        debug_assert_eq!(
            self.parts().map(|(_, values)| values.len()).sum::<usize>(),
            self.values.len()
        );
        match self.parts().find(|(_, values)| !all_finite(values)) {
            Some((tensor, _)) => Err(tensor.name.clone()),
            None => Ok(()),
        }
    }

    pub(crate) fn plan(&self) -> &[TensorPlan] {
        &self.plan
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Each tensor with its values.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&TensorPlan, &[f32])> {
        let mut rest = &self.values[..];
        self.plan.iter().map(move |tensor| {
            let (own, others) = rest.split_at((tensor.values() as usize).min(rest.len()));
            rest = others;
            (tensor, own)
        })
    }

    /// The canonical file: the given metadata in their order, tensors in the order of the plan, no white space but the
    /// spaces that bring the header to a multiple of 8 bytes.
    pub(crate) fn write(&self, metadata: &[(&str, &str)]) -> Vec<u8> {
        let metadata: Vec<_> = metadata
            .iter()
            .map(|(name, text)| format!("{name:?}:{text:?}"))
            .collect();
        let mut header = format!("{{\"{METADATA}\":{{{}}}", metadata.join(","));
        let mut start = 0;
        for tensor in &self.plan {
            let end = start + 4 * tensor.values();
            let shape: Vec<_> = tensor.shape.iter().map(u32::to_string).collect();
            header.push_str(&format!(
                ",\"{}\":{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
                tensor.name,
                shape.join(",")
            ));
            start = end;
        }
        header.push('}');
        header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
        let mut bytes = Vec::with_capacity(8 + header.len() + 4 * self.values.len());
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Reads a file that must hold exactly the tensors of the architecture, in any order, and its metadata.
    ///
    /// Nothing is allocated that the architecture and the file's own size do not warrant.
    pub(crate) fn read(
        architecture: &Architecture,
        bytes: &[u8],
    ) -> Result<(Self, Metadata), BlobError> {
        let plan = architecture.plan()?;
        let (size, least, most) = (
            bytes.len() as u64,
            min_blob_size(&plan),
            max_blob_size(&plan),
        );
        let Some((length, rest)) = bytes
            .split_first_chunk::<8>()
            .filter(|_| (least..=most).contains(&size))
        else {
            return Err(BlobError::Size {
                bytes: size,
                least,
                most,
            });
        };
        let claimed = u64::from_le_bytes(*length);
        let expected = size - least;
        if claimed != expected {
            return Err(BlobError::HeaderLength { claimed, expected });
        }
        debug_assert!(expected <= max_header_size(&plan));
        let (header, data) = rest.split_at(expected as usize);
        let header = Header::parse(header)?;

        let mut entries = BTreeMap::new();
        for (name, entry) in header.tensors {
            if !plan.tensors.iter().any(|tensor| tensor.name == name) {
                return Err(BlobError::Unknown {
                    tensor: shorten(&name),
                });
            }
            if entries.insert(name.clone(), entry).is_some() {
                return Err(BlobError::Repeated { tensor: name });
            }
        }
        let mut spans = Vec::with_capacity(plan.tensors.len());
        for tensor in &plan.tensors {
            let entry = entries
                .get(&tensor.name)
                .ok_or_else(|| BlobError::Missing {
                    tensor: tensor.name.clone(),
                })?;
            spans.push((entry.check(tensor)?, tensor));
        }
        check_spans(&spans)?;

        let mut values = Vec::with_capacity(plan.parameters as usize);
        for &((start, end), tensor) in &spans {
            let own = data
                .get(start as usize..end as usize)
                .ok_or_else(|| BlobError::Offsets {
                    tensor: tensor.name.clone(),
                })?;
            values.extend(
                own.chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            );
        }
        let tensors =
            Self::new(plan.tensors, values).map_err(|tensor| BlobError::NotFinite { tensor })?;
        Ok((tensors, header.metadata))
    }
}

/// Checks that tensors, each of the right length, follow one another from 0 without gap or overlap.
fn check_spans(spans: &[((u64, u64), &TensorPlan)]) -> Result<(), BlobError> {
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|&(span, _)| span);
    let mut expected = 0;
    for ((start, end), tensor) in sorted {
        if start != expected {
            return Err(BlobError::Offsets {
                tensor: tensor.name.clone(),
            });
        }
        expected = end;
    }
    Ok(())
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
    fn check(&self, tensor: &TensorPlan) -> Result<(u64, u64), BlobError> {
        let name = || tensor.name.clone();
        if self.dtype != "F32" {
            return Err(BlobError::Type {
                tensor: name(),
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
        if end.checked_sub(start) != Some(4 * tensor.values()) {
            return Err(BlobError::Offsets { tensor: name() });
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
