//! Training as a whole.

use super::*;
use crate::tensors::Tensors;
use crate::{Architecture, Column, Limits, Parameters, Privacy, Schema};
use ndarray::Array2;

pub(super) const SGD: Optimiser = Optimiser::Sgd {
    learning_rate: 0.1,
    momentum: 0.9,
};
const ADAM: Optimiser = Optimiser::Adam {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

pub(super) fn options(optimiser: Optimiser) -> TrainOptions {
    TrainOptions::new(optimiser, 2, 5, 1)
}

/// A data set of pairs of x and y.
pub(super) fn points(points: &[(f32, f32)]) -> Dataset {
    let schema: Schema = serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"number":{}}}],"output":{"name":"y","kind":{"number":{}}}}"#,
    )
    .unwrap();
    let column = |of: fn(&(f32, f32)) -> f32| {
        let values = points.iter().map(of).collect();
        Column::Numbers(Array2::from_shape_vec((points.len(), 1), values).unwrap())
    };
    let columns = vec![column(|point| point.0), column(|point| point.1)];
    Dataset::new(schema, columns, Limits::default()).unwrap()
}

/// Three points and a small model for them.
pub(super) fn example() -> (Model, Dataset) {
    let architecture: Architecture = serde_json::from_str(
        r#"{"input":[1],"layers":[{"dense":{"units":3}},"relu",{"dense":{"units":1}}],"head":"squared_error"}"#,
    )
    .unwrap();
    let data = points(&[(0.0, 1.0), (1.0, 2.0), (2.0, 5.0)]);
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    (Model::new(architecture, parameters).unwrap(), data)
}

#[test]
fn runs_repeat_to_the_last_bit_and_follow_the_seed() {
    let (model, data) = example();
    for optimiser in [SGD, ADAM] {
        let run = |seed| {
            let options = TrainOptions {
                seed,
                ..options(optimiser)
            };
            train(&model, &data, &options, |_| ControlFlow::Continue(())).unwrap()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert_ne!(run(1).model, model);
    }
}

#[test]
fn progress_is_told_and_can_stop() {
    let (model, data) = example();
    let mut seen = Vec::new();
    let all = train(&model, &data, &options(SGD), |progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(
        seen.iter()
            .map(|progress| (progress.epoch, progress.epochs))
            .next_back(),
        Some((5, 5))
    );
    assert_eq!((seen.len(), seen.last()), (5, Some(&all.progress)));

    let stopped = train(&model, &data, &options(SGD), |progress| {
        match progress.epoch {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .unwrap();
    assert_eq!(stopped.progress, seen[1]);
    let two = TrainOptions {
        epochs: 2,
        ..options(SGD)
    };
    let same = train(&model, &data, &two, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(same.model, stopped.model);
}

#[test]
fn divergence_is_an_error() {
    let (model, data) = example();
    let wild = options(Optimiser::Sgd {
        learning_rate: 1e20,
        momentum: 0.0,
    });
    let result = train(&model, &data, &wild, |_| ControlFlow::Continue(()));
    assert!(
        matches!(result, Err(TrainError::Diverged { epoch: 1 })),
        "{result:?}"
    );
}

#[test]
fn options_out_of_range_are_refused() {
    let (model, data) = example();
    let adam = |learning_rate, beta1, beta2, epsilon| {
        options(Optimiser::Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
        })
    };
    let sgd = |learning_rate, momentum| {
        options(Optimiser::Sgd {
            learning_rate,
            momentum,
        })
    };
    let with = |change: fn(&mut TrainOptions)| {
        let mut options = options(SGD);
        change(&mut options);
        options
    };
    let decay = |decay| TrainOptions {
        schedule: Schedule {
            decay,
            ..Schedule::default()
        },
        ..options(SGD)
    };
    let stopping = |held_out, patience| TrainOptions {
        early_stopping: Some(EarlyStopping { held_out, patience }),
        ..options(SGD)
    };
    let private = |clip_norm, noise_multiplier| TrainOptions {
        privacy: Some(Privacy {
            clip_norm,
            noise_multiplier,
        }),
        ..options(SGD)
    };
    for (bad, name) in [
        (with(|o| o.batch_size = 0), "batch_size"),
        (with(|o| o.epochs = 0), "epochs"),
        (with(|o| o.epochs = MAX_EPOCHS + 1), "epochs"),
        (with(|o| o.clip_norm = Some(0.0)), "clip_norm"),
        (with(|o| o.clip_norm = Some(f32::INFINITY)), "clip_norm"),
        (with(|o| o.clip_norm = Some(f32::NAN)), "clip_norm"),
        (with(|o| o.weight_decay = -0.1), "weight_decay"),
        (with(|o| o.weight_decay = f32::NAN), "weight_decay"),
        (with(|o| o.weight_decay = f32::INFINITY), "weight_decay"),
        // The learning rate is 0.1.
        (with(|o| o.weight_decay = 10.0), "weight_decay"),
        (
            decay(Decay::Step {
                every: 0,
                factor: 0.5,
            }),
            "every",
        ),
        (
            decay(Decay::Step {
                every: 1,
                factor: 0.0,
            }),
            "factor",
        ),
        (
            decay(Decay::Step {
                every: 1,
                factor: 1.1,
            }),
            "factor",
        ),
        (
            decay(Decay::Step {
                every: 1,
                factor: f32::NAN,
            }),
            "factor",
        ),
        (decay(Decay::Cosine { last: -0.1 }), "last"),
        (decay(Decay::Cosine { last: 1.1 }), "last"),
        (decay(Decay::Cosine { last: f32::NAN }), "last"),
        (stopping(0.0, 1), "held_out"),
        (stopping(1.0, 1), "held_out"),
        (stopping(f32::NAN, 1), "held_out"),
        // Of three rows, none or all would be held out.
        (stopping(0.1, 1), "held_out"),
        (stopping(0.9, 1), "held_out"),
        (stopping(0.5, 0), "patience"),
        (private(0.0, 1.0), "privacy clip_norm"),
        (private(f32::NAN, 1.0), "privacy clip_norm"),
        (private(1.0, 0.0), "noise_multiplier"),
        (private(1.0, f64::NAN), "noise_multiplier"),
        (
            TrainOptions {
                early_stopping: stopping(0.5, 1).early_stopping,
                ..private(1.0, 1.0)
            },
            "early_stopping",
        ),
        (sgd(0.0, 0.0), "learning_rate"),
        (sgd(f32::NAN, 0.0), "learning_rate"),
        (sgd(0.1, 1.0), "momentum"),
        (sgd(0.1, -0.1), "momentum"),
        (adam(f32::INFINITY, 0.9, 0.9, 1e-8), "learning_rate"),
        (adam(0.1, 1.0, 0.9, 1e-8), "beta1"),
        (adam(0.1, 0.9, f32::NAN, 1e-8), "beta2"),
        (adam(0.1, 0.9, 0.9, 0.0), "epsilon"),
    ] {
        let result = train(&model, &data, &bad, |_| ControlFlow::Continue(()));
        assert!(
            matches!(result, Err(TrainError::Option { option, .. }) if option == name),
            "{bad:?}"
        );
    }
}

#[test]
fn options_in_json() {
    let plain = r#"{"optimiser":{"adam":{"learning_rate":0.01,"beta1":0.9,"beta2":0.999,"epsilon":1e-8}},"batch_size":2,"epochs":5,"seed":1}"#;
    let read: TrainOptions = serde_json::from_str(plain).unwrap();
    assert_eq!(read, options(ADAM));
    assert_eq!(serde_json::to_string(&read).unwrap(), plain);

    let full = format!(
        r#"{},"clip_norm":1.5,"weight_decay":0.1,"schedule":{{"warm_up_steps":3,"decay":{{"cosine":{{"last":0.1}}}}}},"early_stopping":{{"held_out":0.2,"patience":4}}}}"#,
        plain.strip_suffix('}').unwrap()
    );
    let read: TrainOptions = serde_json::from_str(&full).unwrap();
    let expected = TrainOptions {
        clip_norm: Some(1.5),
        weight_decay: 0.1,
        schedule: Schedule {
            warm_up_steps: 3,
            decay: Decay::Cosine { last: 0.1 },
        },
        early_stopping: Some(EarlyStopping {
            held_out: 0.2,
            patience: 4,
        }),
        ..options(ADAM)
    };
    assert_eq!(read, expected);
    assert_eq!(serde_json::to_string(&read).unwrap(), full);
    let unknown = full.replace("weight_decay", "decay");
    assert!(serde_json::from_str::<TrainOptions>(&unknown).is_err());
}

/// One row whose derivative is (3, 4) for the weight 1 and the bias 0 of a model that starts there: by
/// `d = 2 * (0.75 - (-1.25)) = 4` it is `(0.75 * d, d)`.
fn one_row() -> (Model, Dataset) {
    let data = points(&[(0.75, -1.25)]);
    let linear = r#"{"input":[1],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let linear: Architecture = serde_json::from_str(linear).unwrap();
    let tensors = Tensors::new(linear.plan().unwrap().tensors, vec![1.0, 0.0]).unwrap();
    (Model::new(linear, Parameters(tensors)).unwrap(), data)
}

/// The parameters after so many epochs of one step each at a learning rate of 0.5.
fn after(epochs: u32, change: impl FnOnce(&mut TrainOptions)) -> Vec<f32> {
    let (model, data) = one_row();
    let half = Optimiser::Sgd {
        learning_rate: 0.5,
        momentum: 0.0,
    };
    let mut options = TrainOptions::new(half, 1, epochs, 1);
    change(&mut options);
    let trained = train(&model, &data, &options, |_| ControlFlow::Continue(())).unwrap();
    trained.model.parameters().values().to_vec()
}

#[test]
fn steps_are_those_computed_by_hand() {
    assert_eq!(after(1, |_| ()), [-0.5, -2.0]);
    // Norm 5.
    assert_eq!(
        after(1, |options| options.clip_norm = Some(5.0)),
        [-0.5, -2.0]
    );
    assert_eq!(
        after(1, |options| options.clip_norm = Some(2.5)),
        [0.25, -1.0]
    );
    // The weight decays to 0.75 first.
    assert_eq!(
        after(1, |options| options.weight_decay = 0.5),
        [-0.75, -2.0]
    );
    // Half the learning rate in the first step of two, and with it half the decay.
    let warm = Schedule {
        warm_up_steps: 2,
        ..Schedule::default()
    };
    assert_eq!(after(1, |options| options.schedule = warm), [0.25, -1.0]);
    let both = after(1, |options| {
        (options.schedule, options.weight_decay) = (warm, 0.5);
    });
    assert_eq!(both, [0.875 - 0.75, -1.0]);
    // Then the whole: d = 2 * (0.75 * 0.25 - 1 + 1.25) = 0.875, times 0.5.
    let second = [0.25 - 0.75 * 0.437_5, -1.0 - 0.437_5];
    assert_eq!(after(2, |options| options.schedule = warm), second);
}

#[test]
fn early_stopping_keeps_a_start_that_is_never_beaten() {
    let (model, _) = one_row();
    // The model is perfect for these rows; decay leads it away.
    let data = points(&[(1.0, 1.0), (2.0, 2.0), (4.0, 4.0), (1.0, 1.0)]);
    let stopping = TrainOptions {
        weight_decay: 0.5,
        early_stopping: Some(EarlyStopping {
            held_out: 0.5,
            patience: 2,
        }),
        ..options(SGD)
    };
    let mut looks = Vec::new();
    let trained = train(&model, &data, &stopping, |progress| {
        looks.push(progress.held_out.unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(trained.model, model);
    assert_eq!((trained.progress.epoch, looks.len()), (2, 2));
    assert!(looks
        .iter()
        .all(|look| look.best_epoch == 0 && look.error > 0));
}
