//! Pooling layers.

use super::windows::Windows;

/// What a pooling layer takes from a window.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Pool {
    /// The greatest value, the first of equal ones.
    Max,
    /// The mean.
    Average,
}

/// A pooling layer without padding.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Pooling {
    pub(super) pool: Pool,
    pub(super) windows: Windows,
}

impl Pooling {
    /// `y` (planes of windows) from `x` (planes of the image), of any number of rows.
    pub(super) fn forward(self, x: &[f32], y: &mut [f32]) {
        let windows = self.windows;
        let planes = x.chunks_exact(windows.plane());
        for (x, y) in planes.zip(y.chunks_exact_mut(windows.count())) {
            for (i, y) in y.chunks_exact_mut(windows.right.windows).enumerate() {
                let lines = &x[i * windows.down.stride * windows.right.size..];
                match self.pool {
                    // Without a value yet, any is greater.
                    Pool::Max => {
                        self.take(
                            lines,
                            y,
                            f32::NEG_INFINITY,
                            |y, x| if x > y { x } else { y },
                        );
                    }
                    Pool::Average => {
                        self.take(lines, y, 0.0, |y, x| y + x);
                        let size = self.size();
                        y.iter_mut().for_each(|y| *y /= size);
                    }
                }
            }
        }
    }

    /// For each of the windows that start in the first of these lines, takes its values in row-major order. All
    /// windows advance together.
    fn take(self, lines: &[f32], y: &mut [f32], start: f32, with: impl Fn(f32, f32) -> f32) {
        let Windows { down, right, .. } = self.windows;
        y.fill(start);
        for line in lines.chunks(right.size).take(down.kernel) {
            for b in 0..right.kernel {
                let x = line[b..].iter().step_by(right.stride);
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = with(*y, x));
            }
        }
    }

    /// The derivative by `x`.
    pub(super) fn backward(self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let Windows { down, right, .. } = self.windows;
        dx.fill(0.0);
        let planes = x.chunks_exact(self.windows.plane());
        let derivatives = dx.chunks_exact_mut(self.windows.plane());
        let given = dy.chunks_exact(self.windows.count());
        for ((x, dx), dy) in planes.zip(derivatives).zip(given) {
            for (i, dy) in dy.chunks_exact(right.windows).enumerate() {
                for (j, &dy) in dy.iter().enumerate() {
                    let start = i * down.stride * right.size + j * right.stride;
                    match self.pool {
                        Pool::Max => dx[self.greatest(x, start)] += dy,
                        Pool::Average => {
                            let part = dy / self.size();
                            for dx in dx[start..].chunks_mut(right.size).take(down.kernel) {
                                dx.iter_mut().take(right.kernel).for_each(|dx| *dx += part);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Values in a window.
    pub(super) fn size(self) -> f32 {
        (self.windows.down.kernel * self.windows.right.kernel) as f32
    }

    /// Where the greatest value of the window lies that starts here, the first of equal ones.
    fn greatest(self, x: &[f32], start: usize) -> usize {
        let Windows { down, right, .. } = self.windows;
        let (mut greatest, mut place) = (x[start], start);
        for (a, line) in x[start..].chunks(right.size).take(down.kernel).enumerate() {
            for (b, &x) in line.iter().take(right.kernel).enumerate() {
                // Two choices instead of a branch that nobody can foresee.
                let better = x > greatest;
                greatest = if better { x } else { greatest };
                place = if better {
                    start + a * right.size + b
                } else {
                    place
                };
            }
        }
        place
    }
}
