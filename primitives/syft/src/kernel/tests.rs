#![allow(clippy::unwrap_used)]

use super::*;
use crate::{content_hash, Random};
use ndarray::{array, s, Array1};
use proptest::prelude::*;

/// The definition, one element at a time. `out` is what the output holds before.
fn reference(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    start: Start,
    out: ArrayView2<f32>,
) -> Array2<f32> {
    Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
        let start = match start {
            Start::Zero => 0.0,
            Start::Columns(bias) => bias[j],
            Start::Rows(bias) => bias[i],
            Start::Output => out[[i, j]],
        };
        (0..a.ncols()).fold(start, |acc, k| a[[i, k]].mul_add(b[[k, j]], acc))
    })
}

/// Equal bits; any two values that are not numbers are equal.
fn assert_same(found: ArrayView2<f32>, expected: ArrayView2<f32>, what: &str) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    for ((at, l), r) in found.indexed_iter().zip(expected) {
        assert!(
            l.to_bits() == r.to_bits() || l.is_nan() && r.is_nan(),
            "{what}: {l:e} at {at:?} is not {r:e}"
        );
    }
}

/// How a matrix lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Rows,
    Columns,
    /// Every second row and third column of a larger one.
    Spread,
    /// From the last row and column to the first.
    Backwards,
    /// Transposed and every second row.
    SpreadColumns,
}

const LAYOUTS: [Layout; 5] = [
    Layout::Rows,
    Layout::Columns,
    Layout::Spread,
    Layout::Backwards,
    Layout::SpreadColumns,
];

/// A matrix in some layout, in memory whose other numbers must stay as they are.
struct Laid {
    memory: Array2<f32>,
    layout: Layout,
}

impl Laid {
    fn new(values: ArrayView2<f32>, layout: Layout) -> Self {
        let (m, n) = values.dim();
        let memory = Array2::from_elem(
            match layout {
                Layout::Rows | Layout::Backwards => (m, n),
                Layout::Columns => (n, m),
                Layout::Spread => (2 * m, 3 * n),
                Layout::SpreadColumns => (n, 2 * m),
            },
            7.0,
        );
        let mut laid = Self { memory, layout };
        laid.view_mut().assign(&values);
        laid
    }

    fn view_mut(&mut self) -> ArrayViewMut2<'_, f32> {
        match self.layout {
            Layout::Rows => self.memory.view_mut(),
            Layout::Columns => self.memory.view_mut().reversed_axes(),
            Layout::Spread => self.memory.slice_mut(s![..;2, ..;3]),
            Layout::Backwards => self.memory.slice_mut(s![..;-1, ..;-1]),
            Layout::SpreadColumns => self
                .memory
                .view_mut()
                .reversed_axes()
                .slice_move(s![..;2, ..]),
        }
    }

    fn view(&self) -> ArrayView2<'_, f32> {
        match self.layout {
            Layout::Rows => self.memory.view(),
            Layout::Columns => self.memory.t(),
            Layout::Spread => self.memory.slice(s![..;2, ..;3]),
            Layout::Backwards => self.memory.slice(s![..;-1, ..;-1]),
            Layout::SpreadColumns => self.memory.t().slice_move(s![..;2, ..]),
        }
    }

    /// How many numbers of the memory do not belong to the matrix and are still what they were.
    fn untouched(&self) -> usize {
        self.memory.iter().filter(|&&value| value == 7.0).count()
    }
}

/// Operands of a product.
struct Case {
    a: Array2<f32>,
    b: Array2<f32>,
    columns: Array1<f32>,
    rows: Array1<f32>,
    out: Array2<f32>,
}

impl Case {
    fn new((m, k, n): (usize, usize, usize), mut value: impl FnMut() -> f32) -> Self {
        Self {
            a: Array2::from_shape_simple_fn((m, k), &mut value),
            b: Array2::from_shape_simple_fn((k, n), &mut value),
            columns: Array1::from_shape_simple_fn(n, &mut value),
            rows: Array1::from_shape_simple_fn(m, &mut value),
            out: Array2::from_shape_simple_fn((m, n), &mut value),
        }
    }

    fn random(shape: (usize, usize, usize), seed: u64) -> Self {
        let mut random = Random::new(seed, 0);
        Self::new(shape, || random.normal())
    }

    fn starts(&self) -> [Start<'_>; 4] {
        [
            Start::Zero,
            Start::Columns(self.columns.view()),
            Start::Rows(self.rows.view()),
            Start::Output,
        ]
    }

    /// Every path, plain and packed, gives what the definition says, for one start and these layouts of a, b and the output.
    fn check(&self, start: Start, layouts: [Layout; 3]) {
        let expected = reference(self.a.view(), self.b.view(), start, self.out.view());
        let a = Laid::new(self.a.view(), layouts[0]);
        let b = Laid::new(self.b.view(), layouts[1]);
        for path in Path::all() {
            // Where something else was before, that must not show.
            let (k, n) = self.b.dim();
            let other = Array2::from_elem((k + 1, n + 3), f32::NAN);
            let mut packed = Packed::for_path(other.view(), path);
            packed.pack(b.view());
            for right in [Right::Plain(b.view()), Right::Packed(packed.panels())] {
                let mut out = Laid::new(self.out.view(), layouts[2]);
                let others = out.memory.len() - out.view().len();
                blocks::run(a.view(), right, start, out.view_mut(), path);
                let what = format!(
                    "{:?} x {:?}, {start:?}, {layouts:?}, {} lanes",
                    self.a.dim(),
                    self.b.dim(),
                    path.lanes
                );
                assert_same(out.view(), expected.view(), &what);
                assert!(
                    out.untouched() >= others,
                    "{what}: memory beside the output"
                );
            }
        }
    }
}

#[test]
fn paths_agree_around_the_edges_of_tiles() {
    for (seed, shape) in [
        (1, 1, 1),
        (3, 5, 7),
        (2, 64, 33),
        (17, 31, 9),
        (8, 8, 8),
        (1, 100, 10),
        (65, 3, 1),
        (2, 2, 70),
        (7, 16, 47),
        (8, 17, 48),
        (9, 15, 49),
        (6, 1, 16),
        (10, 33, 15),
        (5, 9, 17),
        (16, 4, 97),
        (33, 32, 31),
        (4, 3, 24),
        (12, 2, 13),
    ]
    .into_iter()
    .enumerate()
    {
        let case = Case::random(shape, seed as u64);
        for start in case.starts() {
            case.check(start, [Layout::Rows; 3]);
        }
    }
}

#[test]
fn paths_agree_around_the_edges_of_blocks() {
    // One more than a block of links, of rows and of columns; `b` read in place and packed.
    for (seed, shape) in [
        (129, 513, 17),
        (66, 600, 500),
        (64, 520, 600),
        (67, 270, 1009),
        (1, 1025, 300),
    ]
    .into_iter()
    .enumerate()
    {
        let case = Case::random(shape, seed as u64);
        for (start, b) in case.starts().into_iter().zip([
            Layout::Rows,
            Layout::Columns,
            Layout::Rows,
            Layout::Columns,
        ]) {
            case.check(start, [Layout::Rows, b, Layout::Rows]);
        }
    }
}

#[test]
fn layouts_do_not_matter() {
    for (seed, shape) in [(9, 21, 50), (1, 20, 18), (19, 1, 6), (20, 18, 1), (5, 5, 5)]
        .into_iter()
        .enumerate()
    {
        let case = Case::random(shape, seed as u64);
        for a in LAYOUTS {
            for b in LAYOUTS {
                for out in LAYOUTS {
                    for start in case.starts() {
                        case.check(start, [a, b, out]);
                    }
                }
            }
        }
    }
}

#[test]
fn repeated_rows_columns_and_starts_are_like_others() {
    let case = Case::random((12, 12, 40), 5);
    let row = case.a.row(0);
    let a = row.broadcast((12, 12)).unwrap();
    let column = case.b.slice(s![.., ..1]);
    let b = column.broadcast((12, 40)).unwrap();
    let value = case.columns.slice(s![..1]);
    let start = Start::Columns(value.broadcast(40).unwrap());
    let spread = Array1::from_iter(case.columns.iter().flat_map(|&value| [value, 0.0]));
    let spread = spread.slice(s![..;2]);
    for path in Path::all() {
        for (a, b) in [
            (a, case.b.view()),
            (case.a.view(), b),
            (a.reversed_axes(), b),
        ] {
            let mut out = Array2::zeros((12, 40));
            blocks::run(a, Right::Plain(b), start, out.view_mut(), path);
            let expected = reference(a, b, start, out.view());
            assert_same(out.view(), expected.view(), "repeated");
        }
        let mut out = Array2::zeros((12, 40));
        let [a, b] = [case.a.view(), case.b.view()];
        blocks::run(
            a,
            Right::Plain(b),
            Start::Columns(spread),
            out.view_mut(),
            path,
        );
        let expected = reference(a, b, Start::Columns(case.columns.view()), out.view());
        assert_same(
            out.view(),
            expected.view(),
            "a start that is not contiguous",
        );
    }
}

#[test]
fn threads_do_not_matter() {
    // Cut by columns and by rows, by rows with a packed right side, and with fewer columns than threads have registers.
    for (shape, b) in [
        ((100, 200, 260), Layout::Columns),
        ((300, 150, 100), Layout::Rows),
        ((40, 4000, 41), Layout::Rows),
    ] {
        let case = Case::random(shape, 9);
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                for start in case.starts() {
                    case.check(start, [Layout::Rows, b, Layout::Rows]);
                }
            });
        }
    }
}

const EXTREMES: [f32; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-45,
    -1e-40,
    1e-20,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

#[test]
fn paths_agree_on_extreme_values() {
    let mut random = Random::new(2, 0);
    // Finite ones, with infinities, and with what is not a number.
    for values in [&EXTREMES[..9], &EXTREMES[..13], &EXTREMES] {
        let mut pick = || values[random.below(values.len() as u32) as usize];
        for shape in [(3, 4, 19), (9, 3, 52), (20, 2, 5)] {
            for _ in 0..30 {
                let case = Case::new(shape, &mut pick);
                for start in case.starts() {
                    case.check(start, [Layout::Rows; 3]);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn paths_agree_on_any_product(
        shape in (0usize..40, 0usize..70, 0usize..110),
        layouts in [0usize..5, 0usize..5, 0usize..5],
        start in 0usize..4,
        seed: u64,
        extremes: bool,
    ) {
        let mut random = Random::new(seed, 0);
        let case = Case::new(shape, || match extremes && random.below(8) == 0 {
            true => EXTREMES[random.below(14) as usize],
            false => random.normal(),
        });
        case.check(case.starts()[start], layouts.map(|layout| LAYOUTS[layout]));
    }

    #[test]
    fn pieces_cover_a_length(length in 0usize..3000, unit in 1usize..20, units in 1usize..20) {
        let mut end = 0;
        let pieces: Vec<_> = cut::pieces(length, unit, unit * units).collect();
        prop_assert_eq!(pieces.len(), length.div_ceil(unit * units).max(1));
        for piece in pieces {
            prop_assert_eq!(piece.start, end);
            prop_assert!(piece.start % unit == 0 && piece.len() <= unit * units);
            end = piece.end;
        }
        prop_assert_eq!(end, length);
    }
}

#[test]
fn all_processors_agree() {
    const GOLDEN: &str = "ec6d529ff6c366c1b5dacd9b7779082bae83f4384deeaafee6fc6ee072d6770f";
    // What the definition gives for these operands: whoever gets other bytes computes something else.
    let shapes = [
        (1, 1, 1),
        (13, 29, 51),
        (32, 64, 32),
        (70, 600, 20),
        (5, 17, 300),
    ];
    for path in Path::all() {
        let mut bytes = Vec::new();
        for (seed, shape) in shapes.into_iter().enumerate() {
            let case = Case::random(shape, seed as u64);
            for start in case.starts() {
                let mut out = case.out.clone();
                let b = Right::Plain(case.b.view());
                blocks::run(case.a.view(), b, start, out.view_mut(), path);
                bytes.extend(out.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
        let hash: String = content_hash(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hash, GOLDEN, "{} lanes", path.lanes);
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
fn empty_products_are_the_start() {
    let bias = array![1.0f32, 2.0];
    let a = Array2::zeros((3, 0));
    let b = Array2::zeros((0, 2));
    assert_eq!(product(a.view(), b.view(), Some(bias.view())).sum(), 9.0);
    let packed = Packed::new(b.view());
    let mut out = Array2::ones((3, 2));
    product_packed(a.view(), &packed, Start::Output, out.view_mut());
    assert_eq!(out.sum(), 6.0);
    product_packed(a.view(), &packed, Start::Zero, out.view_mut());
    assert_eq!(out.sum(), 0.0);
    let none = Packed::new(Array2::zeros((2, 0)).view());
    assert_eq!(none.dim(), (2, 0));
    let mut out = Array2::zeros((3, 0));
    product_packed(
        Array2::zeros((3, 2)).view(),
        &none,
        Start::Zero,
        out.view_mut(),
    );
}

#[test]
fn a_way_is_chosen_by_name() {
    let all = Path::all();
    for path in &all {
        assert_eq!(Path::named(Some(path.name)).name, path.name);
    }
    let fastest = all.last().unwrap().name;
    for unknown in [None, Some(""), Some("AVX2"), Some("gpu")] {
        assert_eq!(Path::named(unknown).name, fastest);
    }
}

#[test]
fn shapes_that_do_not_agree_are_refused() {
    let panics = |a: (usize, usize), b: (usize, usize), out: (usize, usize), starts: usize| {
        std::panic::catch_unwind(move || {
            let starts = Array1::zeros(starts);
            product_into(
                Array2::zeros(a).view(),
                Array2::zeros(b).view(),
                Start::Columns(starts.view()),
                Array2::zeros(out).view_mut(),
            );
        })
        .is_err()
    };
    assert!(!panics((2, 3), (3, 4), (2, 4), 4));
    assert!(panics((2, 3), (2, 4), (2, 4), 4));
    assert!(panics((1, 3), (3, 4), (2, 4), 4));
    assert!(panics((2, 3), (3, 4), (2, 5), 4));
    assert!(panics((2, 3), (3, 4), (2, 4), 3));
}
