//! The size of one layer.

use super::{ArchitectureError, Layer, Shape, DROPOUT_UNIT};
use alloc::vec;
use alloc::vec::Vec;

// Work other than multiply-adds, in multiply-adds that take about as long in a dense layer. Measured on an AVX-512 core
// and rounded to powers of two; the table at `LayerPlan::multiply_adds` says the same in words.
const GATHER: u64 = 8;
const POOLING: u64 = 16;
const EMBEDDING: u64 = 4;
const RELU: u64 = 1;
const TANH: u64 = 256;
const GELU: u64 = 512;
const LAYER_NORM: u64 = 128;

/// What a layer does to a row of a certain shape; nothing but the dimensions is checked.
pub(super) struct Size {
    /// Shape of the output.
    pub(super) output: Shape,
    /// Shapes of the weight and the bias, as far as there are any.
    pub(super) tensors: Vec<Vec<u32>>,
    /// Factors of the work.
    work: [u64; 3],
}

impl Size {
    /// Weights and biases, if the number fits.
    pub(super) fn parameters(&self) -> Option<u64> {
        self.tensors.iter().try_fold(0u64, |sum, shape| {
            sum.checked_add(product(shape.iter().copied())?)
        })
    }

    /// The work for one row, if the number fits.
    pub(super) fn multiply_adds(&self) -> Option<u64> {
        self.work
            .iter()
            .try_fold(1u64, |work, &factor| work.checked_mul(factor))
    }
}

impl Layer {
    /// The size of this layer in position `layer` after rows of shape `input`.
    pub(super) fn size(&self, layer: u32, input: &Shape) -> Result<Size, ArchitectureError> {
        // At most MAX_INPUTS or MAX_LAYER_VALUES.
        let inputs: u32 = input.iter().product();
        let keep = |work: u64, tensors| Size {
            output: input.clone(),
            tensors,
            work: [inputs.into(), work, 1],
        };
        match *self {
            Layer::Dense { units: 0 }
            | Layer::Conv2d { channels: 0, .. }
            | Layer::EmbeddingBag { width: 0, .. } => Err(ArchitectureError::NoUnits { layer }),
            Layer::Dense { units } => Ok(Size {
                output: shape([units]),
                tensors: vec![vec![units, inputs], vec![units]],
                work: [inputs.into(), units.into(), 1],
            }),
            Layer::Conv2d {
                channels,
                kernel,
                stride,
                padding,
            } => {
                let ([depth, ..], [height, width]) =
                    windows(layer, input, kernel, stride, padding)?;
                Ok(Size {
                    output: shape([channels, height, width]),
                    tensors: vec![vec![channels, depth, kernel[0], kernel[1]], vec![channels]],
                    work: [
                        u64::from(height) * u64::from(width),
                        product([depth, kernel[0], kernel[1]]).unwrap_or(u64::MAX),
                        u64::from(channels) + GATHER,
                    ],
                })
            }
            Layer::MaxPool2d { kernel, stride } | Layer::AveragePool2d { kernel, stride } => {
                let ([depth, ..], [height, width]) = windows(layer, input, kernel, stride, [0, 0])?;
                Ok(Size {
                    output: shape([depth, height, width]),
                    tensors: vec![],
                    // A window is no larger than the image, and there are no more of them than it has values.
                    work: [
                        u64::from(depth) * u64::from(height) * u64::from(width),
                        u64::from(kernel[0]) * u64::from(kernel[1]),
                        POOLING,
                    ],
                })
            }
            Layer::Flatten => Ok(Size {
                output: shape([inputs]),
                tensors: vec![],
                work: [0; 3],
            }),
            Layer::Relu => Ok(keep(RELU, vec![])),
            Layer::Tanh | Layer::Sigmoid => Ok(keep(TANH, vec![])),
            Layer::Gelu => Ok(keep(GELU, vec![])),
            Layer::LayerNorm => Ok(keep(LAYER_NORM, vec![input.to_vec(), input.to_vec()])),
            Layer::EmbeddingBag { .. } if layer > 0 => Err(ArchitectureError::NotFirst { layer }),
            Layer::EmbeddingBag { tokens: 0 | 1, .. } => Err(ArchitectureError::NoTokens { layer }),
            Layer::EmbeddingBag { tokens, width } => Ok(Size {
                output: shape([width]),
                tensors: vec![vec![tokens, width]],
                work: [inputs.into(), width.into(), EMBEDDING],
            }),
            Layer::Dropout { rate } if rate >= DROPOUT_UNIT => {
                Err(ArchitectureError::Rate { layer })
            }
            Layer::Dropout { .. } => Ok(keep(0, vec![])),
        }
    }
}

/// The image's dimensions, and how many windows fit down and to the right.
fn windows(
    layer: u32,
    input: &Shape,
    kernel: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 2],
) -> Result<([u32; 3], [u32; 2]), ArchitectureError> {
    let [depth, height, width] = input[..] else {
        return Err(ArchitectureError::NoImage { layer });
    };
    let count = |side: u32, axis: usize| {
        let padded = u64::from(side) + 2 * u64::from(padding[axis]);
        let room = padded.checked_sub(kernel[axis].into())?;
        let steps = room.checked_div(stride[axis].into())?;
        // More than 2^32 windows break every limit; so do as many as fit the number.
        (kernel[axis] > 0).then(|| u32::try_from(steps + 1).unwrap_or(u32::MAX))
    };
    match (count(height, 0), count(width, 1)) {
        (Some(down), Some(right)) => Ok(([depth, height, width], [down, right])),
        _ => Err(ArchitectureError::Window { layer }),
    }
}

fn shape<const N: usize>(dimensions: [u32; N]) -> Shape {
    Shape::truncate_from(dimensions.to_vec())
}

fn product(dimensions: impl IntoIterator<Item = u32>) -> Option<u64> {
    dimensions.into_iter().try_fold(1u64, |values, dimension| {
        values.checked_mul(dimension.into())
    })
}
