//! Convolutions.
//!
//! A convolution of one image is a matrix product: the weight (channels x `K`, with `K` the values that one output sees)
//! times a panel (`K` x windows) whose column holds what one window sees. Panels are built some rows at a time, which
//! bounds their memory and keeps them in cache; as rows are taken in order, chains carry on from one part to the next.

use super::matrix::{matrix, matrix_mut};
use super::windows::Windows;
use crate::kernel::{product_into, Start};
use ndarray::{s, ArrayView1, ArrayView2};
use std::iter;
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

    /// The derivative by the parameters, on top of `start`: nothing or what `derivative` holds.
    pub(super) fn backward_parameters(
        self,
        x: &[f32],
        dy: &[f32],
        mut start: Start,
        derivative: &mut [f32],
        panel: &mut Vec<f32>,
    ) {
        let (weight, bias) = derivative.split_at_mut(self.channels * self.seen());
        let mut weight = matrix_mut(weight, self.seen());
        let ones = ArrayView2::from(&[[1.0]]);
        let Some(ones) = ones.broadcast((self.windows.count(), 1)) else {
            unreachable!("one value becomes as many as are wanted");
        };
        let images = x.chunks_exact(self.inputs());
        for (x, dy) in images.zip(dy.chunks_exact(self.outputs())) {
            let dy = matrix(dy, self.windows.count());
            // A fused multiply-add by 1 is an addition, and these run many sums side by side.
            product_into(dy, ones, start, matrix_mut(bias, 1));
            for part in self.parts() {
                let sums = weight.slice_mut(s![.., part.clone()]);
                let panel = self.gather(x, part, panel);
                let panel = matrix(panel, self.windows.count());
                product_into(dy, panel.t(), start, sums);
            }
            start = Start::Output;
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
        let stride = self.windows.right.stride;
        panel.resize(rows.len() * self.windows.count(), 0.0);
        for (place, out) in self
            .places(rows)
            .zip(panel.chunks_exact_mut(self.windows.count()))
        {
            if self.windows.padded() {
                out.fill(0.0);
            }
            for Line {
                window,
                image,
                count,
            } in self.lines(place)
            {
                let out = &mut out[window..window + count];
                match stride {
                    1 => out.copy_from_slice(&x[image..image + count]),
                    _ => {
                        let x = x[image..].iter().step_by(stride);
                        out.iter_mut().zip(x).for_each(|(out, &x)| *out = x);
                    }
                }
            }
        }
        panel
    }

    /// Adds some rows of a panel to the values of the image that they were gathered from.
    fn scatter(self, panel: &[f32], rows: Range<usize>, dx: &mut [f32]) {
        let stride = self.windows.right.stride;
        for (place, sums) in self
            .places(rows)
            .zip(panel.chunks_exact(self.windows.count()))
        {
            for Line {
                window,
                image,
                count,
            } in self.lines(place)
            {
                let sums = &sums[window..window + count];
                match stride {
                    1 => {
                        let dx = &mut dx[image..image + count];
                        dx.iter_mut().zip(sums).for_each(|(dx, &sum)| *dx += sum);
                    }
                    _ => {
                        let dx = dx[image..].iter_mut().step_by(stride);
                        dx.zip(sums).for_each(|(dx, &sum)| *dx += sum);
                    }
                }
            }
        }
    }

    /// For each of these rows of a panel, the channel of the image that it sees and its place in the windows, down and
    /// to the right.
    fn places(self, rows: Range<usize>) -> impl Iterator<Item = [usize; 3]> {
        let Windows { down, right, .. } = self.windows;
        let size = down.kernel * right.kernel;
        let (channel, place) = (rows.start / size, rows.start % size);
        let first = [channel, place / right.kernel, place % right.kernel];
        // Counts on, as divisions take long.
        let next = move |&[channel, a, b]: &[usize; 3]| {
            Some(match (a + 1 == down.kernel, b + 1 == right.kernel) {
                (_, false) => [channel, a, b + 1],
                (false, true) => [channel, a + 1, 0],
                (true, true) => [channel + 1, 0, 0],
            })
        };
        iter::successors(Some(first), next).take(rows.len())
    }

    /// The lines of a panel's row that lie in the image.
    fn lines(self, [channel, a, b]: [usize; 3]) -> impl Iterator<Item = Line> {
        let Windows { down, right, .. } = self.windows;
        let inside = right.inside(b);
        // Without any column there is no line.
        let lines = match inside.is_empty() {
            true => 0..0,
            false => down.inside(a),
        };
        let plane = channel * self.windows.plane();
        let left = inside.start * right.stride + b;
        lines.map(move |i| Line {
            window: i * right.windows + inside.start,
            image: plane + (i * down.stride + a - down.padding) * right.size + left - right.padding,
            count: inside.len(),
        })
    }
}

/// A run of windows along a line of the image, all of which see a value there.
struct Line {
    /// The first window.
    window: usize,
    /// Where its value lies in the image; those of the next windows follow at the stride.
    image: usize,
    /// Windows.
    count: usize,
}
