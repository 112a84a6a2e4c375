//! Derivatives against finite differences of an independent model in binary64.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ndarray::{Array2, ArrayView1};
use syft::{Architecture, Head, Layer, Model, ModelError, Parameters, Random, Targets};

const ROWS: usize = 7;

fn architecture(input: &str, layers: &str, head: &str) -> Architecture {
    let json = format!(r#"{{"input":{input},"layers":[{layers}],"head":"{head}"}}"#);
    serde_json::from_str(&json).unwrap()
}

/// Random parameters, biases included: those of a fresh model with noise on all values, by way of the stored form.
fn model(architecture: &Architecture) -> Model {
    let bytes = Parameters::initialise(architecture, 5)
        .unwrap()
        .to_safetensors();
    let (header, data) =
        bytes.split_at(8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize);
    let mut random = Random::new(6, 0);
    let noisy = data.chunks_exact(4).flat_map(|value| {
        (f32::from_le_bytes(value.try_into().unwrap()) + 0.3 * random.normal()).to_le_bytes()
    });
    let bytes: Vec<u8> = header.iter().copied().chain(noisy).collect();
    let parameters = Parameters::from_safetensors(architecture, &bytes).unwrap();
    Model::new(architecture.clone(), parameters).unwrap()
}

/// The mean loss, written from the definition with loops in binary64.
fn loss(
    architecture: &Architecture,
    parameters: &[f64],
    rows: &Array2<f32>,
    targets: &Targets,
) -> f64 {
    let mut sum = 0.0;
    let mut outputs = 0;
    for (index, row) in rows.rows().into_iter().enumerate() {
        let x = forward(architecture, parameters, row);
        outputs = x.len();
        sum += match (architecture.head, targets) {
            (Head::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                x.iter().map(|x| x.exp()).sum::<f64>().ln() - x[usize::from(classes[index])]
            }
            (Head::SquaredError, Targets::Numbers(numbers)) => x
                .iter()
                .zip(numbers.row(index))
                .map(|(x, &y)| (x - f64::from(y)).powi(2))
                .sum::<f64>(),
            _ => unreachable!(),
        };
    }
    match architecture.head {
        Head::SoftmaxCrossEntropy => sum / rows.nrows() as f64,
        Head::SquaredError => sum / (rows.nrows() * outputs) as f64,
        Head::Logistic => unreachable!(),
    }
}

fn forward(architecture: &Architecture, mut parameters: &[f64], row: ArrayView1<f32>) -> Vec<f64> {
    let mut x: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
    for layer in &architecture.layers {
        match *layer {
            Layer::Dense { units } => {
                let units = units as usize;
                let (weights, rest) = parameters.split_at(units * x.len());
                let (biases, rest) = rest.split_at(units);
                let dot = |weights: &[f64]| weights.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>();
                x = weights
                    .chunks(x.len())
                    .zip(biases)
                    .map(|(weights, bias)| bias + dot(weights))
                    .collect();
                parameters = rest;
            }
            Layer::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
            _ => unreachable!(),
        }
    }
    x
}

fn check(architecture: Architecture) {
    let plan = architecture.plan().unwrap();
    let model = model(&architecture);
    let mut random = Random::new(7, 0);
    let rows = Array2::from_shape_simple_fn((ROWS, plan.inputs as usize), || random.normal());
    let targets = match architecture.head {
        Head::SoftmaxCrossEntropy => Targets::Classes(
            (0..ROWS)
                .map(|_| random.below(plan.outputs) as u8)
                .collect(),
        ),
        Head::SquaredError => Targets::Numbers(Array2::from_shape_simple_fn(
            (ROWS, plan.outputs as usize),
            || random.normal(),
        )),
        Head::Logistic => unreachable!(),
    };
    let (found, derivative) = model.loss_and_derivative(rows.view(), &targets).unwrap();
    let mut parameters: Vec<f64> = model
        .parameters()
        .values()
        .iter()
        .map(|&p| f64::from(p))
        .collect();
    assert!((f64::from(found) - loss(&architecture, &parameters, &rows, &targets)).abs() < 1e-5);
    assert_eq!(derivative.len(), parameters.len());
    let step = 1e-6;
    for index in 0..parameters.len() {
        let own = parameters[index];
        let mut at = |value| {
            parameters[index] = value;
            loss(&architecture, &parameters, &rows, &targets)
        };
        let expected = (at(own + step) - at(own - step)) / (2.0 * step);
        parameters[index] = own;
        let found = f64::from(derivative[index]);
        assert!(
            (found - expected).abs() < 1e-5 * (1.0 + expected.abs()),
            "{index}: {found} is not {expected}"
        );
    }
}

#[test]
fn dense_softmax() {
    check(architecture(
        "[5]",
        r#"{"dense":{"units":3}}"#,
        "softmax_cross_entropy",
    ));
}

#[test]
fn dense_squared_error() {
    check(architecture(
        "[5]",
        r#"{"dense":{"units":3}}"#,
        "squared_error",
    ));
}

#[test]
fn relu_between_dense_layers() {
    let layers =
        r#"{"dense":{"units":8}},"relu",{"dense":{"units":6}},"relu",{"dense":{"units":4}}"#;
    check(architecture("[2,3]", layers, "softmax_cross_entropy"));
    check(architecture("[2,3]", layers, "squared_error"));
}

#[test]
fn relu_first_and_last() {
    check(architecture(
        "[6]",
        r#""relu",{"dense":{"units":5}},"relu""#,
        "squared_error",
    ));
    check(architecture(
        "[6]",
        r#""relu","relu",{"dense":{"units":5}},"relu""#,
        "softmax_cross_entropy",
    ));
}

#[test]
fn forward_agrees_and_rows_are_independent() {
    let architecture = architecture(
        "[6]",
        r#"{"dense":{"units":9}},"relu",{"dense":{"units":4}}"#,
        "softmax_cross_entropy",
    );
    let model = model(&architecture);
    let mut random = Random::new(8, 0);
    let rows = Array2::from_shape_simple_fn((ROWS, 6), || random.normal());
    let all = model.forward(rows.view()).unwrap();
    let parameters: Vec<f64> = model
        .parameters()
        .values()
        .iter()
        .map(|&p| f64::from(p))
        .collect();
    for (index, row) in rows.rows().into_iter().enumerate() {
        let expected = forward(&architecture, &parameters, row);
        assert!(all
            .row(index)
            .iter()
            .zip(expected)
            .all(|(&x, y)| (f64::from(x) - y).abs() < 1e-5));
        let alone = model.forward(row.insert_axis(ndarray::Axis(0))).unwrap();
        assert_eq!(alone.row(0), all.row(index));
    }
}

#[test]
fn targets_and_rows_that_do_not_fit_are_refused() {
    let model = model(&architecture(
        "[2]",
        r#"{"dense":{"units":3}}"#,
        "softmax_cross_entropy",
    ));
    let rows = Array2::zeros((2, 2));
    let refused = |targets| {
        model
            .loss_and_derivative(rows.view(), &targets)
            .unwrap_err()
    };
    assert_eq!(refused(Targets::Classes(vec![0])), ModelError::Targets);
    assert_eq!(refused(Targets::Classes(vec![0, 3])), ModelError::Targets);
    assert_eq!(
        refused(Targets::Numbers(Array2::zeros((2, 3)))),
        ModelError::Targets
    );
    let wide = Array2::zeros((2, 3));
    assert_eq!(
        model.forward(wide.view()),
        Err(ModelError::Width {
            expected: 2,
            found: 3
        })
    );
    let none = model.loss_and_derivative(Array2::zeros((0, 2)).view(), &Targets::Classes(vec![]));
    assert_eq!(none.unwrap_err(), ModelError::Targets);
}
