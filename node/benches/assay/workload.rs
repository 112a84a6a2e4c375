//! Models and data to measure.

use sonar_node::assayer::BlobSource;
use sonar_primitives::{
    assay::{AssayRequest, AssayWork, RoundWork},
    recipe::{Point, RecipeStep},
    BlobHash, MeasuredError,
};
use std::{collections::HashMap, fs, path::Path};
use syft::{
    content_hash, Architecture, Dataset, Encoding, Gradient, Metric, Model, Parameters, Random,
    Schema,
};
use syft_data::load_csv;

/// Gradients of the largest round.
const GRADIENTS: usize = 16;
/// Roots besides the one of the rounds.
pub const ROOTS: usize = 8;

/// Blobs in memory.
#[derive(Default)]
pub struct MemoryBlobs(HashMap<BlobHash, Vec<u8>>);

impl MemoryBlobs {
    fn put(&mut self, bytes: Vec<u8>) -> BlobHash {
        let hash = BlobHash::from(content_hash(&bytes));
        self.0.insert(hash, bytes);
        hash
    }
}

impl BlobSource for &MemoryBlobs {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        self.0.get(&hash).cloned()
    }
}

/// A campaign's model, data and gradients.
pub struct Workload {
    pub name: &'static str,
    pub repetitions: usize,
    pub blobs: MemoryBlobs,
    pub root: Model,
    pub validation: Dataset,
    /// All on the root.
    pub gradients: Vec<Gradient>,
    request: AssayRequest,
    roots: Vec<BlobHash>,
    hashes: Vec<BlobHash>,
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
        let mut blobs = MemoryBlobs::default();
        let start = |seed| Parameters::initialise(&architecture, seed).expect("parameters");
        let root = start(7);
        let roots: Vec<_> = (0..ROOTS as u64)
            .map(|root| blobs.put(start(1_000 + root).to_safetensors()))
            .collect();
        // Between random parameters: as large as any gradient, and what they say does not matter.
        let gradients: Vec<_> = (0..GRADIENTS as u64)
            .map(|gradient| Gradient::between(&root, &start(100 + gradient)).expect("gradient"))
            .collect();
        let hashes = gradients
            .iter()
            .map(|gradient| blobs.put(gradient.encode(Encoding::DenseF32)))
            .collect();
        let request = AssayRequest {
            architecture: architecture.clone(),
            metric: Metric::ErrorRate,
            validation: blobs.put(validation.encode()),
            rows: validation.rows() as u32,
            work: AssayWork::Root {
                parameters: blobs.put(root.to_safetensors()),
            },
        };
        Self {
            name,
            repetitions,
            blobs,
            root: Model::new(architecture, root).expect("model"),
            validation,
            gradients,
            request,
            roots,
            hashes,
        }
    }

    /// The request for the root of the rounds.
    pub fn root(&self) -> AssayRequest {
        self.request.clone()
    }

    /// The request for another root.
    pub fn other_root(&self, number: usize) -> AssayRequest {
        AssayRequest {
            work: AssayWork::Root {
                parameters: self.roots[number],
            },
            ..self.request.clone()
        }
    }

    /// The request for a round of so many gradients on a root with this error.
    pub fn round(&self, gradients: usize, best_error: MeasuredError) -> AssayRequest {
        let parameters = BlobHash::from(self.root.parameters().hash());
        let gradients = self.hashes[..gradients].iter();
        AssayRequest {
            work: AssayWork::Round(RoundWork {
                recipe: vec![RecipeStep::Stored { parameters }],
                best: 0,
                best_error,
                target: 0,
                minimum_step: 1,
                seats: 4,
                gradients: gradients
                    .map(|&gradient| Point { base: 0, gradient })
                    .collect(),
            }),
            ..self.request.clone()
        }
    }
}
