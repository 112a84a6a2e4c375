#![allow(clippy::unwrap_used)]

mod counters;
mod many;
mod rooms;
mod roots;
mod rounds;

use super::*;
use sonar_primitives::assay::Malformed;
use std::{collections::HashMap, sync::Mutex};
use syft::{Architecture, Dataset, Encoding, Gradient, Metric, Parameters, Schema};
use syft_data::load_csv;

/// Blobs in memory; remembers what was asked for.
#[derive(Default)]
struct MemoryBlobs {
    blobs: Mutex<HashMap<BlobHash, Vec<u8>>>,
    asked: Mutex<Vec<BlobHash>>,
}

impl MemoryBlobs {
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

impl BlobSource for &MemoryBlobs {
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

/// Parameters with these values, in the canonical file's order.
fn parameters_of(architecture: &Architecture, values: &[f32]) -> Parameters {
    let blob = Parameters::initialise(architecture, 0)
        .unwrap()
        .to_safetensors();
    let header = blob.len() - 4 * values.len();
    let mut bytes = blob[..header].to_vec();
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    Parameters::from_safetensors(architecture, &bytes).unwrap()
}

/// Weights [class][input], then biases.
fn parameters(values: [f32; 6]) -> Parameters {
    parameters_of(&architecture(2), &values)
}

const ROWS: [[f32; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]];
/// Always says "a".
const CONSTANT: [f32; 6] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
/// Says which input is larger.
const PERFECT: [f32; 6] = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// A request for the constant model.
fn request(blobs: &MemoryBlobs) -> AssayRequest {
    let parameters = blobs.put(parameters(CONSTANT).to_safetensors());
    AssayRequest {
        architecture: architecture(2),
        metric: Metric::ErrorRate,
        validation: blobs.put(validation_set(&ROWS).encode()),
        rows: 4,
        work: AssayWork::Root { parameters },
    }
}

/// The same request for another root.
fn with_root(request: &AssayRequest, parameters: BlobHash) -> AssayRequest {
    AssayRequest {
        work: AssayWork::Root { parameters },
        ..request.clone()
    }
}

fn assayer(blobs: &MemoryBlobs) -> NodeAssayer<&MemoryBlobs> {
    assayer_with(blobs, 2)
}

fn assayer_with<Blobs: BlobSource>(blobs: Blobs, at_once: usize) -> NodeAssayer<Blobs> {
    NodeAssayer::new(blobs, NonZeroUsize::new(at_once).unwrap(), None)
}

fn evaluate<Blobs: BlobSource>(
    assayer: &NodeAssayer<Blobs>,
    request: &AssayRequest,
) -> AssayOutcome {
    let mut outcomes = assayer.evaluate_all(std::slice::from_ref(request));
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

fn measured(error: u64) -> AssayOutcome {
    AssayOutcome::Verdict(Verdict::Measured { error })
}

fn malformed(reason: Malformed) -> AssayOutcome {
    AssayOutcome::Verdict(Verdict::Malformed(reason))
}
