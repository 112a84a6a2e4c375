//! Plans, limits and stored forms of architectures.

use super::*;
use alloc::vec;

fn dense(input: &[u32], units: &[u32], head: Head) -> Architecture {
    Architecture {
        input: input.to_vec().try_into().unwrap(),
        layers: units
            .iter()
            .map(|&units| Layer::Dense { units })
            .collect::<Vec<_>>()
            .try_into()
            .unwrap(),
        head,
    }
}

#[test]
fn plan_counts_parameters_work_and_tensors() {
    let mut architecture = dense(&[2, 3], &[5, 4], Head::SquaredError);
    architecture.layers.try_insert(1, Layer::Relu).unwrap();
    let plan = architecture.plan().unwrap();
    assert_eq!((plan.inputs, plan.outputs), (6, 4));
    assert_eq!(
        (plan.parameters, plan.multiply_adds),
        (6 * 5 + 5 + 5 * 4 + 4, 6 * 8 + 8 * 5 + 5 * 8)
    );
    let tensors: Vec<_> = plan
        .tensors
        .iter()
        .map(|t| (t.name.as_str(), t.shape.clone(), t.values()))
        .collect();
    assert_eq!(
        tensors,
        [
            ("layers.0.weight", vec![5, 6], 30),
            ("layers.0.bias", vec![5], 5),
            ("layers.2.weight", vec![4, 5], 20),
            ("layers.2.bias", vec![4], 4),
        ]
    );
}

#[test]
fn limits_hold_exactly() {
    use ArchitectureError::*;
    let head = Head::SquaredError;
    let plan = |input: &[u32], units: &[u32]| dense(input, units, head).plan();
    assert_eq!(plan(&[], &[1]), Err(EmptyInput));
    assert_eq!(plan(&[4, 0], &[1]), Err(EmptyInput));
    assert_eq!(plan(&[65_536], &[1]).unwrap().inputs, MAX_INPUTS);
    assert_eq!(plan(&[65_537], &[1]), Err(TooManyInputs));
    assert_eq!(plan(&[65_536, 65_536, 65_536], &[1]), Err(TooManyInputs));
    assert_eq!(plan(&[1], &[0]), Err(NoUnits { layer: 0 }));
    assert_eq!(plan(&[1], &[]), Err(NothingToLearn));
    assert_eq!(plan(&[1], &[1_024]).unwrap().outputs, MAX_OUTPUTS);
    assert_eq!(plan(&[1], &[1_025]), Err(TooManyOutputs { outputs: 1_025 }));
    // 999 inputs x 1,000 units + 1,000 biases is the limit.
    assert_eq!(plan(&[999], &[1_000]).unwrap().parameters, MAX_PARAMETERS);
    assert_eq!(
        plan(&[1_000], &[1_000]),
        Err(TooManyParameters { layer: 0 })
    );
    assert_eq!(
        plan(&[1], &[u32::MAX, u32::MAX]),
        Err(TooManyParameters { layer: 0 })
    );
    assert_eq!(
        plan(&[1], &[262_144, 1_024]),
        Err(TooManyParameters { layer: 1 })
    );
    assert_eq!(
        dense(&[1], &[1], Head::SoftmaxCrossEntropy).plan(),
        Err(OneClass)
    );
}

#[test]
fn json_and_scale_round_trip() {
    let json = r#"{"input":[64],"layers":[{"dense":{"units":32}},"relu",{"dense":{"units":10}}],"head":"softmax_cross_entropy"}"#;
    let architecture: Architecture = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&architecture).unwrap(), json);
    let bytes = architecture.encode();
    assert_eq!(Architecture::decode(&mut &bytes[..]).unwrap(), architecture);
    assert!(bytes.len() <= Architecture::max_encoded_len());
}

#[test]
fn json_with_mistakes_is_refused() {
    for json in [
        r#"{"input":[1,1,1,1],"layers":[],"head":"squared_error"}"#,
        r#"{"input":[1],"layers":[{"dense":{"units":-1}}],"head":"squared_error"}"#,
        r#"{"input":[1],"layers":[{"dense":{"unit":1}}],"head":"squared_error"}"#,
        r#"{"input":[1],"layers":["tanhh"],"head":"squared_error"}"#,
        r#"{"input":[1],"layers":[],"head":"squared_error","extra":1}"#,
    ] {
        assert!(
            serde_json::from_str::<Architecture>(json).is_err(),
            "{json}"
        );
    }
    let layers = vec!["\"relu\""; 33].join(",");
    let json = format!(r#"{{"input":[1],"layers":[{layers}],"head":"squared_error"}}"#);
    assert!(serde_json::from_str::<Architecture>(&json).is_err());
}

/// An architecture from JSON, with a squared error head.
fn layers(input: &str, layers: &str) -> Architecture {
    let json = alloc::format!(r#"{{"input":{input},"layers":[{layers}],"head":"squared_error"}}"#);
    serde_json::from_str(&json).unwrap()
}

/// The plan's only layer's output, parameters and work, and the shapes of its tensors.
fn only(input: &str, layer: &str) -> (Vec<u32>, u64, u64, Vec<Vec<u32>>) {
    // A dense layer makes one with nothing to learn acceptable; its own part is left out.
    let plan = layers(
        input,
        &alloc::format!(r#"{layer},{{"dense":{{"units":1}}}}"#),
    )
    .plan()
    .unwrap();
    let first = &plan.layers[0];
    assert_eq!(plan.layers[1].input, first.output);
    assert_eq!(
        plan.multiply_adds,
        first.multiply_adds + plan.layers[1].multiply_adds
    );
    let mut tensors: Vec<_> = plan
        .tensors
        .into_iter()
        .map(|tensor| tensor.shape)
        .collect();
    tensors.truncate(tensors.len() - 2);
    let output = first.output.to_vec();
    (output, first.parameters, first.multiply_adds, tensors)
}

#[test]
fn every_layer_has_its_shape_parameters_and_work() {
    assert_eq!(
        only("[2,3]", r#"{"dense":{"units":9}}"#),
        (vec![9], 63, 54, vec![vec![9, 6], vec![9]])
    );
    // Fewer units than 8 take as long as 8.
    assert_eq!(
        only("[2,3]", r#"{"dense":{"units":5}}"#),
        (vec![5], 35, 48, vec![vec![5, 6], vec![5]])
    );
    let keep = |work: u64| (vec![2, 3], 0, 6 * work, vec![]);
    assert_eq!(only("[2,3]", r#""relu""#), keep(8));
    assert_eq!(only("[2,3]", r#""tanh""#), keep(1_024));
    assert_eq!(only("[2,3]", r#""sigmoid""#), keep(512));
    assert_eq!(only("[2,3]", r#""gelu""#), keep(1_024));
    assert_eq!(only("[2,3]", r#"{"dropout":{"rate":999999}}"#), keep(0));
    assert_eq!(only("[2,3]", r#""flatten""#), (vec![6], 0, 0, vec![]));
    assert_eq!(
        only("[2,3]", r#""layer_norm""#),
        (vec![2, 3], 12, 6 * 128, vec![vec![2, 3], vec![2, 3]])
    );
    assert_eq!(
        only("[7]", r#"{"embedding_bag":{"tokens":10,"width":3}}"#),
        (vec![3], 30, 7 * (512 + 8 * 3), vec![vec![10, 3]])
    );
    assert_eq!(
        only("[3,9,8]", r#"{"conv2d":{"channels":4,"kernel":[3,2]}}"#),
        (
            vec![4, 7, 7],
            4 * 18 + 4,
            18 * (49 * (4 + 24) + 1_024),
            vec![vec![4, 3, 3, 2], vec![4]]
        )
    );
    // Down: (9 + 2 - 3) / 2 + 1; to the right: (8 + 4 - 2) / 3 + 1, rounded down.
    let json = r#"{"conv2d":{"channels":1,"kernel":[3,2],"stride":[2,3],"padding":[1,2]}}"#;
    assert_eq!(only("[1,9,8]", json).0, [1, 5, 4]);
    for pool in ["max_pool2d", "average_pool2d"] {
        let json = alloc::format!(r#"{{"{pool}":{{"kernel":[2,3],"stride":[2,1]}}}}"#);
        assert_eq!(
            only("[3,9,8]", &json),
            (vec![3, 4, 6], 0, 72 * 6 * 32, vec![])
        );
    }
}

#[test]
fn every_layer_s_limits_hold() {
    use ArchitectureError::*;
    let plan = |input: &str, json: &str| layers(input, json).plan();
    let conv = |kernel: &str, rest: &str| {
        let json = alloc::format!(r#"{{"conv2d":{{"channels":1,"kernel":{kernel}{rest}}}}}"#);
        plan("[1,4,5]", &json)
    };
    assert!(conv("[4,5]", "").is_ok());
    assert!(conv("[6,9]", r#","padding":[1,2]"#).is_ok());
    assert!(conv("[1,1]", r#","stride":[4294967295,4294967295]"#).is_ok());
    for (kernel, rest) in [
        ("[0,1]", ""),
        ("[1,0]", ""),
        ("[5,1]", ""),
        ("[1,6]", ""),
        ("[7,1]", r#","padding":[1,0]"#),
        ("[4294967295,4294967295]", ""),
        ("[1,1]", r#","stride":[0,1]"#),
        ("[1,1]", r#","stride":[1,0]"#),
    ] {
        assert_eq!(
            conv(kernel, rest),
            Err(Window { layer: 0 }),
            "{kernel} {rest}"
        );
    }
    // All that does not fit 64 bits is too much of something.
    let huge = r#","padding":[4294967295,4294967295]"#;
    assert_eq!(conv("[1,1]", huge), Err(TooManyValues { layer: 0 }));
    assert_eq!(
        conv("[4294967295,4294967295]", huge),
        Err(TooManyParameters { layer: 0 })
    );
    let channels = r#"{"conv2d":{"channels":4294967295,"kernel":[1,1]}}"#;
    assert_eq!(
        plan("[1,1,1]", channels),
        Err(TooManyParameters { layer: 0 })
    );

    for layer in [
        r#"{"conv2d":{"channels":0,"kernel":[1,1]}}"#,
        r#"{"embedding_bag":{"tokens":5,"width":0}}"#,
    ] {
        assert_eq!(plan("[1,4,4]", layer), Err(NoUnits { layer: 0 }));
    }
    let pool = r#"{"max_pool2d":{"kernel":[2,2],"stride":[2,2]}}"#;
    assert_eq!(plan("[16]", pool), Err(NoImage { layer: 0 }));
    assert_eq!(plan("[1,1,4]", pool), Err(Window { layer: 0 }));
    let flat = alloc::format!(r#""flatten",{pool}"#);
    assert_eq!(plan("[1,4,4]", &flat), Err(NoImage { layer: 1 }));
    let conv = r#"{"conv2d":{"channels":1,"kernel":[1,1]}}"#;
    assert_eq!(plan("[4,4]", conv), Err(NoImage { layer: 0 }));

    let bag =
        |tokens: u32| alloc::format!(r#"{{"embedding_bag":{{"tokens":{tokens},"width":1}}}}"#);
    assert!(plan("[4]", &bag(2)).is_ok());
    assert!(plan("[4]", &bag(1_000_000)).is_ok());
    assert_eq!(
        plan("[4]", &bag(1_000_001)),
        Err(TooManyParameters { layer: 0 })
    );
    assert_eq!(plan("[4]", &bag(1)), Err(NoTokens { layer: 0 }));
    let second = alloc::format!(r#""relu",{}"#, bag(2));
    assert_eq!(plan("[4]", &second), Err(NotFirst { layer: 1 }));
    assert_eq!(
        plan("[4]", r#"{"dropout":{"rate":1000000}}"#),
        Err(Rate { layer: 0 })
    );
    assert_eq!(plan("[4]", r#""gelu","flatten""#), Err(NothingToLearn));
}

#[test]
fn work_and_values_are_limited_exactly() {
    use ArchitectureError::*;
    // 512 x 512 values from a small image with much padding.
    let padded = |side: u32| {
        let json = alloc::format!(
            r#"{{"conv2d":{{"channels":1,"kernel":[1,1],"padding":[{side},{side}]}}}},{{"average_pool2d":{{"kernel":[64,64],"stride":[64,64]}}}}"#
        );
        layers("[1,2,2]", &json).plan()
    };
    let plan = padded(255).unwrap();
    assert_eq!(plan.layers[0].output.to_vec(), [1, 512, 512]);
    assert_eq!(padded(256), Err(TooManyValues { layer: 0 }));
    let gelus = |count: usize| {
        let json = vec![r#""gelu""#; count].join(",");
        let json = alloc::format!(r#"{{"conv2d":{{"channels":1,"kernel":[1,1]}}}},{json}"#);
        let pool = r#"{"max_pool2d":{"kernel":[1,1],"stride":[64,64]}}"#;
        layers("[1,256,256]", &alloc::format!("{json},{pool}")).plan()
    };
    // 2^26 each, after a little more than 25 * 2^16 of the convolution.
    assert_eq!(gelus(14).unwrap().layers[14].multiply_adds, 1 << 26);
    assert_eq!(gelus(15), Err(TooMuchWork { layer: 15 }));
    assert!(gelus(14).unwrap().multiply_adds <= MAX_MULTIPLY_ADDS);
}

#[test]
fn a_logistic_head_has_one_output() {
    use ArchitectureError::*;
    let plan = |units| dense(&[3], &[units], Head::Logistic).plan();
    assert_eq!(plan(1).unwrap().outputs, 1);
    assert_eq!(plan(2), Err(OneOutput { outputs: 2 }));
}

/// Stored forms of every layer and head: they never change.
#[test]
fn every_layer_and_head_has_its_json_and_scale() {
    let layer = |json: &str, bytes: &[u8]| {
        let layer: Layer = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&layer).unwrap(), json);
        assert_eq!(layer.encode(), bytes, "{json}");
        assert_eq!(Layer::decode(&mut &bytes[..]).unwrap(), layer);
        assert!(bytes.len() <= Layer::max_encoded_len());
    };
    layer(r#"{"dense":{"units":258}}"#, &[0, 2, 1, 0, 0]);
    layer(r#""relu""#, &[1]);
    layer(
        r#"{"conv2d":{"channels":1,"kernel":[2,3],"stride":[4,5],"padding":[6,7]}}"#,
        &[
            2, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0,
        ],
    );
    let pool = [2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0];
    layer(
        r#"{"max_pool2d":{"kernel":[2,3],"stride":[4,5]}}"#,
        &[&[3], &pool[..]].concat(),
    );
    layer(
        r#"{"average_pool2d":{"kernel":[2,3],"stride":[4,5]}}"#,
        &[&[4], &pool[..]].concat(),
    );
    layer(r#""flatten""#, &[5]);
    layer(r#""tanh""#, &[6]);
    layer(r#""sigmoid""#, &[7]);
    layer(r#""gelu""#, &[8]);
    layer(r#""layer_norm""#, &[9]);
    layer(
        r#"{"embedding_bag":{"tokens":1,"width":2}}"#,
        &[10, 1, 0, 0, 0, 2, 0, 0, 0],
    );
    layer(r#"{"dropout":{"rate":3}}"#, &[11, 3, 0, 0, 0]);

    for (index, json) in ["softmax_cross_entropy", "squared_error", "logistic"]
        .iter()
        .enumerate()
    {
        let head: Head = serde_json::from_str(&alloc::format!("\"{json}\"")).unwrap();
        assert_eq!(head.encode(), [index as u8]);
    }
    let short: Layer = serde_json::from_str(r#"{"conv2d":{"channels":1,"kernel":[2,3]}}"#).unwrap();
    let long = r#"{"conv2d":{"channels":1,"kernel":[2,3],"stride":[1,1],"padding":[0,0]}}"#;
    assert_eq!(short, serde_json::from_str(long).unwrap());
    let pool = r#"{"max_pool2d":{"kernel":[2,2]}}"#;
    assert!(serde_json::from_str::<Layer>(pool).is_err());
}
