//! Room for training steps.

pub(crate) use crate::model::DropoutKey;

use crate::model::{Context, Loss, Step};
use crate::{Model, ModelError, Targets};
use ndarray::ArrayView2;

/// Values of all layers together that are held at a time, unless a single row has more: 16 MB.
const ROOM: usize = 4 << 20;

/// What one training step computes, in memory that is used again for the next.
///
/// Rows of a batch go through the layers as many at a time as there is room for, and sums over rows carry on from one
/// part of the batch to the next; so the result does not depend on the room.
pub(crate) struct Workspace {
    /// Rows that there is room for.
    rows: usize,
    /// The rows at hand, then what comes out of each of the model's steps.
    values: Vec<Vec<f32>>,
    /// Derivatives after and before a step.
    back: [Vec<f32>; 2],
    /// By every parameter.
    derivative: Vec<f32>,
    context: Context,
}

impl Workspace {
    /// Room for steps of a model of this architecture; most steps have up to `rows` rows.
    pub(crate) fn new(model: &Model, rows: usize) -> Self {
        Self::with_room(model, rows, ROOM)
    }

    fn with_room(model: &Model, rows: usize, room: usize) -> Self {
        let widths: Vec<usize> = std::iter::once(model.plan().inputs as usize)
            .chain(model.steps().iter().map(|step| step.outputs))
            .collect();
        let widest = widths.iter().copied().max().unwrap_or_default();
        let row = widths.iter().sum::<usize>() + 2 * widest;
        let rows = rows.min(room / row).max(1);
        Self {
            rows,
            values: widths.iter().map(|width| vec![0.0; rows * width]).collect(),
            back: [vec![0.0; rows * widest], vec![0.0; rows * widest]],
            derivative: vec![0.0; model.parameters().values().len()],
            context: Context::default(),
        }
    }

    /// The mean loss over the chosen rows of a data set, and its derivative by every parameter, which is then in
    /// [`derivative`](Self::derivative).
    ///
    /// # Errors
    ///
    /// As [`Model::loss_and_derivative`].
    ///
    /// # Panics
    ///
    /// If a chosen row does not exist.
    pub(crate) fn step(
        &mut self,
        model: &Model,
        features: ArrayView2<f32>,
        targets: &Targets,
        rows: &[usize],
        dropout: DropoutKey,
    ) -> Result<f32, ModelError> {
        self.pass(model, features, targets, rows, Some(dropout))
    }

    /// As [`step`](Self::step), where dropout layers may do nothing.
    pub(crate) fn pass(
        &mut self,
        model: &Model,
        features: ArrayView2<f32>,
        targets: &Targets,
        rows: &[usize],
        dropout: Option<DropoutKey>,
    ) -> Result<f32, ModelError> {
        model.check_width(features.ncols())?;
        if rows.is_empty() || targets.rows() != features.nrows() {
            return Err(ModelError::Targets);
        }
        let outputs = model.plan().outputs as usize;
        let mut loss = Loss::new(model.architecture().head, outputs, rows.len());
        self.derivative.fill(0.0);
        for (part, rows) in rows.chunks(self.rows).enumerate() {
            self.context.dropout = dropout.map(|key| (key, part * self.rows));
            self.forward(model, features, rows)?;
            let values = self.values.last().map_or(&[][..], |values| values);
            loss.add(
                &values[..rows.len() * outputs],
                targets,
                rows,
                &mut self.back[0],
            )?;
            self.backward(model, rows.len());
        }
        let loss = loss.mean();
        match loss.is_finite() {
            true => Ok(loss),
            false => Err(ModelError::NotFinite {
                layer: model.architecture().layers.len(),
            }),
        }
    }

    /// The derivative from the last step, in the order of [`Parameters::values`](crate::Parameters::values).
    pub(crate) fn derivative(&mut self) -> &mut [f32] {
        &mut self.derivative
    }

    pub(crate) fn into_derivative(self) -> Vec<f32> {
        self.derivative
    }

    fn forward(
        &mut self,
        model: &Model,
        features: ArrayView2<f32>,
        rows: &[usize],
    ) -> Result<(), ModelError> {
        if let Some(inputs) = self.values.first_mut() {
            gather(features, rows, inputs);
        }
        let parameters = model.parameters().values();
        for (index, step) in model.steps().iter().enumerate() {
            let (x, y) = around(&mut self.values, index, step, rows.len());
            step.forward(parameters, x, y, &mut self.context)?;
        }
        Ok(())
    }

    /// From the derivative by the outputs to that by the first parameters.
    fn backward(&mut self, model: &Model, rows: usize) {
        let parameters = model.parameters().values();
        let learns = |step: &Step| !step.parameters.is_empty();
        let first = model.steps().iter().position(learns).unwrap_or_default();
        for (index, step) in model.steps().iter().enumerate().skip(first).rev() {
            let (x, y) = around(&mut self.values, index, step, rows);
            let [dy, dx] = &mut self.back;
            let (dy, dx) = (&dy[..rows * step.outputs], &mut dx[..rows * step.inputs]);
            step.backward_parameters(x, dy, &mut self.derivative, &mut self.context);
            if index > first {
                step.backward_inputs(parameters, (x, y), dy, dx, &mut self.context);
                self.back.swap(0, 1);
            }
        }
    }
}

/// What a step reads and what it gives.
fn around<'a>(
    values: &'a mut [Vec<f32>],
    index: usize,
    step: &Step,
    rows: usize,
) -> (&'a [f32], &'a mut [f32]) {
    let (before, after) = values.split_at_mut(index + 1);
    (
        &before[index][..rows * step.inputs],
        &mut after[0][..rows * step.outputs],
    )
}

/// Copies rows one after the other.
fn gather(features: ArrayView2<f32>, rows: &[usize], out: &mut [f32]) {
    for (out, &row) in out.chunks_exact_mut(features.ncols()).zip(rows) {
        let row = features.row(row);
        match row.as_slice() {
            Some(row) => out.copy_from_slice(row),
            None => out.iter_mut().zip(row).for_each(|(out, &x)| *out = x),
        }
    }
}
