//! The right side of a product, laid out in the order in which kernels read it.

use super::path::Path;
use ndarray::{s, ArrayView2};
use std::ops::Range;

/// How `n` columns are cut into panels of whole registers, as equal as can be and none wider than a kernel takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels {
    n: usize,
    lanes: usize,
    vectors: usize,
    count: usize,
}

impl Panels {
    pub(super) fn new(n: usize, path: Path) -> Self {
        let vectors = n.div_ceil(path.lanes);
        Self {
            n,
            lanes: path.lanes,
            vectors,
            count: vectors.div_ceil(path.columns / path.lanes),
        }
    }

    /// How many panels there are.
    pub(super) fn count(self) -> usize {
        self.count
    }

    /// The first column of a panel; that of the one after the last is `n`.
    pub(super) fn start(self, panel: usize) -> usize {
        (panel * self.vectors / self.count * self.lanes).min(self.n)
    }

    /// The columns of a panel.
    pub(super) fn columns(self, panel: usize) -> Range<usize> {
        self.start(panel)..self.start(panel + 1)
    }

    /// Where a panel begins when `k` rows are packed; every row of it fills whole registers.
    fn offset(self, panel: usize, k: usize) -> usize {
        panel * self.vectors / self.count * self.lanes * k
    }

    /// A panel's numbers in each packed row, with those that only fill it up.
    fn stride(self, panel: usize) -> usize {
        self.columns(panel).len().next_multiple_of(self.lanes)
    }
}

/// Memory that begins on a cache line, so that no load of a packed row crosses two.
#[derive(Clone, Debug, Default)]
pub(super) struct Aligned(Vec<f32>);

impl Aligned {
    const LINE: usize = 64 / size_of::<f32>();

    /// The first `length` numbers, whatever they are; memory is only reserved when there was never as much.
    pub(super) fn room(&mut self, length: usize) -> &mut [f32] {
        let needed = length + Self::LINE;
        if self.0.len() < needed {
            self.0.resize(needed, 0.0);
        }
        let skip = self.skip();
        &mut self.0[skip..][..length]
    }

    fn skip(&self) -> usize {
        self.0.as_ptr().align_offset(64).min(Self::LINE)
    }
}

/// Some panels of a matrix of `k` rows, packed one after the other.
#[derive(Clone, Copy)]
pub(super) struct PackedPanels<'a> {
    values: &'a [f32],
    panels: Panels,
    first: usize,
    k: usize,
}

impl<'a> PackedPanels<'a> {
    /// Packs some panels of `b` into `memory`.
    pub(super) fn pack(
        b: ArrayView2<f32>,
        panels: Panels,
        which: Range<usize>,
        path: Path,
        memory: &'a mut Aligned,
    ) -> Self {
        let k = b.nrows();
        let base = panels.offset(which.start, k);
        let values = memory.room(panels.offset(which.end, k) - base);
        for panel in which.clone() {
            let stride = panels.stride(panel);
            let to = &mut values[panels.offset(panel, k) - base..][..stride * k];
            (path.pack)(b.slice(s![.., panels.columns(panel)]), to, stride);
        }
        Self {
            values,
            panels,
            first: which.start,
            k,
        }
    }

    /// Some rows of a panel.
    pub(super) fn panel(&self, rows: Range<usize>, panel: usize) -> ArrayView2<'a, f32> {
        let stride = self.panels.stride(panel);
        let at = self.panels.offset(panel, self.k) - self.panels.offset(self.first, self.k);
        let values = &self.values[at + rows.start * stride..][..rows.len() * stride];
        match ArrayView2::from_shape((rows.len(), stride), values) {
            Ok(view) => view.slice_move(s![.., ..self.panels.columns(panel).len()]),
            Err(_) => unreachable!("as many values as the shape says"),
        }
    }
}

/// Writes the rows of `b` to `to`, each `stride` after the one before.
pub(super) fn rows(b: ArrayView2<f32>, to: &mut [f32], stride: usize) {
    for (from, to) in b.rows().into_iter().zip(to.chunks_exact_mut(stride)) {
        match from.as_slice() {
            Some(from) => to[..from.len()].copy_from_slice(from),
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
}
