//! Stored parameters and gradients: how many bytes they may have, and all that is checked before their values are read.

mod encoding;
mod error;
pub(crate) mod file;
pub(crate) mod gradient;
pub(crate) mod parameters;

#[cfg(feature = "std")]
pub(crate) use encoding::{most_sparse, scale_name, BLOCK};

pub use encoding::Encoding;
pub use error::BlobError;
pub use gradient::check_gradient;
pub use parameters::check_parameters;

use crate::Plan;
#[cfg(feature = "std")]
use crate::MAX_LAYERS;

/// Bytes of a safetensors header that are allowed per tensor. The name, type, shape and offsets of one take at most
/// 110; the rest is room for other programs' spacing.
const HEADER_PER_TENSOR: u64 = 160;
/// Bytes of a safetensors header that are allowed besides its tensors: metadata, among them a receipt, and alignment.
const HEADER_BASE: u64 = 8_192;
/// The same for a gradient, which has no receipt.
const GRADIENT_HEADER_BASE: u64 = 512;
/// The header's length comes first, as 8 bytes.
const LENGTH_FIELD: u64 = 8;

/// No safetensors header of any plan is longer, in bytes: a layer has two tensors at most.
#[cfg(feature = "std")]
pub(crate) const LONGEST_HEADER: u64 = HEADER_BASE + HEADER_PER_TENSOR * 2 * MAX_LAYERS as u64;

/// The longest safetensors header that is read for this plan, in bytes: `8,192 + 160 * tensors`.
pub fn max_header_size(plan: &Plan) -> u64 {
    HEADER_BASE + HEADER_PER_TENSOR * plan.tensors.len() as u64
}

/// The size of the largest parameters accepted for this plan, in bytes: `8 + max_header_size + 4 * parameters`.
pub fn max_blob_size(plan: &Plan) -> u64 {
    LENGTH_FIELD + max_header_size(plan) + 4 * plan.parameters
}

/// No parameters of this plan are smaller, in bytes: `8 + 4 * parameters`.
pub fn min_blob_size(plan: &Plan) -> u64 {
    LENGTH_FIELD + 4 * plan.parameters
}

/// The longest safetensors header of a gradient that is read for this plan, in bytes: `512 + 320 * tensors`, as an
/// encoding stores up to two tensors for one.
pub fn max_gradient_header_size(plan: &Plan) -> u64 {
    GRADIENT_HEADER_BASE + 2 * HEADER_PER_TENSOR * plan.tensors.len() as u64
}

/// The size of the largest gradient accepted for this plan in any encoding, in bytes:
/// `8 + max_gradient_header_size + 4 * parameters`.
pub fn max_gradient_size(plan: &Plan) -> u64 {
    LENGTH_FIELD + max_gradient_header_size(plan) + 4 * plan.parameters
}

/// No gradient of this plan is smaller in any encoding, in bytes: `8 + min(8, 2 * parameters)`, for one value with its
/// index, or every value in 2 bytes.
pub fn min_gradient_size(plan: &Plan) -> u64 {
    LENGTH_FIELD + (2 * plan.parameters).min(8)
}
