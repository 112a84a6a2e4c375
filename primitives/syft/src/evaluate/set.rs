//! Data that models are measured on.

use super::score::Score;
use super::EvaluateError;
use crate::model::Pass;
use crate::{Dataset, Metric, Model, Schema, Targets};
use ndarray::Array2;
use rayon::prelude::*;

/// Multiply-adds below which one thread is faster than several.
const PARALLEL: u64 = 10_000_000;
/// Parts that each of several threads gets before results are looked at, so that they seldom wait for each other.
const PARTS_PER_THREAD: usize = 4;
/// Bytes between layers that all parts of one evaluation may take together, if one does not take more alone.
const MAX_ROOMS: usize = 64 << 20;

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
        let pass = Pass::new(model, self.rows());
        let outputs = model.plan().outputs as usize;
        let features = self.features.as_slice().unwrap_or_default();
        let mut score = Score::new(&self.targets);
        // Asked for once, and only if it matters.
        let mut surely_answers = None;
        let at_a_time = match self.threads(model) {
            1 => 1,
            threads => (threads * PARTS_PER_THREAD)
                .min(MAX_ROOMS / pass.room_bytes().max(1))
                .max(1),
        };
        let mut rooms: Vec<_> = (0..at_a_time).map(|_| pass.room()).collect();
        // Some parts at a time; their results count in the order of rows.
        for parts in features.chunks(pass.block() * rooms.len()) {
            let run = |(part, room)| pass.run(part, room);
            let results: Vec<_> = match &mut rooms[..] {
                // Without a way through the pool.
                [room] => vec![run((parts, room))],
                rooms => parts.par_chunks(pass.block()).zip(rooms).map(run).collect(),
            };
            for result in results {
                score.add(result.map_err(EvaluateError::Malformed)?, outputs);
                if score.error() > limit
                    && *surely_answers.get_or_insert_with(|| model.surely_answers(self.greatest))
                {
                    return Ok(None);
                }
            }
        }
        let error = score.error();
        Ok((error <= limit).then_some(error))
    }

    /// Threads that are worth their while.
    pub(super) fn threads(&self, model: &Model) -> usize {
        let work = model
            .plan()
            .multiply_adds
            .saturating_mul(self.rows() as u64);
        match work < PARALLEL {
            true => 1,
            false => rayon::current_num_threads(),
        }
    }
}
