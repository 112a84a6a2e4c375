//! AVX-512F: sixteen lanes, a mask per register.

use super::{pack, tile, Start};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
struct F32x16(__m512);

// SAFETY: only AVX-512F instructions, which whoever runs [`multiply`] has promised.
unsafe impl tile::Vector for F32x16 {
    const LANES: usize = 16;
    const ROWS: usize = 8;
    const VECTORS: usize = 3;
    type Mask = __mmask16;

    #[inline(always)]
    unsafe fn mask(count: usize) -> __mmask16 {
        u16::MAX >> (16 - count)
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(_mm512_set1_ps(value))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(_mm512_loadu_ps(from))
    }
    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __mmask16) -> Self {
        Self(_mm512_maskz_loadu_ps(mask, from))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        _mm512_storeu_ps(to, self.0);
    }
    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __mmask16) {
        _mm512_mask_storeu_ps(to, mask, self.0);
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, acc: Self) -> Self {
        Self(_mm512_fmadd_ps(self.0, b.0, acc.0))
    }
}

/// See [`tile::multiply`].
#[target_feature(enable = "avx512f")]
pub(super) fn multiply(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    c: ArrayViewMut2<f32>,
) {
    // SAFETY: this function is compiled for processors with AVX-512F.
    unsafe { tile::multiply::<F32x16>(a, b, start, c) }
}

/// [`pack::rows`]; if the columns of `b` are contiguous, blocks of 16 x 16 are transposed in registers.
#[target_feature(enable = "avx512f")]
pub(super) fn pack(b: ArrayView2<f32>, to: &mut [f32], stride: usize) {
    let (k, n) = b.dim();
    if k < 2 || b.strides()[0] != 1 {
        return pack::rows(b, to, stride);
    }
    assert!(n <= stride && stride.is_multiple_of(16) && k * stride <= to.len());
    let (from, column, to) = (b.as_ptr(), b.strides()[1], to.as_mut_ptr());
    for i in (0..k).step_by(16) {
        for j in (0..n).step_by(16) {
            let (rows, columns) = (k - i, n - j);
            let mask = u16::MAX >> 16usize.saturating_sub(rows);
            let mut block = [_mm512_setzero_ps(); 16];
            for (lane, values) in block.iter_mut().enumerate() {
                let mask = if lane < columns { mask } else { 0 };
                let at = from.wrapping_offset((j + lane) as isize * column + i as isize);
                // SAFETY: the masks leave out what lies beyond the last row and the last column.
                *values = unsafe { _mm512_maskz_loadu_ps(mask, at) };
            }
            for (row, values) in transpose(block).into_iter().enumerate() {
                if row < rows {
                    // SAFETY: row `i + row` is one of k, and `j` is at least 16 below the stride.
                    unsafe { _mm512_storeu_ps(to.add((i + row) * stride + j), values) };
                }
            }
        }
    }
}

/// A matrix of 16 rows, transposed: first within groups of four lanes, then the groups.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: [__m512; 16]) -> [__m512; 16] {
    let mut quads = rows;
    for (to, from) in quads.chunks_exact_mut(4).zip(rows.chunks_exact(4)) {
        let low = _mm512_unpacklo_ps(from[0], from[1]);
        let high = _mm512_unpackhi_ps(from[0], from[1]);
        let low_2 = _mm512_unpacklo_ps(from[2], from[3]);
        let high_2 = _mm512_unpackhi_ps(from[2], from[3]);
        to[0] = _mm512_shuffle_ps::<0b01_00_01_00>(low, low_2);
        to[1] = _mm512_shuffle_ps::<0b11_10_11_10>(low, low_2);
        to[2] = _mm512_shuffle_ps::<0b01_00_01_00>(high, high_2);
        to[3] = _mm512_shuffle_ps::<0b11_10_11_10>(high, high_2);
    }
    let mut out = rows;
    for i in 0..4 {
        let [a, b, c, d] = [quads[i], quads[4 + i], quads[8 + i], quads[12 + i]];
        let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
        let odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
        let even_2 = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
        let odd_2 = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
        out[i] = _mm512_shuffle_f32x4::<0b10_00_10_00>(even, even_2);
        out[4 + i] = _mm512_shuffle_f32x4::<0b10_00_10_00>(odd, odd_2);
        out[8 + i] = _mm512_shuffle_f32x4::<0b11_01_11_01>(even, even_2);
        out[12 + i] = _mm512_shuffle_f32x4::<0b11_01_11_01>(odd, odd_2);
    }
    out
}
