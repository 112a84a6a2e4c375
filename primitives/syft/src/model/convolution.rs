//! Convolutions.
//!
//! A convolution of one image is a matrix product: the weight (channels x `K`, with `K` the values that one output sees)
//! times a panel (`K` x windows) whose column holds what one window sees. Panels are built some rows at a time, which
//! bounds their memory and keeps them in cache; as rows are taken in order, chains carry on from one part to the next.

use super::matrix::{matrix, matrix_mut};
use super::windows::Windows;
use crate::kernel::{product_into, Start};
use ndarray::{s, ArrayView1};
use std::ops::Range;

/// Values of a panel that are built at a time, unless a single row has more.
const PANEL: usize = 65_536;

/// A convolution's sizes. Its parameters are the weight `[channels, depth, kernel height, kernel width]`, then the bias
/// `[channels]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Convolution {
    pub(super) channels: usize,
    pub(super) windows: Windows,
}

impl Convolution {
    /// `y` (rows x channels x windows) from `x` (rows x depth x height x width).
    pub(super) fn forward(
        self,
        parameters: &[f32],
        x: &[f32],
        y: &mut [f32],
        panel: &mut Vec<f32>,
    ) {
        let (weight, bias) = parameters.split_at(self.channels * self.seen());
        let weight = matrix(weight, self.seen());
        let images = x.chunks_exact(self.inputs());
        for (x, y) in images.zip(y.chunks_exact_mut(self.outputs())) {
            for part in self.parts() {
                let start = match part.start {
                    0 => Start::Rows(ArrayView1::from(bias)),
                    _ => Start::Output,
                };
                let weight = weight.slice(s![.., part.clone()]);
                let panel = self.gather(x, part, panel);
                let y = matrix_mut(y, self.windows.count());
                product_into(weight, matrix(panel, self.windows.count()), start, y);
            }
        }
    }

    /// Adds the derivative by the parameters to `derivative`.
    pub(super) fn backward_parameters(
        self,
        x: &[f32],
        dy: &[f32],
        derivative: &mut [f32],
        panel: &mut Vec<f32>,
    ) {
        let (weight, bias) = derivative.split_at_mut(self.channels * self.seen());
        let mut weight = matrix_mut(weight, self.seen());
        let images = x.chunks_exact(self.inputs());
        for (x, dy) in images.zip(dy.chunks_exact(self.outputs())) {
            for (sum, dy) in bias.iter_mut().zip(dy.chunks_exact(self.windows.count())) {
                *sum = dy.iter().fold(*sum, |sum, &dy| sum + dy);
            }
            let dy = matrix(dy, self.windows.count());
            for part in self.parts() {
                let sums = weight.slice_mut(s![.., part.clone()]);
                let panel = self.gather(x, part, panel);
                let panel = matrix(panel, self.windows.count());
                product_into(dy, panel.t(), Start::Output, sums);
            }
        }
    }

    /// The derivative by the inputs.
    pub(super) fn backward_inputs(
        self,
        parameters: &[f32],
        dy: &[f32],
        dx: &mut [f32],
        panel: &mut Vec<f32>,
    ) {
        let weight = matrix(&parameters[..self.channels * self.seen()], self.seen());
        let images = dx.chunks_exact_mut(self.inputs());
        for (dx, dy) in images.zip(dy.chunks_exact(self.outputs())) {
            dx.fill(0.0);
            let dy = matrix(dy, self.windows.count());
            for part in self.parts() {
                let weight = weight.slice(s![.., part.clone()]);
                panel.resize(part.len() * self.windows.count(), 0.0);
                let sums = matrix_mut(panel, self.windows.count());
                product_into(weight.t(), dy, Start::Zero, sums);
                self.scatter(panel, part, dx);
            }
        }
    }

    /// Values of one input row.
    fn inputs(self) -> usize {
        self.windows.depth * self.windows.plane()
    }

    /// Values of one output row.
    fn outputs(self) -> usize {
        self.channels * self.windows.count()
    }

    /// Values that one output sees: rows of a panel.
    pub(super) fn seen(self) -> usize {
        self.windows.depth * self.windows.down.kernel * self.windows.right.kernel
    }

    /// The rows of a panel in parts that are small enough.
    fn parts(self) -> impl Iterator<Item = Range<usize>> {
        let (rows, step) = (self.seen(), (PANEL / self.windows.count()).max(1));
        (0..rows)
            .step_by(step)
            .map(move |start| start..rows.min(start + step))
    }

    /// Some rows of an image's panel.
    fn gather<'a>(self, x: &[f32], rows: Range<usize>, panel: &'a mut Vec<f32>) -> &'a [f32] {
        let Windows { down, right, .. } = self.windows;
        panel.resize(rows.len() * self.windows.count(), 0.0);
        for (row, out) in rows.zip(panel.chunks_exact_mut(self.windows.count())) {
            let (plane, a, b) = self.offsets(row);
            let inside = right.inside(b);
            for (i, out) in out.chunks_exact_mut(right.windows).enumerate() {
                let Some(line) = down.place(i, a).filter(|_| !inside.is_empty()) else {
                    out.fill(0.0);
                    continue;
                };
                let first =
                    plane + line * right.size + inside.start * right.stride + b - right.padding;
                out[..inside.start].fill(0.0);
                out[inside.end..].fill(0.0);
                let out = &mut out[inside.clone()];
                match right.stride {
                    1 => out.copy_from_slice(&x[first..first + out.len()]),
                    stride => {
                        let x = x[first..].iter().step_by(stride);
                        out.iter_mut().zip(x).for_each(|(out, &x)| *out = x);
                    }
                }
            }
        }
        panel
    }

    /// Adds some rows of a panel to the values of the image that they were gathered from.
    fn scatter(self, panel: &[f32], rows: Range<usize>, dx: &mut [f32]) {
        let Windows { down, right, .. } = self.windows;
        for (row, sums) in rows.zip(panel.chunks_exact(self.windows.count())) {
            let (plane, a, b) = self.offsets(row);
            let inside = right.inside(b);
            if inside.is_empty() {
                continue;
            }
            for (i, sums) in sums.chunks_exact(right.windows).enumerate() {
                let Some(line) = down.place(i, a) else {
                    continue;
                };
                let first =
                    plane + line * right.size + inside.start * right.stride + b - right.padding;
                let sums = &sums[inside.clone()];
                match right.stride {
                    1 => {
                        let dx = &mut dx[first..first + sums.len()];
                        dx.iter_mut().zip(sums).for_each(|(dx, &sum)| *dx += sum);
                    }
                    stride => {
                        let dx = dx[first..].iter_mut().step_by(stride);
                        dx.zip(sums).for_each(|(dx, &sum)| *dx += sum);
                    }
                }
            }
        }
    }

    /// Where the channel that a panel's row sees starts in the image, and the row's offsets in the window.
    fn offsets(self, row: usize) -> (usize, usize, usize) {
        let Windows { down, right, .. } = self.windows;
        let (channel, place) = (
            row / (down.kernel * right.kernel),
            row % (down.kernel * right.kernel),
        );
        (
            channel * self.windows.plane(),
            place / right.kernel,
            place % right.kernel,
        )
    }
}
