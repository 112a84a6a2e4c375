//! What an architecture amounts to.

use super::size::Size;
use super::{
    Architecture, ArchitectureError, Head, Shape, MAX_INPUTS, MAX_LAYER_VALUES, MAX_MULTIPLY_ADDS,
    MAX_OUTPUTS, MAX_PARAMETERS,
};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What an architecture amounts to, computed once for chain, node and clients alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Values in one row, 1 to [`MAX_INPUTS`].
    pub inputs: u32,
    /// Values that the model gives for one row, 1 to [`MAX_OUTPUTS`].
    pub outputs: u32,
    /// Weights and biases, 1 to [`MAX_PARAMETERS`].
    pub parameters: u64,
    /// Multiply-adds of one forward pass over one row, at most [`MAX_MULTIPLY_ADDS`]: the measure of an assay's work.
    /// The sum over [`layers`](Self::layers).
    pub multiply_adds: u64,
    /// What each layer amounts to, in order.
    pub layers: Vec<LayerPlan>,
    /// The tensors that hold the parameters, in layer order, a layer's weight before its bias.
    pub tensors: Vec<TensorPlan>,
}

/// What one layer amounts to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LayerPlan {
    /// Shape of a row before it.
    pub input: Shape,
    /// Shape of a row after it, at most [`MAX_LAYER_VALUES`] values.
    pub output: Shape,
    /// Weights and biases.
    pub parameters: u64,
    /// Multiply-adds for one row, and other work as the number of multiply-adds that take about as long:
    ///
    /// | layer | work |
    /// |---|---|
    /// | dense | inputs times units, of which it counts at least 8 |
    /// | convolution | for each value that one output sees: windows (at least 8) times (channels + 24), plus 1,024 |
    /// | pooling | 32 per value of each window |
    /// | embedding bag | 512 per token, and 8 per value of its row |
    /// | ReLU | 8 per value |
    /// | sigmoid | 512 per value |
    /// | tanh, GELU | 1,024 per value |
    /// | layer norm | 128 per value |
    /// | flatten, dropout | 0, as nothing happens |
    pub multiply_adds: u64,
}

/// One tensor of parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TensorPlan {
    /// `layers.{i}.weight` or `layers.{i}.bias`, with the layer's position from 0: the names that PyTorch gives to the
    /// same layers in a `Sequential` called `layers`.
    pub name: String,
    /// Dimensions, outermost first, as [`Layer`](super::Layer) says: for a dense layer `[units, inputs]` for the weight
    /// and `[units]` for the bias.
    pub shape: Vec<u32>,
}

impl TensorPlan {
    /// Values in the tensor, at most [`MAX_PARAMETERS`].
    pub fn values(&self) -> u64 {
        self.shape.iter().map(|&d| u64::from(d)).product()
    }
}

impl Architecture {
    /// Checks every limit and says what the model amounts to.
    ///
    /// Costs a few steps per layer, so it is safe to call on untrusted input.
    ///
    /// # Errors
    ///
    /// The first limit that is broken, see [`ArchitectureError`].
    pub fn plan(&self) -> Result<Plan, ArchitectureError> {
        if self.input.is_empty() || self.input.contains(&0) {
            return Err(ArchitectureError::EmptyInput);
        }
        let inputs =
            values_within(&self.input, MAX_INPUTS).ok_or(ArchitectureError::TooManyInputs)?;
        let mut plan = Plan {
            inputs,
            outputs: inputs,
            parameters: 0,
            multiply_adds: 0,
            layers: Vec::new(),
            tensors: Vec::new(),
        };
        let mut shape = self.input.clone();
        for (index, layer) in (0u32..).zip(&self.layers) {
            let size = layer.size(index, &shape)?;
            shape = plan.append(index, shape, size)?;
        }
        if plan.tensors.is_empty() {
            return Err(ArchitectureError::NothingToLearn);
        }
        self.check_outputs(plan.outputs)?;
        Ok(plan)
    }

    fn check_outputs(&self, outputs: u32) -> Result<(), ArchitectureError> {
        if outputs > MAX_OUTPUTS {
            return Err(ArchitectureError::TooManyOutputs { outputs });
        }
        match self.head {
            Head::SoftmaxCrossEntropy if outputs < 2 => Err(ArchitectureError::OneClass),
            Head::Logistic if outputs > 1 => Err(ArchitectureError::OneOutput { outputs }),
            _ => Ok(()),
        }
    }
}

impl Plan {
    /// Adds a layer of this size if it stays within the limits; returns the shape of its output.
    fn append(&mut self, layer: u32, input: Shape, size: Size) -> Result<Shape, ArchitectureError> {
        self.parameters = self.parameters.saturating_add(size.parameters);
        if self.parameters > MAX_PARAMETERS {
            return Err(ArchitectureError::TooManyParameters { layer });
        }
        let outputs = values_within(&size.output, MAX_LAYER_VALUES)
            .ok_or(ArchitectureError::TooManyValues { layer })?;
        self.multiply_adds = self.multiply_adds.saturating_add(size.multiply_adds);
        if self.multiply_adds > MAX_MULTIPLY_ADDS {
            return Err(ArchitectureError::TooMuchWork { layer });
        }
        self.outputs = outputs;
        self.layers.push(LayerPlan {
            input,
            output: size.output.clone(),
            parameters: size.parameters,
            multiply_adds: size.multiply_adds,
        });
        for (name, shape) in ["weight", "bias"].into_iter().zip(size.tensors) {
            let name = format!("layers.{layer}.{name}");
            self.tensors.push(TensorPlan { name, shape });
        }
        Ok(size.output)
    }
}

/// The product of the dimensions, if it is at most `most`.
fn values_within(shape: &Shape, most: u32) -> Option<u32> {
    shape
        .iter()
        .try_fold(1u32, |values, &dimension| values.checked_mul(dimension))
        .filter(|&values| values <= most)
}
