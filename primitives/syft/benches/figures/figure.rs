//! What is measured, who is measured, and what came out.

use crate::python::Python;
use rayon::ThreadPool;
use serde_json::Value;

/// Libraries that are measured by this program itself; the others by Python.
#[derive(Clone, Copy, Debug)]
pub enum Contender {
    Syft,
    Gemm,
    MatrixMultiply,
}

impl Contender {
    const ALL: [Self; 3] = [Self::Syft, Self::Gemm, Self::MatrixMultiply];

    pub fn name(self) -> &'static str {
        match self {
            Self::Syft => "Syft",
            Self::Gemm => "gemm",
            Self::MatrixMultiply => "matrixmultiply",
        }
    }
}

/// What a figure is given in.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// Billions of floating-point operations per second, of so many.
    Gflops(f64),
    Milliseconds,
    Microseconds,
    /// One time over another.
    Times,
    /// The time of a round over that of one assay.
    Assays,
}

impl Unit {
    /// For a product of so many multiply-adds, which are two operations each.
    pub fn gflops(multiply_adds: usize) -> Self {
        Self::Gflops(2.0 * multiply_adds as f64)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gflops(_) => "GFLOP/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Times => "x",
            Self::Assays => "assays",
        }
    }

    /// A time in this unit.
    fn of(self, seconds: f64) -> f64 {
        match self {
            Self::Gflops(operations) => operations / seconds / 1e9,
            Self::Milliseconds => seconds * 1e3,
            Self::Microseconds => seconds * 1e6,
            Self::Times | Self::Assays => seconds,
        }
    }

    fn more_is_better(self) -> bool {
        matches!(self, Self::Gflops(_) | Self::Times)
    }
}

/// What Syft is to reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    None,
    /// At least this part of the speed of the fastest other.
    OfBest(f64),
    /// At most so many seconds.
    Seconds(f64),
    /// At least so many times.
    Times(f64),
    /// At most the time of so many assays.
    Assays(f64),
}

/// Something to measure.
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub goal: Goal,
    /// For the libraries in Python, if they are measured too.
    question: Option<Value>,
}

impl Figure {
    pub fn new(name: &str, unit: Unit, goal: Goal) -> Self {
        Self {
            name: name.into(),
            unit,
            goal,
            question: None,
        }
    }

    /// The figure with a question for the libraries in Python.
    pub fn ask(self, question: Value) -> Self {
        Self {
            question: Some(question),
            ..self
        }
    }
}

/// The name of a figure's comparison of two threads with one.
pub fn two_threads(name: &str) -> String {
    format!("two threads over one: {name}")
}

/// A figure with everybody's values, in its unit.
pub struct Row {
    pub figure: Figure,
    /// By library; Syft's first.
    pub values: Vec<(String, f64)>,
}

impl Row {
    pub fn value(&self, who: &str) -> Option<f64> {
        let found = self.values.iter().find(|(name, _)| name == who);
        found.map(|(_, value)| *value)
    }

    /// The fastest of the others.
    pub fn best_other(&self) -> Option<f64> {
        let others = self.values.iter().filter(|(name, _)| name != "Syft");
        let values = others.map(|(_, value)| *value);
        match self.figure.unit.more_is_better() {
            true => values.max_by(f64::total_cmp),
            false => values.min_by(f64::total_cmp),
        }
    }

    /// Syft's speed over that of the fastest other: above 1 where Syft is faster.
    pub fn ratio(&self) -> Option<f64> {
        let (syft, other) = (self.value("Syft")?, self.best_other()?);
        Some(match self.figure.unit.more_is_better() {
            true => syft / other,
            false => other / syft,
        })
    }

    pub fn goal(&self) -> Option<String> {
        let name = self.figure.unit.name();
        match self.figure.goal {
            Goal::None => None,
            Goal::OfBest(part) => Some(format!(">= {part} of best")),
            Goal::Seconds(most) => Some(format!("<= {} {name}", round(self.figure.unit.of(most)))),
            Goal::Times(least) => Some(format!(">= {least} {name}")),
            Goal::Assays(most) => Some(format!("<= {most} {name}")),
        }
    }

    /// Whether Syft reaches the goal, if that can be said.
    pub fn reached(&self) -> Option<bool> {
        match self.figure.goal {
            Goal::None => None,
            Goal::OfBest(part) => Some(self.ratio()? >= part),
            Goal::Seconds(most) => Some(self.value("Syft")? <= self.figure.unit.of(most)),
            Goal::Times(least) => Some(self.value("Syft")? >= least),
            Goal::Assays(most) => Some(self.value("Syft")? <= most),
        }
    }
}

/// Three digits that count.
pub fn round(value: f64) -> String {
    let digits = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 3);
    format!("{value:.*}", digits as usize)
}

/// Measures figures one after the other and keeps what comes out.
pub struct Bench {
    /// Times that everybody is measured, in turns; the best counts.
    pub rounds: u32,
    /// Seconds for one measurement, roughly.
    pub seconds: f64,
    /// Only figures with one of these in their names, if there are any.
    pub only: Vec<String>,
    /// Measures PyTorch, NumPy and onnxruntime.
    pub python: Option<Python>,
    /// Programs that wanted a processor in the last minute, where the system tells: others make figures worse.
    pub load: Option<String>,
    /// Of one thread and of two.
    pub pools: [ThreadPool; 2],
    pub rows: Vec<Row>,
}

impl Bench {
    /// Whether a figure is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }

    /// Measures a figure on one thread. `measure` gives the seconds that a library takes, measured for so many seconds,
    /// if it can do it at all.
    pub fn figure(
        &mut self,
        figure: Figure,
        measure: &mut (dyn FnMut(Contender, f64) -> Option<f64> + Send),
    ) {
        if !self.wants(&figure.name) {
            return;
        }
        eprintln!("{}", figure.name);
        let mut best: Vec<(String, f64)> = Vec::new();
        for _ in 0..self.rounds {
            for who in Contender::ALL {
                let seconds = self.seconds;
                if let Some(seconds) = self.pools[0].install(|| measure(who, seconds)) {
                    keep_least(&mut best, who.name(), seconds);
                }
            }
            if let (Some(question), Some(python)) = (&figure.question, &mut self.python) {
                for (who, seconds) in python.ask(question, self.seconds) {
                    keep_least(&mut best, &who, seconds);
                }
            }
        }
        best.iter_mut()
            .for_each(|(_, value)| *value = figure.unit.of(*value));
        self.rows.push(Row {
            figure,
            values: best,
        });
    }

    /// Measures how many times faster two threads are than one. `measure` gives the seconds that Syft takes on the
    /// current thread pool.
    pub fn two_threads(
        &mut self,
        name: &str,
        goal: Goal,
        mut measure: impl FnMut(f64) -> f64 + Send,
    ) {
        let figure = Figure::new(&two_threads(name), Unit::Times, goal);
        self.compare(
            figure,
            |_, seconds| measure(seconds),
            |[one, two]| one / two,
        );
    }

    /// Measures how many assays, one after the other on one thread, take as long as a round on two. Both give the seconds
    /// that Syft takes on the current thread pool.
    pub fn assays(
        &mut self,
        name: &str,
        goal: Goal,
        mut assay: impl FnMut(f64) -> f64 + Send,
        mut round: impl FnMut(f64) -> f64 + Send,
    ) {
        let figure = Figure::new(name, Unit::Assays, goal);
        let measure = |threads, seconds| match threads {
            1 => assay(seconds),
            _ => round(seconds),
        };
        self.compare(figure, measure, |[assay, round]| round / assay);
    }

    /// Measures something on one thread and something on two, in turns; `measure` is told on how many.
    fn compare(
        &mut self,
        figure: Figure,
        mut measure: impl FnMut(usize, f64) -> f64 + Send,
        value: impl FnOnce([f64; 2]) -> f64,
    ) {
        if !self.wants(&figure.name) {
            return;
        }
        eprintln!("{}", figure.name);
        let mut best = [f64::INFINITY; 2];
        for _ in 0..self.rounds {
            for (pool, best) in self.pools.iter().zip(&mut best) {
                let threads = pool.current_num_threads();
                *best = best.min(pool.install(|| measure(threads, self.seconds)));
            }
        }
        let shown = best.map(|seconds| format!("{} us", round(seconds * 1e6)));
        eprintln!("  one thread {}, two threads {}", shown[0], shown[1]);
        let values = vec![("Syft".into(), value(best))];
        self.rows.push(Row { figure, values });
    }
}

/// Keeps the least of the times that a library took.
fn keep_least(best: &mut Vec<(String, f64)>, who: &str, seconds: f64) {
    match best.iter_mut().find(|(name, _)| name == who) {
        Some((_, least)) => *least = least.min(seconds),
        None => best.push((who.into(), seconds)),
    }
}
