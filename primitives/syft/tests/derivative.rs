//! Derivatives against finite differences of an independent model in binary64.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "derivative/twin.rs"]
mod twin;

use ndarray::Array2;
use syft::{Architecture, Head, Layer, Model, ModelError, Parameters, Random, Targets};
use twin::{forward, loss};

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

fn check(architecture: Architecture) {
    let plan = architecture.plan().unwrap();
    let model = model(&architecture);
    let mut random = Random::new(7, 0);
    let mut value = || match architecture.layers[0] {
        Layer::EmbeddingBag { tokens, .. } => random.below(tokens) as f32,
        _ => random.normal(),
    };
    let rows = Array2::from_shape_simple_fn((ROWS, plan.inputs as usize), &mut value);
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
        Head::Logistic => Targets::Classes((0..ROWS).map(|_| random.below(2) as u8).collect()),
    };
    let (found, derivative) = model.loss_and_derivative(rows.view(), &targets).unwrap();
    let mut parameters: Vec<f64> = model
        .parameters()
        .values()
        .iter()
        .map(|&p| f64::from(p))
        .collect();
    let expected = loss(&architecture, &parameters, &rows, &targets);
    assert!((f64::from(found) - expected).abs() < 1e-5 * (1.0 + expected));
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

/// Between layers that learn, so that derivatives by its inputs and by its parameters both matter.
fn check_between(input: &str, before: &str, layer: &str) {
    let dense = r#"{"dense":{"units":3}}"#;
    for head in ["softmax_cross_entropy", "squared_error"] {
        check(architecture(
            input,
            &format!("{before},{layer},{dense}"),
            head,
        ));
        check(architecture(input, &format!("{layer},{dense}"), head));
    }
}

#[test]
fn activations() {
    for layer in ["tanh", "sigmoid", "gelu"] {
        check_between("[5]", r#"{"dense":{"units":4}}"#, &format!("{layer:?}"));
    }
}

#[test]
fn layer_norm() {
    check_between("[5]", r#"{"dense":{"units":4}}"#, r#""layer_norm""#);
}

#[test]
fn layers_that_change_nothing() {
    let dense = r#"{"dense":{"units":4}}"#;
    check_between("[5]", dense, r#""flatten""#);
    check_between("[5]", dense, r#"{"dropout":{"rate":500000}}"#);
}

const CONVOLUTION: &str = r#"{"conv2d":{"channels":2,"kernel":[3,3],"padding":[1,1]}}"#;

#[test]
fn convolution() {
    for (kernel, stride, padding) in [
        ("[3,3]", "[1,1]", "[1,1]"),
        ("[2,3]", "[2,1]", "[0,2]"),
        ("[1,2]", "[3,2]", "[2,0]"),
        ("[4,5]", "[1,1]", "[0,0]"),
    ] {
        let layer = format!(
            r#"{{"conv2d":{{"channels":3,"kernel":{kernel},"stride":{stride},"padding":{padding}}}}}"#
        );
        check_between("[2,4,5]", CONVOLUTION, &layer);
    }
}

#[test]
fn pooling() {
    for pool in ["max_pool2d", "average_pool2d"] {
        for (kernel, stride) in [("[2,2]", "[2,2]"), ("[3,2]", "[1,1]"), ("[1,2]", "[2,3]")] {
            let layer = format!(r#"{{"{pool}":{{"kernel":{kernel},"stride":{stride}}}}}"#);
            check_between("[2,4,5]", CONVOLUTION, &layer);
        }
    }
}

#[test]
fn embedding_bag() {
    for layers in [
        r#"{"embedding_bag":{"tokens":5,"width":3}}"#,
        r#"{"embedding_bag":{"tokens":3,"width":2}},"tanh",{"dense":{"units":2}}"#,
    ] {
        check(architecture("[4]", layers, "softmax_cross_entropy"));
        check(architecture("[1]", layers, "squared_error"));
    }
}

#[test]
fn logistic() {
    let dense = r#"{"dense":{"units":1}}"#;
    check(architecture("[5]", dense, "logistic"));
    let layers = format!(r#"{{"dense":{{"units":4}}}},"gelu",{dense}"#);
    check(architecture("[5]", &layers, "logistic"));
}

#[test]
fn many_layers_together() {
    let layers = [
        CONVOLUTION,
        r#""layer_norm","relu""#,
        r#"{"max_pool2d":{"kernel":[2,2],"stride":[2,2]}}"#,
        r#"{"conv2d":{"channels":4,"kernel":[2,2]}}"#,
        r#""gelu","flatten",{"dense":{"units":6}},"sigmoid",{"dense":{"units":3}}"#,
    ]
    .join(",");
    check(architecture("[2,7,6]", &layers, "softmax_cross_entropy"));
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
    assert_eq!(refused(Targets::Classes(vec![0; 3])), ModelError::Targets);
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
    let logistic = self::model(&architecture("[2]", r#"{"dense":{"units":1}}"#, "logistic"));
    for targets in [
        Targets::Classes(vec![0, 2]),
        Targets::Numbers(Array2::zeros((2, 1))),
    ] {
        let refused = logistic.loss_and_derivative(rows.view(), &targets);
        assert_eq!(refused.unwrap_err(), ModelError::Targets);
    }
}
