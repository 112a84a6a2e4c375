#![allow(clippy::unwrap_used)]

mod many;
mod rooms;

use super::*;
use sonar_primitives::assay::Malformed;
use std::{collections::HashMap, sync::Mutex};
use substrate_prometheus_endpoint::prometheus::proto::MetricFamily;
use syft::{Architecture, Dataset, Encoding, Gradient, Metric, Model, Parameters, Schema};
use syft_data::load_csv;

/// Blobs in memory; remembers what was asked for.
#[derive(Default)]
struct Shelf {
    blobs: Mutex<HashMap<BlobHash, Vec<u8>>>,
    asked: Mutex<Vec<BlobHash>>,
}

impl Shelf {
    fn put(&self, bytes: Vec<u8>) -> BlobHash {
        let hash = H256(content_hash(&bytes));
        self.blobs.lock().unwrap().insert(hash, bytes);
        hash
    }

    /// What was asked for since the last time.
    fn asked(&self) -> Vec<BlobHash> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl BlobSource for &Shelf {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        self.asked.lock().unwrap().push(hash);
        self.blobs.lock().unwrap().get(&hash).cloned()
    }
}

fn architecture(units: u32) -> Architecture {
    let json = format!(
        r#"{{"input":[2],"layers":[{{"dense":{{"units":{units}}}}}],"head":"softmax_cross_entropy"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// The class is the position of the larger input.
fn validation_set(inputs: &[[f32; 2]]) -> Dataset {
    let json = r#"{
        "inputs": [{"name": "x", "kind": {"vector": {"length": 2}}}],
        "output": {"name": "y", "kind": {"category": {"classes": ["a", "b"]}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    let mut csv = String::from("x_0,x_1,y\n");
    for [a, b] in inputs {
        csv.push_str(&format!("{a},{b},{}\n", if b > a { "b" } else { "a" }));
    }
    load_csv(csv.as_bytes(), &schema).unwrap()
}

/// Parameters in the canonical file's order: weights [class][input], then biases.
fn parameters(values: [f32; 6]) -> Parameters {
    let blob = Parameters::initialise(&architecture(2), 0)
        .unwrap()
        .to_safetensors();
    let header = blob.len() - 24;
    let mut bytes = blob[..header].to_vec();
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    Parameters::from_safetensors(&architecture(2), &bytes).unwrap()
}

const ROWS: [[f32; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]];
/// Always says "a".
const CONSTANT: [f32; 6] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
/// Says which input is larger.
const PERFECT: [f32; 6] = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// A request for the constant model.
fn request(shelf: &Shelf) -> AssayRequest {
    AssayRequest {
        architecture: architecture(2),
        metric: Metric::ErrorRate,
        validation: shelf.put(validation_set(&ROWS).encode()),
        rows: 4,
        root: shelf.put(parameters(CONSTANT).to_safetensors()),
        gradients: vec![],
        limit: None,
    }
}

/// A gradient that leads from one to the other.
fn step(from: [f32; 6], to: [f32; 6]) -> Gradient {
    Gradient::between(&parameters(from), &parameters(to)).unwrap()
}

fn assayer(shelf: &Shelf) -> NodeAssayer<&Shelf> {
    assayer_with(shelf, 2)
}

fn assayer_with(shelf: &Shelf, at_once: usize) -> NodeAssayer<&Shelf> {
    NodeAssayer::new(shelf, NonZeroUsize::new(at_once).unwrap(), None)
}

fn evaluate(assayer: &NodeAssayer<&Shelf>, request: &AssayRequest) -> AssayOutcome {
    let mut outcomes = assayer.evaluate_all(std::slice::from_ref(request));
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

fn measured(error: u64, model: &Parameters) -> AssayOutcome {
    AssayOutcome::Measured {
        error,
        candidate: H256(model.hash()),
    }
}

#[test]
fn a_root_is_measured() {
    let shelf = Shelf::default();
    let request = request(&shelf);
    assert_eq!(
        evaluate(&assayer(&shelf), &request),
        measured(500_000_000, &parameters(CONSTANT))
    );
}

#[test]
fn a_candidate_is_the_root_with_all_gradients_added() {
    let shelf = Shelf::default();
    let mut request = request(&shelf);
    let half = [0.3, 0.1, -0.2, 0.7, 0.5, 0.0];
    let steps = [step(CONSTANT, half), step(half, PERFECT)];
    request.gradients = steps
        .iter()
        .map(|step| shelf.put(step.encode(Encoding::DenseF32)))
        .collect();
    let mut model = parameters(CONSTANT);
    for step in &steps {
        model = step.apply(&model).unwrap();
    }
    let error = syft::evaluate(
        &Model::new(architecture(2), model.clone()).unwrap(),
        &validation_set(&ROWS),
        Metric::ErrorRate,
    )
    .unwrap();
    assert_eq!(
        evaluate(&assayer(&shelf), &request),
        measured(error, &model)
    );
    assert_eq!(error, 0);
}

#[test]
fn nothing_is_computed_twice() {
    let shelf = Shelf::default();
    let mut request = request(&shelf);
    let assayer = assayer(&shelf);
    let first = evaluate(&assayer, &request);
    assert_eq!(shelf.asked(), [request.validation, request.root]);
    assert_eq!(evaluate(&assayer, &request), first);
    assert!(shelf.asked().is_empty());

    // A child needs its gradient only, a grandchild its own, and so does a sibling.
    let [one, two, three] = [0.25, 0.5, 0.75].map(|bias| {
        let mut to = CONSTANT;
        to[5] = bias;
        shelf.put(step(CONSTANT, to).encode(Encoding::DenseF32))
    });
    request.gradients = vec![one];
    let child = evaluate(&assayer, &request);
    assert_eq!(shelf.asked(), [one]);
    request.gradients = vec![one, two];
    evaluate(&assayer, &request);
    assert_eq!(shelf.asked(), [two]);
    request.gradients = vec![one, three];
    evaluate(&assayer, &request);
    assert_eq!(shelf.asked(), [three]);
    request.gradients = vec![one];
    assert_eq!(evaluate(&assayer, &request), child);
    assert!(shelf.asked().is_empty());

    // A fresh assayer comes to the same.
    assert_eq!(evaluate(&self::assayer(&shelf), &request), child);
}

#[test]
fn what_is_not_here_is_asked_for_again() {
    let shelf = Shelf::default();
    let mut request = request(&shelf);
    let gradient = step(CONSTANT, PERFECT).encode(Encoding::DenseF32);
    let hash = H256(content_hash(&gradient));
    request.gradients = vec![hash];
    let assayer = assayer(&shelf);
    for _ in 0..2 {
        assert_eq!(
            evaluate(&assayer, &request),
            AssayOutcome::Unavailable(hash)
        );
    }
    shelf.put(gradient);
    assert!(matches!(
        evaluate(&assayer, &request),
        AssayOutcome::Measured { error: 0, .. }
    ));
}

#[test]
fn other_contents_are_as_good_as_none() {
    let shelf = Shelf::default();
    let request = request(&shelf);
    let other = parameters(PERFECT).to_safetensors();
    shelf.blobs.lock().unwrap().insert(request.root, other);
    assert_eq!(
        evaluate(&assayer(&shelf), &request),
        AssayOutcome::Unavailable(request.root)
    );
}

#[test]
fn what_cannot_be_measured_is_malformed() {
    let shelf = Shelf::default();
    let good = request(&shelf);
    let garbage = shelf.put(b"garbage".to_vec());
    let root = parameters(CONSTANT).to_safetensors();
    let gradient = step(CONSTANT, PERFECT).encode(Encoding::DenseF32);
    let with_last_value = |blob: &[u8], value: f32| {
        let mut bytes = blob[..blob.len() - 4].to_vec();
        bytes.extend(value.to_le_bytes());
        shelf.put(bytes)
    };
    let five_rows = [ROWS.as_slice(), &[[0.0, 9.0]]].concat();
    let with = |change: &dyn Fn(&mut AssayRequest)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let cases = [
        (with(&|r| r.root = garbage), Malformed::Parameters),
        (
            with(&|r| r.root = shelf.put(root[..root.len() - 1].to_vec())),
            Malformed::Parameters,
        ),
        (
            with(&|r| r.root = shelf.put(gradient.clone())),
            Malformed::Parameters,
        ),
        (
            with(&|r| r.root = with_last_value(&root, f32::NAN)),
            Malformed::NotFinite,
        ),
        (with(&|r| r.gradients = vec![garbage]), Malformed::Gradient),
        (
            with(&|r| r.gradients = vec![shelf.put(root.clone())]),
            Malformed::Gradient,
        ),
        (
            with(&|r| r.gradients = vec![with_last_value(&gradient, f32::INFINITY)]),
            Malformed::NotFinite,
        ),
        // Finite by itself, but not twice.
        (
            with(&|r| r.gradients = vec![with_last_value(&gradient, f32::MAX); 2]),
            Malformed::NotFinite,
        ),
        // Finite parameters, but 1e38 * 3 + 2e38 overflows.
        (
            with(&|r| {
                r.root = shelf.put(parameters([0.0, 1.5e38, 0.0, 0.0, 2e38, 0.0]).to_safetensors())
            }),
            Malformed::NotFinite,
        ),
        (with(&|r| r.validation = garbage), Malformed::ValidationSet),
        (with(&|r| r.rows = 3), Malformed::ValidationSet),
        (with(&|r| r.rows = 5), Malformed::ValidationSet),
        (
            with(&|r| r.validation = shelf.put(validation_set(&five_rows).encode())),
            Malformed::ValidationSet,
        ),
        (
            with(&|r| r.metric = Metric::MeanSquaredError),
            Malformed::ValidationSet,
        ),
        (
            with(&|r| {
                r.architecture = architecture(3);
                r.root = shelf.put(
                    Parameters::initialise(&architecture(3), 0)
                        .unwrap()
                        .to_safetensors(),
                );
            }),
            Malformed::ValidationSet,
        ),
        (
            with(&|r| r.architecture = architecture(3)),
            Malformed::Parameters,
        ),
        (
            with(&|r| r.architecture = architecture(0)),
            Malformed::Parameters,
        ),
    ];
    // One assayer for all: what it has cached changes nothing.
    let assayer = assayer(&shelf);
    evaluate(&assayer, &good);
    for (position, (request, reason)) in cases.into_iter().enumerate() {
        for _ in 0..2 {
            assert_eq!(
                evaluate(&assayer, &request),
                AssayOutcome::Malformed(reason),
                "case {position}"
            );
        }
    }
}

#[test]
fn above_the_limit_is_all_that_is_told() {
    let shelf = Shelf::default();
    let constant = request(&shelf);
    let with = |limit, change: &dyn Fn(&mut AssayRequest)| {
        let mut request = constant.clone();
        request.limit = Some(limit);
        change(&mut request);
        evaluate(&assayer(&shelf), &request)
    };
    let exact = measured(500_000_000, &parameters(CONSTANT));
    assert_eq!(with(u64::MAX, &|_| {}), exact);
    assert_eq!(with(500_000_000, &|_| {}), exact);
    assert_eq!(with(499_999_999, &|_| {}), AssayOutcome::AboveLimit);
    assert_eq!(with(0, &|_| {}), AssayOutcome::AboveLimit);
    // What is malformed is so at any limit: here for the last row only, 3.2e38 + 3 * 1e37, long after the first mistakes.
    let rows: Vec<_> = (0..3_000)
        .map(|row| [if row == 2_999 { 3.0 } else { 0.5 }, 1.0])
        .collect();
    let validation = shelf.put(validation_set(&rows).encode());
    let root = shelf.put(parameters([1e37, 0.0, 0.0, 0.0, 3.2e38, 0.0]).to_safetensors());
    for limit in [0, 1_000_000_000] {
        let outcome = with(limit, &|request| {
            request.validation = validation;
            request.rows = 3_000;
            request.root = root;
        });
        assert_eq!(outcome, AssayOutcome::Malformed(Malformed::NotFinite));
    }
}

#[test]
fn a_validation_set_of_another_size_is_malformed_with_and_without_cache() {
    let shelf = Shelf::default();
    let mut request = request(&shelf);
    request.rows = 3;
    let assayer = assayer(&shelf);
    let malformed = AssayOutcome::Malformed(Malformed::ValidationSet);
    assert_eq!(evaluate(&assayer, &request), malformed);
    request.rows = 4;
    assert!(matches!(
        evaluate(&assayer, &request),
        AssayOutcome::Measured { .. }
    ));
    request.rows = 2;
    assert_eq!(evaluate(&assayer, &request), malformed);
}

#[test]
fn threads_get_the_same() {
    let shelf = Shelf::default();
    let request = request(&shelf);
    let assayer = assayer(&shelf);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| evaluate(&assayer, &request)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    assert_eq!(shelf.asked().len(), 2);
}

fn family(registry: &Registry, name: &str) -> MetricFamily {
    registry
        .gather()
        .into_iter()
        .find(|family| family.get_name() == name)
        .unwrap()
}

#[test]
fn metrics_count_what_was_done() {
    let registry = Registry::new();
    let metrics = Metrics::register(&registry).unwrap();
    let shelf = Shelf::default();
    let mut request = request(&shelf);
    let assayer = NodeAssayer::new(&shelf, NonZeroUsize::MIN, Some(metrics));
    evaluate(&assayer, &request);
    evaluate(&assayer, &request);
    request.gradients = vec![H256::repeat_byte(9)];
    evaluate(&assayer, &request);
    assayer.note_pending(3);
    assayer.note_verdict(&Verdict::NotImproved);
    assayer.note_verdict(&Verdict::NotImproved);
    assayer.note_verdict(&Verdict::Measured { error: 1 });

    let counter = |name| {
        family(&registry, name).get_metric()[0]
            .get_counter()
            .get_value()
    };
    assert_eq!(counter("sonar_assays_done_total"), 1.0);
    let pending = family(&registry, "sonar_submissions_pending");
    assert_eq!(pending.get_metric()[0].get_gauge().get_value(), 3.0);
    let duration = family(&registry, "sonar_assay_duration_seconds");
    assert_eq!(
        duration.get_metric()[0].get_histogram().get_sample_count(),
        1
    );
    let mut verdicts: Vec<_> = family(&registry, "sonar_verdicts_total")
        .get_metric()
        .iter()
        .map(|metric| {
            let label = metric.get_label()[0].get_value().to_string();
            (label, metric.get_counter().get_value())
        })
        .collect();
    verdicts.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        verdicts,
        [
            ("improved".into(), 0.0),
            ("malformed".into(), 0.0),
            ("measured".into(), 1.0),
            ("not_improved".into(), 2.0)
        ]
    );
}

#[test]
fn metrics_are_registered_once() {
    let registry = Registry::new();
    assert!(Metrics::register(&registry).is_ok());
    assert!(Metrics::register(&registry).is_err());
}
