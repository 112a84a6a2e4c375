//! The change of a model after somebody trained it.

mod bf16;
mod int8_blocks;
mod top_k;

use crate::shorten::shorten;
use crate::tensors::file::{File, Kind, Metadata};
use crate::tensors::{read_dense, BlobError, Tensors};
use crate::{
    max_gradient_header_size, max_gradient_size, min_gradient_size, Architecture, Parameters,
};

const FORMAT: &str = "sonar-gradient";
const DENSE_F32: &str = "dense-f32";
const DENSE_BF16: &str = "dense-bf16";
const INT8_BLOCKS: &str = "int8-blocks";
const TOP_K: &str = "top-k";

/// The difference between two parameters of one architecture, all finite.
///
/// Stored as safetensors in an [`Encoding`]. Most encodings lose something, and rounding makes
/// [`between`](Gradient::between) and [`apply`](Gradient::apply) no exact inverses. What counts is the gradient that is
/// decoded from the file and then applied, so measure that:
///
/// ```
/// # use syft::*;
/// # let json = r#"{"input": [2], "layers": [{"dense": {"units": 1}}], "head": "squared_error"}"#;
/// # let architecture: Architecture = serde_json::from_str(json)?;
/// # let before = Parameters::initialise(&architecture, 1)?;
/// # let after = Parameters::initialise(&architecture, 2)?;
/// let blob = Gradient::between(&before, &after)?.encode(Encoding::Int8Blocks);
/// let candidate = Gradient::decode(&architecture, &blob)?.apply(&before)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Gradient(Tensors);

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

/// Why a gradient cannot be formed or applied.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GradientError {
    /// Two different architectures.
    #[error("the gradient and the parameters belong to different architectures")]
    Mismatch,
    /// The result holds an infinity.
    #[error("tensor {tensor} of the result holds a value that is not finite")]
    NotFinite {
        /// The tensor's name.
        tensor: String,
    },
}

impl Gradient {
    /// What leads from `before` to `after`: `after - before` in binary32, element by element.
    ///
    /// # Errors
    ///
    /// If the two are of different architectures or a difference is not finite.
    pub fn between(before: &Parameters, after: &Parameters) -> Result<Self, GradientError> {
        combine(&after.0, &before.0, |after, before| after - before).map(Self)
    }

    /// The parameters that it leads to: `p + g` in binary32, element by element.
    ///
    /// # Errors
    ///
    /// If the two are of different architectures or a sum is not finite.
    pub fn apply(&self, parameters: &Parameters) -> Result<Parameters, GradientError> {
        combine(&parameters.0, &self.0, |p, g| p + g).map(Parameters)
    }

    /// The canonical file in this encoding: one and the same for equal gradients.
    pub fn encode(&self, encoding: Encoding) -> Vec<u8> {
        let metadata = |encoding| [("format", FORMAT), ("encoding", encoding)];
        match encoding {
            Encoding::DenseF32 => self.0.write(&metadata(DENSE_F32)),
            Encoding::DenseBf16 => bf16::write(&self.0, &metadata(DENSE_BF16)),
            Encoding::Int8Blocks => int8_blocks::write(&self.0, &metadata(INT8_BLOCKS)),
            Encoding::TopK { k } => top_k::write(&self.0, &metadata(TOP_K), k),
        }
    }

    /// Reads a gradient for this architecture in any encoding. Safe on untrusted bytes: takes 4 bytes per parameter,
    /// once the header is in order, and beyond that at most 32 for each byte that a header may have.
    ///
    /// The file need not be canonical: another order of tensors, other metadata besides the format's own and more space
    /// in the header are fine.
    ///
    /// # Errors
    ///
    /// If the file is malformed, does not hold exactly the architecture's tensors as its encoding stores them, gives a
    /// value that is not finite, or is not a gradient in a known encoding.
    pub fn decode(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        let plan = architecture.plan()?;
        let sizes = min_gradient_size(&plan)..=max_gradient_size(&plan);
        let file = File::read(bytes, sizes, 0..=max_gradient_header_size(&plan))?;
        if !is_gradient(file.metadata()) {
            return Err(BlobError::Kind {
                expected: "a gradient: its metadata lack format sonar-gradient",
            });
        }
        let encoding = file.metadata().get("encoding").map(String::as_str);
        let values = match encoding.unwrap_or_default() {
            DENSE_F32 => read_dense(&file, &plan, Kind::F32, f32::from_le_bytes),
            DENSE_BF16 => read_dense(&file, &plan, Kind::Bf16, bf16::decode),
            INT8_BLOCKS => int8_blocks::read(&file, &plan),
            TOP_K => top_k::read(&file, &plan),
            unknown => Err(BlobError::Encoding {
                found: shorten(unknown),
            }),
        }?;
        Tensors::new(plan.tensors, values)
            .map(Self)
            .map_err(|tensor| BlobError::NotFinite { tensor })
    }

    /// All values in the canonical order, as [`Parameters::values`].
    pub fn values(&self) -> &[f32] {
        self.0.values()
    }
}

/// Whether metadata say that a file is a gradient.
pub(crate) fn is_gradient(metadata: &Metadata) -> bool {
    metadata
        .get("format")
        .is_some_and(|format| format == FORMAT)
}

fn combine(
    left: &Tensors,
    right: &Tensors,
    each: impl Fn(f32, f32) -> f32,
) -> Result<Tensors, GradientError> {
    if left.plan() != right.plan() {
        return Err(GradientError::Mismatch);
    }
    let values = left
        .values()
        .iter()
        .zip(right.values())
        .map(|(&l, &r)| each(l, r))
        .collect();
    Tensors::new(left.plan().to_vec(), values).map_err(|tensor| GradientError::NotFinite { tensor })
}
