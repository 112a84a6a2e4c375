//! Cutting lengths and matrices into parts.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use std::ops::Range;

/// `0..length` in the fewest pieces of at most `most`, as equal as can be, that begin at multiples of `unit`; of no length
/// one empty piece. `most` is a multiple of `unit`.
pub(super) fn pieces(
    length: usize,
    unit: usize,
    most: usize,
) -> impl Iterator<Item = Range<usize>> {
    // Small products come here all the time: one piece needs no division.
    let (count, size, larger) = if length <= most {
        (1, length, 0)
    } else {
        let units = length.div_ceil(unit);
        let count = units.div_ceil(most / unit);
        (count, units / count * unit, units % count)
    };
    let start = move |piece: usize| (piece * size + piece.min(larger) * unit).min(length);
    (0..count).map(move |piece| start(piece)..start(piece + 1))
}

// These do what ndarray's `slice` does. That costs 10 to 20 ns each time, as much as the arithmetic of a small product;
// splitting is done in a few instructions.

/// Some values.
#[inline]
pub(super) fn values(view: ArrayView1<f32>, range: Range<usize>) -> ArrayView1<f32> {
    view.split_at(Axis(0), range.end)
        .0
        .split_at(Axis(0), range.start)
        .1
}

/// Some rows and columns.
#[inline]
pub(super) fn part(
    view: ArrayView2<f32>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> ArrayView2<f32> {
    let (view, _) = view.split_at(Axis(0), rows.end);
    let (_, view) = view.split_at(Axis(0), rows.start);
    let (view, _) = view.split_at(Axis(1), columns.end);
    view.split_at(Axis(1), columns.start).1
}

/// Some rows and columns, to write to.
#[inline]
pub(super) fn part_mut(
    view: ArrayViewMut2<f32>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> ArrayViewMut2<f32> {
    let (view, _) = view.split_at(Axis(0), rows.end);
    let (_, view) = view.split_at(Axis(0), rows.start);
    let (view, _) = view.split_at(Axis(1), columns.end);
    view.split_at(Axis(1), columns.start).1
}
