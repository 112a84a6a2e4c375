//! Passing rows through a model to get its outputs.

use super::step::Context;
use super::{Model, ModelError};
use crate::kernel::Packed;

/// Values of the widest layer that are held at a time, unless a few rows have more.
const ROOM: usize = 65_536;
/// Rows that pass at a time, at least, if there are so many: the chains of one row alone would wait for themselves.
const LEAST_ROWS: usize = 8;
/// Rows that pass at a time, at most: more make nothing faster.
const MAX_ROWS: usize = 1_024;

/// Parts that each of several threads gets before results are looked at, so that they seldom wait for each other.
const PARTS_PER_THREAD: usize = 4;

/// The weights of a model's steps, packed as far as it pays.
#[derive(Default)]
pub(crate) struct PackedWeights(Vec<Option<Packed>>);

impl PackedWeights {
    /// Costs a copy of the model's dense weights.
    pub(crate) fn new(model: &Model) -> Self {
        let mut weights = Self::default();
        weights.pack(model);
        weights
    }

    /// Packs those of another model of the same architecture, in the same memory.
    pub(crate) fn pack(&mut self, model: &Model) {
        let parameters = model.parameters().values();
        self.0.resize_with(model.steps().len(), || None);
        for (step, packed) in model.steps().iter().zip(&mut self.0) {
            step.pack(parameters, packed);
        }
    }

    /// Bytes of memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().flatten().map(Packed::bytes).sum()
    }
}

/// A model that is ready to answer.
pub(crate) struct Pass<'a> {
    model: &'a Model,
    weights: &'a PackedWeights,
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
    /// For up to so many rows in all.
    pub(crate) fn new(model: &'a Model, weights: &'a PackedWeights, rows: usize) -> Self {
        let steps = model.steps().iter();
        let widest = steps.map(|step| step.outputs.max(step.inputs));
        Self {
            model,
            weights,
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
        let outputs = self.model.steps().iter().map(|step| step.outputs);
        self.rows * outputs.max().unwrap_or_default()
    }

    /// Values that the model gives for one row.
    pub(crate) fn outputs(&self) -> usize {
        self.model.plan().outputs as usize
    }

    /// Memory to keep so many threads busy with [`run`](Self::run): for one part of the rows, or for some per thread. It
    /// takes no more than `bytes` for values between layers, unless that of a single part does.
    pub(crate) fn rooms(&self, threads: usize, bytes: usize) -> Vec<PassRoom> {
        let parts = match threads {
            0 | 1 => 1,
            _ => (threads * PARTS_PER_THREAD)
                .min(bytes / self.room_bytes().max(1))
                .max(1),
        };
        (0..parts).map(|_| self.room()).collect()
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
        let steps = self.model.steps().iter().zip(&self.weights.0);
        let steps = steps.filter(|(step, _)| !step.trains_only());
        for (index, (step, packed)) in steps.enumerate() {
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
        Ok(&room.values[0][..count * self.outputs()])
    }
}
