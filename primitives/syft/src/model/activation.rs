//! Layers that work on each value by itself.

use core::f32::consts::FRAC_1_SQRT_2;

/// `1 / sqrt(2 pi)`.
const NORMAL_DENSITY: f32 = 0.398_942_3;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Activation {
    Relu,
    Tanh,
    Sigmoid,
    Gelu,
}

impl Activation {
    /// `y` from as many `x`.
    pub(super) fn forward(self, x: &[f32], y: &mut [f32]) {
        match self {
            Activation::Relu => each(x, y, |x| if x < 0.0 { 0.0 } else { x }),
            Activation::Tanh => each(x, y, libm::tanhf),
            Activation::Sigmoid => each(x, y, sigmoid),
            Activation::Gelu => each(x, y, |x| (0.5 * x) * (1.0 + libm::erff(x * FRAC_1_SQRT_2))),
        }
    }

    /// The derivative by `x`, given that by `y`.
    pub(super) fn backward(self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
        match self {
            Activation::Relu => each_two(y, dy, dx, |y, dy| if y <= 0.0 { 0.0 } else { dy }),
            Activation::Tanh => each_two(y, dy, dx, |y, dy| dy * (1.0 - y * y)),
            Activation::Sigmoid => each_two(y, dy, dx, |y, dy| dy * (y * (1.0 - y))),
            Activation::Gelu => each_two(x, dy, dx, |x, dy| {
                let area = 0.5 * (1.0 + libm::erff(x * FRAC_1_SQRT_2));
                let density = libm::expf(-0.5 * (x * x)) * NORMAL_DENSITY;
                dy * (area + x * density)
            }),
        }
    }
}

/// `1 / (1 + exp(-x))`; 0 where `exp` overflows.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

fn each(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(x);
    }
}

fn each_two(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(f32, f32) -> f32) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}
