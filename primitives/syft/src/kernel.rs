//! The matrix product, with one defined order of operations.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

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
    run(a, b, start, out, fastest_path());
}

/// Multiplies row-major `a` by row-major `b` (rows of `n`) onto `out`, which holds the start of every chain.
type Path = fn(a: &[f32], b: &[f32], out: &mut [f32], n: usize);

/// The fastest way that this processor has; all give the same bits.
fn fastest_path() -> Path {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        return |a, b, out, n| {
            // SAFETY: the processor has both features, as has just been checked.
            unsafe { with_avx2(a, b, out, n) }
        };
    }
    chains
}

/// [`chains`], compiled for AVX2 and fused multiply-adds in hardware.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2(a: &[f32], b: &[f32], out: &mut [f32], n: usize) {
    chains(a, b, out, n);
}

/// The definition. Chains of one row advance together, one `k` at a time, so that the compiler can put neighbouring
/// ones into one vector; no chain's own order changes.
#[inline(always)]
fn chains(a: &[f32], b: &[f32], out: &mut [f32], n: usize) {
    let k = b.len() / n;
    for (a_row, out_row) in a.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
        for (&a, b_row) in a_row.iter().zip(b.chunks_exact(n)) {
            for (acc, &b) in out_row.iter_mut().zip(b_row) {
                *acc = a.mul_add(b, *acc);
            }
        }
    }
}

fn run(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    mut out: ArrayViewMut2<f32>,
    path: Path,
) {
    let (k, n) = b.dim();
    assert_eq!(a.dim(), (out.nrows(), k), "shapes of a, b and the output");
    assert_eq!(out.ncols(), n, "columns of b and the output");
    match start {
        Start::Zero => out.fill(0.0),
        Start::Columns(bias) => out
            .rows_mut()
            .into_iter()
            .for_each(|mut row| row.assign(&bias)),
        Start::Rows(bias) => out
            .columns_mut()
            .into_iter()
            .for_each(|mut column| column.assign(&bias)),
        Start::Output => {}
    }
    // Without a product the chains are their starts.
    if k > 0 && n > 0 {
        let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
        let mut chains = out.as_standard_layout().into_owned();
        match (a.as_slice(), b.as_slice(), chains.as_slice_mut()) {
            (Some(a), Some(b), Some(chains)) => path(a, b, chains, n),
            _ => unreachable!("arrays in standard layout are slices"),
        }
        out.assign(&chains);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;
    use ndarray::{array, Array1};

    /// The definition, one element at a time.
    fn reference(
        a: ArrayView2<f32>,
        b: ArrayView2<f32>,
        bias: Option<ArrayView1<f32>>,
    ) -> Array2<f32> {
        Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
            let start = bias.map_or(0.0, |bias| bias[j]);
            (0..a.ncols()).fold(start, |acc, k| a[[i, k]].mul_add(b[[k, j]], acc))
        })
    }

    /// Equal bits; any two values that are not numbers are equal.
    fn assert_same(left: &Array2<f32>, right: &Array2<f32>) {
        assert_eq!(left.dim(), right.dim());
        for (l, r) in left.iter().zip(right) {
            assert!(
                l.to_bits() == r.to_bits() || l.is_nan() && r.is_nan(),
                "{l:e} is not {r:e}"
            );
        }
    }

    fn all_paths_agree(a: ArrayView2<f32>, b: ArrayView2<f32>, bias: ArrayView1<f32>) {
        for bias in [None, Some(bias)] {
            let expected = reference(a, b, bias);
            assert_same(&product(a, b, bias), &expected);
            let mut out = Array2::zeros(expected.dim());
            let start = bias.map_or(Start::Zero, Start::Columns);
            run(a, b, start, out.view_mut(), chains);
            assert_same(&out, &expected);
        }
    }

    #[test]
    fn paths_agree_on_odd_sizes_and_layouts() {
        let mut random = Random::new(1, 0);
        for (m, k, n) in [
            (1, 1, 1),
            (3, 5, 7),
            (2, 64, 33),
            (17, 31, 9),
            (8, 8, 8),
            (1, 100, 10),
            (65, 3, 1),
            (2, 2, 70),
        ] {
            let a = Array2::from_shape_simple_fn((m, k), || random.normal());
            let b = Array2::from_shape_simple_fn((k, n), || random.normal());
            let bias = Array1::from_shape_simple_fn(n, || random.normal());
            all_paths_agree(a.view(), b.view(), bias.view());
            // The same numbers, lying transposed in memory.
            let (a_t, b_t) = (
                a.t().as_standard_layout().to_owned(),
                b.t().as_standard_layout().to_owned(),
            );
            assert_same(
                &product(a_t.t(), b_t.t(), None),
                &product(a.view(), b.view(), None),
            );
        }
    }

    #[test]
    fn paths_agree_on_extreme_values() {
        const VALUES: [f32; 12] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-40,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        let mut random = Random::new(2, 0);
        for values in [&VALUES[..9], &VALUES] {
            let mut pick = || values[random.below(values.len() as u32) as usize];
            for _ in 0..200 {
                let a = Array2::from_shape_simple_fn((3, 4), &mut pick);
                let b = Array2::from_shape_simple_fn((4, 19), &mut pick);
                let bias = Array1::from_shape_simple_fn(19, &mut pick);
                all_paths_agree(a.view(), b.view(), bias.view());
            }
        }
    }

    #[test]
    fn rounds_once_and_in_order() {
        // 1 + 2^-24 is a tie and stays 1 when rounded after each step; the fused product keeps the small part.
        let small = 2f32.powi(-12);
        let a = array![[1.0f32 + small, 1.0]];
        let b = array![[1.0f32 + small], [-1.0]];
        // (1 + s)^2 = 1 + 2s + s^2; s^2 = 2^-24 is lost by rounding to 1 + 2s, as the chain starts with it.
        assert_eq!(product(a.view(), b.view(), None), array![[2.0 * small]]);
        // The other way round, -1 first, nothing is lost.
        let a = array![[1.0f32, 1.0 + small]];
        let b = array![[-1.0f32], [1.0 + small]];
        assert_eq!(
            product(a.view(), b.view(), None),
            array![[2.0 * small + small * small]]
        );
    }

    #[test]
    fn zeros_keep_their_sign_as_the_chain_says() {
        let bits = |bias: f32, a: f32, b: f32| {
            product(
                array![[a]].view(),
                array![[b]].view(),
                Some(array![bias].view()),
            )[[0, 0]]
            .to_bits()
        };
        assert_eq!(bits(-0.0, -1.0, 0.0), (-0.0f32).to_bits());
        assert_eq!(bits(0.0, -1.0, 0.0), 0.0f32.to_bits());
    }

    #[test]
    fn empty_products_are_the_bias() {
        let bias = array![1.0f32, 2.0];
        let a = Array2::zeros((3, 0));
        let b = Array2::zeros((0, 2));
        assert_eq!(product(a.view(), b.view(), Some(bias.view())).sum(), 9.0);
        assert_eq!(
            product(b.view(), Array2::zeros((2, 0)).view(), None).dim(),
            (0, 0)
        );
    }
}
