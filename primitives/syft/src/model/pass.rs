//! Passing rows through a model to get its outputs.

use super::step::{Context, Step};
use super::{Model, ModelError};
use crate::kernel::Packed;

/// Values of the widest layer that are held at a time, unless a few rows have more.
const ROOM: usize = 65_536;
/// Rows that pass at a time, at least, if there are so many: the chains of one row alone would wait for themselves.
const LEAST_ROWS: usize = 8;
/// Rows that pass at a time, at most: more make nothing faster.
const MAX_ROWS: usize = 1_024;

/// A model that is ready to answer.
pub(crate) struct Pass<'a> {
    model: &'a Model,
    /// What is to be done, with the weights packed.
    steps: Vec<(&'a Step, Option<Packed>)>,
    /// Rows that pass at a time, at most.
    rows: usize,
}

/// Memory of one pass, for one thread.
pub(crate) struct PassRoom {
    /// What a step reads and what it gives.
    values: [Vec<f32>; 2],
    context: Context,
}

impl<'a> Pass<'a> {
    /// For up to so many rows in all. Costs a copy of the model's dense weights.
    pub(crate) fn new(model: &'a Model, rows: usize) -> Self {
        let parameters = model.parameters().values();
        let steps = model.steps().iter().filter(|step| !step.trains_only());
        let widest = model
            .steps()
            .iter()
            .map(|step| step.outputs.max(step.inputs));
        Self {
            model,
            steps: steps.map(|step| (step, step.pack(parameters))).collect(),
            rows: (ROOM / widest.max().unwrap_or(1))
                .clamp(LEAST_ROWS, MAX_ROWS)
                .min(rows)
                .max(1),
        }
    }

    /// Values of as many rows as pass at a time.
    pub(crate) fn block(&self) -> usize {
        self.rows * self.model.plan().inputs as usize
    }

    /// Values between two layers that are held at a time, at most.
    fn held(&self) -> usize {
        let outputs = self.steps.iter().map(|(step, _)| step.outputs);
        self.rows * outputs.max().unwrap_or_default()
    }

    /// Bytes that one [`room`](Self::room) takes for values between layers.
    pub(crate) fn room_bytes(&self) -> usize {
        2 * size_of::<f32>() * self.held()
    }

    /// Memory for [`run`](Self::run).
    pub(crate) fn room(&self) -> PassRoom {
        let values = || vec![0.0; self.held()];
        PassRoom {
            values: [values(), values()],
            context: Context::default(),
        }
    }

    /// The outputs (rows x outputs) for some rows of input (rows x inputs), no more than a [`block`](Self::block).
    ///
    /// # Errors
    ///
    /// As [`Model::forward`].
    pub(crate) fn run<'r>(
        &self,
        rows: &[f32],
        room: &'r mut PassRoom,
    ) -> Result<&'r [f32], ModelError> {
        let parameters = self.model.parameters().values();
        let count = rows.len() / self.model.plan().inputs as usize;
        for (index, (step, packed)) in self.steps.iter().enumerate() {
            let [given, out] = &mut room.values;
            let x = match index {
                0 => rows,
                _ => &given[..count * step.inputs],
            };
            step.forward(
                parameters,
                packed.as_ref(),
                x,
                &mut out[..count * step.outputs],
                &mut room.context,
            )?;
            room.values.swap(0, 1);
        }
        Ok(&room.values[0][..count * self.model.plan().outputs as usize])
    }
}
