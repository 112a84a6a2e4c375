//! An independent model in binary64, written from the definitions with plain loops.

use ndarray::{Array2, ArrayView1};
use syft::{Architecture, Head, Layer, Targets};

/// The mean loss.
pub fn loss(
    architecture: &Architecture,
    parameters: &[f64],
    rows: &Array2<f32>,
    targets: &Targets,
) -> f64 {
    let mut sum = 0.0;
    let mut outputs = 0;
    for (index, row) in rows.rows().into_iter().enumerate() {
        let x = forward(architecture, parameters, row);
        outputs = x.len();
        sum += match (architecture.head, targets) {
            (Head::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                x.iter().map(|x| x.exp()).sum::<f64>().ln() - x[usize::from(classes[index])]
            }
            (Head::Logistic, Targets::Classes(classes)) => {
                let sign = if classes[index] == 1 { -1.0 } else { 1.0 };
                (1.0 + (sign * x[0]).exp()).ln()
            }
            (Head::SquaredError, Targets::Numbers(numbers)) => x
                .iter()
                .zip(numbers.row(index))
                .map(|(x, &y)| (x - f64::from(y)).powi(2))
                .sum::<f64>(),
            _ => unreachable!(),
        };
    }
    match architecture.head {
        Head::SoftmaxCrossEntropy | Head::Logistic => sum / rows.nrows() as f64,
        Head::SquaredError => sum / (rows.nrows() * outputs) as f64,
    }
}

/// The outputs for one row.
pub fn forward(architecture: &Architecture, parameters: &[f64], row: ArrayView1<f32>) -> Vec<f64> {
    let mut x: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
    let mut rest = parameters;
    let plan = architecture.plan().unwrap();
    for (layer, sizes) in architecture.layers.iter().zip(&plan.layers) {
        let (own, others) = rest.split_at(sizes.parameters as usize);
        rest = others;
        x = apply(layer, &sizes.input, &sizes.output, own, &x);
    }
    x
}

fn apply(layer: &Layer, input: &[u32], output: &[u32], own: &[f64], x: &[f64]) -> Vec<f64> {
    let each = |f: &dyn Fn(f64) -> f64| x.iter().map(|&x| f(x)).collect();
    match *layer {
        Layer::Dense { units } => {
            let (weight, bias) = own.split_at(units as usize * x.len());
            let dot = |weight: &[f64]| weight.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
            let rows = weight.chunks(x.len()).zip(bias);
            rows.map(|(weight, bias)| bias + dot(weight)).collect()
        }
        Layer::Relu => each(&|x| x.max(0.0)),
        Layer::Tanh => each(&f64::tanh),
        Layer::Sigmoid => each(&|x| 1.0 / (1.0 + (-x).exp())),
        Layer::Gelu => each(&|x| 0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()))),
        Layer::Flatten | Layer::Dropout { .. } => x.to_vec(),
        Layer::LayerNorm => {
            let n = x.len() as f64;
            let mean = x.iter().sum::<f64>() / n;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let (weight, bias) = own.split_at(x.len());
            let normal = |x: f64| (x - mean) / (variance + 1e-5).sqrt();
            let values = x.iter().zip(weight).zip(bias);
            values.map(|((&x, w), b)| normal(x) * w + b).collect()
        }
        Layer::EmbeddingBag { width, .. } => {
            let tokens: Vec<_> = x.iter().filter(|&&x| x > 0.0).collect();
            let mean = |j: u32| {
                let place = |token: f64| token as usize * width as usize + j as usize;
                tokens.iter().map(|&&token| own[place(token)]).sum::<f64>()
                    / tokens.len().max(1) as f64
            };
            (0..width).map(mean).collect()
        }
        Layer::Conv2d {
            kernel,
            stride,
            padding,
            ..
        } => over_windows(output, |o, i, j| {
            let [depth, height, width] = [input[0], input[1], input[2]];
            let weights = own.len() - output[0] as usize;
            let mut sum = own[weights + o as usize];
            for (c, a, b) in triples(depth, kernel[0], kernel[1]) {
                let place = |window: u32, axis: usize, offset: u32, size: u32| {
                    (window * stride[axis] + offset)
                        .checked_sub(padding[axis])
                        .filter(|&place| place < size)
                };
                if let (Some(row), Some(column)) = (place(i, 0, a, height), place(j, 1, b, width)) {
                    let weight = ((o * depth + c) * kernel[0] + a) * kernel[1] + b;
                    sum += own[weight as usize] * x[((c * height + row) * width + column) as usize];
                }
            }
            sum
        }),
        Layer::MaxPool2d { kernel, stride } => over_windows(output, |c, i, j| {
            window(input, kernel, stride, x, (c, i, j)).fold(f64::NEG_INFINITY, f64::max)
        }),
        Layer::AveragePool2d { kernel, stride } => over_windows(output, |c, i, j| {
            window(input, kernel, stride, x, (c, i, j)).sum::<f64>()
                / f64::from(kernel[0] * kernel[1])
        }),
    }
}

fn triples(a: u32, b: u32, c: u32) -> impl Iterator<Item = (u32, u32, u32)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k))))
}

fn over_windows(output: &[u32], value: impl Fn(u32, u32, u32) -> f64) -> Vec<f64> {
    triples(output[0], output[1], output[2])
        .map(|(c, i, j)| value(c, i, j))
        .collect()
}

fn window<'a>(
    input: &'a [u32],
    kernel: [u32; 2],
    stride: [u32; 2],
    x: &'a [f64],
    (c, i, j): (u32, u32, u32),
) -> impl Iterator<Item = f64> + 'a {
    triples(1, kernel[0], kernel[1]).map(move |(_, a, b)| {
        let (row, column) = (i * stride[0] + a, j * stride[1] + b);
        x[((c * input[1] + row) * input[2] + column) as usize]
    })
}
