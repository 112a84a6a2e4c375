//! Learning from the project's data sets, to known errors and known bits.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::ops::ControlFlow;
use syft::{
    evaluate, load_csv, train, Architecture, Dataset, Gradient, Metric, Model, Optimiser,
    Parameters, Targets, TrainOptions,
};

const ADAM: Optimiser = Optimiser::Adam {
    learning_rate: 0.005,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

fn load(file: &str, schema: &str) -> Dataset {
    let path = format!("{}/../../data/{file}", env!("CARGO_MANIFEST_DIR"));
    load_csv(
        File::open(path).unwrap(),
        &serde_json::from_str(schema).unwrap(),
    )
    .unwrap()
}

fn digits() -> Dataset {
    let schema = r#"{
        "inputs": [{"name": "pixels", "kind": {"vector": {"length": 64, "range": {"low": 0, "high": 16000000}}}}],
        "output": {"name": "digit", "kind": {"category": {"classes": ["0","1","2","3","4","5","6","7","8","9"]}}}
    }"#;
    load("digits.csv", schema)
}

fn fresh(architecture: &str, seed: u64) -> Model {
    let architecture: Architecture = serde_json::from_str(architecture).unwrap();
    let parameters = Parameters::initialise(&architecture, seed).unwrap();
    Model::new(architecture, parameters).unwrap()
}

fn digits_model() -> Model {
    let layers = r#"[{"dense":{"units":32}},"relu",{"dense":{"units":10}}]"#;
    fresh(
        &format!(r#"{{"input":[64],"layers":{layers},"head":"softmax_cross_entropy"}}"#),
        1,
    )
}

fn run(model: &Model, data: &Dataset, optimiser: Optimiser, batch_size: u32, epochs: u32) -> Model {
    let options = TrainOptions {
        optimiser,
        batch_size,
        epochs,
        seed: 3,
    };
    train(model, data, &options, |_| ControlFlow::Continue(()))
        .unwrap()
        .model
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whatever the machine: these bits are the definition. They change only if the definition does.
#[test]
fn digits_to_the_last_bit() {
    let data = digits();
    assert_eq!(data.rows(), 1_797);
    assert_eq!(
        hex(&data.hash()),
        "f10a82042ca648bbd2366f4e80538553c44510b4d8731146c61e3abb391a8ddd"
    );
    let (training, validation) = data.split(0.8, 1).unwrap();
    assert_eq!(
        hex(&validation.hash()),
        "028b8456751c1a4e5c71d0dfd8184cef65802680d815132dd4231be5c7407377"
    );
    let model = digits_model();
    assert_eq!(
        hex(&model.parameters().hash()),
        "cf69c8ac8139d32e510f175f3680af12cce727fbf3b715c31d90c13c5fd87a4d"
    );
    let sgd = run(
        &model,
        &training,
        Optimiser::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
        },
        32,
        3,
    );
    assert_eq!(
        hex(&sgd.parameters().hash()),
        "ddef3e9c6d2d553f020b33222a789868dabdb7dc79c4679b71f2c86519fc0688"
    );
    let adam = run(&model, &training, ADAM, 32, 3);
    assert_eq!(
        hex(&adam.parameters().hash()),
        "eb44e3933c1ceb8f4c0d4613b6bea51edfe3f30707363b13aae6586641215653"
    );
    assert_eq!(
        evaluate(&adam, &validation, Metric::ErrorRate),
        Ok(72_423_398)
    );
}

#[test]
fn digits_are_learned() {
    let (training, validation) = digits().split(0.8, 1).unwrap();
    let start = digits_model();
    let before = evaluate(&start, &validation, Metric::ErrorRate).unwrap();
    assert!((800_000_000..=1_000_000_000).contains(&before), "{before}");
    for optimiser in [
        ADAM,
        Optimiser::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
        },
    ] {
        let trained = run(&start, &training, optimiser, 32, 30);
        let after = evaluate(&trained, &validation, Metric::ErrorRate).unwrap();
        assert!(after <= 50_000_000, "{}", Metric::ErrorRate.show(after));
        // As a gradient, the way it travels.
        let blob = Gradient::between(start.parameters(), trained.parameters())
            .unwrap()
            .encode();
        let gradient = Gradient::decode(start.architecture(), &blob).unwrap();
        let candidate = gradient.apply(start.parameters()).unwrap();
        let candidate = Model::new(start.architecture().clone(), candidate).unwrap();
        assert!(evaluate(&candidate, &validation, Metric::ErrorRate).unwrap() <= 50_000_000);
    }
}

/// The part of the validation rows that a model gets wrong after training with Adam.
fn error_after(start: &Model, data: &(Dataset, Dataset), epochs: u32) -> u64 {
    let (training, validation) = data;
    let trained = run(start, training, ADAM, 32, epochs);
    evaluate(&trained, validation, Metric::ErrorRate).unwrap()
}

#[test]
fn small_networks_read_97_of_100_digits() {
    let data = digits().split(0.8, 1).unwrap();
    let dense = fresh(
        r#"{
            "input": [64],
            "layers": [{"dense": {"units": 64}}, "relu", {"dense": {"units": 10}}],
            "head": "softmax_cross_entropy"
        }"#,
        1,
    );
    let convolutional = fresh(
        r#"{
            "input": [1, 8, 8],
            "layers": [
                {"conv2d": {"channels": 8, "kernel": [3, 3], "padding": [1, 1]}},
                "relu",
                {"conv2d": {"channels": 16, "kernel": [3, 3], "padding": [1, 1]}},
                "relu",
                {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
                {"dropout": {"rate": 250000}},
                {"dense": {"units": 10}}
            ],
            "head": "softmax_cross_entropy"
        }"#,
        1,
    );
    for (model, epochs) in [(dense, 40), (convolutional, 10)] {
        let error = error_after(&model, &data, epochs);
        assert!(error <= 30_000_000, "{}", Metric::ErrorRate.show(error));
    }
}

#[test]
fn breast_cancer_is_learned() {
    let path = format!(
        "{}/../../data/breast-cancer.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split(',').take(30).collect();
    // Every column to mean 0 and variance 1, roughly: ranges are in millionths.
    let mut sums = vec![(0.0, 0.0, 0.0); 30];
    for line in lines {
        for (sum, cell) in sums.iter_mut().zip(line.split(',')) {
            let value: f64 = cell.parse().unwrap();
            *sum = (sum.0 + 1.0, sum.1 + value, sum.2 + value * value);
        }
    }
    let ranges = sums.into_iter().map(|(rows, sum, squares)| {
        let mean = sum / rows;
        (mean, mean + (squares / rows - mean * mean).sqrt())
    });
    let fields: Vec<_> = names
        .iter()
        .zip(ranges)
        .map(|(name, (low, high))| {
            let (low, high) = ((low * 1e6) as i64, (high * 1e6) as i64);
            format!(r#"{{"name":"{name}","kind":{{"number":{{"range":{{"low":{low},"high":{high}}}}}}}}}"#)
        })
        .collect();
    let output = r#"{"name":"diagnosis","kind":{"category":{"classes":["malignant","benign"]}}}"#;
    let data = load(
        "breast-cancer.csv",
        &format!(r#"{{"inputs":[{}],"output":{output}}}"#, fields.join(",")),
    );
    // Logistic regression, with one output and with two. One part of 142 rows says little, hence the mean over 40.
    // scikit-learn's LogisticRegression (C = 1, standardised columns) has 2.05 % over 40 such splits.
    for (units, head, most) in [
        (1, "logistic", 20_000_000),
        (2, "softmax_cross_entropy", 21_000_000),
    ] {
        let architecture = format!(
            r#"{{"input":[30],"layers":[{{"dense":{{"units":{units}}}}}],"head":"{head}"}}"#
        );
        let start = fresh(&architecture, 1);
        let sgd = Optimiser::Sgd {
            learning_rate: 0.01,
            momentum: 0.9,
        };
        let errors = (0..40).map(|seed| {
            let (training, validation) = data.split(0.75, seed).unwrap();
            let model = run(&start, &training, sgd, 32, 100);
            evaluate(&model, &validation, Metric::ErrorRate).unwrap()
        });
        let error = errors.sum::<u64>() / 40;
        assert!(error <= most, "{head}: {}", Metric::ErrorRate.show(error));
    }
}

/// Linear regression comes to the least-squares optimum, as the normal equations give it.
#[test]
fn linear_regression_comes_to_the_least_squares_optimum() {
    // Means and standard deviations, roughly, so that all directions are learned at a similar pace.
    let field = |name: &str, low: i64, high: i64| {
        let range = format!(r#"{{"low":{low},"high":{high}}}"#);
        format!(r#"{{"name":"{name}","kind":{{"number":{{"range":{range}}}}}}}"#)
    };
    let inputs = [
        field("mean_radius", 14_000_000, 17_500_000),
        field("mean_texture", 19_000_000, 23_000_000),
        field("mean_concavity", 90_000, 170_000),
    ];
    let output = field("worst_radius", 16_000_000, 21_000_000);
    let schema = format!(r#"{{"inputs":[{}],"output":{output}}}"#, inputs.join(","));
    let data = load("breast-cancer.csv", &schema);
    let linear = r#"{"input":[3],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let sgd = Optimiser::Sgd {
        learning_rate: 0.05,
        momentum: 0.9,
    };
    let model = run(&fresh(linear, 1), &data, sgd, data.rows() as u32, 1_000);
    let error = evaluate(&model, &data, Metric::MeanSquaredError).unwrap();
    let optimum = (least_squares(&data) * 1e6) as u64;
    assert!(
        (optimum..=optimum + 2).contains(&error),
        "{error} where {optimum} is possible"
    );
}

/// The least mean squared error of a linear function with a constant, in binary64: the normal equations, solved by
/// elimination.
fn least_squares(data: &Dataset) -> f64 {
    const N: usize = 4;
    let Targets::Numbers(targets) = data.targets() else {
        unreachable!()
    };
    let rows: Vec<([f64; N], f64)> = data
        .features()
        .rows()
        .into_iter()
        .zip(&targets)
        .map(|(row, &y)| ([1.0, row[0].into(), row[1].into(), row[2].into()], y.into()))
        .collect();
    // Each equation with its right side in the last place.
    let mut equations = [[0.0; N + 1]; N];
    for (x, y) in &rows {
        for i in 0..N {
            (0..N).for_each(|j| equations[i][j] += x[i] * x[j]);
            equations[i][N] += x[i] * y;
        }
    }
    for i in 0..N {
        let pivot = equations[i];
        for (other, equation) in equations.iter_mut().enumerate() {
            let factor = if other == i {
                0.0
            } else {
                equation[i] / pivot[i]
            };
            (0..=N).for_each(|j| equation[j] -= factor * pivot[j]);
        }
    }
    let residual = |(x, y): &([f64; N], f64)| {
        let predicted: f64 = (0..N)
            .map(|i| equations[i][N] / equations[i][i] * x[i])
            .sum();
        (predicted - y).powi(2)
    };
    rows.iter().map(residual).sum::<f64>() / rows.len() as f64
}
