//! The right side of a product, laid out in the order in which kernels read it.

use super::cut::{part, pieces};
use super::path::Path;
use ndarray::{ArrayView2, Axis};
use std::ops::Range;

/// A right side (k x n) that is laid out once, for many products with
/// [`product_packed`](super::product_packed).
///
/// It pays for a layer that evaluates many batches with the same weights: of a product of 64 rows, laying out the
/// transposed weights takes about a sixth of the time, of a single row most.
#[derive(Debug)]
pub struct Packed {
    memory: Aligned,
    shape: (usize, usize),
    path: Path,
}

impl Packed {
    /// Lays out `b`, which may have any memory layout. Takes the memory of a copy whose rows are filled up to a multiple of
    /// 16 numbers.
    pub fn new(b: ArrayView2<f32>) -> Self {
        Self::for_path(b, Path::chosen())
    }

    /// Lays out another matrix instead. New memory is only taken if there was never as much.
    pub fn pack(&mut self, b: ArrayView2<f32>) {
        Panels::pack(b, self.path, &mut self.memory);
        self.shape = b.dim();
    }

    /// Rows and columns, `(k, n)`.
    pub fn dim(&self) -> (usize, usize) {
        self.shape
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.memory.0[..])
    }

    /// As [`new`](Self::new), for one way to multiply.
    pub(super) fn for_path(b: ArrayView2<f32>, path: Path) -> Self {
        let mut packed = Self {
            memory: Aligned::default(),
            shape: (0, 0),
            path,
        };
        packed.pack(b);
        packed
    }

    /// The way to multiply that it was laid out for.
    pub(super) fn path(&self) -> Path {
        self.path
    }

    pub(super) fn panels(&self) -> Panels<'_> {
        Panels {
            values: self.memory.values(),
            shape: self.shape,
            lanes: self.path.lanes,
        }
    }
}

/// A packed matrix: panels of columns one after the other, each of them row by row, a row filling whole registers.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    values: &'a [f32],
    shape: (usize, usize),
    lanes: usize,
}

impl<'a> Panels<'a> {
    /// Packs `b` into `memory`.
    pub(super) fn pack(b: ArrayView2<f32>, path: Path, memory: &'a mut Aligned) -> Self {
        let (k, n) = b.dim();
        let values = memory.reserve(k * n.next_multiple_of(path.lanes));
        for columns in pieces(n, path.lanes, path.columns).filter(|columns| !columns.is_empty()) {
            let stride = columns.len().next_multiple_of(path.lanes);
            let to = &mut values[columns.start * k..][..stride * k];
            (path.pack)(part(b, 0..k, columns), to, stride);
        }
        Self {
            values,
            shape: b.dim(),
            lanes: path.lanes,
        }
    }

    /// Rows and columns, `(k, n)`.
    pub(super) fn dim(&self) -> (usize, usize) {
        self.shape
    }

    /// Some rows of the panel that has these columns.
    pub(super) fn panel(&self, rows: Range<usize>, columns: Range<usize>) -> ArrayView2<'a, f32> {
        let stride = columns.len().next_multiple_of(self.lanes);
        let first = columns.start * self.shape.0 + rows.start * stride;
        match ArrayView2::from_shape(
            (rows.len(), stride),
            &self.values[first..][..rows.len() * stride],
        ) {
            Ok(panel) => panel.split_at(Axis(1), columns.len()).0,
            Err(_) => unreachable!("as many values as the shape says"),
        }
    }
}

/// Memory that begins on a cache line, so that no vector of a packed row lies across two.
#[derive(Debug, Default)]
pub(super) struct Aligned(Vec<f32>);

impl Aligned {
    /// Numbers in a cache line.
    const LINE: usize = 16;

    /// At least `length` numbers, whatever they are. New memory is only taken when there was never as much.
    fn reserve(&mut self, length: usize) -> &mut [f32] {
        if self.0.len() < length + Self::LINE {
            self.0 = vec![0.0; length + Self::LINE];
        }
        let skip = self.skip();
        &mut self.0[skip..]
    }

    fn values(&self) -> &[f32] {
        &self.0[self.skip()..]
    }

    fn skip(&self) -> usize {
        self.0
            .as_ptr()
            .align_offset(Self::LINE * size_of::<f32>())
            .min(Self::LINE)
    }
}

/// Writes the rows of `b` to `to`, each `stride` numbers after the one before.
pub(super) fn rows(b: ArrayView2<f32>, to: &mut [f32], stride: usize) {
    for (from, to) in b.rows().into_iter().zip(to.chunks_exact_mut(stride)) {
        match from.as_slice() {
            Some(from) => to[..from.len()].copy_from_slice(from),
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
}
