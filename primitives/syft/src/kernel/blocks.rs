//! Products of any size and layout from kernels for one panel of columns: what is read again and again stays in a cache,
//! and threads share what is large.

use super::cut::{part, part_mut, pieces, values};
use super::pack::{Aligned, Panels};
use super::path::Path;
use super::Start;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use std::cell::RefCell;
use std::ops::Range;

// All sizes were measured on a core with 48 KiB of first-level and 1 MiB of second-level cache; none of them changes a
// bit of a result.

/// Links of the chains that are computed at a time, so many that storing and loading the output between them does not
/// count. A panel of `b` then has 96 KiB and comes from the second-level cache, which is fast enough.
const BLOCK_K: usize = 512;
/// Rows of `a` that are computed at a time: with [`BLOCK_K`] 256 KiB, which stay in the second-level cache while all panels
/// pass.
const BLOCK_ROWS: usize = 128;
/// Columns of `b` that are packed at a time: with [`BLOCK_K`] 2 MiB, for the third-level cache. A multiple of every path's
/// panels.
const BLOCK_COLUMNS: usize = 1008;
/// Numbers in `b` (1 MiB) up to which it is read where it lies, if its rows are contiguous: packing does not pay.
const SMALL: usize = 256 * 1024;
/// Rows of `a` up to which packing does not pay either, as it is not read often enough.
const FEW_ROWS: usize = 64;
/// Multiply-adds that are worth a thread: about 8 us, twice what it costs to give work to another one.
const WORK: usize = 1 << 20;

thread_local! {
    /// Where blocks of `b` are packed, used again by every product on a thread: at most BLOCK_K x BLOCK_COLUMNS numbers.
    static MEMORY: RefCell<Aligned> = RefCell::default();
}

/// The right side of a product.
#[derive(Clone, Copy)]
pub(super) enum Right<'a> {
    Plain(ArrayView2<'a, f32>),
    Packed(Panels<'a>),
}

impl Right<'_> {
    fn dim(&self) -> (usize, usize) {
        match self {
            Self::Plain(b) => b.dim(),
            Self::Packed(b) => b.dim(),
        }
    }
}

/// See [`product_into`](super::product_into).
pub(super) fn run(
    a: ArrayView2<f32>,
    b: Right,
    start: Start,
    mut out: ArrayViewMut2<f32>,
    path: Path,
) {
    let ((m, n), k) = (out.dim(), a.ncols());
    assert_eq!(a.nrows(), m, "rows of a and of the output");
    assert_eq!(b.dim(), (k, n), "shape of b against a and the output");
    match start {
        Start::Columns(bias) => assert_eq!(bias.len(), n, "starts and columns"),
        Start::Rows(bias) => assert_eq!(bias.len(), m, "starts and rows"),
        Start::Zero | Start::Output => {}
    }
    if m == 0 || n == 0 {
        return;
    }
    if n == 1 || out.strides()[1] == 1 {
        let start = match &start {
            // Kernels read these in whole registers.
            Start::Columns(bias) if n > 1 && bias.strides()[0] != 1 => {
                out.rows_mut()
                    .into_iter()
                    .for_each(|mut row| row.assign(bias));
                Start::Output
            }
            start => start.part(0..m, 0..n),
        };
        let threads = match m.saturating_mul(k).saturating_mul(n) / WORK {
            0 | 1 => 1,
            worth => worth.min(rayon::current_num_threads()),
        };
        Task::new(path, a.view(), start, out.view_mut()).on_threads(b, threads);
        return;
    }
    match b {
        // The transposed product has the same chains.
        Right::Plain(b) if m == 1 || out.strides()[0] == 1 => {
            let (a, b) = (b.reversed_axes(), a.reversed_axes());
            let start = start.transposed();
            run(a, Right::Plain(b), start, out.reversed_axes(), path);
        }
        b => {
            let mut rows = Array2::from_shape_fn((m, n), |at| out[at]);
            run(a, b, start, rows.view_mut(), path);
            out.assign(&rows);
        }
    }
}

impl Start<'_> {
    /// The start of the transposed product.
    fn transposed(self) -> Self {
        match self {
            Self::Columns(bias) => Self::Rows(bias),
            Self::Rows(bias) => Self::Columns(bias),
            other => other,
        }
    }

    /// The start of some rows and columns.
    fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Start<'_> {
        match self {
            Self::Zero => Start::Zero,
            Self::Columns(bias) => Start::Columns(values(bias.view(), columns)),
            Self::Rows(bias) => Start::Rows(values(bias.view(), rows)),
            Self::Output => Start::Output,
        }
    }
}

/// A product but for its right side. Rows of the output, and starts for columns, are contiguous.
struct Task<'a> {
    path: Path,
    a: ArrayView2<'a, f32>,
    start: Start<'a>,
    out: ArrayViewMut2<'a, f32>,
}

impl<'a> Task<'a> {
    fn new(
        path: Path,
        a: ArrayView2<'a, f32>,
        start: Start<'a>,
        out: ArrayViewMut2<'a, f32>,
    ) -> Self {
        Self {
            path,
            a,
            start,
            out,
        }
    }

    /// Some rows and columns, and some links of their chains.
    fn part(&mut self, rows: Range<usize>, columns: Range<usize>, k: Range<usize>) -> Task<'_> {
        let start = match k.start {
            0 => self.start.part(rows.clone(), columns.clone()),
            // What came before.
            _ => Start::Output,
        };
        let a = part(self.a.view(), rows.clone(), k);
        Task::new(
            self.path,
            a,
            start,
            part_mut(self.out.view_mut(), rows, columns),
        )
    }

    /// Computes as many parts at once as there are threads: columns, so that no thread packs what another one does, or
    /// rows where there are more of them.
    fn on_threads(self, b: Right, threads: usize) {
        if threads < 2 {
            return self.on_this_thread(b);
        }
        let Self {
            path,
            a,
            start,
            out,
        } = self;
        let (m, n) = out.dim();
        let (above, below) = (threads / 2, threads - threads / 2);
        match b {
            Right::Plain(b) if n >= m => {
                let at = n * above / threads / path.lanes * path.lanes;
                let (b, b_below) = b.split_at(Axis(1), at);
                let (out, out_below) = out.split_at(Axis(1), at);
                let first = Task::new(path, a.view(), start.part(0..m, 0..at), out);
                let second = Task::new(path, a.view(), start.part(0..m, at..n), out_below);
                rayon::join(
                    || first.on_threads(Right::Plain(b), above),
                    || second.on_threads(Right::Plain(b_below), below),
                );
            }
            b => {
                let at = m * above / threads;
                let (a, a_below) = a.view().split_at(Axis(0), at);
                let (out, out_below) = out.split_at(Axis(0), at);
                let first = Task::new(path, a, start.part(0..at, 0..n), out);
                let second = Task::new(path, a_below, start.part(at..m, 0..n), out_below);
                rayon::join(
                    || first.on_threads(b, above),
                    || second.on_threads(b, below),
                );
            }
        }
    }

    fn on_this_thread(mut self, b: Right) {
        let ((m, n), k) = (self.out.dim(), self.a.ncols());
        match b {
            Right::Packed(b) => {
                for k in pieces(k, 16, BLOCK_K) {
                    self.part(0..m, 0..n, k.clone())
                        .with_panels(|columns| b.panel(k.clone(), columns));
                }
            }
            Right::Plain(b)
                if (n == 1 || b.strides()[1] == 1) && (k * n <= SMALL || m <= FEW_ROWS) =>
            {
                for k in pieces(k, 16, BLOCK_K) {
                    self.part(0..m, 0..n, k.clone())
                        .with_panels(|columns| part(b, k.clone(), columns));
                }
            }
            Right::Plain(b) => MEMORY.with_borrow_mut(|memory| {
                for columns in pieces(n, self.path.lanes, BLOCK_COLUMNS) {
                    for k in pieces(k, 16, BLOCK_K) {
                        let b = part(b, k.clone(), columns.clone());
                        let b = Panels::pack(b, self.path, memory);
                        self.part(0..m, columns.clone(), k.clone())
                            .with_panels(|columns| b.panel(0..k.len(), columns));
                    }
                }
            }),
        }
    }

    /// Multiplies by all panels of `b`.
    fn with_panels<'b>(mut self, panel: impl Fn(Range<usize>) -> ArrayView2<'b, f32>) {
        let Path {
            lanes,
            columns: most,
            multiply,
            ..
        } = self.path;
        let ((m, n), k) = (self.out.dim(), self.a.ncols());
        for rows in pieces(m, 8, BLOCK_ROWS) {
            for columns in pieces(n, lanes, most) {
                let Task { a, start, out, .. } = self.part(rows.clone(), columns.clone(), 0..k);
                multiply(a, panel(columns), start, out);
            }
        }
    }
}
