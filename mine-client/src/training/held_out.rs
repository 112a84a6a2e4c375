//! Measuring on the rows that are held out, as a round will measure.

use super::TrainingError;
use syft::{Architecture, Dataset, Gradient, Metric, Model, ModelError, Parameters, ValidationSet};

/// Error and loss on the held-out rows: less is better, the error first.
pub(super) type Score = (u64, f32);

/// The held-out rows, prepared to measure models of one architecture against the branch's best one.
pub(super) struct HeldOut<'a> {
    architecture: &'a Architecture,
    metric: Metric,
    best: &'a Parameters,
    rows: &'a Dataset,
    set: ValidationSet,
}

impl<'a> HeldOut<'a> {
    /// The rows of a data set, and the branch's best model.
    pub(super) fn new(
        rows: &'a Dataset,
        architecture: &'a Architecture,
        best: &'a Parameters,
        metric: Metric,
    ) -> Self {
        Self {
            architecture,
            metric,
            best,
            rows,
            set: ValidationSet::new(rows),
        }
    }

    /// The score of the branch's best model.
    pub(super) fn score_of_best(&self) -> Result<Score, TrainingError> {
        let model = Model::new(self.architecture.clone(), self.best.clone())?;
        let error = self.set.error_of(&model, self.metric)?;
        Ok((error, self.loss(&model)?))
    }

    /// The score of a point, as a round that it is alone in measures it: the lesser error of the point itself and of its
    /// mean with the branch's best model. The loss is the point's. `None` if the point gives a value that is not finite.
    pub(super) fn score(&self, point: Parameters) -> Option<Score> {
        let mean = Parameters::mean(&[&point, self.best]);
        let model = Model::new(self.architecture.clone(), point).ok()?;
        let loss = self.loss(&model).ok()?;
        let alone = self.set.error_of(&model, self.metric).ok()?;
        let with_best = mean.and_then(|mean| {
            let model = Model::new(self.architecture.clone(), mean).ok()?;
            self.set.error_of(&model, self.metric).ok()
        });
        Some((with_best.map_or(alone, |error| error.min(alone)), loss))
    }

    /// The score of what a gradient makes of its base.
    pub(super) fn score_of_gradient(
        &self,
        base: &Parameters,
        gradient: &Gradient,
    ) -> Option<Score> {
        self.score(gradient.apply(base).ok()?)
    }

    fn loss(&self, model: &Model) -> Result<f32, ModelError> {
        let (features, targets) = (self.rows.features(), self.rows.targets());
        let (loss, _) = model.loss_and_derivative(features.view(), &targets)?;
        Ok(loss)
    }
}
