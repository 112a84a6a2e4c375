//! Why stored tensors are not accepted.

use crate::ArchitectureError;
use alloc::string::String;
use alloc::vec::Vec;

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
    #[error("the header claims {claimed} bytes: in a file of this size it has {least} to {most}")]
    HeaderLength {
        /// The length that the file claims.
        claimed: u64,
        /// The shortest that leaves no more than the values.
        least: u64,
        /// The longest accepted.
        most: u64,
    },
    /// The header is not what the format asks for.
    #[error("the header is malformed: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor that should be there is not in the file.
    #[error("tensor {tensor} is missing")]
    Missing {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor in the file is not one of the architecture or the encoding.
    #[error("tensor {tensor:?} is not one of the architecture, as the file's encoding stores it")]
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
    /// A tensor's values are of another type.
    #[error("tensor {tensor} is of type {found:?}: store it as {expected}")]
    Type {
        /// The tensor's name.
        tensor: String,
        /// The type that it should have.
        expected: &'static str,
        /// The type that the file names, shortened.
        found: String,
    },
    /// A tensor has other dimensions.
    #[error("tensor {tensor} has shape {found:?} instead of {expected:?}")]
    Shape {
        /// The tensor's name.
        tensor: String,
        /// The dimensions that it should have.
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
    #[error(
        "gradient encoding {found:?} is not known: use dense-f32, dense-bf16, int8-blocks or top-k"
    )]
    Encoding {
        /// What the file names, shortened; empty if nothing.
        found: String,
    },
    /// A block's scale is negative (-0 included) or not finite.
    #[error("tensor {tensor} holds a scale that is negative or not finite")]
    Scale {
        /// The name of the tensor of scales.
        tensor: String,
    },
    /// A block holds -128, which no value is encoded as.
    #[error("tensor {tensor} holds -128: blocks go from -127 to 127")]
    Quantised {
        /// The tensor's name.
        tensor: String,
    },
    /// Sparse values in a shape that is not one dimension, or too many of them, or none.
    #[error("tensor {tensor} must have one dimension of 1 to {most}: use another encoding for more values")]
    Count {
        /// The name of the tensor of indices.
        tensor: String,
        /// The most sparse values accepted.
        most: u64,
    },
    /// Sparse values at positions that do not exist, or not in order.
    #[error("tensor {tensor} must be strictly increasing and below {parameters}")]
    Indices {
        /// The name of the tensor of indices.
        tensor: String,
        /// The architecture's parameters.
        parameters: u64,
    },
}
