//! The layers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One layer of a model. Each is PyTorch's layer of the same name (Linear for dense); names and shapes of its parameters
/// are PyTorch's too.
///
/// Formulas are in binary32, every operation rounded by itself unless it is a fused multiply-add, written `fma(a, b, c)`
/// = `a * b + c` rounded once. "In order" means one after the other; sums start at +0 if nothing else is said. `exp`,
/// `erf` and `tanh` are those of the crate `libm`. `Model::loss_and_derivative` defines the derivatives.
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
    /// Every output is a weighted sum of all inputs plus a bias: `y[j] = bias[j] + sum_k weight[j][k] x[k]`, one chain
    /// of fused multiply-adds from the bias in the order of `k`. Reads an input of more than one dimension flat, in
    /// row-major order. PyTorch's Linear.
    Dense {
        /// Number of outputs.
        units: u32,
    },
    /// `max(x, 0)` of every value: +0 for those below zero, the others as they are, -0 included; keeps the shape.
    /// PyTorch's ReLU.
    Relu,
    /// Reads an image `[c, h, w]`, gives one of `[channels, h', w']`: `y[o][i][j]` is the bias of channel `o` plus the
    /// sum of `weight[o][c][a][b] * x[c][i * stride[0] + a - padding[0]][j * stride[1] + b - padding[1]]`, one chain of
    /// fused multiply-adds from the bias in the order of `(c, a, b)`. Outside the image `x` is +0 and takes part.
    /// `h' = (h + 2 * padding[0] - kernel[0]) / stride[0] + 1`, rounded down, and `w'` alike. Weight
    /// `[channels, c, kernel[0], kernel[1]]`, bias `[channels]`. PyTorch's Conv2d.
    Conv2d {
        /// Channels of the output.
        channels: u32,
        /// Height and width of the part of the image that one output sees.
        kernel: [u32; 2],
        /// Steps from one output to the next, down and to the right; 1 in JSON if not given.
        #[serde(default = "ones")]
        stride: [u32; 2],
        /// Rows of zeros above and below the image, columns to its left and right; 0 in JSON if not given.
        #[serde(default)]
        padding: [u32; 2],
    },
    /// The greatest value of each window of each channel of an image, the first of equal ones in row-major order
    /// (-0 equals +0). Windows lie as those of a convolution without padding. PyTorch's MaxPool2d.
    MaxPool2d {
        /// Height and width of a window.
        kernel: [u32; 2],
        /// Steps from one window to the next, down and to the right.
        stride: [u32; 2],
    },
    /// The mean of each window of each channel of an image: its values' sum in row-major order, divided by their
    /// number. Windows lie as those of a convolution without padding. PyTorch's AvgPool2d.
    AveragePool2d {
        /// Height and width of a window.
        kernel: [u32; 2],
        /// Steps from one window to the next, down and to the right.
        stride: [u32; 2],
    },
    /// One dimension instead of many: the same values in row-major order. PyTorch's Flatten.
    Flatten,
    /// `tanh(x)` of every value; keeps the shape. PyTorch's Tanh.
    Tanh,
    /// `1 / (1 + exp(-x))` of every value; keeps the shape. PyTorch's Sigmoid.
    Sigmoid,
    /// `(0.5 * x) * (1 + erf(x * r))` of every value, with `r = sqrt(1/2)` rounded; keeps the shape. PyTorch's GELU,
    /// the exact one.
    Gelu,
    /// Brings the `n` values of a row to mean 0 and variance 1, then weighs and moves them: `m = (sum of x in order) / n`;
    /// `v = (sum of (x - m) * (x - m) in order) / n`; `s = 1 / sqrt(v + 1e-5)`;
    /// `y[i] = ((x[i] - m) * s) * weight[i] + bias[i]`. Keeps the shape, which weight and bias have too. PyTorch's
    /// LayerNorm of the whole shape.
    LayerNorm,
    /// Reads a row of token numbers, whole numbers from 0 to `tokens - 1`, of which 0 is padding; gives the mean of the
    /// other numbers' rows of the weight: their sum in order, divided by their number, or zeros if there are none.
    /// Weight `[tokens, width]`; its row 0 is neither read nor learned. The first layer only. PyTorch's EmbeddingBag with
    /// `mode="mean"` and `padding_idx=0`.
    EmbeddingBag {
        /// Rows of the weight, at least 2; the first belongs to the padding.
        tokens: u32,
        /// Number of outputs.
        width: u32,
    },
    /// In training, sets random values to +0 and multiplies the others by `1 / (1 - rate)` (computed in binary64, then
    /// rounded); otherwise does nothing. Keeps the shape. PyTorch's Dropout.
    ///
    /// Value `i` of the batch, in row-major order, is dropped by the layer in position `l` in step `t` of the run, both
    /// from 0, if word `i` of stream `2^63 + 32 * t + l` of the run's seed (see `Random`) is below
    /// `rate * 2^32 / 10^6`, rounded down.
    Dropout {
        /// Part of the values that are dropped, in millionths, below 1,000,000.
        rate: u32,
    },
}

fn ones() -> [u32; 2] {
    [1, 1]
}
