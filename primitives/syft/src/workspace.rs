//! Room for training steps.

pub(crate) use crate::model::DropoutKey;

use crate::kernel::Start;
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
        let mut start = Start::Zero;
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
            self.backward(model, rows.len(), start);
            start = Start::Output;
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
            step.forward(parameters, None, x, y, &mut self.context)?;
        }
        Ok(())
    }

    /// From the derivative by the outputs to that by the first parameters, those by parameters on top of `start`.
    fn backward(&mut self, model: &Model, rows: usize, start: Start) {
        let parameters = model.parameters().values();
        let learns = |step: &Step| !step.parameters.is_empty();
        let first = model.steps().iter().position(learns).unwrap_or_default();
        for (index, step) in model.steps().iter().enumerate().skip(first).rev() {
            let (x, y) = around(&mut self.values, index, step, rows);
            let [dy, dx] = &mut self.back;
            let (dy, dx) = (&dy[..rows * step.outputs], &mut dx[..rows * step.inputs]);
            step.backward_parameters(x, dy, &mut self.derivative, start, &mut self.context);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Architecture, Parameters, Random};
    use ndarray::Array2;

    const KEY: DropoutKey = DropoutKey { seed: 9, step: 3 };

    fn model(json: &str) -> Model {
        let architecture: Architecture = serde_json::from_str(json).unwrap();
        let parameters = Parameters::initialise(&architecture, 1).unwrap();
        Model::new(architecture, parameters).unwrap()
    }

    /// The result does not depend on how many rows there is room for, nor on what was computed before.
    #[test]
    fn room_changes_no_bit() {
        let layers = r#"{"conv2d":{"channels":3,"kernel":[2,2]}},"gelu",{"dropout":{"rate":300000}},
            {"max_pool2d":{"kernel":[2,2],"stride":[1,1]}},"layer_norm",{"dense":{"units":4}},"relu",
            {"dropout":{"rate":100000}},{"dense":{"units":2}}"#;
        let model = model(&format!(
            r#"{{"input":[2,5,4],"layers":[{layers}],"head":"softmax_cross_entropy"}}"#
        ));
        let mut random = Random::new(2, 0);
        let features = Array2::from_shape_simple_fn((20, 40), || random.normal());
        let targets = Targets::Classes((0..20).map(|row| row % 2).collect());
        let rows = [3, 19, 0, 0, 7, 11, 2, 5, 18, 4, 13];
        let mut expected = None;
        for room in [usize::MAX / 2, 0, 600, 3_000] {
            let mut workspace = Workspace::with_room(&model, rows.len(), room);
            let mut run = |rows: &[usize]| {
                let features = features.view();
                let loss = workspace.step(&model, features, &targets, rows, KEY);
                let bits = workspace.derivative().iter().map(|d| d.to_bits());
                (loss.unwrap().to_bits(), bits.collect::<Vec<_>>())
            };
            let found = run(&rows);
            run(&[1]);
            assert_eq!(run(&rows), found);
            assert_eq!(*expected.get_or_insert(found.clone()), found, "{room}");
        }
    }

    #[test]
    fn dropout_is_its_definition() {
        let model = model(
            r#"{"input":[3],"layers":["flatten",{"dropout":{"rate":250000}},{"dense":{"units":1}}],"head":"squared_error"}"#,
        );
        let features =
            Array2::from_shape_fn((50, 3), |(row, column)| (1 + 3 * row + column) as f32);
        let targets = Targets::Numbers(Array2::zeros((50, 1)));
        // Values 0, 1, 2 of the batch are those of row 4, and so on.
        let rows: Vec<usize> = (4..50).collect();
        let mut stream = Random::new(KEY.seed, (1 << 63) + 32 * KEY.step + 1);
        let mut dropped = 0;
        let kept = Array2::from_shape_fn((46, 3), |(row, column)| match stream.bits() < 1 << 30 {
            true => {
                dropped += 1;
                0.0
            }
            false => features[[rows[row], column]] * (4.0f32 / 3.0),
        });
        assert!((20..50).contains(&dropped), "{dropped}");
        let mut workspace = Workspace::new(&model, 10);
        let view = features.view();
        let loss = workspace.step(&model, view, &targets, &rows, KEY).unwrap();
        let outputs = Targets::Numbers(Array2::zeros((46, 1)));
        let expected = model.loss_and_derivative(kept.view(), &outputs).unwrap();
        assert_eq!((loss, workspace.into_derivative()), expected);
    }

    #[test]
    fn derivatives_go_back_through_dropout() {
        // Behind a dense layer of weight 1, before one of weight 1: the first weight's derivative says what was kept.
        let layers = r#"[{"dense":{"units":1}},{"dropout":{"rate":500000}}]"#;
        let model = model(&format!(
            r#"{{"input":[1],"layers":{layers},"head":"squared_error"}}"#
        ));
        let features = Array2::ones((1, 1));
        let targets = Targets::Numbers(Array2::from_elem((1, 1), -1.0));
        let (mut kept, mut dropped) = (0, 0);
        let mut workspace = Workspace::new(&model, 1);
        for step in 0..64 {
            let key = DropoutKey { seed: 1, step };
            let view = features.view();
            workspace.step(&model, view, &targets, &[0], key).unwrap();
            let expected = match Random::new(1, (1 << 63) + 32 * step + 1).bits() < 1 << 31 {
                true => {
                    dropped += 1;
                    0.0
                }
                false => {
                    kept += 1;
                    let weight = model.parameters().values()[0];
                    2.0 * (weight * 2.0 + 1.0) * 2.0
                }
            };
            assert_eq!(workspace.derivative(), [expected; 2]);
        }
        assert!(kept > 20 && dropped > 20);
    }

    #[test]
    fn room_is_bounded() {
        let model =
            model(r#"{"input":[1000],"layers":[{"dense":{"units":100}}],"head":"squared_error"}"#);
        let workspace = Workspace::new(&model, 1_000_000);
        assert_eq!(workspace.rows, ROOM / (1_000 + 100 + 2 * 1_000));
        assert_eq!(Workspace::new(&model, 7).rows, 7);
    }
}
