//! The change of a model after somebody trained it.

mod bf16;
mod int8_blocks;
mod top_k;

use crate::blob::gradient::{DENSE_BF16, DENSE_F32, FORMAT, INT8_BLOCKS, TOP_K};
use crate::blob::{self, file, most_sparse};
use crate::tensors::{read_dense, Tensors};
use crate::{Architecture, BlobError, Encoding, Parameters};

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
        let (name, encoding) = match encoding {
            Encoding::DenseF32 => (DENSE_F32, encoding),
            Encoding::DenseBf16 => (DENSE_BF16, encoding),
            Encoding::Int8Blocks => (INT8_BLOCKS, encoding),
            Encoding::TopK { k } => {
                let k = k.clamp(1, most_sparse(self.values().len() as u64));
                (TOP_K, Encoding::TopK { k })
            }
        };
        let metadata = [("format", FORMAT), ("encoding", name)];
        let mut file = file::begin(&metadata, &encoding.layout(self.0.plan()));
        match encoding {
            Encoding::DenseF32 => file.extend(self.values().iter().flat_map(|v| v.to_le_bytes())),
            Encoding::DenseBf16 => file.extend(self.values().iter().flat_map(|&v| bf16::encode(v))),
            Encoding::Int8Blocks => int8_blocks::write(&self.0, &mut file),
            Encoding::TopK { k } => top_k::write(self.values(), k, &mut file),
        }
        file
    }

    /// Reads a gradient for this architecture in any encoding. Safe on untrusted bytes: takes 4 bytes per parameter,
    /// once the header is in order, and beyond that at most 32 for each byte that a header may have.
    ///
    /// The file need not be canonical: another order of tensors, other metadata besides the format's own and more space
    /// in the header are fine.
    ///
    /// # Errors
    ///
    /// If the file does not pass [`check_gradient`](crate::check_gradient) or gives a value that is not finite; in blocks
    /// of 8-bit numbers, also if a scale is negative or a number is -128.
    pub fn decode(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        let plan = architecture.plan()?;
        let (encoding, tensors) = blob::gradient::tensors(&plan, bytes)?;
        let values = match encoding {
            Encoding::DenseF32 => read_dense(&tensors, &plan, f32::from_le_bytes),
            Encoding::DenseBf16 => read_dense(&tensors, &plan, bf16::decode),
            Encoding::Int8Blocks => int8_blocks::read(&tensors, &plan)?,
            Encoding::TopK { .. } => top_k::read(&tensors, &plan),
        };
        Tensors::new(plan.tensors, values)
            .map(Self)
            .map_err(|tensor| BlobError::NotFinite { tensor })
    }

    /// All values in the canonical order, as [`Parameters::values`].
    pub fn values(&self) -> &[f32] {
        self.0.values()
    }
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
