use super::*;
use crate::Random;
use ndarray::{array, Array1};

/// The definition, one element at a time.
fn reference(a: ArrayView2<f32>, b: ArrayView2<f32>, bias: Option<ArrayView1<f32>>) -> Array2<f32> {
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
        for path in Path::all() {
            let mut out = Array2::zeros(expected.dim());
            let start = bias.map_or(Start::Zero, Start::Columns);
            blocks::run(a, b, start, out.view_mut(), path);
            assert_same(&out, &expected);
        }
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
