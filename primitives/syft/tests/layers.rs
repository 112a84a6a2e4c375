//! What each layer gives, against small cases by hand and against its definition to the last bit.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ndarray::{array, Array2, ArrayView2};
use syft::{Architecture, Layer, Model, ModelError, Parameters, Random, Targets};

fn architecture(input: &str, layers: &str) -> Architecture {
    let json = format!(r#"{{"input":{input},"layers":[{layers}],"head":"squared_error"}}"#);
    serde_json::from_str(&json).unwrap()
}

/// A model with these parameters, by way of the stored form.
fn model(architecture: &Architecture, values: &[f32]) -> Model {
    let bytes = Parameters::initialise(architecture, 0)
        .unwrap()
        .to_safetensors();
    let header = &bytes[..bytes.len() - 4 * values.len()];
    let values = values.iter().flat_map(|value| value.to_le_bytes());
    let bytes: Vec<u8> = header.iter().copied().chain(values).collect();
    let parameters = Parameters::from_safetensors(architecture, &bytes).unwrap();
    Model::new(architecture.clone(), parameters).unwrap()
}

/// The outputs of one layer.
fn outputs(input: &str, layer: &str, values: &[f32], rows: Array2<f32>) -> Vec<Vec<f32>> {
    let model = model(&architecture(input, layer), values);
    let outputs = model.forward(rows.view()).unwrap();
    outputs.rows().into_iter().map(|row| row.to_vec()).collect()
}

/// The outputs of a layer without parameters, behind a dense one that multiplies each value by 1.
fn behind_identity(layer: &str, row: &[f32]) -> Vec<f32> {
    let n = row.len();
    let dense = format!(r#"{{"dense":{{"units":{n}}}}},{layer}"#);
    let mut values = vec![0.0; n * n + n];
    (0..n).for_each(|i| values[i * n + i] = 1.0);
    // So that -0 stays: a chain that starts at +0 loses the sign.
    values[n * n..].fill(-0.0);
    let rows = Array2::from_shape_vec((1, n), row.to_vec()).unwrap();
    outputs(&format!("[{n}]"), &dense, &values, rows).remove(0)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn normal(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.normal()).collect()
}

#[test]
fn activations() {
    let relu = behind_identity(r#""relu""#, &[-1.0, 2.0, 0.0, -1e-45]);
    assert_eq!(bits(&relu), bits(&[0.0, 2.0, 0.0, 0.0]));
    assert_eq!(
        behind_identity(r#""tanh""#, &[0.0, 100.0, -100.0]),
        [0.0, 1.0, -1.0]
    );
    let sigmoid = behind_identity(r#""sigmoid""#, &[0.0, 200.0, -200.0, -20.0]);
    assert_eq!(sigmoid[..3], [0.5, 1.0, 0.0]);
    assert!((sigmoid[3] - 2.061_153_6e-9).abs() < 1e-15);
    // PyTorch: torch.nn.functional.gelu(torch.tensor([1., -1., 3., -20., 20.])).
    let gelu = behind_identity(r#""gelu""#, &[1.0, -1.0, 3.0, -20.0, 20.0]);
    let expected = [0.841_344_8, -0.158_655_25, 2.995_950_2, 0.0, 20.0];
    let near = |(a, b): (&f32, f32)| (a - b).abs() <= 2e-7;
    assert!(gelu.iter().zip(expected).all(near), "{gelu:?}");
}

#[test]
fn flatten_and_dropout_change_nothing() {
    for layer in [r#""flatten""#, r#"{"dropout":{"rate":999999}}"#] {
        assert_eq!(behind_identity(layer, &[1.0, -2.0, 3.0]), [1.0, -2.0, 3.0]);
    }
}

#[test]
fn pooling() {
    let row: Vec<f32> = [1, 5, 2, 0, 3, 4, 7, 6, 9, 8, -1, -2]
        .map(|value| value as f32)
        .to_vec();
    // A convolution that multiplies the image by 1 comes first, as something must be learned.
    let pool = |name: &str, kernel: &str, stride: &str| {
        let layers = format!(
            r#"{{"conv2d":{{"channels":1,"kernel":[1,1]}}}},{{"{name}":{{"kernel":{kernel},"stride":{stride}}}}}"#
        );
        let rows = Array2::from_shape_vec((1, 12), row.clone()).unwrap();
        outputs("[1,3,4]", &layers, &[1.0, 0.0], rows).remove(0)
    };
    assert_eq!(pool("max_pool2d", "[2,2]", "[1,2]"), [5.0, 7.0, 9.0, 7.0]);
    assert_eq!(pool("max_pool2d", "[3,4]", "[1,1]"), [9.0]);
    assert_eq!(
        pool("average_pool2d", "[2,2]", "[1,2]"),
        [3.25, 3.75, 6.0, 2.5]
    );
    assert_eq!(
        pool("average_pool2d", "[1,3]", "[2,1]"),
        [8.0 / 3.0, 7.0 / 3.0, 16.0 / 3.0, 5.0 / 3.0]
    );
}

#[test]
fn layer_norm() {
    // Mean 3, variance 2: the values are (x - 3) / sqrt(2 + 1e-5).
    let s = 1.0 / (2.0f32 + 1e-5).sqrt();
    let values = [1.0, 2.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.5, 0.0, 0.0];
    let rows = array![[1.0, 2.0, 3.0, 4.0, 5.0], [7.0, 7.0, 7.0, 7.0, 7.0]];
    assert_eq!(
        outputs("[5]", r#""layer_norm""#, &values, rows),
        [
            [-2.0 * s, -s * 2.0, 0.5, s, -2.0 * s],
            [0.0, 0.0, 0.5, 0.0, 0.0]
        ]
    );
}

const BAG: &str = r#"{"embedding_bag":{"tokens":4,"width":2}}"#;

#[test]
fn embedding_bag() {
    // The padding's own row is not read.
    let weight = [9.0, 9.0, 1.0, 10.0, 2.0, 20.0, 4.0, 40.0];
    let rows = array![
        [1.0, 0.0, 0.0],
        [3.0, 0.0, 1.0],
        [2.0, 2.0, 1.0],
        [0.0, -0.0, 0.0]
    ];
    assert_eq!(
        outputs("[3]", BAG, &weight, rows),
        [
            [1.0, 10.0],
            [2.5, 25.0],
            [5.0 / 3.0, 50.0 / 3.0],
            [0.0, 0.0]
        ]
    );
}

#[test]
fn what_is_no_token_number_is_refused() {
    let model = model(&architecture("[3]", BAG), &[1.0; 8]);
    let strange = [
        4.0,
        -1.0,
        0.5,
        1e30,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        3.999_999_8,
        -1e-45,
    ];
    for token in strange {
        let rows = array![[1.0, 2.0, 3.0], [0.0, token, 0.0]];
        let error = match token.is_finite() {
            true => ModelError::Token { tokens: 4 },
            false => ModelError::NotFinite { layer: 0 },
        };
        assert_eq!(model.forward(rows.view()), Err(error.clone()), "{token}");
        let targets = Targets::Numbers(Array2::zeros((2, 2)));
        assert_eq!(model.loss_and_derivative(rows.view(), &targets), Err(error));
    }
}

#[test]
fn what_is_not_finite_is_found_in_its_layer() {
    let huge = f32::MAX;
    for (input, layers, values, layer) in [
        (
            "[2]",
            r#"{"dense":{"units":1}},"relu""#,
            vec![-huge, -huge, 0.0],
            0,
        ),
        (
            "[1,1,2]",
            r#"{"conv2d":{"channels":1,"kernel":[1,2]}},"tanh""#,
            vec![huge, huge, 0.0],
            0,
        ),
        (
            "[2]",
            r#""relu","layer_norm","sigmoid""#,
            vec![huge, huge, huge, huge],
            1,
        ),
    ] {
        let model = model(&architecture(input, layers), &values);
        let rows = array![[2.0, 0.0]];
        assert_eq!(
            model.forward(rows.view()),
            Err(ModelError::NotFinite { layer }),
            "{layers}"
        );
    }
    let pool = r#"{"conv2d":{"channels":1,"kernel":[1,1]}},{"average_pool2d":{"kernel":[1,2],"stride":[1,1]}}"#;
    let pool = model(&architecture("[1,1,2]", pool), &[huge, 0.0]);
    let rows = array![[1.0, 1.0]];
    assert_eq!(
        pool.forward(rows.view()),
        Err(ModelError::NotFinite { layer: 1 })
    );
    let bag = model(&architecture("[3]", BAG), &[huge; 8]);
    let rows = array![[1.0, 2.0, 3.0]];
    assert_eq!(
        bag.forward(rows.view()),
        Err(ModelError::NotFinite { layer: 0 })
    );
}

/// A convolution from the definition: one chain per output.
fn convolution(
    layer: &Layer,
    [depth, height, width]: [usize; 3],
    output: &[u32],
    values: &[f32],
    rows: ArrayView2<f32>,
) -> Vec<Vec<f32>> {
    let Layer::Conv2d {
        channels,
        kernel,
        stride,
        padding,
    } = *layer
    else {
        unreachable!()
    };
    let [kernel, stride, padding] = [kernel, stride, padding].map(|two| two.map(|n| n as usize));
    let seen = depth * kernel[0] * kernel[1];
    let (weight, bias) = values.split_at(channels as usize * seen);
    let one = |x: &[f32], o: usize, i: usize, j: usize| {
        let mut acc = bias[o];
        for k in 0..seen {
            let (c, a, b) = (
                k / (kernel[0] * kernel[1]),
                k / kernel[1] % kernel[0],
                k % kernel[1],
            );
            let (row, column) = (i * stride[0] + a, j * stride[1] + b);
            let inside = (padding[0]..padding[0] + height).contains(&row)
                && (padding[1]..padding[1] + width).contains(&column);
            let x = match inside {
                true => x[(c * height + row - padding[0]) * width + column - padding[1]],
                false => 0.0,
            };
            acc = weight[o * seen + k].mul_add(x, acc);
        }
        acc
    };
    let [_, down, right] = [output[0], output[1], output[2]].map(|n| n as usize);
    rows.rows()
        .into_iter()
        .map(|x| {
            let x = x.to_vec();
            (0..channels as usize * down * right)
                .map(|place| {
                    one(
                        &x,
                        place / (down * right),
                        place / right % down,
                        place % right,
                    )
                })
                .collect()
        })
        .collect()
}

#[test]
fn convolutions_are_their_definition_to_the_last_bit() {
    let mut random = Random::new(1, 0);
    for (image, channels, kernel, stride, padding) in [
        ([1, 1, 1], 1, [1, 1], [1, 1], [0, 0]),
        ([1, 8, 8], 8, [3, 3], [1, 1], [1, 1]),
        ([3, 7, 5], 2, [3, 2], [2, 1], [0, 1]),
        ([2, 9, 11], 5, [4, 5], [3, 2], [2, 3]),
        ([2, 3, 4], 3, [1, 1], [2, 3], [2, 5]),
        ([1, 2, 2], 1, [5, 6], [1, 1], [2, 2]),
        ([2, 1, 20], 3, [1, 7], [1, 4], [0, 0]),
        ([4, 6, 6], 17, [2, 2], [5, 5], [0, 0]),
        // Panels in parts.
        ([3, 130, 120], 1, [3, 3], [1, 1], [1, 1]),
        ([40, 20, 19], 3, [5, 5], [1, 1], [2, 2]),
    ] {
        let json = format!(
            r#"{{"conv2d":{{"channels":{channels},"kernel":{kernel:?},"stride":{stride:?},"padding":{padding:?}}}}}"#
        );
        // The whole output is too much for a model: it goes through a pool that takes every value once.
        let architecture = architecture(&format!("{image:?}"), &json);
        let layer = &architecture.layers[0];
        let parameters = channels * image[0] * kernel[0] * kernel[1] + channels;
        let values = normal(&mut random, parameters);
        let rows = Array2::from_shape_simple_fn((3, image.iter().product()), || random.normal());
        check_convolution(&architecture, layer, image, &values, rows.view());
    }
}

/// Compares as many values as a model may give, by pools that take some of them.
fn check_convolution(
    architecture: &Architecture,
    layer: &Layer,
    image: [usize; 3],
    values: &[f32],
    rows: ArrayView2<f32>,
) {
    let pooled = |step: u32| {
        let mut pooled = architecture.clone();
        let pool = format!(r#"{{"max_pool2d":{{"kernel":[1,1],"stride":[{step},{step}]}}}}"#);
        pooled
            .layers
            .try_push(serde_json::from_str(&pool).unwrap())
            .unwrap();
        pooled
    };
    // The finest that is allowed.
    let (step, pooled) = (1..)
        .map(|step| (step, pooled(step)))
        .find(|(_, pooled)| pooled.plan().is_ok())
        .unwrap();
    let plan = pooled.plan().unwrap();
    let output = &plan.layers[0].output;
    let found = model(&pooled, values).forward(rows).unwrap();
    let expected = convolution(layer, image, output, values, rows);
    for (found, expected) in found.rows().into_iter().zip(expected) {
        let (down, right) = (output[1] as usize, output[2] as usize);
        let taken: Vec<f32> = (0..expected.len())
            .filter(|place| place / right % down % step as usize == 0)
            .filter(|place| place % right % step as usize == 0)
            .map(|place| expected[place])
            .collect();
        assert_eq!(bits(&found.to_vec()), bits(&taken), "{layer:?}");
    }
}

#[test]
fn threads_change_no_bit() {
    let architecture = architecture(
        "[3,40,40]",
        r#"{"conv2d":{"channels":16,"kernel":[5,5],"padding":[2,2]}},"gelu",{"average_pool2d":{"kernel":[4,4],"stride":[4,4]}},"layer_norm",{"dense":{"units":100}},"tanh",{"dense":{"units":3}}"#,
    );
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    let model = Model::new(architecture, parameters).unwrap();
    let mut random = Random::new(2, 0);
    let rows = Array2::from_shape_simple_fn((40, 4_800), || random.normal());
    let targets = Targets::Numbers(Array2::from_shape_simple_fn((40, 3), || random.normal()));
    let runs: Vec<_> = [1, 2, 3]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let (loss, derivative) = model.loss_and_derivative(rows.view(), &targets).unwrap();
                let outputs = model.forward(rows.view()).unwrap();
                (
                    loss.to_bits(),
                    bits(&derivative),
                    bits(outputs.as_slice().unwrap()),
                )
            })
        })
        .collect();
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
}

#[test]
fn fresh_parameters_are_as_documented() {
    let architecture = architecture(
        "[3]",
        r#"{"embedding_bag":{"tokens":3,"width":4}},"layer_norm",{"dense":{"units":8}}"#,
    );
    let parameters = Parameters::initialise(&architecture, 5).unwrap();
    let mut random = Random::new(5, 0);
    let mut expected = vec![0.0; 4];
    expected.extend((0..8).map(|_| random.normal() * 0.5));
    expected.extend([1.0; 4]);
    expected.extend([0.0; 4]);
    let scale = 0.5f32.sqrt();
    expected.extend((0..32).map(|_| random.normal() * scale));
    expected.extend([0.0; 8]);
    assert_eq!(bits(parameters.values()), bits(&expected));

    let convolution = r#"{"conv2d":{"channels":3,"kernel":[2,4]}}"#;
    let architecture = self::architecture("[1,4,4]", convolution);
    let parameters = Parameters::initialise(&architecture, 5).unwrap();
    let mut random = Random::new(5, 0);
    let mut expected: Vec<f32> = (0..24).map(|_| random.normal() * 0.5).collect();
    expected.extend([0.0; 3]);
    assert_eq!(bits(parameters.values()), bits(&expected));
}

/// A copy shares its parameters until it learns: a million copies take no memory.
#[test]
fn copies_share_parameters() {
    let architecture = architecture("[3]", r#"{"dense":{"units":2}}"#);
    let parameters = std::sync::Arc::new(Parameters::initialise(&architecture, 1).unwrap());
    let first = Model::new(architecture.clone(), parameters.clone()).unwrap();
    let second = Model::new(architecture, parameters.clone()).unwrap();
    assert!(std::ptr::eq(
        first.parameters(),
        second.clone().parameters()
    ));
    assert!(std::ptr::eq(first.parameters(), &*parameters));
}
