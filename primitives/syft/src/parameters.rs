//! The numbers that a model has learned.

use crate::tensors::{BlobError, Tensors};
use crate::{content_hash, gradient, Architecture, ArchitectureError, Random, TensorPlan};
use ndarray::{ArrayView1, ArrayView2, ArrayViewD};

/// Metadata of stored parameters; tools around PyTorch ask for it.
const METADATA: [(&str, &str); 1] = [("format", "pt")];

/// The stream of a seed that initial parameters are drawn from.
const STREAM: u64 = 0;

/// Weights and biases of a model, all finite.
///
/// Stored as safetensors with PyTorch's names and layout: `layers.{i}.weight` of shape `[units, inputs]` and
/// `layers.{i}.bias` of shape `[units]` for the dense layer in position `i`.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameters(pub(crate) Tensors);

impl Parameters {
    /// Random parameters to start from, the same for the same seed: every weight is a [normal](Random::normal) number
    /// times `sqrt(2 / inputs)` of its layer (He et al., *Delving Deep into Rectifiers*, 2015), drawn in the order of
    /// the tensors from stream 0 of the seed; every bias is 0.
    ///
    /// # Errors
    ///
    /// If the architecture breaks a limit.
    pub fn initialise(architecture: &Architecture, seed: u64) -> Result<Self, ArchitectureError> {
        let plan = architecture.plan()?;
        let mut random = Random::new(seed, STREAM);
        let mut values = Vec::with_capacity(plan.parameters as usize);
        for tensor in &plan.tensors {
            match tensor.shape[..] {
                [_, inputs] => {
                    let scale = (2.0 / inputs as f32).sqrt();
                    values.extend((0..tensor.values()).map(|_| random.normal() * scale));
                }
                _ => values.extend((0..tensor.values()).map(|_| 0.0)),
            }
        }
        match Tensors::new(plan.tensors, values) {
            Ok(tensors) => Ok(Self(tensors)),
            Err(_) => unreachable!("a normal number is below 7, and its scale below 2"),
        }
    }

    /// The canonical file: one and the same for equal parameters, and readable by any safetensors library.
    pub fn to_safetensors(&self) -> Vec<u8> {
        self.0.write(&METADATA)
    }

    /// The canonical file with a receipt added to its metadata, as JSON under the name `receipt`.
    ///
    /// The [hash](Self::hash) of the parameters remains that of the canonical file.
    pub fn to_safetensors_with(&self, receipt: &crate::Receipt) -> Vec<u8> {
        let [format] = METADATA;
        self.0
            .write(&[format, (crate::receipt::NAME, &receipt.to_json())])
    }

    /// Reads parameters for this architecture. Safe on untrusted bytes: takes no more memory than the architecture
    /// warrants.
    ///
    /// The file need not be canonical: another order of tensors, other metadata and more space in the header are fine.
    ///
    /// # Errors
    ///
    /// If the file is malformed, does not hold exactly the architecture's tensors as finite 32-bit floats, or is a
    /// gradient.
    pub fn from_safetensors(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        let (tensors, metadata) = Tensors::read(architecture, bytes)?;
        if gradient::is_gradient(&metadata) {
            return Err(BlobError::Kind {
                expected: "parameters but a gradient",
            });
        }
        Ok(Self(tensors))
    }

    /// BLAKE2b-256 of the canonical file.
    pub fn hash(&self) -> [u8; 32] {
        content_hash(&self.to_safetensors())
    }

    /// All values in the canonical order: tensor after tensor as in [`Plan`](crate::Plan), each in row-major order.
    pub fn values(&self) -> &[f32] {
        self.0.values()
    }

    /// The tensors in the canonical order.
    pub fn tensors(&self) -> impl Iterator<Item = (&TensorPlan, ArrayViewD<'_, f32>)> {
        self.0.parts().filter_map(|(tensor, values)| {
            let shape: Vec<usize> = tensor.shape.iter().map(|&d| d as usize).collect();
            Some((tensor, ArrayViewD::from_shape(shape, values).ok()?))
        })
    }

    /// Weights `[units, inputs]` and biases `[units]` of each dense layer in order.
    pub(crate) fn dense(&self) -> impl Iterator<Item = (ArrayView2<'_, f32>, ArrayView1<'_, f32>)> {
        let mut parts = self.0.parts();
        std::iter::from_fn(move || {
            let ((weight, values), (_, bias)) = (parts.next()?, parts.next()?);
            let shape = (
                *weight.shape.first()? as usize,
                *weight.shape.get(1)? as usize,
            );
            Some((
                ArrayView2::from_shape(shape, values).ok()?,
                ArrayView1::from(bias),
            ))
        })
    }
}
