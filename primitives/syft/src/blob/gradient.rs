//! Files of gradients.

use super::encoding::{most_sparse, INDICES};
use super::file::{File, Metadata};
use super::{max_gradient_header_size, max_gradient_size, min_gradient_size, BlobError, Encoding};
use crate::shorten::shorten;
use crate::{Architecture, Plan};
use alloc::string::String;
use alloc::vec::Vec;

pub(crate) const FORMAT: &str = "sonar-gradient";
pub(crate) const DENSE_F32: &str = "dense-f32";
pub(crate) const DENSE_BF16: &str = "dense-bf16";
pub(crate) const INT8_BLOCKS: &str = "int8-blocks";
pub(crate) const TOP_K: &str = "top-k";

/// Checks that bytes are a gradient of this architecture in a known encoding: size, header, names, types, shapes and
/// offsets, and of sparse values also that the positions exist and are in order. Values are not looked at.
///
/// Decoding what passes, with `Gradient::decode`, fails only with
///
/// - [`BlobError::NotFinite`] in any encoding,
/// - [`BlobError::Scale`] or [`BlobError::Quantised`] in blocks of 8-bit numbers.
///
/// Whatever fails here fails there with the same error.
///
/// Safe on untrusted bytes: takes time in proportion to the longest header that the architecture
/// [allows](max_gradient_header_size) and to the positions of sparse values, which are at most half of the
/// parameters; and at most 32 bytes of memory for each byte of that header.
///
/// # Errors
///
/// If the architecture breaks a limit, or the file is malformed, does not hold exactly the architecture's tensors as its
/// encoding stores them, or is not a gradient in a known encoding.
pub fn check_gradient(architecture: &Architecture, bytes: &[u8]) -> Result<(), BlobError> {
    tensors(&architecture.plan()?, bytes).map(drop)
}

/// The encoding of a file that passes [`check_gradient`], and the bytes of each tensor of its
/// [layout](Encoding::layout).
pub(crate) fn tensors<'a>(
    plan: &Plan,
    bytes: &'a [u8],
) -> Result<(Encoding, Vec<&'a [u8]>), BlobError> {
    let sizes = min_gradient_size(plan)..=max_gradient_size(plan);
    let file = File::read(bytes, sizes, 0..=max_gradient_header_size(plan))?;
    if !is_gradient(file.metadata()) {
        return Err(BlobError::Kind {
            expected: "a gradient: its metadata lack format sonar-gradient",
        });
    }
    let encoding = encoding(&file, plan)?;
    let tensors = file.tensors(&encoding.layout(&plan.tensors))?;
    if let (Encoding::TopK { .. }, Some(indices)) = (encoding, tensors.first()) {
        check_indices(indices, plan.parameters)?;
    }
    Ok((encoding, tensors))
}

/// Whether metadata say that a file is a gradient.
pub(super) fn is_gradient(metadata: &Metadata) -> bool {
    metadata
        .get("format")
        .is_some_and(|format| format == FORMAT)
}

/// The encoding that a file names; of sparse values, with as many as its header gives positions.
fn encoding(file: &File, plan: &Plan) -> Result<Encoding, BlobError> {
    let name = file.metadata().get("encoding").map(String::as_str);
    match name.unwrap_or_default() {
        DENSE_F32 => Ok(Encoding::DenseF32),
        DENSE_BF16 => Ok(Encoding::DenseBf16),
        INT8_BLOCKS => Ok(Encoding::Int8Blocks),
        TOP_K => {
            let most = u64::from(most_sparse(plan.parameters));
            match *file.shape(INDICES)? {
                [k] if (1..=most).contains(&k) => Ok(Encoding::TopK { k: k as u32 }),
                _ => Err(BlobError::Count {
                    tensor: INDICES.into(),
                    most,
                }),
            }
        }
        unknown => Err(BlobError::Encoding {
            found: shorten(unknown),
        }),
    }
}

/// Checks that positions are strictly increasing and below `parameters`.
fn check_indices(indices: &[u8], parameters: u64) -> Result<(), BlobError> {
    // One past the position before.
    let mut least = 0;
    for &index in indices.as_chunks().0 {
        let index = u64::from(u32::from_le_bytes(index));
        if !(least..parameters).contains(&index) {
            return Err(BlobError::Indices {
                tensor: INDICES.into(),
                parameters,
            });
        }
        least = index + 1;
    }
    Ok(())
}
