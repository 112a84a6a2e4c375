//! Everything that reads bytes from outside, with what must hold for any bytes. The fuzzer (`fuzz/`) uses it as well.

use codec::{Decode, Encode};
use std::ops::ControlFlow;
use std::sync::LazyLock;
use syft::{
    max_gradient_header_size, max_header_size, train_with_receipt, Architecture, BlobError,
    Dataset, Encoding, Gradient, Limits, Model, Optimiser, Parameters, Plan, Receipt, Schema,
    TrainOptions,
};
use syft_data::{load_csv, load_idx, load_json_lines, MAX_RECORD};

/// One way to read bytes.
pub struct Decoder {
    /// Also the fuzz target's name.
    pub name: &'static str,
    /// Reads and forgets; whether it was accepted.
    pub accepts: fn(&[u8]) -> bool,
    /// Reads, and checks what has been accepted.
    pub check: fn(&[u8]),
    /// Makes changed bytes less wrong, so that they get further.
    pub repair: fn(&[u8]) -> Vec<u8>,
    /// The most memory that reading so many bytes may take, in bytes.
    pub memory: fn(usize) -> usize,
    /// Files to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const DECODERS: [Decoder; 11] = [
    Decoder {
        name: "parameters",
        accepts: |bytes| parameters(bytes).is_some(),
        check: check_parameters,
        repair: |bytes| with_length(bytes, Some(4 * PLAN.parameters as usize)),
        memory: |_| blob_memory(max_header_size(&PLAN)),
        seeds: || {
            vec![
                some_parameters(1).to_safetensors(),
                some_gradients().remove(0),
            ]
        },
    },
    Decoder {
        name: "gradient",
        accepts: |bytes| gradient(bytes).is_some(),
        check: check_gradient,
        repair: |bytes| with_length(bytes, None),
        memory: |_| blob_memory(max_gradient_header_size(&PLAN)),
        seeds: some_gradients,
    },
    Decoder {
        name: "dataset",
        accepts: |bytes| Dataset::decode(bytes, LIMITS).is_ok(),
        check: check_dataset,
        repair: <[u8]>::to_vec,
        memory: |length| 4 * length + SCHEMA_MEMORY,
        seeds: || {
            vec![
                some_data().encode(),
                some_data().select(&[0]).unwrap().encode(),
            ]
        },
    },
    Decoder {
        name: "csv",
        accepts: |bytes| load_csv(bytes, &SCHEMA).is_ok(),
        check: |bytes| check_loaded(load_csv(bytes, &SCHEMA).ok()),
        repair: <[u8]>::to_vec,
        memory: |length| 32 * length + MAX_RECORD,
        seeds: || {
            vec![
                CSV.into(),
                CSV.replace(',', "\",\"").replace('\n', "\"\r\n\"").into(),
            ]
        },
    },
    Decoder {
        name: "json_lines",
        accepts: |bytes| load_json_lines(bytes, &SCHEMA).is_ok(),
        check: |bytes| check_loaded(load_json_lines(bytes, &SCHEMA).ok()),
        repair: <[u8]>::to_vec,
        memory: |length| 64 * length + MAX_RECORD,
        seeds: || vec![JSON_LINES.into()],
    },
    Decoder {
        name: "idx",
        accepts: |bytes| pictures(bytes).is_some(),
        check: |bytes| check_loaded(pictures(bytes)),
        // As many values as its head says.
        repair: |bytes| {
            let mut file = bytes.to_vec();
            file.resize(PICTURES.len(), 7);
            file
        },
        memory: |length| 16 * length + 8_192,
        seeds: || vec![PICTURES.to_vec()],
    },
    Decoder {
        name: "receipt",
        accepts: |bytes| receipt(bytes).is_some(),
        check: check_receipt,
        repair: |bytes| with_length(bytes, None),
        memory: |_| 32 * max_header_size(&PLAN) as usize,
        seeds: || {
            let parameters = some_parameters(1);
            vec![parameters.to_safetensors_with(&some_receipt())]
        },
    },
    Decoder {
        name: "schema_scale",
        accepts: |mut bytes| Schema::decode(&mut bytes).is_ok(),
        check: |mut bytes| check_schema(Schema::decode(&mut bytes).ok()),
        repair: <[u8]>::to_vec,
        memory: |length| 4 * length + SCHEMA_MEMORY,
        seeds: || vec![SCHEMA.encode()],
    },
    Decoder {
        name: "schema_json",
        accepts: |bytes| serde_json::from_slice::<Schema>(bytes).is_ok(),
        check: |bytes| check_schema(serde_json::from_slice(bytes).ok()),
        repair: <[u8]>::to_vec,
        memory: |length| 64 * length + 4_096,
        seeds: || vec![SCHEMA_JSON.into()],
    },
    Decoder {
        name: "architecture_scale",
        accepts: |mut bytes| Architecture::decode(&mut bytes).is_ok(),
        check: |mut bytes| check_architecture(Architecture::decode(&mut bytes).ok()),
        repair: <[u8]>::to_vec,
        memory: |_| 8_192,
        seeds: || vec![ARCHITECTURE.encode()],
    },
    Decoder {
        name: "architecture_json",
        accepts: |bytes| serde_json::from_slice::<Architecture>(bytes).is_ok(),
        check: |bytes| check_architecture(serde_json::from_slice(bytes).ok()),
        repair: <[u8]>::to_vec,
        memory: |length| 64 * length + 4_096,
        seeds: || vec![ARCHITECTURE_JSON.into()],
    },
];

/// Rows and values that data may have here.
const LIMITS: Limits = Limits {
    rows: 1_000,
    values: 10_000,
    text: 4_096,
};

/// A schema with as many short classes as its encoding may have, which are more than are accepted.
const SCHEMA_MEMORY: usize = 1 << 20;

const ARCHITECTURE_JSON: &str = r#"{
    "input": [2, 5],
    "layers": [{"dense": {"units": 7}}, "relu", {"dense": {"units": 2}}],
    "head": "softmax_cross_entropy"
}"#;

const SCHEMA_JSON: &str = r#"{
    "inputs": [
        {"name": "colour", "kind": {"category": {"classes": ["red", "blue"]}}},
        {"name": "p", "kind": {"vector": {"length": 2, "range": {"low": 0, "high": 16000000}}}},
        {"name": "i", "kind": {"image": {"channels": 1, "height": 1, "width": 2}}}
    ],
    "output": {"name": "y", "kind": {"number": {}}}
}"#;

const CSV: &str = "colour,p_0,p_1,i_0,i_1,y\nred,1,255,0,0.5,-0.5\nblue,0,16,1e-3,7,2\n";

const JSON_LINES: &str = r#"{"colour": "red", "p": [1, 255], "i": [[0, 0.5]], "y": -0.5}
{"colour": "blue", "p": [0, 16], "i": [1e-3, 7], "y": 2}
"#;

const PICTURE_SCHEMA_JSON: &str = r#"{
    "inputs": [{"name": "i", "kind": {"image": {"channels": 1, "height": 2, "width": 2}}}],
    "output": {"name": "y", "kind": {"category": {"classes": ["a", "b"]}}}
}"#;

/// Two pictures of 2 x 2 bytes as IDX.
const PICTURES: &[u8] = &[
    0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 255,
];

/// Their classes as IDX.
const LABELS: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 2, 0, 1];

static ARCHITECTURE: LazyLock<Architecture> =
    LazyLock::new(|| serde_json::from_str(ARCHITECTURE_JSON).unwrap());
static PLAN: LazyLock<Plan> = LazyLock::new(|| ARCHITECTURE.plan().unwrap());
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| serde_json::from_str(SCHEMA_JSON).unwrap());
static PICTURE_SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| serde_json::from_str(PICTURE_SCHEMA_JSON).unwrap());

/// 4 bytes per parameter, and 32 for each byte that a header may have.
fn blob_memory(header: u64) -> usize {
    (4 * PLAN.parameters + 32 * header) as usize
}

fn some_parameters(seed: u64) -> Parameters {
    Parameters::initialise(&ARCHITECTURE, seed).unwrap()
}

fn some_gradients() -> Vec<Vec<u8>> {
    let gradient = Gradient::between(&some_parameters(1), &some_parameters(2)).unwrap();
    let encodings = [
        Encoding::DenseF32,
        Encoding::DenseBf16,
        Encoding::Int8Blocks,
        Encoding::TopK { k: 5 },
    ];
    encodings.map(|encoding| gradient.encode(encoding)).into()
}

fn some_data() -> Dataset {
    load_csv(CSV.as_bytes(), &SCHEMA).unwrap()
}

fn parameters(bytes: &[u8]) -> Option<Parameters> {
    Parameters::from_safetensors(&ARCHITECTURE, bytes).ok()
}

fn gradient(bytes: &[u8]) -> Option<Gradient> {
    Gradient::decode(&ARCHITECTURE, bytes).ok()
}

fn pictures(bytes: &[u8]) -> Option<Dataset> {
    load_idx(bytes, LABELS, &PICTURE_SCHEMA).ok()
}

fn receipt(bytes: &[u8]) -> Option<Receipt> {
    Receipt::read_from(bytes).ok().flatten()
}

fn some_receipt() -> Receipt {
    let schema = r#"{"inputs":[{"name":"x","kind":{"vector":{"length":10}}}],
        "output":{"name":"y","kind":{"category":{"classes":["a","b"]}}}}"#;
    let line = r#"{"x":[1,2,3,4,5,6,7,8,9,0],"y":"b"}"#;
    let data = load_json_lines(line.as_bytes(), &serde_json::from_str(schema).unwrap()).unwrap();
    let model = Model::new(ARCHITECTURE.clone(), some_parameters(1)).unwrap();
    let optimiser = Optimiser::Sgd {
        learning_rate: 0.1,
        momentum: 0.5,
    };
    let options = TrainOptions::new(optimiser, 1, 2, 3);
    let trained = train_with_receipt(&model, &data, &options, |_| ControlFlow::Continue(()));
    trained.unwrap().1
}

/// What the check without values must say of a file that was read like this.
fn but_for_values<T>(read: Result<T, BlobError>) -> Result<(), BlobError> {
    match read {
        Ok(_)
        | Err(
            BlobError::NotFinite { .. } | BlobError::Scale { .. } | BlobError::Quantised { .. },
        ) => Ok(()),
        Err(error) => Err(error),
    }
}

fn check_parameters(bytes: &[u8]) {
    assert_eq!(
        syft::check_parameters(&ARCHITECTURE, bytes),
        but_for_values(Parameters::from_safetensors(&ARCHITECTURE, bytes))
    );
    if let Some(read) = parameters(bytes) {
        assert_eq!(parameters(&read.to_safetensors()), Some(read));
    }
}

fn check_gradient(bytes: &[u8]) {
    assert_eq!(
        syft::check_gradient(&ARCHITECTURE, bytes),
        but_for_values(Gradient::decode(&ARCHITECTURE, bytes))
    );
    if let Some(read) = gradient(bytes) {
        assert!(read.values().iter().all(|value| value.is_finite()));
        assert_eq!(read.values().len() as u64, PLAN.parameters);
        assert_eq!(gradient(&read.encode(Encoding::DenseF32)), Some(read));
    }
}

fn check_dataset(bytes: &[u8]) {
    if let Ok(data) = Dataset::decode(bytes, LIMITS) {
        assert_eq!(data.encode(), bytes, "there is one form only");
    }
}

fn check_loaded(data: Option<Dataset>) {
    if let Some(data) = data {
        assert_eq!(Dataset::decode(&data.encode(), Limits::default()), Ok(data));
    }
}

fn check_receipt(bytes: &[u8]) {
    if let Some(read) = receipt(bytes) {
        assert_eq!(Receipt::from_json(&read.to_json()).ok(), Some(read));
    }
}

fn check_schema(schema: Option<Schema>) {
    if let Some(schema) = schema {
        assert_eq!(
            Schema::decode(&mut &schema.encode()[..]).as_ref(),
            Ok(&schema)
        );
        let _ = schema.check();
    }
}

fn check_architecture(architecture: Option<Architecture>) {
    if let Some(architecture) = architecture {
        let encoded = architecture.encode();
        assert_eq!(
            Architecture::decode(&mut &encoded[..]).as_ref(),
            Ok(&architecture)
        );
        let _ = architecture.plan();
    }
}

/// A safetensors file whose header is as long as it says, up to the last `}}` and the spaces behind it, with so many bytes of data if they are
/// given.
fn with_length(bytes: &[u8], data: Option<usize>) -> Vec<u8> {
    let rest = bytes.get(8..).unwrap_or_default();
    let end = rest.windows(2).rposition(|pair| pair == b"}}");
    let end = end.map_or(0, |end| end + 2);
    let spaces = rest[end..].iter().take_while(|&&byte| byte == b' ').count();
    let (header, values) = rest.split_at(end + spaces);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(values);
    if let Some(data) = data {
        file.resize(8 + header.len() + data, 0);
    }
    file
}
