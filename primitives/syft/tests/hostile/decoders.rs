//! Everything that reads bytes from outside, with what must hold for any bytes. The fuzzer (`fuzz/`) uses it as well.

use codec::{Decode, Encode};
use std::sync::LazyLock;
use syft::{
    max_gradient_header_size, max_header_size, Architecture, Dataset, Encoding, Gradient, Limits,
    Parameters, Plan, Schema,
};
use syft_data::{load_csv, MAX_RECORD};

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
pub const DECODERS: [Decoder; 8] = [
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
        check: check_csv,
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

static ARCHITECTURE: LazyLock<Architecture> =
    LazyLock::new(|| serde_json::from_str(ARCHITECTURE_JSON).unwrap());
static PLAN: LazyLock<Plan> = LazyLock::new(|| ARCHITECTURE.plan().unwrap());
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| serde_json::from_str(SCHEMA_JSON).unwrap());

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

fn check_parameters(bytes: &[u8]) {
    if let Some(read) = parameters(bytes) {
        assert_eq!(parameters(&read.to_safetensors()), Some(read));
    }
}

fn check_gradient(bytes: &[u8]) {
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

fn check_csv(bytes: &[u8]) {
    if let Ok(data) = load_csv(bytes, &SCHEMA) {
        assert_eq!(Dataset::decode(&data.encode(), Limits::default()), Ok(data));
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
