//! Measuring one model after the other in the same memory.

use super::means::Means;
use super::MAX_SEATS;
use crate::model::{PackedWeights, Pass, PassRoom};
use crate::{EvaluateError, Metric, Model, ModelError, ValidationSet};

/// Times that an error is looked at while rows pass, as long as ...
const LOOKS: usize = 6;
/// ... so many rows pass at a time: fewer are slower.
const LEAST_ROWS: usize = 64;

/// What measures one model at a time.
pub(super) struct Worker<'a> {
    means: Means<'a>,
    /// Has the mean that is being measured for parameters.
    model: Model,
    weights: PackedWeights,
    /// Rows that pass at a time, at most.
    rows: usize,
    rooms: Vec<PassRoom>,
}

impl<'a> Worker<'a> {
    /// For means of these points on so many rows, which pass one part after the other.
    pub(super) fn new(
        model: &Model,
        points: &'a [&'a [f32]],
        best: &'a [f32],
        rows: usize,
    ) -> Self {
        let mut worker = Self {
            means: Means::new(points, best),
            model: model.clone(),
            weights: PackedWeights::new(model),
            rows: rows.div_ceil(LOOKS).max(LEAST_ROWS),
            rooms: Vec::new(),
        };
        worker.spread(1, 0);
        worker
    }

    /// Lets several threads help, in no more than so many bytes for values between layers.
    pub(super) fn spread(&mut self, threads: usize, bytes: usize) {
        self.rooms = Pass::new(&self.model, &self.weights, self.rows).rooms(threads, bytes);
    }

    /// Bytes that it takes at most, with one thread.
    pub(super) fn bytes(&self) -> usize {
        let models = usize::from(MAX_SEATS);
        let room = Pass::new(&self.model, &self.weights, self.rows).room_bytes();
        models * size_of_val(self.model.parameters().values()) + self.weights.bytes() + room
    }

    /// The error with the mean of some members, and perhaps the best model; `None` if `stop` has had enough of the error so
    /// far, which never falls. What is not finite gives the worst error.
    ///
    /// # Errors
    ///
    /// If model and rows do not fit.
    pub(super) fn error(
        &mut self,
        set: &ValidationSet,
        metric: Metric,
        members: &[u32],
        with_best: bool,
        stop: impl Fn(u64) -> bool,
    ) -> Result<Option<u64>, EvaluateError> {
        if stop(0) {
            return Ok(None);
        }
        let means = &mut self.means;
        let finite = self
            .model
            .update(|values| means.write(members, with_best, values));
        let error = match finite {
            true => {
                self.weights.pack(&self.model);
                let pass = Pass::new(&self.model, &self.weights, self.rows);
                match set.error_unless(&pass, &mut self.rooms, &stop) {
                    Err(ModelError::NotFinite { .. }) => Some(metric.worst()),
                    other => other.map_err(EvaluateError::Malformed)?,
                }
            }
            false => Some(metric.worst()),
        };
        Ok(error.filter(|error| !stop(*error)))
    }
}
