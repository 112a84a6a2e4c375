//! The smallest task that takes two steps to learn: is a point left or right of the middle?
//!
//! Its numbers are small and whole (or halves), so every error is known.

use syft::{Architecture, Dataset, Gradient, Parameters, Schema};
use syft_data::load_csv;

/// Weights of `left` and `right` for x and y, then the two biases.
pub type Values = [f32; 6];

/// Answers `left` for every point.
pub const START: Values = [0.0; 6];
/// From the start: `right` from 2.5 on.
pub const FIRST_STEP: Values = [0.0, 0.0, 1.0, 0.0, 0.0, -2.5];
/// From there: `right` from 0 on, so no mistake is left.
pub const SECOND_STEP: Values = [0.0, 0.0, 0.0, 0.0, 0.0, 2.5];
/// From the start: `left` all the same.
pub const NO_STEP: Values = [0.0, 0.0, 0.0, 0.0, 0.5, 0.0];

/// The errors of the start and after each step, in thousand millionths.
pub const STARTING_ERROR: u64 = 500_000_000;
pub const FIRST_ERROR: u64 = 200_000_000;
pub const FINAL_ERROR: u64 = 0;

/// What a header says of the tensors.
pub const TENSORS: &str = r#""layers.0.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}"#;
/// What a gradient's header says of itself.
pub const GRADIENT: &str = r#""format":"sonar-gradient","encoding":"dense-f32""#;

pub fn architecture() -> Architecture {
    let json = r#"{"input":[2],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
    serde_json::from_str(json).unwrap()
}

pub fn schema() -> Schema {
    let json = r#"{
        "inputs": [{"name":"x","kind":{"number":{}}}, {"name":"y","kind":{"number":{}}}],
        "output": {"name":"side","kind":{"category":{"classes":["left","right"]}}}
    }"#;
    serde_json::from_str(json).unwrap()
}

/// Twenty points.
pub fn validation() -> Dataset {
    let mut csv = String::from("x,y,side\n");
    for x in [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5] {
        let side = if x < 0 { "left" } else { "right" };
        csv += &format!("{x},0,{side}\n{x},1,{side}\n");
    }
    load_csv(csv.as_bytes(), &schema()).unwrap()
}

/// Parameters as they are stored.
pub fn parameters(values: Values) -> Vec<u8> {
    let stored = safetensors(&header(r#""format":"pt""#, TENSORS), &values);
    assert!(Parameters::from_safetensors(&architecture(), &stored).is_ok());
    stored
}

/// A gradient as it is stored.
pub fn gradient(values: Values) -> Vec<u8> {
    let stored = unchecked_gradient(values);
    assert!(Gradient::decode(&architecture(), &stored).is_ok());
    stored
}

/// A gradient whose values may be anything.
pub fn unchecked_gradient(values: Values) -> Vec<u8> {
    safetensors(&header(GRADIENT, TENSORS), &values)
}

/// A header that says this of the file and its tensors.
pub fn header(metadata: &str, tensors: &str) -> String {
    format!(r#"{{"__metadata__":{{{metadata}}},{tensors}}}"#)
}

/// The header's length, the header, the values.
pub fn safetensors(header: &str, values: &[f32]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}
