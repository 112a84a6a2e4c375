//! Dense layers.

use super::matrix::{matrix, matrix_mut};
use crate::kernel::{product_into, product_packed, Packed, Start};
use ndarray::ArrayView1;

/// A dense layer's sizes. Its parameters are the weight `[units, inputs]`, then the bias `[units]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Dense {
    pub(super) inputs: usize,
    pub(super) units: usize,
}

impl Dense {
    /// Makes the weight ready for many products, in the memory of an earlier one if there is any.
    pub(super) fn pack(self, parameters: &[f32], packed: &mut Option<Packed>) {
        let weight = &parameters[..self.units * self.inputs];
        let weight = matrix(weight, self.inputs).reversed_axes();
        match packed {
            Some(packed) => packed.pack(weight),
            None => *packed = Some(Packed::new(weight)),
        }
    }

    /// `y` (rows x units) from `x` (rows x inputs), with the weight packed if it has been.
    pub(super) fn forward(
        self,
        parameters: &[f32],
        packed: Option<&Packed>,
        x: &[f32],
        y: &mut [f32],
    ) {
        let (weight, bias) = parameters.split_at(self.units * self.inputs);
        let start = Start::Columns(ArrayView1::from(bias));
        let (x, y) = (matrix(x, self.inputs), matrix_mut(y, self.units));
        match packed {
            Some(weight) => product_packed(x, weight, start, y),
            None => product_into(x, matrix(weight, self.inputs).t(), start, y),
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
        let (weight, bias) = derivative.split_at_mut(self.units * self.inputs);
        product_into(
            matrix(dy, self.units).t(),
            matrix(x, self.inputs),
            start,
            matrix_mut(weight, self.inputs),
        );
        if let Start::Zero = start {
            bias.fill(0.0);
        }
        for dy in dy.chunks_exact(self.units) {
            for (sum, &dy) in bias.iter_mut().zip(dy) {
                *sum += dy;
            }
        }
    }

    /// The derivative by the inputs.
    pub(super) fn backward_inputs(self, parameters: &[f32], dy: &[f32], dx: &mut [f32]) {
        let weight = &parameters[..self.units * self.inputs];
        product_into(
            matrix(dy, self.units),
            matrix(weight, self.inputs),
            Start::Zero,
            matrix_mut(dx, self.inputs),
        );
    }
}
