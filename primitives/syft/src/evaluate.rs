//! Measuring a model.

use crate::{
    error_rate, Dataset, FitError, Metric, Model, ModelError, Targets, SQUARED_ERROR_UNIT,
};
use ndarray::{s, Array2, ArrayView1};

/// Rows that are evaluated at a time, to bound memory; the result does not depend on it.
const BATCH: usize = 256;

/// Why a model has no error on a data set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Model, data and metric do not belong together.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The model is malformed: it gives an infinity or something that is not a number.
    #[error("the model is malformed: {0}")]
    Malformed(ModelError),
}

/// The error of a model on all rows of a data set, exactly as [`Metric`] defines it: the same on every machine.
///
/// # Errors
///
/// If model, data and metric do not fit, or the model gives a value that is not finite for any row.
pub fn evaluate(model: &Model, data: &Dataset, metric: Metric) -> Result<u64, EvaluateError> {
    data.schema().fits(model.architecture(), metric)?;
    let targets = data.targets();
    let mut wrong = 0;
    let mut squares = 0.0;
    for start in (0..data.rows()).step_by(BATCH) {
        let rows = start..data.rows().min(start + BATCH);
        let outputs = model
            .forward(data.features_of(rows.clone()).view())
            .map_err(EvaluateError::Malformed)?;
        match &targets {
            Targets::Classes(classes) => wrong += count_wrong(&outputs, &classes[rows]),
            Targets::Numbers(numbers) => {
                for (&p, &t) in outputs.iter().zip(numbers.slice(s![rows, ..])) {
                    let d = f64::from(p) - f64::from(t);
                    squares += d * d;
                }
            }
        }
    }
    Ok(match &targets {
        // There is at least one row, and no more are wrong than there are.
        Targets::Classes(classes) => {
            error_rate(wrong, classes.len() as u64).unwrap_or(metric.worst())
        }
        // The cast drops the fraction and saturates.
        Targets::Numbers(numbers) => {
            (squares / numbers.len() as f64 * SQUARED_ERROR_UNIT as f64) as u64
        }
    })
}

fn count_wrong(outputs: &Array2<f32>, classes: &[u8]) -> u64 {
    outputs
        .rows()
        .into_iter()
        .zip(classes)
        .filter(|(row, &class)| argmax(row) != usize::from(class))
        .count() as u64
}

/// The position of the greatest value, the first of equal ones.
fn argmax(row: &ArrayView1<f32>) -> usize {
    let mut best = 0;
    for (index, &value) in row.iter().enumerate() {
        if value > row[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tensors::Tensors;
    use crate::{Architecture, Column, Limits, Parameters, Schema};
    use ndarray::Array2;

    /// One dense layer from one input, with the given weights and biases.
    fn model(head: &str, weights: &[f32], biases: &[f32]) -> Model {
        let units = weights.len();
        let json = format!(
            r#"{{"input":[1],"layers":[{{"dense":{{"units":{units}}}}}],"head":"{head}"}}"#
        );
        let architecture: Architecture = serde_json::from_str(&json).unwrap();
        let values = [weights, biases].concat();
        let tensors = Tensors::new(architecture.plan().unwrap().tensors, values).unwrap();
        Model::new(architecture, Parameters(tensors)).unwrap()
    }

    fn data(output: &str, inputs: &[f32], truth: Column) -> Dataset {
        let json = format!(
            r#"{{"inputs":[{{"name":"x","kind":{{"number":{{}}}}}}],"output":{{"name":"y","kind":{output}}}}}"#
        );
        let schema: Schema = serde_json::from_str(&json).unwrap();
        Dataset::new(schema, vec![numbers(inputs), truth], Limits::default()).unwrap()
    }

    fn numbers(values: &[f32]) -> Column {
        Column::Numbers(Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap())
    }

    fn classes(inputs: &[f32], truth: &[u8]) -> Dataset {
        data(
            r#"{"category":{"classes":["a","b","c"]}}"#,
            inputs,
            Column::Classes(truth.to_vec()),
        )
    }

    fn squared(weight: f32, inputs: &[f32], truth: &[f32]) -> Result<u64, EvaluateError> {
        let data = data(r#"{"number":{}}"#, inputs, numbers(truth));
        evaluate(
            &model("squared_error", &[weight], &[0.0]),
            &data,
            Metric::MeanSquaredError,
        )
    }

    #[test]
    fn ties_go_to_the_lowest_class() {
        let rate = |biases: &[f32], truth: &[u8]| {
            let model = model("softmax_cross_entropy", &[0.0; 3], biases);
            evaluate(
                &model,
                &classes(&vec![1.0; truth.len()], truth),
                Metric::ErrorRate,
            )
        };
        assert_eq!(rate(&[0.0, 0.0, 0.0], &[0, 1, 2]), Ok(666_666_666));
        assert_eq!(rate(&[-1.0, 2.0, 2.0], &[1, 1, 1]), Ok(0));
        assert_eq!(rate(&[-0.0, 0.0, -1.0], &[0]), Ok(0));
        assert_eq!(rate(&[0.0, 0.0, 1.0], &[0, 1]), Ok(1_000_000_000));
    }

    #[test]
    fn squared_error_is_floored_and_saturates() {
        assert_eq!(squared(1.0, &[1.0, 2.0], &[1.0, 2.0]), Ok(0));
        assert_eq!(squared(1.0, &[0.0], &[0.001]), Ok(1));
        assert_eq!(squared(1.0, &[0.0], &[0.000_999]), Ok(0));
        assert_eq!(
            squared(2.0, &[1.0, 2.0, 3.0], &[2.0, 4.0, 7.0]),
            Ok(333_333)
        );
        assert_eq!(squared(1.0, &[f32::MAX], &[f32::MIN]), Ok(u64::MAX));
    }

    #[test]
    fn many_rows_are_as_few() {
        let truth: Vec<u8> = (0..1_000).map(|row| (row % 3) as u8).collect();
        let inputs: Vec<f32> = truth.iter().map(|&class| f32::from(class)).collect();
        // Outputs 0, x - 0.5 and 2x - 2: right for 0 and 1, and for 2 where 2 > 1.5.
        let model = model(
            "softmax_cross_entropy",
            &[0.0, 1.0, 2.0],
            &[0.0, -0.5, -2.0],
        );
        assert_eq!(
            evaluate(&model, &classes(&inputs, &truth), Metric::ErrorRate),
            Ok(0)
        );
        let mut wrong = truth.clone();
        wrong[999] = 1;
        assert_eq!(
            evaluate(&model, &classes(&inputs, &wrong), Metric::ErrorRate),
            Ok(1_000_000)
        );
    }

    #[test]
    fn what_is_not_finite_is_malformed() {
        let malformed = Err(EvaluateError::Malformed(ModelError::NotFinite { layer: 0 }));
        assert_eq!(squared(f32::MAX, &[2.0], &[0.0]), malformed);
        // In the last row only.
        let mut inputs = vec![0.0; 600];
        inputs[599] = -1e30;
        assert_eq!(squared(1e30, &inputs, &[0.0; 600]), malformed);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let data = classes(&[0.0], &[0]);
        let softmax = model("softmax_cross_entropy", &[0.0; 3], &[0.0; 3]);
        let fit = |model, metric| evaluate(model, &data, metric);
        assert_eq!(
            fit(&softmax, Metric::MeanSquaredError),
            Err(FitError::Metric.into())
        );
        let two = model("softmax_cross_entropy", &[0.0; 2], &[0.0; 2]);
        assert_eq!(
            fit(&two, Metric::ErrorRate),
            Err(FitError::Outputs {
                schema: 3,
                architecture: 2
            }
            .into())
        );
    }
}
