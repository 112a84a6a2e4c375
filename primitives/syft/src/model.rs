//! Models: from rows to outputs, and from mistakes to directions.

use crate::kernel::product;
use crate::{Architecture, ArchitectureError, Head, Layer, Parameters, Plan, Targets};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip};

/// An architecture with parameters that fit it.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    architecture: Architecture,
    plan: Plan,
    parameters: Parameters,
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
    /// Targets of the wrong number, kind, width or class.
    #[error("the targets do not fit the rows and the model's head and outputs")]
    Targets,
    /// An infinity or something that is not a number came out of a layer or the loss.
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
    pub fn new(architecture: Architecture, parameters: Parameters) -> Result<Self, ModelError> {
        let plan = architecture.plan()?;
        if plan.tensors != parameters.0.plan() {
            return Err(ModelError::Mismatch);
        }
        Ok(Self {
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
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32])) -> bool {
        self.parameters.0.update(change).is_ok()
    }

    /// The outputs (rows x outputs) for rows of input (rows x inputs). Each row's outputs depend on that row alone.
    ///
    /// A dense layer is [`product`] with its bias; ReLU turns values below zero into +0 and keeps the others, the sign
    /// of zero included.
    ///
    /// # Errors
    ///
    /// If rows have the wrong width, or a layer gives a value that is not finite.
    pub fn forward(&self, rows: ArrayView2<f32>) -> Result<Array2<f32>, ModelError> {
        self.check_width(rows)?;
        let mut values = rows.to_owned();
        let mut dense = self.parameters.dense();
        for index in 0..self.architecture.layers.len() {
            values = self.step(index, values.view(), &mut dense)?;
        }
        Ok(values)
    }

    /// The mean loss over rows, and its derivative by every parameter in the order of [`Parameters::values`].
    ///
    /// With outputs `x`, of `n` rows, all in binary32 and all sums sequential from +0 in row-major order:
    ///
    /// - softmax cross-entropy with true class `t`: `e[j] = exp(x[j] - max)`, `s = sum of e`; a row's loss is
    ///   `ln(s) - (x[t] - max)`, the loss is their sum divided by `n`; the derivative by `x[j]` is
    ///   `(e[j] / s - (1 if j = t, else 0)) / n`;
    /// - squared error with true numbers `y` (`c` in all): the loss is the sum of `d * d`, with `d = x - y`, divided by
    ///   `c`; the derivative by each `x` is `2 * d / c`.
    ///
    /// Derivatives go back through the layers by [`product`]: by a weight over rows in order, by an input over units in
    /// order; by a bias they are the sum over rows in order. ReLU passes them where its output is above zero.
    ///
    /// # Errors
    ///
    /// As [`forward`](Model::forward), or if the targets do not fit.
    pub fn loss_and_derivative(
        &self,
        rows: ArrayView2<f32>,
        targets: &Targets,
    ) -> Result<(f32, Vec<f32>), ModelError> {
        self.check_width(rows)?;
        let layers = &self.architecture.layers;
        // What each layer read; the last entry is what came out.
        let mut values = vec![rows.to_owned()];
        let mut dense = self.parameters.dense();
        for index in 0..layers.len() {
            values.push(self.step(index, values[index].view(), &mut dense)?);
        }

        let outputs = values.pop().unwrap_or_default();
        let (loss, mut back) = self.loss(outputs.view(), targets)?;
        if !loss.is_finite() {
            return Err(ModelError::NotFinite {
                layer: layers.len(),
            });
        }

        // Layer by layer from the end; each one's part is put in front of those behind it.
        let mut parts: Vec<Vec<f32>> = Vec::new();
        let mut after = outputs;
        let weights: Vec<_> = self.parameters.dense().map(|(weight, _)| weight).collect();
        let mut weights = weights.into_iter().rev();
        for (layer, before) in layers.iter().zip(values).rev() {
            match layer {
                Layer::Dense { .. } => {
                    parts.push(column_sums(back.view()));
                    parts.push(product(back.t(), before.view(), None).into_iter().collect());
                    if let Some(weight) = weights.next() {
                        back = product(back.view(), weight, None);
                    }
                }
                Layer::Relu => Zip::from(&mut back).and(&after).for_each(|back, &out| {
                    if out <= 0.0 {
                        *back = 0.0;
                    }
                }),
                _ => return Err(ModelError::Mismatch),
            }
            after = before;
        }
        Ok((loss, parts.into_iter().rev().flatten().collect()))
    }

    /// The outputs of one layer. `dense` gives the parameters of the dense layers in order.
    fn step<'a>(
        &self,
        index: usize,
        values: ArrayView2<f32>,
        dense: &mut impl Iterator<Item = (ArrayView2<'a, f32>, ArrayView1<'a, f32>)>,
    ) -> Result<Array2<f32>, ModelError> {
        match self.architecture.layers[index] {
            Layer::Dense { .. } => {
                let (weight, bias) = dense.next().ok_or(ModelError::Mismatch)?;
                let out = product(values, weight.t(), Some(bias));
                // Checked here, as a ReLU would hide an infinity below zero.
                match out.iter().all(|value| value.is_finite()) {
                    true => Ok(out),
                    false => Err(ModelError::NotFinite { layer: index }),
                }
            }
            Layer::Relu => Ok(values.mapv(|value| if value < 0.0 { 0.0 } else { value })),
            _ => Err(ModelError::Mismatch),
        }
    }

    /// The loss and its derivative by the outputs.
    fn loss(
        &self,
        outputs: ArrayView2<f32>,
        targets: &Targets,
    ) -> Result<(f32, Array2<f32>), ModelError> {
        if outputs.nrows() == 0 || targets.rows() != outputs.nrows() {
            return Err(ModelError::Targets);
        }
        match (self.architecture.head, targets) {
            (Head::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                softmax_cross_entropy(outputs, classes)
            }
            (Head::SquaredError, Targets::Numbers(numbers)) => {
                squared_error(outputs, numbers.view())
            }
            _ => Err(ModelError::Targets),
        }
    }

    fn check_width(&self, rows: ArrayView2<f32>) -> Result<(), ModelError> {
        let (expected, found) = (self.plan.inputs as usize, rows.ncols());
        match expected == found {
            true => Ok(()),
            false => Err(ModelError::Width { expected, found }),
        }
    }
}

fn softmax_cross_entropy(
    outputs: ArrayView2<f32>,
    classes: &[u8],
) -> Result<(f32, Array2<f32>), ModelError> {
    if classes
        .iter()
        .any(|&class| usize::from(class) >= outputs.ncols())
    {
        return Err(ModelError::Targets);
    }
    let count = outputs.nrows() as f32;
    let mut loss = 0.0;
    let mut derivative = outputs.to_owned();
    for (mut row, &class) in derivative.rows_mut().into_iter().zip(classes) {
        let class = usize::from(class);
        let max = row.fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
        let truth = row[class] - max;
        row.mapv_inplace(|x| libm::expf(x - max));
        let sum = row.iter().fold(0.0, |sum, &e| sum + e);
        loss += libm::logf(sum) - truth;
        row.mapv_inplace(|e| e / sum);
        row[class] -= 1.0;
        row.mapv_inplace(|d| d / count);
    }
    Ok((loss / count, derivative))
}

fn squared_error(
    outputs: ArrayView2<f32>,
    numbers: ArrayView2<f32>,
) -> Result<(f32, Array2<f32>), ModelError> {
    if outputs.dim() != numbers.dim() {
        return Err(ModelError::Targets);
    }
    let count = outputs.len() as f32;
    let residuals = &outputs - &numbers;
    let sum = residuals.iter().fold(0.0, |sum, &d| sum + d * d);
    Ok((sum / count, residuals.mapv(|d| 2.0 * d / count)))
}

/// The sum of each column, row by row from +0.
fn column_sums(array: ArrayView2<f32>) -> Vec<f32> {
    let mut sums = vec![0.0; array.ncols()];
    for row in array.axis_iter(Axis(0)) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sums
}
