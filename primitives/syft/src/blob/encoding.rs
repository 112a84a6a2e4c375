//! What a gradient's file holds in each encoding.

use super::file::{stored, Kind, Stored};
use crate::TensorPlan;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// In `int8-blocks`, values of a tensor that share a scale; its last block may have fewer.
pub(crate) const BLOCK: usize = 64;

/// In `top-k`, the tensor of positions in the order of the parameters, strictly increasing.
pub(super) const INDICES: &str = "indices";
/// The tensor of the values at these positions.
const VALUES: &str = "values";

/// How a gradient is stored. The numbers are bytes per value, besides a header of some hundred bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Encoding {
    /// Every value as it is, in 4 bytes.
    DenseF32,
    /// Every value in 2 bytes: the upper half of a binary32, rounded to the nearest, ties to even. What would round to
    /// infinity becomes the largest finite number.
    DenseBf16,
    /// Every value in 1 byte, and 4 bytes for each block of 64 values of a tensor (its last block may be shorter):
    /// `scale = max|x| / 127`, and `q = x / scale` rounded to a whole number, ties to even, at most 127 either way. Both
    /// divisions are rounded to binary32. A scale of which 127 times is not finite is replaced by the next smaller
    /// number; where the scale is 0, so is every `q`. Decoded: `scale * q`, rounded to binary32.
    Int8Blocks,
    /// The `k` values of largest magnitude, the first among equals, in 8 bytes each; the others are decoded as 0. At
    /// least one, and at most half of all values (rounded up): whatever `k` is, it is brought into that range.
    TopK {
        /// How many.
        k: u32,
    },
}

impl Encoding {
    /// The tensors of the file in canonical order. `k` is at most [`most_sparse`].
    ///
    /// - Dense: those of the plan.
    /// - Blocks: all scales in the order of the plan, then all whole numbers. So every tensor begins at a multiple of
    ///   its values' size, as some libraries ask.
    /// - Sparse: one pair for the whole gradient, rather than one for each of the plan's tensors: it is smaller, and
    ///   the values compete for their place with all others.
    pub(crate) fn layout(self, plan: &[TensorPlan]) -> Vec<Stored> {
        match self {
            Self::DenseF32 => stored(plan, Kind::F32),
            Self::DenseBf16 => stored(plan, Kind::Bf16),
            Self::Int8Blocks => {
                let scales = plan.iter().map(|tensor| Stored {
                    name: scale_name(tensor),
                    kind: Kind::F32,
                    // At most a 64th of MAX_PARAMETERS.
                    shape: vec![tensor.values().div_ceil(BLOCK as u64) as u32],
                });
                scales.chain(stored(plan, Kind::I8)).collect()
            }
            Self::TopK { k } => {
                let pair = [(INDICES, Kind::U32), (VALUES, Kind::F32)];
                let pair = pair.map(|(name, kind)| Stored {
                    name: name.into(),
                    kind,
                    shape: vec![k],
                });
                pair.into()
            }
        }
    }
}

/// The name of the tensor of a tensor's scales.
pub(crate) fn scale_name(tensor: &TensorPlan) -> String {
    format!("{}.scale", tensor.name)
}

/// The most values that `top-k` stores: with more, every value as it is would take less room. At most half of
/// [`MAX_PARAMETERS`](crate::MAX_PARAMETERS).
pub(crate) fn most_sparse(parameters: u64) -> u32 {
    parameters.div_ceil(2) as u32
}
