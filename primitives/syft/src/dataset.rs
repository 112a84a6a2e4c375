//! Rows of data under a schema.

mod error;
mod limits;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod texts;

use crate::{token_numbers, Field, FieldKind, Random, Range, Schema, SchemaPlan};
use ndarray::{s, Array2, ArrayView2, ArrayViewMut2, Axis};
use std::ops;

pub use error::DatasetError;
pub use limits::{Limits, MAX_ALL_TEXT, MAX_ROWS, MAX_TEXT, MAX_VALUES};
pub use texts::Texts;

/// The stream of a seed that splits are drawn from.
const STREAM: u64 = u64::MAX;

/// At least one row of data that fits a schema: every number finite, also after scaling, and every class known.
///
/// Holds numbers as they were given; [`features`](Dataset::features) and [`targets`](Dataset::targets) are what a model
/// sees.
#[derive(Clone, PartialEq, Debug)]
pub struct Dataset {
    schema: Schema,
    plan: SchemaPlan,
    rows: usize,
    /// One column per input field, then the output's.
    columns: Vec<Column>,
}

/// The data of one field in all rows.
#[derive(Clone, PartialEq, Debug)]
pub enum Column {
    /// Of a number, vector or image: one row each, unscaled.
    Numbers(Array2<f32>),
    /// Of a category: the position of each row's class.
    Classes(Vec<u8>),
    /// Of a text: each row's, as given.
    Texts(Texts),
}

/// What a model should give, one entry per row.
#[derive(Clone, PartialEq, Debug)]
pub enum Targets {
    /// The position of the true class.
    Classes(Vec<u8>),
    /// The true numbers, scaled by the output's range.
    Numbers(Array2<f32>),
}

impl Dataset {
    /// A data set of one column per input field in order, followed by the output's.
    ///
    /// # Errors
    ///
    /// If the schema is not accepted, the columns do not fit it, or there is more than `limits` allow.
    pub fn new(schema: Schema, columns: Vec<Column>, limits: Limits) -> Result<Self, DatasetError> {
        let plan = schema.check()?;
        let expected = schema.fields().count();
        if columns.len() != expected {
            return Err(DatasetError::Columns {
                expected,
                found: columns.len(),
            });
        }
        let rows = columns.first().map_or(0, Column::rows);
        limits.check_rows(rows as u64, plan)?;
        limits.check_text(columns.iter().map(Column::text_bytes).sum())?;
        for (field, column) in schema.fields().zip(&columns) {
            check_column(field, column, rows)?;
        }
        Ok(Self {
            schema,
            plan,
            rows,
            columns,
        })
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The data as given: one column per input field, then the output's.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What a model reads: one row each, fields in order, numbers scaled, categories as one value per class, texts as
    /// token numbers.
    pub fn features(&self) -> Array2<f32> {
        self.features_of(0..self.rows)
    }

    /// [`features`](Dataset::features) of some neighbouring rows.
    ///
    /// # Panics
    ///
    /// If there are no such rows.
    pub fn features_of(&self, rows: ops::Range<usize>) -> Array2<f32> {
        let mut features = Array2::zeros((rows.len(), self.plan.inputs as usize));
        let mut start = 0;
        for (field, column) in self.schema.inputs.iter().zip(&self.columns) {
            let end = start + field.kind.values().unwrap_or_default() as usize;
            let part = features.slice_mut(s![.., start..end]);
            match column {
                Column::Numbers(numbers) => {
                    scale_into(
                        part,
                        numbers.slice(s![rows.clone(), ..]),
                        field.kind.range(),
                    );
                }
                Column::Classes(classes) => one_hot_into(part, &classes[rows.clone()]),
                Column::Texts(texts) => tokens_into(part, texts, rows.clone(), &field.kind),
            }
            start = end;
        }
        features
    }

    /// What a model should give.
    pub fn targets(&self) -> Targets {
        match self.columns.last() {
            Some(Column::Classes(classes)) => Targets::Classes(classes.clone()),
            Some(Column::Numbers(numbers)) => {
                let mut scaled = Array2::zeros(numbers.dim());
                scale_into(
                    scaled.view_mut(),
                    numbers.view(),
                    self.schema.output.kind.range(),
                );
                Targets::Numbers(scaled)
            }
            Some(Column::Texts(_)) | None => {
                unreachable!("a data set has a column per field, and its output is no text")
            }
        }
    }

    /// The given rows in the given order; a row may be given more than once.
    ///
    /// # Errors
    ///
    /// If no rows are given, too many or with too much text ([`Limits::default`]), or one that does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DatasetError> {
        let limits = Limits::default();
        limits.check_rows(rows.len() as u64, self.plan)?;
        if let Some(&row) = rows.iter().find(|&&row| row >= self.rows) {
            return Err(DatasetError::NoSuchRow { row });
        }
        let columns = self
            .columns
            .iter()
            .map(|column| column.select(rows))
            .collect::<Result<Vec<_>, _>>()?;
        limits.check_text(columns.iter().map(Column::text_bytes).sum())?;
        Ok(Self {
            schema: self.schema.clone(),
            plan: self.plan,
            rows: rows.len(),
            columns,
        })
    }

    /// Two random parts, the same for the same seed: the first has `part` of the rows (rounded to the nearest row), the
    /// second has the others. Rows are in the order of a [permutation](Random::permutation) from stream 2^64 - 1 of the
    /// seed.
    ///
    /// # Errors
    ///
    /// If `part` is not between 0 and 1, or a part would have no row.
    pub fn split(&self, part: f64, seed: u64) -> Result<(Self, Self), DatasetError> {
        let first = (self.rows as f64 * part).round();
        if !(first >= 1.0 && first < self.rows as f64) {
            return Err(DatasetError::EmptyPart);
        }
        // Both numbers of rows are at most MAX_ROWS.
        let order = Random::new(seed, STREAM).permutation(self.rows as u32);
        let (first, second) = order.split_at(first as usize);
        Ok((self.select(first)?, self.select(second)?))
    }
}

impl Column {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Column::Numbers(numbers) => numbers.nrows(),
            Column::Classes(classes) => classes.len(),
            Column::Texts(texts) => texts.len(),
        }
    }

    /// Bytes of text that it holds.
    fn text_bytes(&self) -> u64 {
        match self {
            Column::Texts(texts) => texts.bytes(),
            _ => 0,
        }
    }

    fn select(&self, rows: &[usize]) -> Result<Self, DatasetError> {
        Ok(match self {
            Column::Numbers(numbers) => Column::Numbers(numbers.select(Axis(0), rows)),
            Column::Classes(classes) => {
                Column::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            Column::Texts(texts) => Column::Texts(texts.select(rows)?),
        })
    }
}

impl Targets {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Numbers(numbers) => numbers.nrows(),
        }
    }

    /// The given rows in the given order.
    ///
    /// # Panics
    ///
    /// If one does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Targets::Classes(classes) => {
                Targets::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            Targets::Numbers(numbers) => Targets::Numbers(numbers.select(Axis(0), rows)),
        }
    }
}

fn check_column(field: &Field, column: &Column, rows: usize) -> Result<(), DatasetError> {
    let name = || field.name.clone();
    match (&field.kind, column) {
        (FieldKind::Category { classes: names }, Column::Classes(classes))
            if classes.len() == rows =>
        {
            match classes
                .iter()
                .position(|&class| usize::from(class) >= names.len())
            {
                Some(row) => Err(DatasetError::UnknownClass { field: name(), row }),
                None => Ok(()),
            }
        }
        (FieldKind::Text { .. }, Column::Texts(texts)) if texts.len() == rows => {
            match texts.iter().position(|text| text.len() > MAX_TEXT) {
                Some(row) => Err(DatasetError::TextTooLong { field: name(), row }),
                None => Ok(()),
            }
        }
        (FieldKind::Category { .. } | FieldKind::Text { .. }, _)
        | (_, Column::Classes(_) | Column::Texts(_)) => Err(DatasetError::Column { field: name() }),
        (kind, Column::Numbers(numbers)) => {
            if numbers.dim() != (rows, kind.columns().unwrap_or_default() as usize) {
                return Err(DatasetError::Column { field: name() });
            }
            let scale = Scale::new(kind.range());
            let finite = |number: &f32| number.is_finite() && scale.apply(*number).is_finite();
            match numbers
                .rows()
                .into_iter()
                .position(|row| !row.iter().all(finite))
            {
                Some(row) => Err(DatasetError::NotFinite { field: name(), row }),
                None => Ok(()),
            }
        }
    }
}

/// A [`Range`] in binary32, as documented there.
#[derive(Clone, Copy)]
struct Scale(Option<(f32, f32)>);

impl Scale {
    fn new(range: Option<Range>) -> Self {
        Self(range.map(|Range { low, high }| {
            let millionths = |value: i64| (value as f64 / 1e6) as f32;
            // The schema keeps both ends far from overflow.
            (millionths(low), millionths(high.saturating_sub(low)))
        }))
    }

    fn apply(self, number: f32) -> f32 {
        self.0.map_or(number, |(low, width)| (number - low) / width)
    }
}

fn scale_into(mut out: ArrayViewMut2<f32>, numbers: ArrayView2<f32>, range: Option<Range>) {
    let scale = Scale::new(range);
    out.zip_mut_with(&numbers, |out, &number| *out = scale.apply(number));
}

fn one_hot_into(mut out: ArrayViewMut2<f32>, classes: &[u8]) {
    for (mut row, &class) in out.rows_mut().into_iter().zip(classes) {
        row[usize::from(class)] = 1.0;
    }
}

/// The token numbers of the given rows; `out` holds zeros.
fn tokens_into(
    mut out: ArrayViewMut2<f32>,
    texts: &Texts,
    rows: ops::Range<usize>,
    kind: &FieldKind,
) {
    let FieldKind::Text { buckets, .. } = *kind else {
        unreachable!("a data set has texts only in fields of that kind")
    };
    for (mut out, row) in out.rows_mut().into_iter().zip(rows) {
        let tokens = token_numbers(texts.get(row).unwrap_or_default(), buckets);
        // At most MAX_BUCKETS, so exact.
        out.iter_mut()
            .zip(tokens)
            .for_each(|(out, token)| *out = token as f32);
    }
}
