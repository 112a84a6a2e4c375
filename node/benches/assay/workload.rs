//! Models and data to measure.

use sonar_node::assayer::BlobSource;
use sonar_primitives::{assay::AssayRequest, BlobHash};
use std::{collections::HashMap, fs, path::Path};
use syft::{
    content_hash, Architecture, Dataset, Encoding, Gradient, Metric, Model, Parameters, Random,
    Schema,
};
use syft_data::load_csv;

/// Gradients on the longest path from the root.
pub const PATH: usize = 7;
/// Candidates of each node on the path.
const SIBLINGS: usize = 9;

/// Blobs in memory.
#[derive(Default)]
pub struct Shelf(HashMap<BlobHash, Vec<u8>>);

impl Shelf {
    fn put(&mut self, bytes: Vec<u8>) -> BlobHash {
        let hash = BlobHash::from(content_hash(&bytes));
        self.0.insert(hash, bytes);
        hash
    }
}

impl BlobSource for &Shelf {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        self.0.get(&hash).cloned()
    }
}

/// A campaign's model, data and gradients.
pub struct Workload {
    pub name: &'static str,
    pub repetitions: usize,
    pub shelf: Shelf,
    pub root: Model,
    pub validation: Dataset,
    /// By the step on the path and the number of the sibling; the first sibling is the parent of the next step's.
    pub gradients: Vec<Vec<Gradient>>,
    request: AssayRequest,
    hashes: Vec<Vec<BlobHash>>,
}

impl Workload {
    /// The digits example: 360 rows of 64 values, 64-64-10.
    pub fn digits() -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |name: &str| fs::read_to_string(project.join(name)).expect(name);
        let csv = read("data/digits.csv");
        let rows = csv.lines().enumerate();
        let validation: Vec<_> = rows
            .filter(|(line, _)| *line == 0 || line % 5 == 1)
            .map(|(_, row)| row)
            .collect();
        let schema: Schema = toml::from_str(&read("examples/digits/schema.toml")).expect("schema");
        Self::new(
            "digits: 360 rows x 64, 64-64-10 (4,810 parameters)",
            1_001,
            serde_json::from_str(&read("examples/digits/architecture.json")).expect("architecture"),
            load_csv(validation.join("\n").as_bytes(), &schema).expect("digits"),
        )
    }

    /// About the largest validation set that fits into a blob: 5,000 rows of 784 pixels, 784-128-10.
    pub fn images() -> Self {
        const ROWS: usize = 5_000;
        let schema = r#"{
            "inputs": [{"name": "pixels", "kind": {"image": {"channels": 1, "height": 28, "width": 28, "range": {"low": 0, "high": 255000000}}}}],
            "output": {"name": "digit", "kind": {"category": {"classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]}}}
        }"#;
        let architecture = r#"{
            "input": [784],
            "layers": [{"dense": {"units": 128}}, "relu", {"dense": {"units": 10}}],
            "head": "softmax_cross_entropy"
        }"#;
        let mut random = Random::new(1, 0);
        let mut csv = Vec::new();
        let header: Vec<_> = (0..784).map(|pixel| format!("pixels_{pixel}")).collect();
        csv.extend_from_slice(format!("{},digit\n", header.join(",")).as_bytes());
        for row in 0..ROWS {
            for _ in 0..784 {
                csv.extend_from_slice(format!("{},", random.below(256)).as_bytes());
            }
            csv.extend_from_slice(format!("{}\n", row % 10).as_bytes());
        }
        Self::new(
            "images: 5,000 rows x 784, 784-128-10 (101,770 parameters)",
            31,
            serde_json::from_str(architecture).expect("architecture"),
            load_csv(&csv[..], &serde_json::from_str(schema).expect("schema")).expect("images"),
        )
    }

    fn new(
        name: &'static str,
        repetitions: usize,
        architecture: Architecture,
        validation: Dataset,
    ) -> Self {
        let mut shelf = Shelf::default();
        let start = |seed| Parameters::initialise(&architecture, seed).expect("parameters");
        let root = start(7);
        // Between random parameters: as large as any gradient, and what they say does not matter.
        let gradients: Vec<Vec<_>> = (0..PATH)
            .map(|step| {
                (0..SIBLINGS)
                    .map(|sibling| {
                        let seed = 100 * (step as u64 + 1) + sibling as u64;
                        Gradient::between(&start(7), &start(seed)).expect("gradient")
                    })
                    .collect()
            })
            .collect();
        let hashes = gradients
            .iter()
            .map(|siblings| {
                siblings
                    .iter()
                    .map(|g| shelf.put(g.encode(Encoding::DenseF32)))
                    .collect()
            })
            .collect();
        let request = AssayRequest {
            architecture: architecture.clone(),
            metric: Metric::ErrorRate,
            validation: shelf.put(validation.encode()),
            rows: validation.rows() as u32,
            root: shelf.put(root.to_safetensors()),
            gradients: vec![],
            limit: None,
        };
        Self {
            name,
            repetitions,
            shelf,
            root: Model::new(architecture, root).expect("model"),
            validation,
            gradients,
            request,
            hashes,
        }
    }

    /// The request for a candidate at the end of a path of so many gradients.
    pub fn candidate(&self, steps: usize, sibling: usize) -> AssayRequest {
        let mut request = self.request.clone();
        let (last, before) = self.hashes[..steps].split_last().expect("a step");
        request.gradients = before.iter().map(|siblings| siblings[0]).collect();
        request.gradients.push(last[sibling]);
        request
    }
}
