//! The numbers that a model has learned.

use crate::tensors::Tensors;
use crate::{content_hash, Architecture, ArchitectureError, BlobError, Layer, Random, TensorPlan};
use ndarray::ArrayViewD;

/// Metadata of stored parameters; tools around PyTorch ask for it.
const METADATA: [(&str, &str); 1] = [("format", "pt")];

/// The stream of a seed that initial parameters are drawn from.
const STREAM: u64 = 0;

/// Weights and biases of a model, all finite.
///
/// Stored as safetensors with PyTorch's names and layout: `layers.{i}.weight` and `layers.{i}.bias` for the layer in
/// position `i`, as far as it has them, in the shapes that [`Layer`] says.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameters(pub(crate) Tensors);

impl Parameters {
    /// Random parameters to start from, the same for the same seed. [Normal](Random::normal) numbers are drawn in the
    /// order of the tensors from stream 0 of the seed:
    ///
    /// - a weight of a dense layer or convolution is one of them times `sqrt(2 / n)`, with `n` the number of values that
    ///   one output sees (He et al., *Delving Deep into Rectifiers*, 2015);
    /// - a weight of an embedding bag is one of them times `sqrt(1 / width)`, so that a row's length is about 1; the
    ///   padding's row is 0, and nothing is drawn for it;
    /// - a weight of a layer norm is 1;
    /// - every bias is 0.
    ///
    /// # Errors
    ///
    /// If the architecture breaks a limit.
    pub fn initialise(architecture: &Architecture, seed: u64) -> Result<Self, ArchitectureError> {
        let plan = architecture.plan()?;
        let mut random = Random::new(seed, STREAM);
        let mut values = Vec::with_capacity(plan.parameters as usize);
        for (layer, size) in architecture.layers.iter().zip(&plan.layers) {
            let end = values.len() + size.parameters as usize;
            let mut draw = |values: &mut Vec<f32>, count: usize, scale: f32| {
                values.extend((0..count).map(|_| random.normal() * scale));
            };
            match *layer {
                Layer::Dense { units: outputs }
                | Layer::Conv2d {
                    channels: outputs, ..
                } => {
                    // Each output has a bias besides its weights.
                    let seen = size.parameters / u64::from(outputs) - 1;
                    let weights = seen as usize * outputs as usize;
                    draw(&mut values, weights, (2.0 / seen as f32).sqrt());
                }
                Layer::EmbeddingBag { tokens, width } => {
                    let learned = (tokens as usize - 1) * width as usize;
                    values.resize(end - learned, 0.0);
                    draw(&mut values, learned, (1.0 / width as f32).sqrt());
                }
                Layer::LayerNorm => values.resize(end - size.parameters as usize / 2, 1.0),
                _ => {}
            }
            // Biases.
            values.resize(end, 0.0);
        }
        match Tensors::new(plan.tensors, values) {
            Ok(tensors) => Ok(Self(tensors)),
            Err(_) => unreachable!("a normal number is below 7, and its scale below 2"),
        }
    }

    /// The mean of some points of one architecture, element by element in binary32 and in the order given:
    /// `sum = p_1; sum = sum + p_2; ...; mean = sum / count`, one division at the end, and none for a single point.
    ///
    /// `None` if there are no points, they are of different architectures, or a value of the mean is not finite.
    pub fn mean(points: &[&Self]) -> Option<Self> {
        let (first, others) = points.split_first()?;
        let plan = first.0.plan();
        let mut values = first.values().to_vec();
        for point in others {
            if point.0.plan() != plan {
                return None;
            }
            for (sum, value) in values.iter_mut().zip(point.values()) {
                *sum += value;
            }
        }
        if !others.is_empty() {
            let count = points.len() as f32;
            values.iter_mut().for_each(|sum| *sum /= count);
        }
        Tensors::new(plan.to_vec(), values).ok().map(Self)
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
    /// If the file does not pass [`check_parameters`](crate::check_parameters) or holds a value that is not finite.
    pub fn from_safetensors(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        Tensors::read(architecture, bytes).map(Self)
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
}
