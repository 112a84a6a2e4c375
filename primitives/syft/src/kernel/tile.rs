//! The micro-kernel: a tile of the output whose chains stay in registers while `k` runs.
//!
//! Written once for all instruction sets, over [`Vector`]; each set's file compiles it for itself.

use super::Start;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Neighbouring numbers in one register.
///
/// # Safety
///
/// The methods may only run on a processor that has the instructions they are made of.
pub(super) unsafe trait Vector: Copy {
    /// How many.
    const LANES: usize;
    /// The rows of a tile, at most 8, and ...
    const ROWS: usize;
    /// ... the vectors in each of them, at most 3: as many chains as registers hold next to a row of `b` and a value of `a`.
    const VECTORS: usize;
    /// Some first lanes.
    type Mask: Copy;

    /// The first `count` lanes, 1 to [`LANES`](Self::LANES).
    unsafe fn mask(count: usize) -> Self::Mask;
    /// The same number in every lane.
    unsafe fn splat(value: f32) -> Self;
    /// What lies at `from`, which need not be aligned.
    unsafe fn load(from: *const f32) -> Self;
    /// What lies at `from` in the lanes of `mask`, +0 in the others, whose memory is not touched.
    unsafe fn load_masked(from: *const f32, mask: Self::Mask) -> Self;
    /// Writes all lanes to `to`.
    unsafe fn store(self, to: *mut f32);
    /// Writes the lanes of `mask` to `to`; other memory is not touched.
    unsafe fn store_masked(self, to: *mut f32, mask: Self::Mask);
    /// `fma(self, b, acc)` in every lane, rounded once.
    unsafe fn fma(self, b: Self, acc: Self) -> Self;
}

/// Where a tile's operands lie. Distances count numbers.
#[derive(Clone, Copy)]
struct Operands<V: Vector> {
    k: usize,
    a: *const f32,
    a_row: isize,
    a_k: isize,
    b: *const f32,
    b_k: isize,
    c: *mut f32,
    c_row: isize,
    /// The last vector of each row.
    last: V::Mask,
    start: Origin,
}

/// [`Start`] as pointers.
#[derive(Clone, Copy)]
enum Origin {
    Zero,
    Columns(*const f32),
    Rows(*const f32, isize),
    Output,
}

/// Writes `a` (m x k) times `b` (k x n, up to N vectors wide), on top of `start`, to `c`.
///
/// # Safety
///
/// The processor must have V's instructions.
///
/// # Panics
///
/// If shapes do not agree, or rows of `b`, of `c` or a start for columns are not contiguous.
#[inline(always)]
pub(super) unsafe fn multiply<V: Vector>(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    mut c: ArrayViewMut2<f32>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert!(b.nrows() == k && c.dim() == (m, n) && n <= V::VECTORS * V::LANES);
    if m == 0 || n == 0 {
        return;
    }
    // Of one column, or no row, any stride is contiguous.
    assert!(n == 1 || (k == 0 || b.strides()[1] == 1) && c.strides()[1] == 1);
    let vectors = n.div_ceil(V::LANES);
    let operands = Operands::<V> {
        k,
        a: a.as_ptr(),
        a_row: a.strides()[0],
        a_k: a.strides()[1],
        b: b.as_ptr(),
        b_k: b.strides()[0],
        c: c.as_mut_ptr(),
        c_row: c.strides()[0],
        last: V::mask(n - (vectors - 1) * V::LANES),
        start: match start {
            Start::Zero => Origin::Zero,
            Start::Columns(columns) => {
                assert!(columns.len() == n && (n == 1 || columns.strides()[0] == 1));
                Origin::Columns(columns.as_ptr())
            }
            Start::Rows(rows) => {
                assert!(rows.len() == m);
                Origin::Rows(rows.as_ptr(), rows.strides()[0])
            }
            Start::Output => Origin::Output,
        },
    };
    match vectors {
        1 => tiles::<V, 1>(operands, m),
        2 => tiles::<V, 2>(operands, m),
        _ => tiles::<V, 3>(operands, m),
    }
}

/// All tiles of `m` rows, one beneath the other and as equal as can be: a short one at the end would have too few chains
/// to hide how long a multiply-add takes.
#[inline(always)]
unsafe fn tiles<V: Vector, const N: usize>(mut operands: Operands<V>, m: usize) {
    let count = m.div_ceil(V::ROWS);
    let (rows, larger) = (m / count, m % count);
    for tile in 0..count {
        let rows = rows + usize::from(tile < larger);
        some_rows::<V, N>(operands, rows);
        operands = operands.below(rows);
    }
}

/// One tile of up to eight rows; those that V does not need are left out by the compiler.
#[inline(always)]
unsafe fn some_rows<V: Vector, const N: usize>(operands: Operands<V>, rows: usize) {
    match rows {
        1 => tile::<V, 1, N>(operands),
        2 => tile::<V, 2, N>(operands),
        3 => tile::<V, 3, N>(operands),
        4 => tile::<V, 4, N>(operands),
        5 => tile::<V, 5, N>(operands),
        6 => tile::<V, 6, N>(operands),
        7 => tile::<V, 7, N>(operands),
        8 => tile::<V, 8, N>(operands),
        _ => {}
    }
}

impl<V: Vector> Operands<V> {
    /// The same `rows` further down.
    #[inline(always)]
    fn below(self, rows: usize) -> Self {
        let rows = rows as isize;
        Self {
            a: self.a.wrapping_offset(rows * self.a_row),
            c: self.c.wrapping_offset(rows * self.c_row),
            start: match self.start {
                Origin::Rows(at, step) => Origin::Rows(at.wrapping_offset(rows * step), step),
                other => other,
            },
            ..self
        }
    }
}

/// One tile of M rows and N vectors.
#[inline(always)]
unsafe fn tile<V: Vector, const M: usize, const N: usize>(operands: Operands<V>) {
    let Operands {
        k,
        mut a,
        a_row,
        a_k,
        mut b,
        b_k,
        c,
        c_row,
        last,
        start,
    } = operands;
    let mut acc = [[V::splat(0.0); N]; M];
    match start {
        Origin::Zero => {}
        Origin::Columns(at) => {
            let columns = load_row::<V, N>(at, last);
            acc.fill(columns);
        }
        Origin::Rows(at, step) => {
            for (i, row) in acc.iter_mut().enumerate() {
                *row = [V::splat(*at.offset(i as isize * step)); N];
            }
        }
        Origin::Output => {
            for (i, row) in acc.iter_mut().enumerate() {
                *row = load_row::<V, N>(c.offset(i as isize * c_row), last);
            }
        }
    }
    for _ in 0..k {
        let columns = load_row::<V, N>(b, last);
        for (i, row) in acc.iter_mut().enumerate() {
            let value = V::splat(*a.offset(i as isize * a_row));
            for (acc, column) in row.iter_mut().zip(columns) {
                *acc = value.fma(column, *acc);
            }
        }
        // Wrapping, as the last step leaves the matrices.
        a = a.wrapping_offset(a_k);
        b = b.wrapping_offset(b_k);
    }
    for (i, row) in acc.iter().enumerate() {
        let to = c.offset(i as isize * c_row);
        for (j, vector) in row[..N - 1].iter().enumerate() {
            vector.store(to.add(j * V::LANES));
        }
        row[N - 1].store_masked(to.add((N - 1) * V::LANES), last);
    }
}

/// N vectors, the last of them as far as `last` says.
#[inline(always)]
unsafe fn load_row<V: Vector, const N: usize>(from: *const f32, last: V::Mask) -> [V; N] {
    let mut row = [V::splat(0.0); N];
    for (j, vector) in row[..N - 1].iter_mut().enumerate() {
        *vector = V::load(from.add(j * V::LANES));
    }
    row[N - 1] = V::load_masked(from.add((N - 1) * V::LANES), last);
    row
}
