//! What a model looks like: its layers, its size and its price.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Layers in an architecture, at most.
pub const MAX_LAYERS: u32 = 32;
/// Dimensions of one row, at most.
pub const MAX_DIMENSIONS: u32 = 3;
/// Values in one row that a model reads, at most.
pub const MAX_INPUTS: u32 = 65_536;
/// Values that a model gives for one row, at most.
pub const MAX_OUTPUTS: u32 = 1_024;
/// Parameters (weights and biases) of a model, at most.
pub const MAX_PARAMETERS: u64 = 1_000_000;

/// Dimensions of one row of input, outermost first: `[64]`, or `[channels, height, width]`.
pub type Shape = BoundedVec<u32, ConstU32<MAX_DIMENSIONS>>;

/// A model without its parameters: what one row of input looks like, the layers it passes through in order, and how
/// the last layer's outputs are compared with the truth.
///
/// In JSON, the digits classifier of the examples:
///
/// ```
/// let json = r#"{
///     "input": [64],
///     "layers": [{"dense": {"units": 32}}, "relu", {"dense": {"units": 10}}],
///     "head": "softmax_cross_entropy"
/// }"#;
/// let architecture: syft::Architecture = serde_json::from_str(json).unwrap();
/// let plan = architecture.plan().unwrap();
/// assert_eq!((plan.inputs, plan.outputs), (64, 10));
/// assert_eq!(plan.parameters, 64 * 32 + 32 + 32 * 10 + 10);
/// assert_eq!(plan.multiply_adds, 64 * 32 + 32 * 10);
/// ```
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Shape of one row.
    pub input: Shape,
    /// Layers, the first reads the row.
    pub layers: BoundedVec<Layer, ConstU32<MAX_LAYERS>>,
    /// How outputs are compared with the truth.
    pub head: Head,
}

/// One layer of a model.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Every output is a weighted sum of all inputs plus a bias: `y[j] = bias[j] + sum_k weight[j][k] x[k]`. Reads an
    /// input of more than one dimension flat, in row-major order.
    Dense {
        /// Number of outputs.
        units: u32,
    },
    /// `max(x, 0)` of every value; keeps the shape.
    Relu,
}

/// How a model's outputs become a loss.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// One output per class; the loss is the cross-entropy of their softmax with the true class.
    SoftmaxCrossEntropy,
    /// Outputs are numbers; the loss is the mean of their squared residuals.
    SquaredError,
}

/// What an architecture amounts to, computed once for chain, node and clients alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Values in one row, 1 to [`MAX_INPUTS`].
    pub inputs: u32,
    /// Values that the model gives for one row, 1 to [`MAX_OUTPUTS`].
    pub outputs: u32,
    /// Weights and biases, 1 to [`MAX_PARAMETERS`].
    pub parameters: u64,
    /// Multiply-adds of one forward pass over one row: the measure of an assay's work.
    pub multiply_adds: u64,
    /// The tensors that hold the parameters, in layer order, a layer's weight before its bias.
    pub tensors: Vec<TensorPlan>,
}

/// One tensor of parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TensorPlan {
    /// `layers.{i}.weight` or `layers.{i}.bias`, with the layer's position from 0: the names that PyTorch gives to the
    /// same layers in a `Sequential` called `layers`.
    pub name: String,
    /// Dimensions, outermost first: `[units, inputs]` for a weight, `[units]` for a bias.
    pub shape: Vec<u32>,
}

impl TensorPlan {
    /// Values in the tensor, at most [`MAX_PARAMETERS`].
    pub fn values(&self) -> u64 {
        self.shape.iter().map(|&d| u64::from(d)).product()
    }
}

/// Why an architecture is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// The input has no dimension or one of zero.
    #[error("the input shape is empty: give one to {MAX_DIMENSIONS} dimensions of at least 1")]
    EmptyInput,
    /// A row has too many values.
    #[error("a row has more than {MAX_INPUTS} values: use a smaller input")]
    TooManyInputs,
    /// A layer without units.
    #[error("layer {layer} has no units: give it at least 1")]
    NoUnits {
        /// Position of the layer, from 0.
        layer: u32,
    },
    /// Nothing to learn.
    #[error("there is no dense layer, so there is nothing to learn: add one")]
    NothingToLearn,
    /// Too many parameters.
    #[error("layer {layer} brings the model over {MAX_PARAMETERS} parameters: use fewer units")]
    TooManyParameters {
        /// Position of the layer, from 0.
        layer: u32,
    },
    /// Too many outputs.
    #[error(
        "the model has {outputs} outputs, more than {MAX_OUTPUTS}: give its last layer fewer units"
    )]
    TooManyOutputs {
        /// Outputs of the last layer.
        outputs: u32,
    },
    /// A softmax over a single class is always 1.
    #[error("softmax needs at least two outputs: give the last layer one unit per class")]
    OneClass,
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
        let inputs = row_values(&self.input)?;
        let mut width = inputs;
        let mut parameters = 0u64;
        let mut multiply_adds = 0u64;
        let mut tensors = Vec::new();
        for (index, layer) in (0u32..).zip(&self.layers) {
            match *layer {
                Layer::Dense { units: 0 } => {
                    return Err(ArchitectureError::NoUnits { layer: index })
                }
                Layer::Dense { units } => {
                    // Both factors are below 2^32, so this cannot overflow; nor can the sum, which is checked against
                    // its limit at every layer.
                    let weights = u64::from(width) * u64::from(units);
                    parameters = weights
                        .checked_add(u64::from(units))
                        .and_then(|own| parameters.checked_add(own))
                        .filter(|&sum| sum <= MAX_PARAMETERS)
                        .ok_or(ArchitectureError::TooManyParameters { layer: index })?;
                    multiply_adds += weights;
                    tensors.push(TensorPlan {
                        name: format!("layers.{index}.weight"),
                        shape: [units, width].into(),
                    });
                    tensors.push(TensorPlan {
                        name: format!("layers.{index}.bias"),
                        shape: [units].into(),
                    });
                    width = units;
                }
                Layer::Relu => {}
            }
        }
        if tensors.is_empty() {
            return Err(ArchitectureError::NothingToLearn);
        }
        if width > MAX_OUTPUTS {
            return Err(ArchitectureError::TooManyOutputs { outputs: width });
        }
        if self.head == Head::SoftmaxCrossEntropy && width < 2 {
            return Err(ArchitectureError::OneClass);
        }
        Ok(Plan {
            inputs,
            outputs: width,
            parameters,
            multiply_adds,
            tensors,
        })
    }
}

/// Values in a row of the given shape, 1 to [`MAX_INPUTS`].
fn row_values(shape: &Shape) -> Result<u32, ArchitectureError> {
    if shape.is_empty() || shape.contains(&0) {
        return Err(ArchitectureError::EmptyInput);
    }
    shape
        .iter()
        .try_fold(1u32, |values, &dimension| values.checked_mul(dimension))
        .filter(|&values| values <= MAX_INPUTS)
        .ok_or(ArchitectureError::TooManyInputs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use alloc::vec;

    fn dense(input: &[u32], units: &[u32], head: Head) -> Architecture {
        Architecture {
            input: input.to_vec().try_into().unwrap(),
            layers: units
                .iter()
                .map(|&units| Layer::Dense { units })
                .collect::<Vec<_>>()
                .try_into()
                .unwrap(),
            head,
        }
    }

    #[test]
    fn plan_counts_parameters_work_and_tensors() {
        let mut architecture = dense(&[2, 3], &[5, 4], Head::SquaredError);
        architecture.layers.try_insert(1, Layer::Relu).unwrap();
        let plan = architecture.plan().unwrap();
        assert_eq!((plan.inputs, plan.outputs), (6, 4));
        assert_eq!(
            (plan.parameters, plan.multiply_adds),
            (6 * 5 + 5 + 5 * 4 + 4, 50)
        );
        let tensors: Vec<_> = plan
            .tensors
            .iter()
            .map(|t| (t.name.as_str(), t.shape.clone(), t.values()))
            .collect();
        assert_eq!(
            tensors,
            [
                ("layers.0.weight", vec![5, 6], 30),
                ("layers.0.bias", vec![5], 5),
                ("layers.2.weight", vec![4, 5], 20),
                ("layers.2.bias", vec![4], 4),
            ]
        );
    }

    #[test]
    fn limits_hold_exactly() {
        use ArchitectureError::*;
        let head = Head::SquaredError;
        let plan = |input: &[u32], units: &[u32]| dense(input, units, head).plan();
        assert_eq!(plan(&[], &[1]), Err(EmptyInput));
        assert_eq!(plan(&[4, 0], &[1]), Err(EmptyInput));
        assert_eq!(plan(&[65_536], &[1]).unwrap().inputs, MAX_INPUTS);
        assert_eq!(plan(&[65_537], &[1]), Err(TooManyInputs));
        assert_eq!(plan(&[65_536, 65_536, 65_536], &[1]), Err(TooManyInputs));
        assert_eq!(plan(&[1], &[0]), Err(NoUnits { layer: 0 }));
        assert_eq!(plan(&[1], &[]), Err(NothingToLearn));
        assert_eq!(plan(&[1], &[1_024]).unwrap().outputs, MAX_OUTPUTS);
        assert_eq!(plan(&[1], &[1_025]), Err(TooManyOutputs { outputs: 1_025 }));
        // 999 inputs x 1,000 units + 1,000 biases is the limit.
        assert_eq!(plan(&[999], &[1_000]).unwrap().parameters, MAX_PARAMETERS);
        assert_eq!(
            plan(&[1_000], &[1_000]),
            Err(TooManyParameters { layer: 0 })
        );
        assert_eq!(
            plan(&[1], &[u32::MAX, u32::MAX]),
            Err(TooManyParameters { layer: 0 })
        );
        assert_eq!(
            plan(&[1], &[400_000, 1_024]),
            Err(TooManyParameters { layer: 1 })
        );
        assert_eq!(
            dense(&[1], &[1], Head::SoftmaxCrossEntropy).plan(),
            Err(OneClass)
        );
    }

    #[test]
    fn json_and_scale_round_trip() {
        let json = r#"{"input":[64],"layers":[{"dense":{"units":32}},"relu",{"dense":{"units":10}}],"head":"softmax_cross_entropy"}"#;
        let architecture: Architecture = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&architecture).unwrap(), json);
        let bytes = architecture.encode();
        assert_eq!(Architecture::decode(&mut &bytes[..]).unwrap(), architecture);
        assert!(bytes.len() <= Architecture::max_encoded_len());
    }

    #[test]
    fn json_with_mistakes_is_refused() {
        for json in [
            r#"{"input":[1,1,1,1],"layers":[],"head":"squared_error"}"#,
            r#"{"input":[1],"layers":[{"dense":{"units":-1}}],"head":"squared_error"}"#,
            r#"{"input":[1],"layers":[{"dense":{"unit":1}}],"head":"squared_error"}"#,
            r#"{"input":[1],"layers":["tanhh"],"head":"squared_error"}"#,
            r#"{"input":[1],"layers":[],"head":"squared_error","extra":1}"#,
        ] {
            assert!(
                serde_json::from_str::<Architecture>(json).is_err(),
                "{json}"
            );
        }
        let layers = vec!["\"relu\""; 33].join(",");
        let json = format!(r#"{{"input":[1],"layers":[{layers}],"head":"squared_error"}}"#);
        assert!(serde_json::from_str::<Architecture>(&json).is_err());
    }
}
