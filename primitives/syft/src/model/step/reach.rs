//! How large values can get.

use super::{Activation, Operation, Pool, Step};
use crate::Model;

impl Model {
    /// Whether it is certain that the model answers every row of values from `-greatest` to `greatest`: that no layer
    /// gives a value that is not finite. If not, that is not to say that there is a row that it does not answer.
    ///
    /// Follows the greatest magnitude that values can have from layer to layer: through a dense layer, for example, it
    /// becomes the greatest sum of a unit's weights' magnitudes, times what it was, plus the bias'. Takes the time of a
    /// few rows.
    ///
    /// Never certain with an embedding bag, which answers token numbers only.
    pub fn surely_answers(&self, greatest: f32) -> bool {
        let parameters = self.parameters().values();
        let mut steps = self.steps().iter().filter(|step| !step.trains_only());
        steps
            .try_fold(f64::from(greatest), |reach, step| {
                step.reach(parameters, reach)
            })
            .is_some()
    }
}

impl Step {
    /// The magnitude that no value after this step exceeds if none before it exceeds `reach`; nothing if that is not
    /// certain, or if something on the way to such a value may be too large for binary32.
    fn reach(&self, parameters: &[f32], reach: f64) -> Option<f64> {
        let parameters = &parameters[self.parameters.clone()];
        match self.operation {
            Operation::Dense(dense) => chains(parameters, dense.units, dense.inputs, reach),
            Operation::Convolution(convolution) => {
                chains(parameters, convolution.channels, convolution.seen(), reach)
            }
            Operation::Pooling(pooling) => match pooling.pool {
                Pool::Max => Some(reach),
                Pool::Average => mean(f64::from(pooling.size()), reach),
            },
            Operation::Activation(activation) => match activation {
                Activation::Relu => Some(reach),
                Activation::Tanh | Activation::Sigmoid => rounded(1.0),
                Activation::Gelu => rounded(reach),
            },
            Operation::LayerNorm(norm) => {
                let count = norm.values as f64;
                let (weight, bias) = parameters.split_at(norm.values);
                mean(count, reach)?;
                // No difference from the mean is above the root of the sum of the squares of all, which is what it is
                // divided by, but for the root of the count. (Where the squares overflow the scale is zero.)
                let normal = rounded(count.sqrt())?;
                rounded(normal * greatest(weight) + greatest(bias))
            }
            Operation::EmbeddingBag(_) => None,
            Operation::Dropout(_) => Some(reach),
        }
    }
}

/// A bound on a result in binary32, given one on the exact result that a chain of operations no longer than a model has
/// parameters leads to; nothing if the first may overflow.
///
/// Each operation adds at most a part of 2^-24 to the magnitude, so even ten million do not double it, or 2^-150 where
/// numbers are denormal, which the 1 is for.
fn rounded(exact: f64) -> Option<f64> {
    let bound = 2.0 * exact + 1.0;
    (bound < f64::from(f32::MAX)).then_some(bound)
}

/// Bounds chains of fused multiply-adds: rows of so many weights, then a bias for each row.
fn chains(parameters: &[f32], rows: usize, weights: usize, reach: f64) -> Option<f64> {
    let (weight, bias) = parameters.split_at(rows * weights);
    let mut rows = weight.chunks_exact(weights).zip(bias);
    rows.try_fold(0.0, |most: f64, (row, &bias)| {
        let sum = row
            .iter()
            .fold(0.0, |sum, &weight| sum + f64::from(weight.abs()));
        Some(most.max(rounded(sum * reach + f64::from(bias.abs()))?))
    })
}

/// Bounds the mean of so many values, whose sum comes first.
fn mean(count: f64, reach: f64) -> Option<f64> {
    rounded(count * reach)?;
    rounded(reach)
}

/// The greatest magnitude.
fn greatest(values: &[f32]) -> f64 {
    f64::from(values.iter().fold(0.0, |most, value| value.abs().max(most)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{Architecture, Model, ModelError, Parameters, Random};
    use ndarray::Array2;
    use std::sync::Arc;

    fn model(layers: &str, seed: u64) -> Model {
        let json =
            format!(r#"{{"input":[2,6,6],"layers":[{layers}],"head":"softmax_cross_entropy"}}"#);
        let architecture: Architecture = serde_json::from_str(&json).unwrap();
        let parameters = Parameters::initialise(&architecture, seed).unwrap();
        Model::new(architecture, Arc::new(parameters)).unwrap()
    }

    const NETS: [&str; 6] = [
        r#"{"dense":{"units":9}},"relu",{"dense":{"units":3}}"#,
        r#"{"conv2d":{"channels":3,"kernel":[3,3],"padding":[1,1]}},"gelu",{"average_pool2d":{"kernel":[2,2],"stride":[2,2]}},"flatten",{"dense":{"units":4}}"#,
        r#"{"max_pool2d":{"kernel":[2,2],"stride":[1,1]}},"layer_norm",{"dense":{"units":3}}"#,
        r#""layer_norm",{"dropout":{"rate":500000}},{"conv2d":{"channels":2,"kernel":[2,1]}},"layer_norm""#,
        r#"{"dense":{"units":9}},"tanh",{"dense":{"units":3}},"sigmoid""#,
        r#"{"average_pool2d":{"kernel":[3,3],"stride":[1,1]}},{"dense":{"units":2}}"#,
    ];

    /// Rows in which every value has this magnitude, or nearly.
    fn rows(random: &mut Random, greatest: f32) -> Array2<f32> {
        Array2::from_shape_simple_fn((8, 72), || {
            let part = 1.0 - random.below(2) as f32 * 1e-3;
            let sign = if random.below(2) == 0 { -1.0 } else { 1.0 };
            sign * part * greatest
        })
    }

    #[test]
    fn what_is_certain_is_true() {
        let mut random = Random::new(3, 0);
        for (net, layers) in NETS.iter().enumerate() {
            let (mut certain, mut failed) = (0, 0);
            for round in 0..400 {
                let mut model = model(layers, round);
                // From ordinary to far too large.
                let scale = 10f32.powi(random.below(39) as i32);
                assert!(model.update(|values| values.iter_mut().for_each(|value| {
                    *value = (*value * scale).clamp(f32::MIN, f32::MAX);
                })));
                let greatest = (10f32.powi(random.below(39) as i32) * 3.0).min(f32::MAX);
                let answer = model.forward(rows(&mut random, greatest).view());
                if model.surely_answers(greatest) {
                    assert!(
                        answer.is_ok(),
                        "net {net}, scale {scale}, {greatest}: {answer:?}"
                    );
                    certain += 1;
                }
                failed += u32::from(matches!(answer, Err(ModelError::NotFinite { .. })));
            }
            assert!(certain > 50, "net {net}: certain of {certain}");
            assert!(failed > 50 || net == 3, "net {net}: {failed} failed");
        }
    }

    #[test]
    fn ordinary_models_are_certain() {
        for layers in NETS {
            assert!(model(layers, 1).surely_answers(255.0), "{layers}");
        }
    }

    #[test]
    fn an_infinity_on_the_way_is_not_forgotten() {
        // What comes out is at most 1, but tanh would not be reached.
        let mut model = model(NETS[4], 1);
        assert!(model.update(|values| values.fill(1e38)));
        assert!(!model.surely_answers(10.0));
    }
}
