//! Steps that hide every single row.

use super::clip::{factor, norm};
use super::{Run, TrainError};
use crate::privacy::{sample, Noise, NoiseKey, Privacy};

/// What private steps need besides what all steps need.
pub(super) struct Private {
    privacy: Privacy,
    key: NoiseKey,
    /// The rows of a step.
    rows: Vec<usize>,
    /// The sum of their clipped derivatives.
    sum: Vec<f64>,
    /// What the parameters follow.
    derivative: Vec<f32>,
}

impl Private {
    pub(super) fn new(privacy: Privacy, key: NoiseKey, parameters: usize) -> Self {
        Self {
            privacy,
            key,
            rows: Vec::new(),
            sum: vec![0.0; parameters],
            derivative: vec![0.0; parameters],
        }
    }
}

impl Run<'_> {
    /// As many private steps as an ordinary epoch has steps, as [`train_privately`](super::train_privately) defines
    /// them: the mean loss of the rows that were taken, 0 if none were.
    pub(super) fn private_epoch(
        &mut self,
        private: &mut Private,
        epoch: u32,
    ) -> Result<f64, TrainError> {
        let batch = self.learner.options.batch_size;
        let (mut loss, mut rows) = (0.0, 0);
        for _ in 0..self.learner.steps_per_epoch {
            let step = self.learner.step;
            let mut choice = private.key.stream(2 * step);
            sample(&mut choice, self.rows, batch, &mut private.rows);
            rows += private.rows.len();
            loss += self.sum_clipped(private, epoch)?;
            Noise::new(&private.key, 2 * step + 1, private.privacy.deviation())
                .add_to(&mut private.sum);
            for (derivative, sum) in private.derivative.iter_mut().zip(&private.sum) {
                *derivative = (sum / f64::from(batch)) as f32;
            }
            self.learner.follow(&mut private.derivative, epoch)?;
        }
        Ok(loss / rows.max(1) as f64)
    }

    /// Sums the rows' clipped derivatives in the order of the rows; the sum of their losses. A row whose loss or
    /// derivative is not finite adds nothing: if it ended the run, the end would tell that it is there.
    fn sum_clipped(&mut self, private: &mut Private, epoch: u32) -> Result<f64, TrainError> {
        let mut loss = 0.0;
        private.sum.fill(0.0);
        for &row in &private.rows {
            let row_loss = match self.derive(&[row], epoch) {
                Err(TrainError::Diverged { .. }) => continue,
                other => other?,
            };
            let derivative = self.workspace.derivative();
            let norm = norm(derivative);
            if !norm.is_finite() {
                continue;
            }
            loss += f64::from(row_loss);
            let factor = factor(norm, private.privacy.clip_norm);
            for (sum, &derivative) in private.sum.iter_mut().zip(derivative.iter()) {
                *sum += f64::from(derivative) * factor;
            }
        }
        Ok(loss)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{example, options, points, SGD};
    use super::*;

    /// The sum over these rows, each clipped to norm 0.5.
    fn sum(rows: &[(f32, f32)]) -> Vec<f64> {
        let (model, _) = example();
        let (data, options) = (points(rows), options(SGD));
        let mut run = Run::new(&model, &data, &options);
        let privacy = Privacy {
            clip_norm: 0.5,
            noise_multiplier: 1.0,
        };
        let count = model.parameters().values().len();
        let mut private = Private::new(privacy, NoiseKey::new([1; 32]), count);
        private.rows = (0..rows.len()).collect();
        run.sum_clipped(&mut private, 1).unwrap();
        private.sum
    }

    fn distance(a: &[f64], b: &[f64]) -> f64 {
        let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f64>().sqrt()
    }

    #[test]
    fn no_row_changes_the_sum_by_more_than_the_clip_norm() {
        let [a, b, c] = [(0.0, 1.0), (1.0, 2.0), (2.0, 5.0)];
        let before = sum(&[a, b, c]);
        for row in [(1e6, -1e6), (-3.0, 1e9), (0.0, 5.0), (0.001, 7.0)] {
            let change = distance(&before, &sum(&[a, b, row, c]));
            assert!(change <= 0.5 + 1e-12, "{row:?}: {change}");
            // Wild rows change it by just that.
            assert!(change > 0.499, "{row:?}: {change}");
            // Another row in its place is one less and one more.
            assert!(distance(&before, &sum(&[a, b, row])) <= 1.0 + 1e-12);
        }
    }

    #[test]
    fn rows_that_are_too_large_for_the_model_add_nothing() {
        let [a, b] = [(0.0, 1.0), (1.0, 2.0)];
        for row in [(3e38, -3e38), (1.0, 3e38), (3e38, 0.0)] {
            assert_eq!(sum(&[a, row, b]), sum(&[a, b]), "{row:?}");
        }
    }

    #[test]
    fn short_derivatives_are_summed_as_they_are() {
        let (model, data) = example();
        // Rows that the model knows almost: the derivatives are short.
        let outputs = model.forward(data.features().view()).unwrap();
        let near = [0, 1].map(|row| (row as f32, outputs[[row, 0]] + 0.01));
        let derivative = |row: (f32, f32)| {
            let data = points(&[row]);
            let (features, targets) = (data.features(), data.targets());
            let (_, derivative) = model
                .loss_and_derivative(features.view(), &targets)
                .unwrap();
            derivative
        };
        let expected: Vec<f64> = derivative(near[0])
            .iter()
            .zip(derivative(near[1]))
            .map(|(&a, b)| f64::from(a) + f64::from(b))
            .collect();
        assert_eq!(sum(&near), expected);
    }
}
