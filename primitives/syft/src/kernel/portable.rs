//! Plain Rust, for every processor. Where fused multiply-adds are not in hardware it is over a hundred times slower than
//! the others, and still right.

use super::{tile, Start};
use ndarray::{ArrayView2, ArrayViewMut2};

#[derive(Clone, Copy)]
struct Four([f32; 4]);

// SAFETY: no instructions that a processor could lack.
unsafe impl tile::Vector for Four {
    const LANES: usize = 4;
    const ROWS: usize = 4;
    const VECTORS: usize = 2;
    /// How many lanes count.
    type Mask = usize;

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(from.cast::<[f32; 4]>().read())
    }
    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: usize) -> Self {
        let mut values = [0.0; 4];
        values.as_mut_ptr().copy_from_nonoverlapping(from, mask);
        Self(values)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        to.cast::<[f32; 4]>().write(self.0);
    }
    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: usize) {
        to.copy_from_nonoverlapping(self.0.as_ptr(), mask);
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, acc: Self) -> Self {
        let mut out = acc.0;
        for (out, (a, b)) in out.iter_mut().zip(self.0.into_iter().zip(b.0)) {
            *out = a.mul_add(b, *out);
        }
        Self(out)
    }
}

/// See [`tile::multiply`].
pub(super) fn multiply(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    c: ArrayViewMut2<f32>,
) {
    // SAFETY: every processor runs this.
    unsafe { tile::multiply::<Four>(a, b, start, c) }
}
