//! Rows of data under a schema.

use crate::{Field, FieldKind, Name, Random, Range, Schema, SchemaError, SchemaPlan};
use ndarray::{s, Array2, ArrayView2, ArrayViewMut2, Axis};
use std::ops;

/// Rows of a data set, at most.
pub const MAX_ROWS: u64 = 1_000_000;
/// Values that a model reads from all rows of a data set together, at most: 400 MB of them.
pub const MAX_VALUES: u64 = 100_000_000;

/// The stream of a seed that splits are drawn from.
const STREAM: u64 = u64::MAX;

/// How much data a reader is ready to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Rows, at most.
    pub rows: u64,
    /// Rows times the values that a model reads from one, at most.
    pub values: u64,
}

impl Default for Limits {
    /// [`MAX_ROWS`] and [`MAX_VALUES`].
    fn default() -> Self {
        Self {
            rows: MAX_ROWS,
            values: MAX_VALUES,
        }
    }
}

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
}

/// What a model should give, one entry per row.
#[derive(Clone, PartialEq, Debug)]
pub enum Targets {
    /// The position of the true class.
    Classes(Vec<u8>),
    /// The true numbers, scaled by the output's range.
    Numbers(Array2<f32>),
}

/// Why data do not make a data set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The schema itself is not accepted.
    #[error("schema: {0}")]
    Schema(#[from] SchemaError),
    /// No rows.
    #[error("there are no rows: give at least one")]
    NoRows,
    /// More rows than the limit.
    #[error("more than {most} rows")]
    TooManyRows {
        /// The limit.
        most: u64,
    },
    /// More values than the limit.
    #[error("rows times values per row is more than {most}: use fewer rows or smaller fields")]
    TooManyValues {
        /// The limit.
        most: u64,
    },
    /// Not one column per field.
    #[error("there are {found} columns for {expected} fields")]
    Columns {
        /// Fields in the schema.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// A column of the wrong kind or dimensions.
    #[error(
        "the column of field {field:?} does not have the field's kind, width and number of rows"
    )]
    Column {
        /// The field's name.
        field: Name,
    },
    /// A class that the field does not have.
    #[error("field {field:?}, row {row}: no such class")]
    UnknownClass {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// An infinity or something that is not a number, before or after scaling.
    #[error(
        "field {field:?}, row {row}: the number is not finite, or too large for the field's range"
    )]
    NotFinite {
        /// The field's name.
        field: Name,
        /// The row, from 0.
        row: usize,
    },
    /// A selected row that does not exist.
    #[error("there is no row {row}")]
    NoSuchRow {
        /// The row, from 0.
        row: usize,
    },
    /// A part that would have no row.
    #[error("a part must be above 0 and below 1, and both parts need a row")]
    EmptyPart,
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
        check_size(rows as u64, plan, limits)?;
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

    /// What a model reads: one row each, fields in order, numbers scaled, categories as one value per class.
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
            None => unreachable!("a data set has a column per field, the output included"),
        }
    }

    /// The given rows in the given order; a row may be given more than once.
    ///
    /// # Errors
    ///
    /// If no rows are given, too many ([`Limits::default`]), or one that does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DatasetError> {
        check_size(rows.len() as u64, self.plan, Limits::default())?;
        if let Some(&row) = rows.iter().find(|&&row| row >= self.rows) {
            return Err(DatasetError::NoSuchRow { row });
        }
        let columns = self
            .columns
            .iter()
            .map(|column| column.select(rows))
            .collect();
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
        }
    }

    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Column::Numbers(numbers) => Column::Numbers(numbers.select(Axis(0), rows)),
            Column::Classes(classes) => {
                Column::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
        }
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

/// Checks how much data there would be, before any is allocated.
pub(crate) fn check_size(rows: u64, plan: SchemaPlan, limits: Limits) -> Result<(), DatasetError> {
    if rows == 0 {
        return Err(DatasetError::NoRows);
    }
    let most = limits.rows.min(MAX_ROWS);
    if rows > most {
        return Err(DatasetError::TooManyRows { most });
    }
    let most = limits.values.min(MAX_VALUES);
    if rows * u64::from(plan.inputs) > most {
        return Err(DatasetError::TooManyValues { most });
    }
    Ok(())
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
        (FieldKind::Category { .. }, _) | (_, Column::Classes(_)) => {
            Err(DatasetError::Column { field: name() })
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ndarray::array;

    fn schema() -> Schema {
        let json = r#"{
            "inputs": [
                {"name": "colour", "kind": {"category": {"classes": ["red", "green", "blue"]}}},
                {"name": "place", "kind": {"vector": {"length": 2, "range": {"low": -1000000, "high": 3000000}}}},
                {"name": "age", "kind": {"number": {}}}
            ],
            "output": {"name": "price", "kind": {"number": {"range": {"low": 0, "high": 10000000}}}}
        }"#;
        serde_json::from_str(json).unwrap()
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::Classes(vec![2, 0]),
            Column::Numbers(array![[-1.0, 3.0], [1.0, 7.0]]),
            Column::Numbers(array![[5.5], [-0.0]]),
            Column::Numbers(array![[5.0], [20.0]]),
        ]
    }

    fn dataset() -> Dataset {
        Dataset::new(schema(), columns(), Limits::default()).unwrap()
    }

    #[test]
    fn features_and_targets_are_scaled_and_one_hot() {
        let data = dataset();
        assert_eq!(data.rows(), 2);
        assert_eq!(
            data.features(),
            array![
                [0.0, 0.0, 1.0, 0.0, 1.0, 5.5],
                [1.0, 0.0, 0.0, 0.5, 2.0, -0.0]
            ]
        );
        assert_eq!(data.features_of(1..2), data.features().slice(s![1.., ..]));
        assert_eq!(data.targets(), Targets::Numbers(array![[0.5], [2.0]]));
    }

    #[test]
    fn select_takes_rows_in_order() {
        let data = dataset();
        let picked = data.select(&[1, 0, 1]).unwrap();
        assert_eq!(picked.columns()[0], Column::Classes(vec![0, 2, 0]));
        assert_eq!(picked.features().row(1), data.features().row(0));
        assert_eq!(data.select(&[]), Err(DatasetError::NoRows));
        assert_eq!(
            data.select(&[0, 2]),
            Err(DatasetError::NoSuchRow { row: 2 })
        );
    }

    #[test]
    fn split_has_every_row_once() {
        let data = dataset().select(&[0, 1, 1, 0, 1, 1, 0, 1, 1, 1]).unwrap();
        let (first, second) = data.split(0.3, 7).unwrap();
        assert_eq!((first.rows(), second.rows()), (3, 7));
        assert_eq!(data.split(0.3, 7).unwrap().0, first);
        let reds = |data: &Dataset| data.features().column(0).sum();
        assert_eq!(reds(&first) + reds(&second), reds(&data));
        for part in [0.0, 1.0, 0.99, 0.01, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(data.split(part, 7), Err(DatasetError::EmptyPart), "{part}");
        }
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let with = |index: usize, column: Column| {
            let mut columns = columns();
            columns[index] = column;
            Dataset::new(schema(), columns, Limits::default())
        };
        let name = |name: &str| Name::try_from(name).unwrap();
        let wrong = |field| Err(DatasetError::Column { field: name(field) });
        assert_eq!(
            with(0, Column::Numbers(array![[1.0], [1.0]])),
            wrong("colour")
        );
        assert_eq!(
            with(1, Column::Numbers(array![[1.0], [1.0]])),
            wrong("place")
        );
        assert_eq!(with(2, Column::Classes(vec![0, 0])), wrong("age"));
        assert_eq!(with(2, Column::Numbers(array![[1.0]])), wrong("age"));
        let unknown = DatasetError::UnknownClass {
            field: name("colour"),
            row: 1,
        };
        assert_eq!(with(0, Column::Classes(vec![0, 3])), Err(unknown));
        let infinite = DatasetError::NotFinite {
            field: name("age"),
            row: 0,
        };
        assert_eq!(
            with(2, Column::Numbers(array![[f32::NAN], [0.0]])),
            Err(infinite)
        );
        let found = Dataset::new(schema(), columns()[1..].to_vec(), Limits::default());
        assert_eq!(
            found,
            Err(DatasetError::Columns {
                expected: 4,
                found: 3
            })
        );
        assert_eq!(with(0, Column::Classes(vec![])), Err(DatasetError::NoRows));
    }

    #[test]
    fn numbers_too_large_after_scaling_are_refused() {
        let mut schema = schema();
        schema.inputs[2].kind = FieldKind::Number {
            range: Some(Range { low: 0, high: 1 }),
        };
        let mut columns = columns();
        columns[2] = Column::Numbers(array![[1.0], [1e35]]);
        let field = Name::try_from("age").unwrap();
        let error = Dataset::new(schema, columns, Limits::default());
        assert_eq!(error, Err(DatasetError::NotFinite { field, row: 1 }));
    }

    #[test]
    fn limits_hold_exactly() {
        let new = |rows, values| Dataset::new(schema(), columns(), Limits { rows, values });
        assert!(new(2, 12).is_ok());
        assert_eq!(new(1, 12), Err(DatasetError::TooManyRows { most: 1 }));
        assert_eq!(new(2, 11), Err(DatasetError::TooManyValues { most: 11 }));
    }
}
