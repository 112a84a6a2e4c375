//! Files made to take as much memory as they can.

use crate::memory::peak;
use codec::{Compact, Encode};
use syft::{
    check_gradient, check_parameters, max_gradient_header_size, max_header_size, Architecture,
    BlobError, Dataset, Encoding, Gradient, Limits, Parameters, Schema,
};

fn architecture(inputs: u32, units: u32) -> Architecture {
    let json = r#"{"input":[1],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let json = json
        .replace("[1]", &format!("[{inputs}]"))
        .replace(":1}", &format!(":{units}}}"));
    serde_json::from_str(&json).unwrap()
}

fn join(header: &str, data: usize) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), &vec![0; data]].concat()
}

/// `before`, then as many units as there is room for, then `after`: of this length at most.
fn filled(length: u64, before: &str, unit: impl Fn(usize) -> String, after: &str) -> String {
    let mut header = before.to_owned();
    for i in 0.. {
        let next = unit(i);
        if header.len() + next.len() + after.len() > length as usize {
            break;
        }
        header += &next;
    }
    header + after
}

/// Headers that make the most of their length: short texts, short tensors, long shapes, deep nesting, one long text.
fn headers(length: u64) -> [String; 5] {
    let metadata = r#"{"__metadata__":{"format":"sonar-gradient","encoding":"top-k""#;
    let tensor = |i| format!(r#","{i}":{{"dtype":"","shape":[],"data_offsets":[0,0]}}"#);
    [
        filled(length, metadata, |i| format!(",\"{i}\":\"\""), "}}"),
        filled(length, &format!("{metadata}}}"), tensor, "}"),
        filled(length, r#"{"a":{"shape":["#, |_| "1,".into(), "1]}}"),
        filled(length, r#"{"a":"#, |_| "[".into(), ""),
        filled(length, r#"{"a":{""#, |_| "\\u0001".into(), "\":0}}"),
    ]
}

#[test]
fn full_headers() {
    let architecture = architecture(1, 1);
    let plan = architecture.plan().unwrap();
    let check = |most: u64, decode: &dyn Fn(&[u8]) -> Option<BlobError>| {
        for header in headers(most) {
            let file = join(&header, 8);
            let (taken, error) = peak(|| decode(&file));
            assert!(taken as u64 <= 32 * most, "{taken}: {header}");
            // Nothing but the header is wrong.
            let error = error.unwrap();
            assert!(!matches!(
                error,
                BlobError::Size { .. } | BlobError::HeaderLength { .. }
            ));
        }
    };
    check(max_header_size(&plan), &|file| {
        Parameters::from_safetensors(&architecture, file).err()
    });
    check(max_gradient_header_size(&plan), &|file| {
        Gradient::decode(&architecture, file).err()
    });
    check(max_header_size(&plan), &|file| {
        check_parameters(&architecture, file).err()
    });
    check(max_gradient_header_size(&plan), &|file| {
        check_gradient(&architecture, file).err()
    });
}

/// A million parameters: reading takes 4 bytes for each, and so does applying. Checking takes none.
#[test]
fn large_models() {
    let architecture = architecture(999, 1_000);
    let plan = architecture.plan().unwrap();
    let most = 4 * plan.parameters + 32 * max_gradient_header_size(&plan);
    let [before, after] = [1, 2].map(|seed| Parameters::initialise(&architecture, seed).unwrap());
    let gradient = Gradient::between(&before, &after).unwrap();
    for encoding in [
        Encoding::DenseF32,
        Encoding::DenseBf16,
        Encoding::Int8Blocks,
        Encoding::TopK { k: 1 },
        Encoding::TopK { k: u32::MAX },
    ] {
        let file = gradient.encode(encoding);
        let (taken, checked) = peak(|| check_gradient(&architecture, &file));
        assert!(checked.is_ok() && taken as u64 <= 32 * max_gradient_header_size(&plan));
        let (taken, read) = peak(|| Gradient::decode(&architecture, &file).unwrap());
        assert!(taken as u64 <= most, "{encoding:?}: {taken}");
        let (taken, _) = peak(|| read.apply(&before).unwrap());
        assert!(taken as u64 <= most, "applying {encoding:?}: {taken}");
        // Next to nothing for a file that lies about its tensors.
        let (taken, read) = peak(|| Gradient::decode(&architecture, &file[..file.len() - 1]));
        assert!(read.is_err() && taken as u64 <= 32 * max_gradient_header_size(&plan));
    }
}

/// A few bytes that claim the most rows, and the schema that takes the most memory for its length.
#[test]
fn claims_of_data_sets() {
    let schema: Schema = serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"vector":{"length":100}}}],"output":{"name":"y","kind":{"number":{}}}}"#,
    )
    .unwrap();
    let mut claim = [b"SYFTDAT1".to_vec(), schema.encode()].concat();
    claim.extend(1_000_000u32.to_le_bytes());
    for form in [0, 1] {
        let file = [&claim[..], &[form], &[7; 100]].concat();
        let (taken, read) = peak(|| Dataset::decode(&file, Limits::default()));
        assert!(read.is_err() && taken <= 16_384, "{taken}");
    }
    let mut classes = [b"SYFTDAT1".to_vec(), Compact(128u32).encode()].concat();
    for _ in 0..129 {
        // Name "f", a category of 256 classes "a".
        classes.extend(("f", 1u8, vec!["a"; 256]).encode());
    }
    let (taken, read) = peak(|| Dataset::decode(&classes, Limits::default()));
    assert!(read.is_err() && taken <= 1 << 20, "{taken}");
}
