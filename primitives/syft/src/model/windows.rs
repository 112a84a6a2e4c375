//! Windows that move over an image.

use std::ops::Range;

/// One side of an image and the windows along it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Axis {
    /// Values of the image.
    pub(super) size: usize,
    /// Values that a window sees.
    pub(super) kernel: usize,
    /// From one window to the next.
    pub(super) stride: usize,
    /// Zeros before and after the image.
    pub(super) padding: usize,
    /// Windows.
    pub(super) windows: usize,
}

impl Axis {
    /// The windows whose value `offset` lies in the image.
    pub(super) fn inside(self, offset: usize) -> Range<usize> {
        // Those that start at or behind `n`.
        let from = |n: usize| match self.stride {
            // Without a division, which takes long.
            1 => n.saturating_sub(offset),
            stride => n.saturating_sub(offset).div_ceil(stride),
        };
        let end = from(self.padding + self.size).min(self.windows);
        from(self.padding).min(end)..end
    }
}

/// An image of some channels and the windows over each.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Windows {
    pub(super) depth: usize,
    pub(super) down: Axis,
    pub(super) right: Axis,
}

impl Windows {
    /// Windows over the image `[depth, height, width]`, of which there are as many as the output's shape says.
    pub(super) fn new(
        image: &[u32],
        output: &[u32],
        kernel: [u32; 2],
        stride: [u32; 2],
        padding: [u32; 2],
    ) -> Self {
        // Both have three dimensions, or the architecture would have no plan.
        let axis = |axis: usize| Axis {
            size: image[axis + 1] as usize,
            kernel: kernel[axis] as usize,
            stride: stride[axis] as usize,
            padding: padding[axis] as usize,
            windows: output[axis + 1] as usize,
        };
        Self {
            depth: image[0] as usize,
            down: axis(0),
            right: axis(1),
        }
    }

    /// Whether a window may see padding.
    pub(super) fn padded(self) -> bool {
        self.down.padding > 0 || self.right.padding > 0
    }

    /// Values in one channel of the image.
    pub(super) fn plane(self) -> usize {
        self.down.size * self.right.size
    }

    /// Windows over one channel.
    pub(super) fn count(self) -> usize {
        self.down.windows * self.right.windows
    }
}
