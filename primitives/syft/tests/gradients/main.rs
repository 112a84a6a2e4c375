//! Stored gradients in every encoding: what exactly they decode to, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod check;
mod malformed;

use safetensors::SafeTensors;
use syft::{
    content_hash, max_gradient_size, min_gradient_size, Architecture, Encoding, Gradient,
    GradientError, Parameters,
};

/// Encodings that keep something of every value.
const DENSE: [Encoding; 3] = [
    Encoding::DenseF32,
    Encoding::DenseBf16,
    Encoding::Int8Blocks,
];

fn architecture(inputs: u32, units: u32) -> Architecture {
    let layers = format!(r#"[{{"dense":{{"units":{units}}}}}]"#);
    serde_json::from_str(&format!(
        r#"{{"input":[{inputs}],"layers":{layers},"head":"squared_error"}}"#
    ))
    .unwrap()
}

/// Parameters with these values.
fn parameters(architecture: &Architecture, values: &[f32]) -> Parameters {
    let bytes = Parameters::initialise(architecture, 1)
        .unwrap()
        .to_safetensors();
    let (header, _) = parts(&bytes);
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Parameters::from_safetensors(architecture, &join(&header, &data)).unwrap()
}

/// The gradient with these values.
fn gradient(architecture: &Architecture, values: &[f32]) -> Gradient {
    let zeros = parameters(architecture, &vec![0.0; values.len()]);
    Gradient::between(&zeros, &parameters(architecture, values)).unwrap()
}

/// 66 weights, which make two blocks, and 2 biases; `e2e/formats.test.js` has the same.
fn golden() -> (Architecture, Gradient) {
    let architecture = architecture(33, 2);
    let values: Vec<f32> = (0..68).map(|i| (i * 37 % 101 - 50) as f32 / 7.0).collect();
    let gradient = gradient(&architecture, &values);
    (architecture, gradient)
}

/// The header and the data of a file.
fn parts(bytes: &[u8]) -> (String, Vec<u8>) {
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..end].to_vec()).unwrap();
    (header, bytes[end..].to_vec())
}

fn join(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), data].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bits(gradient: &Gradient) -> Vec<u32> {
    gradient.values().iter().map(|v| v.to_bits()).collect()
}

/// The hashes were computed with NumPy and PyTorch as well.
#[test]
fn canonical_files_and_decoded_values_are_what_they_always_were() {
    let (architecture, gradient) = golden();
    for (encoding, header, file, decoded) in [
        (
            Encoding::DenseF32,
            concat!(
                r#"{"__metadata__":{"format":"sonar-gradient","encoding":"dense-f32"},"#,
                r#""layers.0.weight":{"dtype":"F32","shape":[2,33],"data_offsets":[0,264]},"#,
                r#""layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[264,272]}}"#
            ),
            "ee0740ee632c222f726e2d92030e176a5ec156253adcf556b457bcb37b3d561d",
            "54362b0e2105be86daba6a18e8c601e0fd96b829e889fc613b88011696701dbd",
        ),
        (
            Encoding::DenseBf16,
            concat!(
                r#"{"__metadata__":{"format":"sonar-gradient","encoding":"dense-bf16"},"#,
                r#""layers.0.weight":{"dtype":"BF16","shape":[2,33],"data_offsets":[0,132]},"#,
                r#""layers.0.bias":{"dtype":"BF16","shape":[2],"data_offsets":[132,136]}}"#
            ),
            "ae5560549524998b6737252c4b8e83511b4c30656f0b525ba46db3bbbc7c783e",
            "b41d5cc83696d219543391688487ecacd8b7d1e178881964addcd37c41838da7",
        ),
        (
            Encoding::Int8Blocks,
            concat!(
                r#"{"__metadata__":{"format":"sonar-gradient","encoding":"int8-blocks"},"#,
                r#""layers.0.weight.scale":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#,
                r#""layers.0.bias.scale":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"#,
                r#""layers.0.weight":{"dtype":"I8","shape":[2,33],"data_offsets":[12,78]},"#,
                r#""layers.0.bias":{"dtype":"I8","shape":[2],"data_offsets":[78,80]}}"#
            ),
            "efe28ee690fd0d13ea1edb214ae482adb20a46927bff84abdc40876a812830d8",
            "ca715931f27d11a2af9a28902663238aa619f322369668cef211fe9869bd112e",
        ),
        (
            Encoding::TopK { k: 7 },
            concat!(
                r#"{"__metadata__":{"format":"sonar-gradient","encoding":"top-k"},"#,
                r#""indices":{"dtype":"U32","shape":[7],"data_offsets":[0,28]},"#,
                r#""values":{"dtype":"F32","shape":[7],"data_offsets":[28,56]}}"#
            ),
            "be5694df8b6a1eb78c2404f7c97fdbe1e75a097d0712f8b324996dd0a0a7f629",
            "584f40a0bc2c0f35ae9b77738b29dff7c77e61229732203b721980a9582ead18",
        ),
    ] {
        let bytes = gradient.encode(encoding);
        assert_eq!(parts(&bytes).0.trim_end(), header);
        let back = Gradient::decode(&architecture, &bytes).unwrap();
        let values: Vec<u8> = back.values().iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(hex(&content_hash(&bytes)), file, "{encoding:?}");
        assert_eq!(hex(&content_hash(&values)), decoded, "{encoding:?}");
        assert!(SafeTensors::deserialize(&bytes).is_ok());
    }
}

#[test]
fn decoded_values_are_exact() {
    let architecture = architecture(2, 2);
    let gradient = gradient(&architecture, &[0.1, -127.0, 63.5, -0.0, 1e-30, f32::MIN]);
    let decoded =
        |encoding| bits(&Gradient::decode(&architecture, &gradient.encode(encoding)).unwrap());
    let exact = [
        0x3dcc_cccd,
        0xc2fe_0000,
        0x427e_0000,
        0x8000_0000,
        0x0da2_4260,
        0xff7f_ffff,
    ];
    assert_eq!(decoded(Encoding::DenseF32), exact);
    let rounded = [
        0x3dcd_0000,
        0xc2fe_0000,
        0x427e_0000,
        0x8000_0000,
        0x0da2_0000,
        0xff7f_0000,
    ];
    assert_eq!(decoded(Encoding::DenseBf16), rounded);
    // The first block's scale is 1, so 63.5 becomes 64. The second's is the largest of which 127 times is finite.
    let blocks = decoded(Encoding::Int8Blocks);
    assert_eq!(blocks[..5], [0, 0xc2fe_0000, 0x4280_0000, 0, 0]);
    assert_eq!(
        f32::from_bits(blocks[5]),
        -127.0 * (f32::MAX / 127.0).next_down()
    );
    let sparse = [0, 0xc2fe_0000, 0x427e_0000, 0, 0, 0xff7f_ffff];
    assert_eq!(decoded(Encoding::TopK { k: 3 }), sparse);
    assert_eq!(decoded(Encoding::TopK { k: u32::MAX }), sparse);
    assert_eq!(
        decoded(Encoding::TopK { k: 0 }),
        [0, 0, 0, 0, 0, 0xff7f_ffff]
    );
}

#[test]
fn sizes_are_within_their_bounds() {
    for (inputs, units) in [(1, 1), (1, 2), (33, 2), (100, 64), (999, 1_000)] {
        let architecture = architecture(inputs, units);
        let plan = architecture.plan().unwrap();
        let values: Vec<f32> = (0..plan.parameters).map(|i| (i % 11) as f32).collect();
        let gradient = gradient(&architecture, &values);
        let all = plan.parameters as u32;
        let sparse = [1, all / 20, all].map(|k| Encoding::TopK { k });
        for encoding in DENSE.into_iter().chain(sparse) {
            let bytes = gradient.encode(encoding);
            let sizes = min_gradient_size(&plan)..=max_gradient_size(&plan);
            assert!(sizes.contains(&(bytes.len() as u64)), "{encoding:?}");
            let back = Gradient::decode(&architecture, &bytes).unwrap();
            // What has been lost stays lost, but no more is.
            assert_eq!(
                Gradient::decode(&architecture, &back.encode(Encoding::DenseF32)).unwrap(),
                back
            );
        }
    }
    // 100 x 64 weights and 64 biases: a byte each, and 101 scales.
    let plan = architecture(100, 64).plan().unwrap();
    assert_eq!(plan.parameters, 6_464);
    let gradient = gradient(&architecture(100, 64), &[1.0; 6_464]);
    let data = |encoding| parts(&gradient.encode(encoding)).1.len();
    assert_eq!(data(Encoding::DenseF32), 4 * 6_464);
    assert_eq!(data(Encoding::DenseBf16), 2 * 6_464);
    assert_eq!(data(Encoding::Int8Blocks), 6_464 + 4 * 101);
    assert_eq!(data(Encoding::TopK { k: 65 }), 8 * 65);
}

#[test]
fn gradients_lead_on() {
    let architecture = architecture(4, 3);
    let [before, after] = [1, 2].map(|seed| Parameters::initialise(&architecture, seed).unwrap());
    let gradient = Gradient::between(&before, &after).unwrap();
    let reached = gradient.apply(&before).unwrap();
    for i in 0..15 {
        let (before, after) = (before.values()[i], after.values()[i]);
        let (gradient, reached) = (gradient.values()[i], reached.values()[i]);
        assert_eq!(gradient.to_bits(), (after - before).to_bits());
        assert_eq!(reached.to_bits(), (before + gradient).to_bits());
    }
}

#[test]
fn gradients_that_overflow_or_belong_elsewhere_are_refused() {
    let own = architecture(10, 2);
    let filled = |value| parameters(&own, &[value; 22]);
    let overflow = Err(GradientError::NotFinite {
        tensor: "layers.0.weight".into(),
    });
    assert_eq!(
        Gradient::between(&filled(f32::MIN), &filled(f32::MAX)).map(|_| ()),
        overflow
    );
    let gradient = Gradient::between(&filled(0.0), &filled(f32::MAX)).unwrap();
    assert_eq!(gradient.apply(&filled(f32::MAX)).map(|_| ()), overflow);
    // As many values, but in other tensors.
    let other = Parameters::initialise(&architecture(21, 1), 1).unwrap();
    assert_eq!(gradient.apply(&other), Err(GradientError::Mismatch));
    assert_eq!(
        Gradient::between(&other, &filled(0.0)),
        Err(GradientError::Mismatch)
    );
}
