//! What a model looks like: its layers, its size and its price.

mod error;
mod layer;
mod plan;
mod size;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use error::ArchitectureError;
pub use layer::Layer;
pub use plan::{LayerPlan, Plan, TensorPlan};

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
/// Values that one layer gives for one row, at most.
pub const MAX_LAYER_VALUES: u32 = 262_144;
/// Values that a model gives for one row, at most.
pub const MAX_OUTPUTS: u32 = 1_024;
/// Parameters (weights and biases) of a model, at most.
pub const MAX_PARAMETERS: u64 = 1_000_000;
/// Multiply-adds of one forward pass over one row, at most.
pub const MAX_MULTIPLY_ADDS: u64 = 1_000_000_000;
/// The whole of which a dropout layer's rate is a part: rates are in millionths.
pub const DROPOUT_UNIT: u32 = 1_000_000;

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
/// assert_eq!(plan.multiply_adds, 64 * 32 + 8 * 32 + 32 * 10);
/// ```
///
/// The same with a convolution, which needs to know that 64 values are an image:
///
/// ```
/// let json = r#"{
///     "input": [1, 8, 8],
///     "layers": [
///         {"conv2d": {"channels": 8, "kernel": [3, 3], "padding": [1, 1]}},
///         "relu",
///         {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
///         "flatten",
///         {"dense": {"units": 10}}
///     ],
///     "head": "softmax_cross_entropy"
/// }"#;
/// let architecture: syft::Architecture = serde_json::from_str(json).unwrap();
/// let shapes: Vec<_> = architecture.plan().unwrap().layers.into_iter().map(|layer| layer.output.into_inner()).collect();
/// assert_eq!(shapes, [vec![8, 8, 8], vec![8, 8, 8], vec![8, 4, 4], vec![128], vec![10]]);
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
    /// One output for two classes, positive for class 1; the loss is the cross-entropy of its sigmoid with the true
    /// class (PyTorch's `BCEWithLogitsLoss`).
    Logistic,
}
