//! Matrix products in binary32.

use crate::clock::best;
use crate::data::random;
use crate::figure::{Bench, Contender, Figure, Goal, Unit};
use gemm::Parallelism;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde_json::json;
use std::hint::black_box;
use syft::kernel::{product_into, Start};

/// What every product has to reach, against the fastest of the others.
const GOAL: Goal = Goal::OfBest(0.9);

pub fn run(bench: &mut Bench) {
    for (m, k, n) in [
        (256, 256, 256),
        (512, 512, 512),
        (1024, 1024, 1024),
        (64, 784, 128),
    ] {
        figure(bench, (m, k, n), false);
    }
    // As a dense layer has it: weights of shape [units, inputs].
    figure(bench, (64, 784, 128), true);
    two_threads(bench);
}

/// `a` (m x k) times `b` (k x n), the latter lying transposed in memory or not.
fn figure(bench: &mut Bench, (m, k, n): (usize, usize, usize), transposed: bool) {
    let name = match transposed {
        true => format!("product {m}x{k}x{n}, x W^T"),
        false => format!("product {m}x{k}x{n}"),
    };
    let (a, b, mut out) = matrices(m, k, n, transposed);
    let b = if transposed { b.t() } else { b.view() };
    let question = json!({"figure": "product", "m": m, "k": k, "n": n, "transposed": transposed});
    let unit = Unit::gflops(m * k * n);
    let figure = Figure::new(&name, unit, GOAL).ask(question);
    bench.figure(figure, &mut |who, seconds| {
        let out = &mut out;
        Some(match who {
            Contender::Syft => best(seconds, || {
                product_into(a.view(), b, Start::Zero, out.view_mut());
                black_box(&out);
            }),
            Contender::Gemm => best(seconds, || {
                with_gemm(a.view(), b, out.view_mut());
                black_box(&out);
            }),
            Contender::MatrixMultiply => best(seconds, || {
                with_matrixmultiply(a.view(), b, out.view_mut());
                black_box(&out);
            }),
        })
    });
}

fn two_threads(bench: &mut Bench) {
    const N: usize = 1024;
    let (a, b, out) = matrices(N, N, N, false);
    bench.two_threads("product 1024x1024x1024", Goal::Times(1.8), |seconds| {
        let mut out = out.clone();
        best(seconds, || {
            product_into(a.view(), b.view(), Start::Zero, out.view_mut());
            black_box(&out);
        })
    });
}

/// Random `a` and `b` (or its transpose), and room for the product.
fn matrices(
    m: usize,
    k: usize,
    n: usize,
    transposed: bool,
) -> (Array2<f32>, Array2<f32>, Array2<f32>) {
    let b = if transposed { (n, k) } else { (k, n) };
    (random((m, k)), random(b), Array2::zeros((m, n)))
}

/// The product by the `gemm` crate, on one thread.
pub fn with_gemm(a: ArrayView2<f32>, b: ArrayView2<f32>, mut out: ArrayViewMut2<f32>) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), out.dim()), (k, (m, n)));
    let (a_strides, b_strides) = (a.strides(), b.strides());
    let out_strides = [out.strides()[0], out.strides()[1]];
    // SAFETY: the pointers are those of views with these dimensions and strides.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            out_strides[1],
            out_strides[0],
            false,
            a.as_ptr(),
            a_strides[1],
            a_strides[0],
            b.as_ptr(),
            b_strides[1],
            b_strides[0],
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The product by the `matrixmultiply` crate.
fn with_matrixmultiply(a: ArrayView2<f32>, b: ArrayView2<f32>, mut out: ArrayViewMut2<f32>) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), out.dim()), (k, (m, n)));
    let (a_strides, b_strides) = (a.strides(), b.strides());
    let out_strides = [out.strides()[0], out.strides()[1]];
    // SAFETY: the pointers are those of views with these dimensions and strides.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.as_ptr(),
            a_strides[0],
            a_strides[1],
            b.as_ptr(),
            b_strides[0],
            b_strides[1],
            0.0,
            out.as_mut_ptr(),
            out_strides[0],
            out_strides[1],
        );
    }
}
