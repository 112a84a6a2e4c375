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
        let planes = x.chunks_exact(self.windows.plane());
        for (x, y) in planes.zip(y.chunks_exact_mut(self.windows.count())) {
            for (y, start) in y.iter_mut().zip(self.starts()) {
                *y = match self.pool {
                    Pool::Max => x[self.greatest(x, start)],
                    Pool::Average => {
                        self.lines(start)
                            .fold(0.0, |sum, line| x[line].iter().fold(sum, |sum, &x| sum + x))
                            / self.size()
                    }
                };
            }
        }
    }

    /// The derivative by `x`.
    pub(super) fn backward(self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        dx.fill(0.0);
        let planes = x.chunks_exact(self.windows.plane());
        let derivatives = dx.chunks_exact_mut(self.windows.plane());
        let given = dy.chunks_exact(self.windows.count());
        for ((x, dx), dy) in planes.zip(derivatives).zip(given) {
            for (&dy, start) in dy.iter().zip(self.starts()) {
                match self.pool {
                    Pool::Max => dx[self.greatest(x, start)] += dy,
                    Pool::Average => {
                        let part = dy / self.size();
                        for line in self.lines(start) {
                            dx[line].iter_mut().for_each(|dx| *dx += part);
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

    /// Where each window starts in its plane, in row-major order.
    fn starts(self) -> impl Iterator<Item = usize> {
        let Windows { down, right, .. } = self.windows;
        (0..down.windows).flat_map(move |i| {
            (0..right.windows).map(move |j| i * down.stride * right.size + j * right.stride)
        })
    }

    /// Where the lines of a window lie in its plane.
    fn lines(self, start: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let Windows { down, right, .. } = self.windows;
        (0..down.kernel).map(move |line| {
            let start = start + line * right.size;
            start..start + right.kernel
        })
    }

    /// Where the greatest value of a window lies in its plane, the first of equal ones.
    fn greatest(self, x: &[f32], start: usize) -> usize {
        self.lines(start).flatten().fold(
            start,
            |best, place| if x[place] > x[best] { place } else { best },
        )
    }
}
