//! The change of a model after somebody trained it.

use crate::tensors::{BlobError, Metadata, Tensors};
use crate::{Architecture, Parameters};

const FORMAT: &str = "sonar-gradient";
const DENSE: &str = "dense-f32";

/// The difference between two parameters of one architecture, all finite.
///
/// Stored as safetensors with the same tensors as the parameters and the metadata `format` = `sonar-gradient` and
/// `encoding` = `dense-f32`.
///
/// Rounding makes [`between`](Gradient::between) and [`apply`](Gradient::apply) no exact inverses: what counts is
/// `gradient.apply(&before)`, so measure that and not `after`.
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

    /// The canonical file.
    pub fn encode(&self) -> Vec<u8> {
        self.0.write(&[("format", FORMAT), ("encoding", DENSE)])
    }

    /// Reads a gradient for this architecture. Safe on untrusted bytes: takes no more memory than the architecture
    /// warrants.
    ///
    /// # Errors
    ///
    /// If the file is malformed, does not hold exactly the architecture's tensors as finite 32-bit floats, or is not a
    /// gradient in a known encoding.
    pub fn decode(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        let (tensors, metadata) = Tensors::read(architecture, bytes)?;
        if !is_gradient(&metadata) {
            return Err(BlobError::Kind {
                expected: "a gradient: its metadata lack format sonar-gradient",
            });
        }
        match metadata.get("encoding").map(String::as_str) {
            Some(DENSE) => Ok(Self(tensors)),
            found => Err(BlobError::Encoding {
                found: crate::shorten::shorten(found.unwrap_or_default()),
            }),
        }
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
    each: fn(f32, f32) -> f32,
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
