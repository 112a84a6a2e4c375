//! Products of any size and layout from kernels for one panel: what is read again and again stays in a cache.

use super::pack::{Aligned, PackedPanels, Panels};
use super::path::Path;
use super::Start;
use ndarray::{s, Array2, ArrayView2, ArrayViewMut2};
use std::cell::RefCell;
use std::ops::Range;

// Measured on a core with 48 KiB of first-level and 1 MiB of second-level cache.

/// Rows of `b` in a block: long enough that loading and storing the output between blocks does not count.
const BLOCK_K: usize = 512;
/// Rows of `a` in a block, so that it (256 KiB) stays in the second-level cache while all panels pass it.
const BLOCK_ROWS: usize = 128;
/// Columns of `b` that are packed at a time (2 MiB with all rows of a block), for the third-level cache.
const BLOCK_COLUMNS: usize = 1024;
/// Numbers (1 MiB) up to which `b` is read where it lies if its rows are contiguous: packing would cost more than it saves.
const IN_PLACE: usize = 256 * 1024;

thread_local! {
    /// Where panels are packed, used again by every product on a thread: at most BLOCK_K x BLOCK_COLUMNS numbers.
    static MEMORY: RefCell<Aligned> = RefCell::default();
}

/// See [`product_into`](super::product_into).
pub(super) fn run(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    mut out: ArrayViewMut2<f32>,
    path: Path,
) {
    let (k, n) = b.dim();
    assert_eq!(a.dim(), (out.nrows(), k), "shapes of a, b and the output");
    assert_eq!(out.ncols(), n, "columns of b and the output");
    if out.is_empty() {
        return;
    }
    let start = match start {
        Start::Columns(bias) if n > 1 && bias.strides()[0] != 1 => {
            out.rows_mut()
                .into_iter()
                .for_each(|mut row| row.assign(&bias));
            Start::Output
        }
        other => other,
    };
    if n <= 1 || out.strides()[1] == 1 {
        serial(a, b, start, out, path);
    } else if out.nrows() <= 1 || out.strides()[0] == 1 {
        // The transposed product has the same chains.
        let start = match start {
            Start::Rows(bias) => Start::Columns(bias),
            Start::Columns(bias) => Start::Rows(bias),
            other => other,
        };
        run(
            b.reversed_axes(),
            a.reversed_axes(),
            start,
            out.reversed_axes(),
            path,
        );
    } else {
        let mut copy = Array2::from_shape_fn(out.dim(), |at| out[at]);
        run(a, b, start, copy.view_mut(), path);
        out.assign(&copy);
    }
}

fn serial(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    mut out: ArrayViewMut2<f32>,
    path: Path,
) {
    let (k, n) = b.dim();
    let panels = Panels::new(n, path);
    let contiguous = n <= 1 || b.strides()[1] == 1;
    if contiguous && k * n <= IN_PLACE {
        let panel = |panel: usize| b.slice_move(s![.., panels.columns(panel)]);
        return block(a, panel, panels, 0..panels.count(), start, out, path);
    }
    MEMORY.with_borrow_mut(|memory| {
        for group in chunks(panels.count(), BLOCK_COLUMNS / path.columns) {
            let columns = panels.start(group.start)..panels.start(group.end);
            for rows in chunks(k, BLOCK_K) {
                let start = match (start, rows.start) {
                    (Start::Columns(bias), 0) => {
                        Start::Columns(bias.slice_move(s![columns.clone()]))
                    }
                    (other, 0) => other,
                    _ => Start::Output,
                };
                let packed = PackedPanels::pack(
                    b.slice(s![rows.clone(), ..]),
                    panels,
                    group.clone(),
                    path,
                    memory,
                );
                block(
                    a.slice(s![.., rows.clone()]),
                    |panel| packed.panel(0..rows.len(), panel),
                    panels,
                    group.clone(),
                    start,
                    out.slice_mut(s![.., columns.clone()]),
                    path,
                );
            }
        }
    });
}

/// `out` has the columns of some panels, and so has a start for columns.
#[allow(clippy::too_many_arguments)]
fn block<'b>(
    a: ArrayView2<f32>,
    panel: impl Fn(usize) -> ArrayView2<'b, f32>,
    panels: Panels,
    which: Range<usize>,
    start: Start,
    mut out: ArrayViewMut2<f32>,
    path: Path,
) {
    let first = panels.start(which.start);
    for rows in chunks(a.nrows(), BLOCK_ROWS) {
        for p in which.clone() {
            let columns = panels.columns(p);
            let columns = columns.start - first..columns.end - first;
            let start = match start {
                Start::Columns(bias) => Start::Columns(bias.slice_move(s![columns.clone()])),
                Start::Rows(bias) => Start::Rows(bias.slice_move(s![rows.clone()])),
                other => other,
            };
            (path.multiply)(
                a.slice(s![rows.clone(), ..]),
                panel(p),
                start,
                out.slice_mut(s![rows.clone(), columns]),
            );
        }
    }
}

/// `0..length` in pieces of `size`, or one empty piece.
fn chunks(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length.max(1))
        .step_by(size)
        .map(move |at| at..(at + size).min(length))
}
