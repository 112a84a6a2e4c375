//! AVX2 and FMA: eight lanes.

use super::{tile, Start};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
struct F32x8(__m256);

// SAFETY: only AVX2 and FMA instructions, which whoever runs [`multiply`] has promised.
unsafe impl tile::Vector for F32x8 {
    const LANES: usize = 8;
    const ROWS: usize = 6;
    const VECTORS: usize = 2;
    /// All bits of the lanes that count.
    type Mask = __m256i;

    #[inline(always)]
    unsafe fn mask(count: usize) -> __m256i {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(_mm256_set1_ps(value))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(_mm256_loadu_ps(from))
    }
    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __m256i) -> Self {
        Self(_mm256_maskload_ps(from, mask))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        _mm256_storeu_ps(to, self.0);
    }
    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __m256i) {
        _mm256_maskstore_ps(to, mask, self.0);
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, acc: Self) -> Self {
        Self(_mm256_fmadd_ps(self.0, b.0, acc.0))
    }
}

/// See [`tile::multiply`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn multiply(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    c: ArrayViewMut2<f32>,
) {
    // SAFETY: this function is compiled for processors with AVX2 and FMA.
    unsafe { tile::multiply::<F32x8>(a, b, start, c) }
}
