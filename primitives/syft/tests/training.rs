//! Training options on real data.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::ops::ControlFlow;
use syft::{
    evaluate, train, Architecture, Dataset, Decay, EarlyStopping, HeldOut, Metric, Model,
    Optimiser, Parameters, Schedule, TrainOptions,
};
use syft_data::load_csv;

fn digits() -> (Model, Dataset) {
    let schema = r#"{
        "inputs": [{"name": "pixels", "kind": {"vector": {"length": 64, "range": {"low": 0, "high": 16000000}}}}],
        "output": {"name": "digit", "kind": {"category": {"classes": ["0","1","2","3","4","5","6","7","8","9"]}}}
    }"#;
    let layers = r#"[{"dense":{"units":32}},"relu",{"dense":{"units":10}}]"#;
    let architecture =
        format!(r#"{{"input":[64],"layers":{layers},"head":"softmax_cross_entropy"}}"#);
    let architecture: Architecture = serde_json::from_str(&architecture).unwrap();
    let path = format!("{}/../../data/digits.csv", env!("CARGO_MANIFEST_DIR"));
    let data = load_csv(
        File::open(path).unwrap(),
        &serde_json::from_str(schema).unwrap(),
    )
    .unwrap();
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    (Model::new(architecture, parameters).unwrap(), data)
}

fn sgd(learning_rate: f32, batch_size: u32, epochs: u32) -> TrainOptions {
    let optimiser = Optimiser::Sgd {
        learning_rate,
        momentum: 0.9,
    };
    TrainOptions::new(optimiser, batch_size, epochs, 3)
}

#[test]
fn early_stopping_ends_in_time_and_keeps_the_best() {
    let (model, data) = digits();
    let options = TrainOptions {
        early_stopping: Some(EarlyStopping {
            held_out: 0.25,
            patience: 3,
        }),
        ..sgd(0.1, 16, 1_000)
    };
    let mut looks: Vec<HeldOut> = Vec::new();
    let trained = train(&model, &data, &options, |progress| {
        looks.push(progress.held_out.unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();

    let best = looks.last().unwrap().best_epoch as usize;
    assert_eq!(looks.len(), best + 3);
    let score = |look: &HeldOut| (look.error, look.loss);
    let found = looks[best - 1];
    assert!(looks[..best - 1]
        .iter()
        .all(|look| score(&found) < score(look)));
    assert!(looks[best..]
        .iter()
        .all(|look| score(&found) <= score(look)));

    // What is returned is the best, and what it learned from is the rest.
    let (held_out, rest) = data.split(0.25, options.seed).unwrap();
    let error = evaluate(&trained.model, &held_out, Metric::ErrorRate);
    assert_eq!(error, Ok(found.error));
    assert!(found.error <= 50_000_000, "{found:?}");
    let plain = sgd(0.1, 16, best as u32);
    let same = train(&model, &rest, &plain, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(same.model, trained.model);
}

/// Without clipping and warm-up this learning rate is of no use; with both the digits are learned.
#[test]
fn clipping_and_a_schedule_tame_a_large_learning_rate() {
    let (model, data) = digits();
    let (training, validation) = data.split(0.8, 1).unwrap();
    let error = |options: &TrainOptions| {
        let trained = train(&model, &training, options, |_| ControlFlow::Continue(())).unwrap();
        evaluate(&trained.model, &validation, Metric::ErrorRate).unwrap()
    };
    let wild = sgd(1.0, 32, 15);
    let tamed = TrainOptions {
        clip_norm: Some(0.5),
        weight_decay: 1e-4,
        schedule: Schedule {
            warm_up_steps: 45,
            decay: Decay::Cosine { last: 0.0 },
        },
        ..wild.clone()
    };
    let (wild, tamed) = (error(&wild), error(&tamed));
    assert!(wild > 500_000_000, "{wild}");
    assert!(tamed <= 40_000_000, "{tamed}");
}
