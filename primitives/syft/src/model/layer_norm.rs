//! Layer normalisation over all values of a row.

use crate::kernel::Start;

const EPSILON: f32 = 1e-5;

/// A layer norm's size. Its parameters are the weight, then the bias, of as many values as a row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct LayerNorm {
    pub(super) values: usize,
}

impl LayerNorm {
    /// `y` (rows x values) from `x` (rows x values).
    pub(super) fn forward(self, parameters: &[f32], x: &[f32], y: &mut [f32]) {
        let (weight, bias) = parameters.split_at(self.values);
        let rows = x.chunks_exact(self.values);
        for (x, y) in rows.zip(y.chunks_exact_mut(self.values)) {
            let (mean, scale) = mean_and_scale(x);
            for (((y, &x), &weight), &bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                *y = ((x - mean) * scale) * weight + bias;
            }
        }
    }

    /// The derivative by the parameters, on top of `start`: nothing or what `derivative` holds.
    pub(super) fn backward_parameters(
        self,
        x: &[f32],
        dy: &[f32],
        start: Start,
        derivative: &mut [f32],
    ) {
        if let Start::Zero = start {
            derivative.fill(0.0);
        }
        let (weight, bias) = derivative.split_at_mut(self.values);
        let rows = x.chunks_exact(self.values);
        for (x, dy) in rows.zip(dy.chunks_exact(self.values)) {
            let (mean, scale) = mean_and_scale(x);
            for (((&x, &dy), weight), bias) in x.iter().zip(dy).zip(&mut *weight).zip(&mut *bias) {
                *weight += dy * ((x - mean) * scale);
                *bias += dy;
            }
        }
    }

    /// The derivative by the inputs.
    pub(super) fn backward_inputs(self, parameters: &[f32], x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let weight = &parameters[..self.values];
        let count = self.values as f32;
        let rows = x.chunks_exact(self.values);
        let given = dy.chunks_exact(self.values);
        for ((x, dy), dx) in rows.zip(given).zip(dx.chunks_exact_mut(self.values)) {
            let (mean, scale) = mean_and_scale(x);
            let (mut sum, mut slope) = (0.0, 0.0);
            for ((&x, &dy), &weight) in x.iter().zip(dy).zip(weight) {
                let normal = dy * weight;
                sum += normal;
                slope += normal * ((x - mean) * scale);
            }
            let (sum, slope) = (sum / count, slope / count);
            for (((dx, &x), &dy), &weight) in dx.iter_mut().zip(x).zip(dy).zip(weight) {
                *dx = (dy * weight - (sum + ((x - mean) * scale) * slope)) * scale;
            }
        }
    }
}

/// The mean of a row, and one over its standard deviation.
fn mean_and_scale(x: &[f32]) -> (f32, f32) {
    let count = x.len() as f32;
    let mean = x.iter().fold(0.0, |sum, &x| sum + x) / count;
    let squares = x.iter().fold(0.0, |sum, &x| sum + (x - mean) * (x - mean));
    (mean, 1.0 / (squares / count + EPSILON).sqrt())
}
