//! The layers of a model as operations on values.

mod reach;

use super::activation::Activation;
use super::convolution::Convolution;
use super::dense::Dense;
use super::dropout::{Dropout, DropoutKey};
use super::embedding::EmbeddingBag;
use super::layer_norm::LayerNorm;
use super::pooling::{Pool, Pooling};
use super::windows::Windows;
use super::ModelError;
use crate::finite::all_finite;
use crate::kernel::{Packed, Start};
use crate::{Architecture, Layer, LayerPlan, Plan};
use std::ops::Range;

/// A layer that does something, with its sizes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Step {
    /// Position of the layer in the architecture.
    layer: usize,
    operation: Operation,
    /// Values of a row before it.
    pub(crate) inputs: usize,
    /// Values of a row after it.
    pub(crate) outputs: usize,
    /// Where its parameters lie among those of the model.
    pub(crate) parameters: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Operation {
    Dense(Dense),
    Convolution(Convolution),
    Pooling(Pooling),
    Activation(Activation),
    LayerNorm(LayerNorm),
    EmbeddingBag(EmbeddingBag),
    Dropout(Dropout),
}

/// What layers need besides values.
#[derive(Default)]
pub(crate) struct Context {
    /// Which values are dropped, if any, and the position in the batch of the first row at hand.
    pub(crate) dropout: Option<(DropoutKey, usize)>,
    /// Room for the panels of convolutions.
    pub(crate) panel: Vec<f32>,
}

/// The layers that do something, in order.
pub(super) fn steps(architecture: &Architecture, plan: &Plan) -> Vec<Step> {
    let mut start = 0;
    let mut steps = Vec::new();
    for (index, (layer, sizes)) in architecture.layers.iter().zip(&plan.layers).enumerate() {
        let end = start + sizes.parameters as usize;
        if let Some(operation) = Operation::new(layer, sizes, index) {
            steps.push(Step {
                layer: index,
                operation,
                inputs: values(&sizes.input),
                outputs: values(&sizes.output),
                parameters: start..end,
            });
        }
        start = end;
    }
    steps
}

fn values(shape: &[u32]) -> usize {
    shape.iter().map(|&dimension| dimension as usize).product()
}

impl Operation {
    /// What this layer does; nothing for one that only names a shape.
    fn new(layer: &Layer, sizes: &LayerPlan, index: usize) -> Option<Self> {
        let inputs = values(&sizes.input);
        let windows = |kernel, stride, padding| {
            Windows::new(&sizes.input, &sizes.output, kernel, stride, padding)
        };
        let pooling = |pool, kernel, stride| {
            Operation::Pooling(Pooling {
                pool,
                windows: windows(kernel, stride, [0, 0]),
            })
        };
        Some(match *layer {
            Layer::Dense { units } => Operation::Dense(Dense {
                inputs,
                units: units as usize,
            }),
            Layer::Conv2d {
                channels,
                kernel,
                stride,
                padding,
            } => Operation::Convolution(Convolution {
                channels: channels as usize,
                windows: windows(kernel, stride, padding),
            }),
            Layer::MaxPool2d { kernel, stride } => pooling(Pool::Max, kernel, stride),
            Layer::AveragePool2d { kernel, stride } => pooling(Pool::Average, kernel, stride),
            Layer::Flatten => return None,
            Layer::Relu => Operation::Activation(Activation::Relu),
            Layer::Tanh => Operation::Activation(Activation::Tanh),
            Layer::Sigmoid => Operation::Activation(Activation::Sigmoid),
            Layer::Gelu => Operation::Activation(Activation::Gelu),
            Layer::LayerNorm => Operation::LayerNorm(LayerNorm { values: inputs }),
            Layer::EmbeddingBag { tokens, width } => Operation::EmbeddingBag(EmbeddingBag {
                length: inputs,
                tokens,
                width: width as usize,
            }),
            Layer::Dropout { rate } => Operation::Dropout(Dropout::new(rate, index)),
        })
    }
}

impl Step {
    /// Whether it does something in training only.
    pub(crate) fn trains_only(&self) -> bool {
        matches!(self.operation, Operation::Dropout(_))
    }

    /// Packs its weight, if it is one that is worth it for many batches, given all parameters of the model; in the memory
    /// of an earlier one if there is any.
    pub(crate) fn pack(&self, parameters: &[f32], packed: &mut Option<Packed>) {
        if let Operation::Dense(dense) = self.operation {
            dense.pack(&parameters[self.parameters.clone()], packed);
        }
    }

    /// `y` (rows x outputs) from `x` (rows x inputs), given all parameters of the model, and its weight packed if it has
    /// been.
    ///
    /// # Errors
    ///
    /// If a value of `y` is not finite, or one of `x` is no token number.
    pub(crate) fn forward(
        &self,
        parameters: &[f32],
        packed: Option<&Packed>,
        x: &[f32],
        y: &mut [f32],
        context: &mut Context,
    ) -> Result<(), ModelError> {
        let parameters = &parameters[self.parameters.clone()];
        let panel = &mut context.panel;
        match self.operation {
            Operation::Dense(dense) => dense.forward(parameters, packed, x, y),
            Operation::Convolution(convolution) => convolution.forward(parameters, x, y, panel),
            Operation::Pooling(pooling) => pooling.forward(x, y),
            Operation::Activation(activation) => activation.forward(x, y),
            Operation::LayerNorm(norm) => norm.forward(parameters, x, y),
            Operation::EmbeddingBag(bag) => bag.forward(parameters, x, y)?,
            Operation::Dropout(dropout) => self.drop(dropout, context, x, y),
        }
        match all_finite(y) {
            true => Ok(()),
            false => Err(ModelError::NotFinite { layer: self.layer }),
        }
    }

    /// The derivative by its parameters, in their place among those of the whole model, on top of `start`: nothing or
    /// what is there.
    pub(crate) fn backward_parameters(
        &self,
        x: &[f32],
        dy: &[f32],
        derivative: &mut [f32],
        start: Start,
        context: &mut Context,
    ) {
        let derivative = &mut derivative[self.parameters.clone()];
        match self.operation {
            Operation::Dense(dense) => dense.backward_parameters(x, dy, start, derivative),
            Operation::Convolution(convolution) => {
                convolution.backward_parameters(x, dy, start, derivative, &mut context.panel);
            }
            Operation::LayerNorm(norm) => norm.backward_parameters(x, dy, start, derivative),
            Operation::EmbeddingBag(bag) => bag.backward_parameters(x, dy, start, derivative),
            Operation::Pooling(_) | Operation::Activation(_) | Operation::Dropout(_) => {}
        }
    }

    /// The derivative by `x`, given that by `y`.
    pub(crate) fn backward_inputs(
        &self,
        parameters: &[f32],
        (x, y): (&[f32], &[f32]),
        dy: &[f32],
        dx: &mut [f32],
        context: &mut Context,
    ) {
        let parameters = &parameters[self.parameters.clone()];
        match self.operation {
            Operation::Dense(dense) => dense.backward_inputs(parameters, dy, dx),
            Operation::Convolution(convolution) => {
                convolution.backward_inputs(parameters, dy, dx, &mut context.panel);
            }
            Operation::Pooling(pooling) => pooling.backward(x, dy, dx),
            Operation::Activation(activation) => activation.backward(x, y, dy, dx),
            Operation::LayerNorm(norm) => norm.backward_inputs(parameters, x, dy, dx),
            Operation::EmbeddingBag(_) => unreachable!("nothing comes before an embedding bag"),
            Operation::Dropout(dropout) => self.drop(dropout, context, dy, dx),
        }
    }

    fn drop(&self, dropout: Dropout, context: &Context, x: &[f32], y: &mut [f32]) {
        match context.dropout {
            Some((key, row)) => dropout.apply(key, (row * self.outputs) as u64, x, y),
            None => y.copy_from_slice(x),
        }
    }
}
