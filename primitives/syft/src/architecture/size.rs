//! The size of one layer.

use super::{ArchitectureError, Layer, Shape, DROPOUT_UNIT};
use alloc::vec;
use alloc::vec::Vec;

// Work other than multiply-adds, in multiply-adds that take about as long in a dense layer. Measured on an AVX-512 core
// (where these take about 0.01 ns) and rounded; the table at `LayerPlan::multiply_adds` says the same in words.
/// A product with fewer columns than this takes as long as with this many, as its chains wait for themselves.
const COLUMNS: u64 = 8;
const GATHERED_VALUE: u64 = 24;
const GATHERED_ROW: u64 = 1_024;
const POOLED_VALUE: u64 = 32;
const EMBEDDED_VALUE: u64 = 8;
const EMBEDDED_TOKEN: u64 = 512;
const RELU: u64 = 8;
const SIGMOID: u64 = 512;
const TANH: u64 = 1_024;
const GELU: u64 = 1_024;
const LAYER_NORM: u64 = 128;

/// What a layer does to a row of a certain shape. Numbers that do not fit are the greatest that do, which is above every
/// limit; limits are not checked here.
pub(super) struct Size {
    /// Shape of the output.
    pub(super) output: Shape,
    /// Shapes of the weight and the bias, as far as there are any.
    pub(super) tensors: Vec<Vec<u32>>,
    /// Weights and biases.
    pub(super) parameters: u64,
    /// The work for one row.
    pub(super) multiply_adds: u64,
}

impl Size {
    fn new(output: Shape, tensors: Vec<Vec<u32>>, multiply_adds: u64) -> Self {
        let values = |shape: &Vec<u32>| product(shape.iter().map(|&dimension| dimension.into()));
        Self {
            output,
            parameters: tensors.iter().map(values).fold(0, u64::saturating_add),
            tensors,
            multiply_adds,
        }
    }
}

impl Layer {
    /// The size of this layer in position `layer` after rows of shape `input`.
    pub(super) fn size(&self, layer: u32, input: &Shape) -> Result<Size, ArchitectureError> {
        // At most MAX_INPUTS or MAX_LAYER_VALUES.
        let inputs: u32 = input.iter().product();
        let each = |work: u64| Size::new(input.clone(), vec![], u64::from(inputs) * work);
        Ok(match *self {
            Layer::Dense { units: 0 }
            | Layer::Conv2d { channels: 0, .. }
            | Layer::EmbeddingBag { width: 0, .. } => {
                return Err(ArchitectureError::NoUnits { layer })
            }
            Layer::Dense { units } => Size::new(
                shape([units]),
                vec![vec![units, inputs], vec![units]],
                u64::from(inputs) * u64::from(units).max(COLUMNS),
            ),
            Layer::Conv2d {
                channels,
                kernel: [a, b],
                stride,
                padding,
            } => {
                let (depth, [down, right]) = windows(layer, input, [a, b], stride, padding)?;
                let seen = product([depth.into(), a.into(), b.into()]);
                let per_value = u64::from(channels) + GATHERED_VALUE;
                let columns = (u64::from(down) * u64::from(right)).max(COLUMNS);
                let per_row = product([columns, per_value]);
                Size::new(
                    shape([channels, down, right]),
                    vec![vec![channels, depth, a, b], vec![channels]],
                    seen.saturating_mul(per_row.saturating_add(GATHERED_ROW)),
                )
            }
            Layer::MaxPool2d {
                kernel: [a, b],
                stride,
            }
            | Layer::AveragePool2d {
                kernel: [a, b],
                stride,
            } => {
                let (depth, [down, right]) = windows(layer, input, [a, b], stride, [0, 0])?;
                let values = [depth, down, right, a, b].map(u64::from);
                Size::new(
                    shape([depth, down, right]),
                    vec![],
                    product(values).saturating_mul(POOLED_VALUE),
                )
            }
            Layer::Flatten => Size::new(shape([inputs]), vec![], 0),
            Layer::Relu => each(RELU),
            Layer::Tanh => each(TANH),
            Layer::Sigmoid => each(SIGMOID),
            Layer::Gelu => each(GELU),
            Layer::LayerNorm => Size::new(
                input.clone(),
                vec![input.to_vec(), input.to_vec()],
                u64::from(inputs) * LAYER_NORM,
            ),
            Layer::EmbeddingBag { .. } if layer > 0 => {
                return Err(ArchitectureError::NotFirst { layer })
            }
            Layer::EmbeddingBag { tokens: 0 | 1, .. } => {
                return Err(ArchitectureError::NoTokens { layer })
            }
            Layer::EmbeddingBag { tokens, width } => Size::new(
                shape([width]),
                vec![vec![tokens, width]],
                u64::from(inputs)
                    .saturating_mul(EMBEDDED_TOKEN + EMBEDDED_VALUE * u64::from(width)),
            ),
            Layer::Dropout { rate } if rate >= DROPOUT_UNIT => {
                return Err(ArchitectureError::Rate { layer })
            }
            Layer::Dropout { .. } => each(0),
        })
    }
}

/// The image's channels, and how many windows fit down and to the right.
fn windows(
    layer: u32,
    input: &Shape,
    kernel: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 2],
) -> Result<(u32, [u32; 2]), ArchitectureError> {
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
        (Some(down), Some(right)) => Ok((depth, [down, right])),
        _ => Err(ArchitectureError::Window { layer }),
    }
}

fn shape<const N: usize>(dimensions: [u32; N]) -> Shape {
    Shape::truncate_from(dimensions.to_vec())
}

fn product(factors: impl IntoIterator<Item = u64>) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}
