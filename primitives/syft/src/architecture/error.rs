//! Why an architecture is refused.

use super::{
    DROPOUT_UNIT, MAX_DIMENSIONS, MAX_INPUTS, MAX_LAYER_VALUES, MAX_MULTIPLY_ADDS, MAX_OUTPUTS,
    MAX_PARAMETERS,
};

/// Why an architecture is not accepted. `layer` is a layer's position, from 0.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// The input has no dimension or one of zero.
    #[error("the input shape is empty: give one to {MAX_DIMENSIONS} dimensions of at least 1")]
    EmptyInput,
    /// A row has too many values.
    #[error("a row has more than {MAX_INPUTS} values: use a smaller input")]
    TooManyInputs,
    /// A layer without units, channels, tokens or width.
    #[error("layer {layer} has no units: give it at least 1 (channels or width of a layer that has these)")]
    NoUnits {
        /// The layer.
        layer: u32,
    },
    /// A convolution or pooling layer after something that is no image.
    #[error("layer {layer} reads an image: what comes before it must have the shape [channels, height, width]")]
    NoImage {
        /// The layer.
        layer: u32,
    },
    /// A kernel or stride of zero, or a kernel that is larger than what it looks at.
    #[error("layer {layer}: kernel and stride must be at least 1, and the kernel no larger than the image with its padding")]
    Window {
        /// The layer.
        layer: u32,
    },
    /// An embedding bag that is not the first layer.
    #[error("layer {layer} reads token numbers: only the first layer can")]
    NotFirst {
        /// The layer.
        layer: u32,
    },
    /// An embedding bag that knows the padding only.
    #[error("layer {layer} has no token beside the padding: give it at least 2")]
    NoTokens {
        /// The layer.
        layer: u32,
    },
    /// A dropout layer that drops everything, or more.
    #[error("layer {layer}: the rate must be below {DROPOUT_UNIT} millionths")]
    Rate {
        /// The layer.
        layer: u32,
    },
    /// Nothing to learn.
    #[error("there is no layer with parameters, so there is nothing to learn: add a dense one")]
    NothingToLearn,
    /// Too many parameters.
    #[error("layer {layer} brings the model over {MAX_PARAMETERS} parameters: make it smaller")]
    TooManyParameters {
        /// The layer.
        layer: u32,
    },
    /// Too many values between two layers.
    #[error("layer {layer} gives more than {MAX_LAYER_VALUES} values per row: make it smaller")]
    TooManyValues {
        /// The layer.
        layer: u32,
    },
    /// Too much work.
    #[error("layer {layer} brings the model over {MAX_MULTIPLY_ADDS} multiply-adds per row: make it smaller")]
    TooMuchWork {
        /// The layer.
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
    /// A logistic head over more than one output.
    #[error("a logistic head needs one output, the model has {outputs}: give the last layer one unit, or use softmax_cross_entropy")]
    OneOutput {
        /// Outputs of the last layer.
        outputs: u32,
    },
}
