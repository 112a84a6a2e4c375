//! Measuring the sets of a round.

use super::limits::Limits;
use super::worker::Worker;
use super::{decide, measurements, Decision, RoundRules, SetError};
use crate::evaluate::MAX_ROOMS;
use crate::{Architecture, EvaluateError, Metric, Model, ModelError, Parameters, ValidationSet};
use rayon::prelude::*;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all workers may take together, if one does not take more alone.
const MAX_WORKERS: usize = 256 << 20;
/// Bytes of a set that is copied to have its rows in another order, at most.
const MAX_COPY: usize = 64 << 20;

/// Measures a round and decides it, see [`decide`]. `points` are the members in the order of their commitments: what each
/// gradient gives when it is applied to its base. Gives the decision and the parameters of the next model; `None` if nothing
/// is accepted.
///
/// The mean of a set is [`Parameters::mean`] of its members in ascending order, and the best model after them. A mean that
/// is not finite, or with which the model gives a value that is not finite for any row, has the metric's
/// [worst](Metric::worst) error: so no member can spoil the sets of the others.
///
/// The result is the same, to the last bit, on every machine and for every number of threads. Models are measured side by
/// side on the threads of the current `rayon` pool; where there are fewer models than threads, the rows of each are spread.
/// No model is measured further once its error so far says that it cannot matter, see [`decide`], or that a mean with the best
/// model is no better than that without it. As no error is above the worst one, it makes no difference if rows to come would
/// give something that is not finite. Mistakes come to light early, as the rows are taken in another order: first those of
/// which the best model is least sure. (Numbers are not, as the order of their sum is defined.)
///
/// # Memory
///
/// Besides what it is given and what it gives, each thread takes the memory of at most six models for sums and a mean, that
/// of the [packed](crate::kernel::Packed) weights, and that of some rows between two layers. All together take no more than
/// 256 MiB, as fewer models are measured at a time if need be, and 64 MiB where rows are spread; unless a single thread takes
/// more. A set of up to 64 MiB is copied for the order of its rows. Nothing is kept between calls.
///
/// # Errors
///
/// If the architecture, the data and the metric do not fit, or some parameters are of another architecture.
pub fn measure_round(
    set: &ValidationSet,
    architecture: &Architecture,
    metric: Metric,
    best: &Parameters,
    points: &[&Parameters],
    rules: &RoundRules,
) -> Result<Option<(Decision, Parameters)>, EvaluateError> {
    set.schema().fits(architecture, metric)?;
    let model = Model::new(architecture.clone(), best.clone()).map_err(EvaluateError::Malformed)?;
    let plan = best.0.plan();
    if points.iter().any(|point| point.0.plan() != plan) {
        return Err(EvaluateError::Malformed(ModelError::Mismatch));
    }
    let members = points.len() as u32;
    let models = measurements(members, rules.seats);
    // An order takes as long as a measurement, so it does not pay for two.
    let ordered = match models > 2 && set.bytes() <= MAX_COPY {
        true => set.hardest_first(&model),
        false => None,
    };
    let values: Vec<&[f32]> = points.iter().map(|point| point.values()).collect();
    let mut measurement = Measurement {
        set: ordered.as_ref().unwrap_or(set),
        metric,
        best_error: rules.best_error,
        threads: set.threads(&model, models),
        model,
        best: best.values(),
        points: &values,
        workers: Vec::new(),
        known: Vec::new(),
    };
    let Some(decision) = decide(members, rules, |sets, compared| {
        measurement.errors(sets, compared)
    })?
    else {
        return Ok(None);
    };
    let members = decision
        .best_set
        .iter()
        .map(|&member| points[member as usize]);
    let mean: Vec<_> = members.chain(decision.with_best.then_some(best)).collect();
    // There is none only if the best model itself has the worst error, and the minimum step is 0.
    Ok(Parameters::mean(&mean).map(|mean| (decision, mean)))
}

/// A round that is being measured.
struct Measurement<'a> {
    set: &'a ValidationSet,
    metric: Metric,
    best_error: u64,
    /// Threads that are worth their while.
    threads: usize,
    /// Of the architecture.
    model: Model,
    best: &'a [f32],
    points: &'a [&'a [f32]],
    workers: Vec<Worker<'a>>,
    /// Errors of sets that can matter.
    known: Vec<(Vec<u32>, u64)>,
}

impl<'a> Measurement<'a> {
    /// The errors of some sets; `None` for one that cannot matter, as [`decide`] says.
    fn errors(
        &mut self,
        sets: &[Vec<u32>],
        compared: bool,
    ) -> Result<Vec<Option<SetError>>, EvaluateError> {
        let models = 2 * sets.len();
        if self.workers.is_empty() {
            self.make_workers(models);
        }
        let (set, metric) = (self.set, self.metric);
        let limits = Limits::new(self.best_error, &self.known, sets, compared);
        let begun = AtomicUsize::new(0);
        let next = || Some(begun.fetch_add(1, Ordering::Relaxed)).filter(|model| *model < models);
        let run = |worker: &mut Worker| {
            // All without the best model come first: the others need only be measured as long as they can be better.
            while let Some(model) = next() {
                let (with_best, index) = (model >= sets.len(), model % sets.len());
                let stop = |error| limits.passed(index, with_best, error);
                if let Some(error) = worker.error(set, metric, &sets[index], with_best, stop)? {
                    limits.found(index, with_best, error);
                }
            }
            Ok::<(), EvaluateError>(())
        };
        match &mut self.workers[..] {
            // Without a way through the pool.
            [worker] => run(worker)?,
            workers => workers.par_iter_mut().try_for_each(run)?,
        }
        let errors: Vec<_> = (0..sets.len()).map(|index| limits.error(index)).collect();
        let known = sets.iter().zip(&errors);
        let known = known.filter_map(|(set, error)| Some((set.clone(), (*error)?.error)));
        self.known.extend(known);
        Ok(errors)
    }

    /// As many workers as there are threads, as far as there are models and memory for them.
    fn make_workers(&mut self, models: usize) {
        let worker = || Worker::new(&self.model, self.points, self.best, self.set.rows());
        let first = worker();
        let most = models.min(MAX_WORKERS / first.bytes()).max(1);
        let workers = self.threads.min(most);
        self.workers = iter::once(first)
            .chain(iter::repeat_with(worker).take(workers - 1))
            .collect();
        let left = self.set.threads(&self.model, 1) / workers;
        if left > 1 {
            let spread = |worker: &mut Worker| worker.spread(left, MAX_ROOMS / workers);
            self.workers.iter_mut().for_each(spread);
        }
    }
}
