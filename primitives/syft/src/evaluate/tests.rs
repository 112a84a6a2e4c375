//! Errors of models, in full and up to a limit.

use super::*;
use crate::tensors::Tensors;
use crate::{Architecture, Column, Limits, Parameters, Schema};
use ndarray::Array2;

/// One dense layer from one input, with the given weights and biases.
fn model(head: &str, weights: &[f32], biases: &[f32]) -> Model {
    let units = weights.len();
    let json =
        format!(r#"{{"input":[1],"layers":[{{"dense":{{"units":{units}}}}}],"head":"{head}"}}"#);
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

#[test]
fn one_output_is_class_1_above_0() {
    let data = data(
        r#"{"category":{"classes":["no","yes"]}}"#,
        &[-1.0, 0.0, 1e-45, 2.0],
        Column::Classes(vec![0, 0, 1, 1]),
    );
    let error = |weight| {
        evaluate(
            &model("logistic", &[weight], &[0.0]),
            &data,
            Metric::ErrorRate,
        )
    };
    assert_eq!(error(1.0), Ok(0));
    assert_eq!(error(-1.0), Ok(750_000_000));
    assert_eq!(error(0.0), Ok(500_000_000));
}

/// One error per row, and a value that is not finite in the last if it is so multiplied.
fn wrong_rows(rows: usize) -> (Dataset, Model) {
    let mut inputs = vec![1.0; rows];
    inputs[rows - 1] = 1e30;
    let data = classes(&inputs, &vec![0; rows]);
    let model = model("softmax_cross_entropy", &[0.0, 1.0, 0.0], &[0.0; 3]);
    (data, model)
}

#[test]
fn a_limit_holds_exactly() {
    let (data, model) = wrong_rows(10);
    let set = ValidationSet::new(&data);
    let all = Metric::ErrorRate.worst();
    let within = |limit| set.error_within(&model, Metric::ErrorRate, limit);
    assert_eq!(within(all), Ok(Some(all)));
    assert_eq!(within(u64::MAX), Ok(Some(all)));
    assert_eq!(within(all - 1), Ok(None));
    assert_eq!(within(0), Ok(None));
    assert_eq!(
        set.error_within(&model, Metric::MeanSquaredError, all),
        Err(FitError::Metric.into())
    );

    let data = self::data(
        r#"{"number":{}}"#,
        &[1.0, 2.0, 3.0],
        numbers(&[2.0, 4.0, 7.0]),
    );
    let model = self::model("squared_error", &[2.0], &[0.0]);
    let set = ValidationSet::new(&data);
    let within = |limit| set.error_within(&model, Metric::MeanSquaredError, limit);
    assert_eq!(within(333_333), Ok(Some(333_333)));
    assert_eq!(within(333_332), Ok(None));
}

#[test]
fn what_comes_after_the_limit_still_makes_a_model_malformed() {
    // Three parts, as no layer is wide: 1,024 rows each, and one row.
    let (data, _) = wrong_rows(2_049);
    // With GELUs, so that there is work for threads; outputs above 0 stay above 0.
    let slow = |weight| {
        let architecture: Architecture = serde_json::from_str(
            r#"{"input":[1],"layers":[{"dense":{"units":3}},"gelu","gelu","gelu","gelu"],"head":"softmax_cross_entropy"}"#,
        )
        .unwrap();
        let values = vec![0.0, weight, 0.0, 0.0, 0.0, 0.0];
        let tensors = Tensors::new(architecture.plan().unwrap().tensors, values).unwrap();
        Model::new(architecture, Parameters(tensors)).unwrap()
    };
    let (good, huge) = (slow(1.0), slow(1e30));
    // Gives no value that is not finite either, which is not known beforehand.
    let large = slow(2e8);
    let set = ValidationSet::new(&data);
    let error = |model, limit| set.error_within(model, Metric::ErrorRate, limit);
    let malformed = EvaluateError::Malformed(ModelError::NotFinite { layer: 0 });
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            assert_eq!(error(&good, 900_000_000), Ok(None));
            assert_eq!(error(&large, 900_000_000), Ok(None));
            assert_eq!(set.threads(&good, 1), threads);
            // Malformed for the last row, whatever the limit.
            for limit in [0, 900_000_000, 999_999_999, u64::MAX] {
                assert_eq!(error(&huge, limit), Err(malformed.clone()));
            }
            let all = set.error_of(&huge, Metric::ErrorRate);
            assert_eq!(all, Err(malformed.clone()));
        });
    }
}

#[test]
fn threads_change_no_bit() {
    let architecture: Architecture = serde_json::from_str(
        r#"{"input":[1],"layers":[{"dense":{"units":200}},"gelu",{"dense":{"units":1}}],"head":"squared_error"}"#,
    )
    .unwrap();
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    let model = Model::new(architecture, parameters).unwrap();
    let inputs: Vec<f32> = (0..3_001).map(|row| row as f32 / 1e3).collect();
    let truth = numbers(&vec![1e6; inputs.len()]);
    let set = ValidationSet::new(&data(r#"{"number":{}}"#, &inputs, truth));
    assert_eq!(set.bytes(), 4 * (3_001 + 3_001));
    assert_eq!((set.rows(), set.schema().inputs.len()), (3_001, 1));
    let mut found = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let error = pool.install(|| {
            assert_eq!(set.threads(&model, 1), threads);
            set.error_of(&model, Metric::MeanSquaredError)
        });
        found.push(error.unwrap());
    }
    assert!(
        found
            .iter()
            .all(|error| *error == found[0] && *error > 900_000_000_000),
        "{found:?}"
    );
}
