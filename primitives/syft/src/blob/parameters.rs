//! Files of parameters.

use super::file::{stored, File, Kind};
use super::gradient::is_gradient;
use super::{max_blob_size, max_header_size, min_blob_size, BlobError};
use crate::{Architecture, Plan};
use alloc::vec::Vec;

/// Checks that bytes are parameters of this architecture: size, header, names, types, shapes and offsets, but no
/// values.
///
/// Reading what passes, with `Parameters::from_safetensors`, fails only with [`BlobError::NotFinite`]. Whatever fails
/// here fails there with the same error.
///
/// Safe on untrusted bytes: takes time in proportion to the longest header that the architecture
/// [allows](max_header_size), and at most 32 bytes of memory for each of its bytes.
///
/// # Errors
///
/// If the architecture breaks a limit, or the file is malformed, does not hold exactly the architecture's tensors as
/// 32-bit floats, or is a gradient.
pub fn check_parameters(architecture: &Architecture, bytes: &[u8]) -> Result<(), BlobError> {
    tensors(&architecture.plan()?, bytes).map(drop)
}

/// The bytes of each of the plan's tensors, 32-bit floats, in a file that passes [`check_parameters`].
pub(crate) fn tensors<'a>(plan: &Plan, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, BlobError> {
    let (least, most) = (min_blob_size(plan), max_blob_size(plan));
    let header = (bytes.len() as u64).saturating_sub(least);
    debug_assert_eq!(most - least, max_header_size(plan));
    let file = File::read(bytes, least..=most, header..=header)?;
    if is_gradient(file.metadata()) {
        return Err(BlobError::Kind {
            expected: "parameters but a gradient",
        });
    }
    file.tensors(&stored(&plan.tensors, Kind::F32))
}
