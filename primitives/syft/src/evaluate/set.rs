//! Data that models are measured on.

mod order;

use super::score::Score;
use super::EvaluateError;
use crate::model::{PackedWeights, Pass, PassRoom};
use crate::{Dataset, Metric, Model, ModelError, Schema, Targets};
use ndarray::Array2;
use rayon::prelude::*;

/// Multiply-adds below which one thread is faster than several.
const PARALLEL: u64 = 10_000_000;
/// Bytes between layers that all parts of one evaluation may take together, if one does not take more alone.
pub(crate) const MAX_ROOMS: usize = 64 << 20;

/// A data set as models read it, prepared once for the evaluation of many.
///
/// The error of a model is exactly as [`Metric`] defines it: the same on every machine and for every number of threads.
/// Work is spread over the threads of the current `rayon` pool.
#[derive(Clone, PartialEq, Debug)]
pub struct ValidationSet {
    schema: Schema,
    features: Array2<f32>,
    /// No feature is greater in magnitude.
    greatest: f32,
    targets: Targets,
}

impl ValidationSet {
    /// The rows of a data set.
    pub fn new(data: &Dataset) -> Self {
        let features = data.features();
        let greatest = features.fold(0.0, |most: f32, value| value.abs().max(most));
        Self {
            schema: data.schema().clone(),
            features,
            greatest,
            targets: data.targets(),
        }
    }

    /// The schema of the rows.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.features.nrows()
    }

    /// Bytes of memory that the rows take.
    pub fn bytes(&self) -> usize {
        let targets = match &self.targets {
            Targets::Classes(classes) => classes.len(),
            Targets::Numbers(numbers) => size_of::<f32>() * numbers.len(),
        };
        size_of::<f32>() * self.features.len() + targets
    }

    /// The error of a model on all rows.
    ///
    /// # Errors
    ///
    /// If model, data and metric do not fit, or the model gives a value that is not finite for any row.
    pub fn error_of(&self, model: &Model, metric: Metric) -> Result<u64, EvaluateError> {
        // No error is above this limit.
        let error = self.error_within(model, metric, u64::MAX)?;
        Ok(error.unwrap_or(metric.worst()))
    }

    /// The error of a model on all rows, if it is at most `limit`; `None` if it is above.
    ///
    /// The second is found out as soon as the mistakes so far suffice, unless rows to come could make the model
    /// malformed (see [`Model::surely_answers`]): so it is an error if and only if [`error_of`](Self::error_of) is one.
    ///
    /// # Errors
    ///
    /// As [`error_of`](Self::error_of).
    pub fn error_within(
        &self,
        model: &Model,
        metric: Metric,
        limit: u64,
    ) -> Result<Option<u64>, EvaluateError> {
        self.schema.fits(model.architecture(), metric)?;
        let weights = PackedWeights::new(model);
        let pass = Pass::new(model, &weights, self.rows());
        let mut rooms = pass.rooms(self.threads(model, 1), MAX_ROOMS);
        // Asked for once, and only if it matters.
        let mut surely_answers = None;
        let stop = |error| {
            error > limit
                && *surely_answers.get_or_insert_with(|| model.surely_answers(self.greatest))
        };
        let error = self.error_unless(&pass, &mut rooms, stop);
        let error = error.map_err(EvaluateError::Malformed)?;
        Ok(error.filter(|&error| error <= limit))
    }

    /// The error of a model on all rows; `None` if `stop` has had enough of the error so far, which never falls. It is
    /// asked after each part of the rows.
    ///
    /// The model must fit; there is at least one room.
    ///
    /// # Errors
    ///
    /// If the model gives a value that is not finite for a row that it reads.
    pub(crate) fn error_unless(
        &self,
        pass: &Pass,
        rooms: &mut [PassRoom],
        mut stop: impl FnMut(u64) -> bool,
    ) -> Result<Option<u64>, ModelError> {
        let mut score = Score::new(&self.targets);
        let finished = self.pass_rows(pass, rooms, |outputs| {
            score.add(outputs, pass.outputs());
            !stop(score.error())
        })?;
        Ok(finished.then(|| score.error()))
    }

    /// Passes rows through a model, one part for each room at a time, and hands the outputs over in the order of rows until
    /// `take` wants no more; whether it has taken all.
    fn pass_rows(
        &self,
        pass: &Pass,
        rooms: &mut [PassRoom],
        mut take: impl FnMut(&[f32]) -> bool,
    ) -> Result<bool, ModelError> {
        let features = self.features.as_slice().unwrap_or_default();
        for parts in features.chunks(pass.block() * rooms.len()) {
            let run = |(part, room)| pass.run(part, room);
            let results: Vec<_> = match &mut *rooms {
                // Without a way through the pool.
                [room] => vec![run((parts, room))],
                rooms => parts.par_chunks(pass.block()).zip(rooms).map(run).collect(),
            };
            for result in results {
                if !take(result?) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Threads that are worth their while to measure so many models of an architecture.
    pub(crate) fn threads(&self, model: &Model, models: u64) -> usize {
        let row = model.plan().multiply_adds.saturating_mul(models);
        let work = row.saturating_mul(self.rows() as u64);
        match work < PARALLEL {
            true => 1,
            false => rayon::current_num_threads(),
        }
    }
}
