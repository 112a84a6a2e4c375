//! Slices as matrices.

use ndarray::{ArrayView2, ArrayViewMut2};

/// Row-major values as a matrix of this many columns.
pub(super) fn matrix(values: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    match ArrayView2::from_shape((values.len() / columns, columns), values) {
        Ok(matrix) => matrix,
        Err(_) => unreachable!("a matrix is as large as its values"),
    }
}

/// As [`matrix`], to write to.
pub(super) fn matrix_mut(values: &mut [f32], columns: usize) -> ArrayViewMut2<'_, f32> {
    match ArrayViewMut2::from_shape((values.len() / columns, columns), values) {
        Ok(matrix) => matrix,
        Err(_) => unreachable!("a matrix is as large as its values"),
    }
}
