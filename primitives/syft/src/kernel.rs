//! The matrix product, with one defined order of operations.
//!
//! A product is computed with the fastest instructions that the processor has. The environment variable `SYFT_KERNEL`
//! chooses others: `portable`, `avx2`, `avx512` or `neon`. It is read once; what is unknown or not there on this
//! processor is ignored. All give the same bits: the variable is for whoever wants to see that, or to compare their speed.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod cut;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pack;
mod path;
mod portable;
#[cfg(test)]
mod tests;
mod tile;

pub use self::pack::Packed;

use self::blocks::Right;
use self::path::Path;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

/// The instructions that this process uses, by the names of `SYFT_KERNEL`.
pub fn name() -> &'static str {
    Path::chosen().name
}

/// Where the chains of a product start.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// All at +0.
    Zero,
    /// One value per column, the same in every row: the bias of a dense layer.
    Columns(ArrayView1<'a, f32>),
    /// One value per row, the same in every column: the bias of a convolution.
    Rows(ArrayView1<'a, f32>),
    /// At what the output holds.
    Output,
}

/// `a` (m x k) times `b` (k x n), plus `bias` (n) added to every row if given; see [`product_into`].
///
/// # Panics
///
/// If the shapes do not agree.
pub fn product(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    bias: Option<ArrayView1<f32>>,
) -> Array2<f32> {
    let mut out = Array2::zeros((a.nrows(), b.ncols()));
    product_into(
        a,
        b,
        bias.map_or(Start::Zero, Start::Columns),
        out.view_mut(),
    );
    out
}

/// Writes `a` (m x k) times `b` (k x n), on top of `start`, to `out` (m x n).
///
/// Each element is one chain of fused multiply-adds in the order of `k`, whatever the processor and the number of
/// threads:
///
/// ```text
/// acc = start
/// acc = fma(a[i][k], b[k][j], acc)   for k = 0, 1, ..., K-1
/// ```
///
/// A fused multiply-add rounds once (IEEE 754), so all processors agree on every bit of numbers and infinities, and on
/// what is not a number (whose payload is not defined). Matrices may have any memory layout, so the products that
/// backpropagation needs are those with `a.t()` and `b.t()`.
///
/// # Panics
///
/// If the shapes do not agree.
pub fn product_into(a: ArrayView2<f32>, b: ArrayView2<f32>, start: Start, out: ArrayViewMut2<f32>) {
    blocks::run(a, Right::Plain(b), start, out, Path::chosen());
}

/// As [`product_into`], with a right side that is laid out already.
///
/// # Panics
///
/// If the shapes do not agree.
pub fn product_packed(a: ArrayView2<f32>, b: &Packed, start: Start, out: ArrayViewMut2<f32>) {
    blocks::run(a, Right::Packed(b.panels()), start, out, b.path());
}
