//! What the caches take.

use super::{
    measure::{ENTRY_ROOM, MODELS_ROOM, SETS_ROOM},
    *,
};

/// Roots that differ in their last value.
fn roots(
    blobs: &MemoryBlobs,
    request: &AssayRequest,
    start: &Parameters,
    count: u8,
) -> Vec<AssayRequest> {
    let file = start.to_safetensors();
    let with_last = |value: f32| {
        let mut bytes = file[..file.len() - 4].to_vec();
        bytes.extend(value.to_le_bytes());
        blobs.put(bytes)
    };
    (1..=count)
        .map(|n| with_root(request, with_last(n.into())))
        .collect()
}

#[test]
fn large_models_do_not_fill_the_memory() {
    let blobs = MemoryBlobs::default();
    // The most parameters that there can be: 4 MB. They are read before it turns out that the data are others.
    let mut request = request(&blobs);
    let mut large = architecture(1_000);
    large.input = vec![999].try_into().unwrap();
    let start = Parameters::initialise(&large, 0).unwrap();
    assert_eq!(start.values().len(), 1_000_000);
    request.architecture = large;
    let assayer = assayer_with(&blobs, 3);
    for batch in roots(&blobs, &request, &start, 20).chunks(5) {
        assayer.evaluate_all(batch);
        assert!(assayer.evaluator.used().1 <= MODELS_ROOM);
    }
    // Full: there is no room for another.
    assert!(assayer.evaluator.used().1 + 4_100_000 > MODELS_ROOM);
}

#[test]
fn small_models_are_counted_with_what_surrounds_them() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let assayer = assayer(&blobs);
    let count = 100;
    assayer.evaluate_all(&roots(&blobs, &request, &parameters(CONSTANT), count));
    let (sets, parameters) = assayer.evaluator.used();
    assert!(sets >= ENTRY_ROOM);
    assert!(parameters >= usize::from(count) * ENTRY_ROOM);
}

#[test]
fn large_validation_sets_do_not_fill_the_memory() {
    // 64 rows of 65,536 bytes, about the largest blob that a chain takes.
    let (width, rows) = (65_536, 64);
    let json = format!(
        r#"{{
            "inputs": [{{"name": "x", "kind": {{"vector": {{"length": {width}}}}}}}],
            "output": {{"name": "y", "kind": {{"category": {{"classes": ["a", "b"]}}}}}}
        }}"#
    );
    let header: Vec<_> = (0..width).map(|column| format!("x_{column}")).collect();
    let row = format!("{}a\n", "7,".repeat(width));
    let csv = format!("{},y\n{}", header.join(","), row.repeat(rows));
    let set = load_csv(csv.as_bytes(), &serde_json::from_str(&json).unwrap()).unwrap();
    let blob = set.encode();
    let blobs = MemoryBlobs::default();
    let root = request(&blobs);
    let requests: Vec<_> = (0..12)
        .map(|n| {
            // Other pixels.
            let mut blob = blob.clone();
            let last = blob.len() - rows - 1;
            blob[last] = n;
            AssayRequest {
                validation: blobs.put(blob),
                rows: rows as u32,
                ..root.clone()
            }
        })
        .collect();
    let assayer = assayer_with(&blobs, 3);
    for batch in requests.chunks(3) {
        let outcomes = assayer.evaluate_all(batch);
        let malformed = malformed(Malformed::ValidationSet);
        assert!(outcomes.iter().all(|outcome| *outcome == malformed));
        assert!(assayer.evaluator.used().0 <= SETS_ROOM);
    }
    assert!(assayer.evaluator.used().0 + 17_000_000 > SETS_ROOM);
}

#[test]
fn sets_that_are_large_when_prepared_are_not_kept() {
    // 1,024 values for each row of four bytes and its class: 41 MB from 50 kB.
    let (categories, rows) = (4, 10_000);
    let classes: Vec<_> = (0..256).map(|class| format!("\"{class}\"")).collect();
    let fields: Vec<_> = (0..categories)
        .map(|field| {
            format!(
                r#"{{"name": "x{field}", "kind": {{"category": {{"classes": [{}]}}}}}}"#,
                classes.join(",")
            )
        })
        .collect();
    let json = format!(
        r#"{{"inputs": [{}], "output": {{"name": "y", "kind": {{"number": {{}}}}}}}}"#,
        fields.join(",")
    );
    let csv = format!("x0,x1,x2,x3,y\n{}", "7,8,9,10,1\n".repeat(rows));
    let set = load_csv(csv.as_bytes(), &serde_json::from_str(&json).unwrap()).unwrap();
    let blob = set.encode();
    let blobs = MemoryBlobs::default();
    let architecture =
        r#"{"input":[1024],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let architecture: Architecture = serde_json::from_str(architecture).unwrap();
    let start = Parameters::initialise(&architecture, 0).unwrap();
    let root = blobs.put(start.to_safetensors());
    let root = AssayRequest {
        architecture,
        metric: Metric::MeanSquaredError,
        rows: rows as u32,
        ..with_root(&request(&blobs), root)
    };
    let requests: Vec<_> = (0..6)
        .map(|n| {
            let mut blob = blob.clone();
            let last = blob.len() - 1;
            blob[last] = n;
            AssayRequest {
                validation: blobs.put(blob),
                ..root.clone()
            }
        })
        .collect();
    let one_by_one = assayer_with(&blobs, 1).evaluate_all(&requests);
    assert!(one_by_one
        .iter()
        .all(|o| matches!(o, AssayOutcome::Verdict(Verdict::Measured { .. }))));
    let assayer = assayer_with(&blobs, 4);
    assert_eq!(assayer.evaluate_all(&requests), one_by_one);
    assert_eq!(assayer.evaluator.used().0, 0);
}
