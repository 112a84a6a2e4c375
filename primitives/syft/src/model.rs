//! Models: from rows to outputs, and from mistakes to directions.

mod activation;
mod convolution;
mod dense;
mod dropout;
mod embedding;
mod layer_norm;
mod loss;
mod matrix;
mod pass;
mod pooling;
mod step;
mod windows;

pub(crate) use dropout::DropoutKey;
pub(crate) use loss::Loss;
pub(crate) use pass::{PackedWeights, Pass, PassRoom};
pub(crate) use step::{Context, Step};

use crate::workspace::Workspace;
use crate::{Architecture, ArchitectureError, Parameters, Plan, Targets};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// An architecture with parameters that fit it.
///
/// Parameters are shared: copies of a model hold the same ones until one of them learns.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    architecture: Architecture,
    plan: Plan,
    steps: Vec<Step>,
    parameters: Arc<Parameters>,
}

/// Why a model cannot be made or cannot answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The architecture is not accepted.
    #[error("architecture: {0}")]
    Architecture(#[from] ArchitectureError),
    /// The parameters are another architecture's.
    #[error("the parameters belong to a different architecture")]
    Mismatch,
    /// Rows of the wrong width.
    #[error("rows have {found} values, the model reads {expected}")]
    Width {
        /// What the model reads.
        expected: usize,
        /// What a row has.
        found: usize,
    },
    /// An embedding bag reads something that is no token number.
    #[error("a row holds a value that is no token number: these are whole and below {tokens}")]
    Token {
        /// One more than the greatest token number.
        tokens: u32,
    },
    /// Targets of the wrong number, kind, width or class.
    #[error("the targets do not fit the rows and the model's head and outputs")]
    Targets,
    /// An infinity or something that is not a number came out of a layer or the loss, or a row already has one (layer 0).
    #[error("layer {layer} gives a value that is not finite")]
    NotFinite {
        /// Position of the layer, from 0; the loss comes after the last.
        layer: usize,
    },
}

impl Model {
    /// A model of this architecture with these parameters.
    ///
    /// # Errors
    ///
    /// If the architecture breaks a limit or the parameters are another's.
    pub fn new(
        architecture: Architecture,
        parameters: impl Into<Arc<Parameters>>,
    ) -> Result<Self, ModelError> {
        let parameters = parameters.into();
        let plan = architecture.plan()?;
        if plan.tensors != parameters.0.plan() {
            return Err(ModelError::Mismatch);
        }
        Ok(Self {
            steps: step::steps(&architecture, &plan),
            architecture,
            plan,
            parameters,
        })
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// What the architecture amounts to.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Changes the parameters in place; false if one is not finite afterwards.
    ///
    /// If another model shares them they are copied before.
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32])) -> bool {
        let parameters = Arc::make_mut(&mut self.parameters);
        parameters.0.update(change).is_ok()
    }

    /// The layers that do something, in order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn check_width(&self, found: usize) -> Result<(), ModelError> {
        let expected = self.plan.inputs as usize;
        match expected == found {
            true => Ok(()),
            false => Err(ModelError::Width { expected, found }),
        }
    }

    /// The outputs (rows x outputs) for rows of input (rows x inputs), layer by layer as [`Layer`](crate::Layer) says;
    /// dropout layers do nothing. Each row's outputs depend on that row alone.
    ///
    /// # Errors
    ///
    /// If rows have the wrong width or hold something that is no token number where an embedding bag reads them, or a
    /// layer reads or gives a value that is not finite.
    pub fn forward(&self, rows: ArrayView2<f32>) -> Result<Array2<f32>, ModelError> {
        self.check_width(rows.ncols())?;
        check_finite(rows)?;
        let rows = rows.as_standard_layout();
        let mut outputs = Vec::with_capacity(rows.nrows() * self.plan.outputs as usize);
        let weights = PackedWeights::new(self);
        let pass = Pass::new(self, &weights, rows.nrows());
        let mut room = pass.room();
        for block in rows.as_slice().unwrap_or_default().chunks(pass.block()) {
            outputs.extend_from_slice(pass.run(block, &mut room)?);
        }
        match Array2::from_shape_vec((rows.nrows(), self.plan.outputs as usize), outputs) {
            Ok(outputs) => Ok(outputs),
            Err(_) => unreachable!("every row has its outputs"),
        }
    }

    /// The mean loss over rows, and its derivative by every parameter in the order of [`Parameters::values`]. Dropout
    /// layers do nothing.
    ///
    /// All is computed in binary32, every operation rounded by itself unless it is a fused multiply-add (`fma`), and all
    /// sums are in order, from +0 if nothing else is said. With outputs `x` of `n` rows:
    ///
    /// - softmax cross-entropy with true class `t`: `e[j] = exp(x[j] - max)`, `s = sum of e`; a row's loss is
    ///   `ln(s) - (x[t] - max)`, the loss is their sum divided by `n`; the derivative by `x[j]` is
    ///   `(e[j] / s - (1 if j = t, else 0)) / n`;
    /// - logistic with true class `t`, 0 or 1: a row's loss is `(max(x, 0) - x * t) + ln(1 + exp(-|x|))`, the last term
    ///   by `log1p`; the loss is their sum divided by `n`; the derivative by `x` is `(1 / (1 + exp(-x)) - t) / n`;
    /// - squared error with true numbers `y` (`c` in all): the loss is the sum of `d * d`, with `d = x - y`, divided by
    ///   `c`; the derivative by each `x` is `2 * d / c`.
    ///
    /// Derivatives go back through the layers. With `x` what a layer read, `y` what it gave, `dy` the derivative by
    /// `y`, and `w` its weight, the derivative by `x` is
    ///
    /// - dense: `sum of dy[j] * w[j][k]`, a chain of `fma` in the order of `j`;
    /// - convolution: for every place `(a, b)` of the kernel, in row-major order, at which an output sees the value, the
    ///   chain of `fma(w[o][c][a][b], dy[o], acc)` in the order of output channels `o`; the sum of these chains;
    /// - pooling: the sum over windows in row-major order of `dy`, where the window took the value, or of `dy` divided by
    ///   the size of the window for the mean;
    /// - ReLU: `dy` where `y` is above zero, elsewhere +0; tanh: `dy * (1 - y * y)`; sigmoid: `dy * (y * (1 - y))`;
    /// - GELU: `dy * (0.5 * (1 + erf(x * r)) + x * (exp(-0.5 * (x * x)) * d))`, with `r = sqrt(1/2)` and
    ///   `d = 1 / sqrt(2 pi)`, both rounded;
    /// - layer norm of `n` values with mean `m` and scale `s`: `(dy * w - (p + ((x - m) * s) * q)) * s`, with `p` the sum
    ///   of `dy * w` divided by `n` and `q` the sum of `(dy * w) * ((x - m) * s)` divided by `n`;
    /// - dropout: as forward, `dy` in place of `x`;
    ///
    /// and that by parameters is, summed over rows in order,
    ///
    /// - dense: by a weight a chain of `fma(dy[j], x[k], acc)`, by a bias the sum of `dy`;
    /// - convolution: by a weight a chain of `fma(dy, x, acc)` over rows and, within a row, outputs of the channel in
    ///   row-major order, padding taking part; by a bias the sum of `dy` in the same order;
    /// - layer norm: by a weight the sum of `dy * ((x - m) * s)`, by a bias that of `dy`;
    /// - embedding bag: by a weight's row, for every place in the row's tokens where its number stands, `dy` divided by the
    ///   number of tokens without the padding; that by the padding's row stays 0.
    ///
    /// # Errors
    ///
    /// As [`forward`](Model::forward), or if there are no rows or the targets do not fit.
    pub fn loss_and_derivative(
        &self,
        rows: ArrayView2<f32>,
        targets: &Targets,
    ) -> Result<(f32, Vec<f32>), ModelError> {
        check_finite(rows)?;
        let all: Vec<usize> = (0..rows.nrows()).collect();
        let mut workspace = Workspace::new(self, all.len());
        let loss = workspace.pass(self, rows, targets, &all, None)?;
        Ok((loss, workspace.into_derivative()))
    }
}

/// Some layers would hide what is not finite in a row that they read.
fn check_finite(rows: ArrayView2<f32>) -> Result<(), ModelError> {
    match rows.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(ModelError::NotFinite { layer: 0 }),
    }
}
