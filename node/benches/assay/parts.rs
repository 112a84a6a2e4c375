//! The parts of an assay.

use crate::{median, workload::Workload};
use std::{hint::black_box, time::Duration};
use syft::{content_hash, Dataset, Encoding, Gradient, Limits, Metric, Parameters, ValidationSet};

/// The time of each part by itself.
pub fn times(workload: &Workload) -> Vec<(&'static str, Duration)> {
    let architecture = workload.root.architecture();
    let root = workload.root.parameters();
    let gradient = &workload.gradients[0];
    let (set, parameters, step) = (
        workload.validation.encode(),
        root.to_safetensors(),
        gradient.encode(Encoding::DenseF32),
    );
    let prepared = ValidationSet::new(&workload.validation);
    let time = |part: &dyn Fn()| median(workload.repetitions, || (), |_| part());
    vec![
        (
            "hash of the validation set's blob",
            time(&|| {
                black_box(content_hash(&set));
            }),
        ),
        (
            "decode the validation set",
            time(&|| {
                black_box(Dataset::decode(&set, Limits::default()).expect("set"));
            }),
        ),
        (
            "hash of the parameters' blob",
            time(&|| {
                black_box(content_hash(&parameters));
            }),
        ),
        (
            "decode the parameters",
            time(&|| {
                black_box(
                    Parameters::from_safetensors(architecture, &parameters).expect("parameters"),
                );
            }),
        ),
        (
            "hash of a gradient's blob",
            time(&|| {
                black_box(content_hash(&step));
            }),
        ),
        (
            "decode a gradient",
            time(&|| {
                black_box(Gradient::decode(architecture, &step).expect("gradient"));
            }),
        ),
        (
            "apply a gradient",
            time(&|| {
                black_box(gradient.apply(root).expect("point"));
            }),
        ),
        (
            "hash of a model",
            time(&|| {
                black_box(root.hash());
            }),
        ),
        (
            "prepare the validation set",
            time(&|| {
                black_box(ValidationSet::new(&workload.validation));
            }),
        ),
        (
            "evaluate",
            time(&|| {
                black_box(
                    prepared
                        .error_of(&workload.root, Metric::ErrorRate)
                        .expect("error"),
                );
            }),
        ),
    ]
}
