//! The safetensors format.
//!
//! A file is the length of a JSON header (8 bytes, little-endian), the header, and the tensors' values (little-endian).
//! Reading is ours rather than a library's: files come from strangers, and we refuse what libraries let pass, such as a
//! tensor named twice.

mod header;
#[cfg(feature = "std")]
mod write;

#[cfg(feature = "std")]
pub(crate) use write::begin;

use super::BlobError;
use crate::shorten::shorten;
use crate::TensorPlan;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use header::{Entry, Header};

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

/// The plan's tensors, stored under their own names and with their own shapes.
pub(crate) fn stored(plan: &[TensorPlan], kind: Kind) -> Vec<Stored> {
    plan.iter()
        .map(|tensor| Stored {
            name: tensor.name.clone(),
            kind,
            shape: tensor.shape.clone(),
        })
        .collect()
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
        let mut entries: BTreeMap<&str, Option<&Entry>> = wanted
            .iter()
            .map(|tensor| (tensor.name.as_str(), None))
            .collect();
        for (name, entry) in &self.header.tensors {
            let own = entries
                .get_mut(name.as_str())
                .ok_or_else(|| BlobError::Unknown {
                    tensor: shorten(name),
                })?;
            if own.replace(entry).is_some() {
                return Err(BlobError::Repeated {
                    tensor: name.clone(),
                });
            }
        }
        let mut spans = Vec::with_capacity(wanted.len());
        for tensor in wanted {
            let entry = entries
                .get(tensor.name.as_str())
                .copied()
                .flatten()
                .ok_or_else(|| BlobError::Missing {
                    tensor: tensor.name.clone(),
                })?;
            spans.push((entry.check(tensor)?, tensor));
        }
        check_spans(&spans, self.data.len() as u64)?;
        spans
            .iter()
            .map(|&((start, end), tensor)| {
                // No place in the data is beyond `usize`.
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
