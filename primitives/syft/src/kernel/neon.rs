//! NEON: four lanes, 32 registers, in every 64-bit ARM processor.

use super::{tile, Start};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::arch::aarch64::*;

#[derive(Clone, Copy)]
struct F32x4(float32x4_t);

// SAFETY: only NEON instructions, which whoever runs [`multiply`] has promised.
unsafe impl tile::Vector for F32x4 {
    const LANES: usize = 4;
    const ROWS: usize = 8;
    const VECTORS: usize = 3;
    /// How many lanes count.
    type Mask = usize;

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(vdupq_n_f32(value))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(vld1q_f32(from))
    }
    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: usize) -> Self {
        if mask == 4 {
            return Self::load(from);
        }
        let mut values = [0.0; 4];
        values.as_mut_ptr().copy_from_nonoverlapping(from, mask);
        Self::load(values.as_ptr())
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        vst1q_f32(to, self.0);
    }
    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: usize) {
        let mut values = [0.0; 4];
        self.store(values.as_mut_ptr());
        to.copy_from_nonoverlapping(values.as_ptr(), mask);
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, acc: Self) -> Self {
        Self(vfmaq_f32(acc.0, self.0, b.0))
    }
}

/// See [`tile::multiply`].
#[target_feature(enable = "neon")]
pub(super) fn multiply(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    c: ArrayViewMut2<f32>,
) {
    // SAFETY: this function is compiled for processors with NEON.
    unsafe { tile::multiply::<F32x4>(a, b, start, c) }
}
