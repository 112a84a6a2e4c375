//! Gathers rows under a schema, within the limits of data sets.

use crate::error::Problem;
use ndarray::Array2;
use std::collections::HashMap;
use syft::{
    shorten, Column, Dataset, DatasetError, Field, FieldKind, Limits, Name, Schema, SchemaPlan,
    Texts, MAX_TEXT,
};

/// The columns of a data set in the making. Fields are known by their position: the inputs in order, then the output.
pub(crate) struct Gather<'a> {
    schema: &'a Schema,
    plan: SchemaPlan,
    limits: Limits,
    /// Rows that have been announced.
    rows: u64,
    /// Bytes of all texts so far.
    text: u64,
    columns: Vec<Cells>,
}

enum Cells {
    Numbers {
        width: usize,
        numbers: Vec<f32>,
    },
    Classes {
        by_name: HashMap<String, u8>,
        classes: Vec<u8>,
    },
    Texts(Texts),
}

impl<'a> Gather<'a> {
    /// No rows of this schema yet.
    pub(crate) fn new(schema: &'a Schema) -> Result<Self, Problem> {
        let plan = schema.check().map_err(DatasetError::from)?;
        Ok(Self {
            schema,
            plan,
            limits: Limits::default(),
            rows: 0,
            text: 0,
            columns: schema.fields().map(Cells::new).collect(),
        })
    }

    /// Announces more rows, before any of their cells is given. Fails if there would be too many.
    pub(crate) fn add_rows(&mut self, count: u64) -> Result<(), Problem> {
        self.rows = self.rows.saturating_add(count);
        Ok(self.limits.check_rows(self.rows, self.plan)?)
    }

    /// The next cell of a field, as text: a decimal number, the name of a class, or a text, from which white space (ASCII)
    /// at the ends is removed.
    pub(crate) fn cell(&mut self, field: usize, cell: &str) -> Result<(), Problem> {
        let shown = || shorten(cell);
        match self.columns.get_mut(field) {
            Some(Cells::Numbers { .. }) => {
                let number = cell.parse();
                self.number(
                    field,
                    number.map_err(|_| Problem::NotANumber { text: shown() })?,
                )
                .map_err(|_| Problem::NotFinite { text: shown() })
            }
            Some(Cells::Classes { by_name, classes }) => {
                let class = by_name.get(cell);
                classes.push(*class.ok_or_else(|| Problem::UnknownClass { text: shown() })?);
                Ok(())
            }
            Some(Cells::Texts(texts)) => {
                let text = cell.trim_ascii();
                if text.len() > MAX_TEXT {
                    return Err(Problem::TextTooLong);
                }
                self.text += text.len() as u64;
                self.limits.check_text(self.text)?;
                Ok(texts.push(text)?)
            }
            None => Err(no_such(field)),
        }
    }

    /// The next number of a field of numbers.
    pub(crate) fn number(&mut self, field: usize, number: f32) -> Result<(), Problem> {
        check_finite(number)?;
        self.numbers(field)?.push(number);
        Ok(())
    }

    /// Makes room for more numbers of a field of numbers, zeros for now, and says where they start.
    pub(crate) fn add_zeros(&mut self, field: usize, count: usize) -> Result<usize, Problem> {
        let numbers = self.numbers(field)?;
        let start = numbers.len();
        numbers.resize(start + count, 0.0);
        Ok(start)
    }

    /// Sets a number of a field of numbers that there is room for.
    pub(crate) fn set_number(
        &mut self,
        field: usize,
        place: usize,
        number: f32,
    ) -> Result<(), Problem> {
        check_finite(number)?;
        let place = self.numbers(field)?.get_mut(place);
        *place.ok_or_else(|| no_such(field))? = number;
        Ok(())
    }

    fn numbers(&mut self, field: usize) -> Result<&mut Vec<f32>, Problem> {
        match self.columns.get_mut(field) {
            Some(Cells::Numbers { numbers, .. }) => Ok(numbers),
            _ => Err(no_such(field)),
        }
    }

    /// The next class of a category, by its position.
    pub(crate) fn class(&mut self, field: usize, position: i64) -> Result<(), Problem> {
        let Some(Cells::Classes { by_name, classes }) = self.columns.get_mut(field) else {
            return Err(no_such(field));
        };
        let class = u8::try_from(position).ok();
        let class = class.filter(|&class| usize::from(class) < by_name.len());
        classes.push(class.ok_or_else(|| Problem::UnknownClass {
            text: position.to_string(),
        })?);
        Ok(())
    }

    /// The data set of all cells.
    pub(crate) fn finish(self) -> Result<Dataset, Problem> {
        let columns = self
            .schema
            .fields()
            .zip(self.columns)
            .map(|(field, cells)| cells.finish(field))
            .collect::<Result<_, _>>()?;
        Ok(Dataset::new(self.schema.clone(), columns, self.limits)?)
    }
}

impl Cells {
    fn new(field: &Field) -> Self {
        match &field.kind {
            // At most MAX_CLASSES, so that every position fits.
            FieldKind::Category { classes } => Self::Classes {
                by_name: classes
                    .iter()
                    .map(Name::to_string)
                    .zip(0..=u8::MAX)
                    .collect(),
                classes: Vec::new(),
            },
            FieldKind::Text { .. } => Self::Texts(Texts::default()),
            kind => Self::Numbers {
                width: kind.columns().unwrap_or_default() as usize,
                numbers: Vec::new(),
            },
        }
    }

    fn finish(self, field: &Field) -> Result<Column, DatasetError> {
        Ok(match self {
            Self::Classes { classes, .. } => Column::Classes(classes),
            Self::Texts(texts) => Column::Texts(texts),
            Self::Numbers { width, numbers } => {
                let rows = numbers.len() / width.max(1);
                let numbers = Array2::from_shape_vec((rows, width), numbers);
                Column::Numbers(numbers.map_err(|_| DatasetError::Column {
                    field: field.name.clone(),
                })?)
            }
        })
    }
}

fn check_finite(number: f32) -> Result<(), Problem> {
    match number.is_finite() {
        true => Ok(()),
        false => Err(Problem::NotFinite {
            text: number.to_string(),
        }),
    }
}

/// A loader gives a field cells of its kind only; were it to err, this says so.
fn no_such(field: usize) -> Problem {
    Problem::WrongKind {
        expected: "a cell of the field's kind",
        found: format!("a cell of another kind for field {field}"),
    }
}

/// The columns that a field has in a table.
pub(crate) fn column_names(field: &Field) -> impl Iterator<Item = String> + '_ {
    let numbered = field.kind.is_numbered();
    (0..field.kind.columns().unwrap_or_default()).map(move |index| match numbered {
        true => format!("{}_{index}", field.name),
        false => field.name.to_string(),
    })
}

/// The lengths of the lists in which a vector or picture may be nested so deep, outermost first: flat, or as a picture's
/// channels, rows and pixels, of which a single channel may be left out. `None` for other depths and kinds.
pub(crate) fn dimensions(kind: &FieldKind, depth: usize) -> Option<Vec<u32>> {
    match (kind, depth) {
        (FieldKind::Vector { .. } | FieldKind::Image { .. }, 1) => Some(vec![kind.columns()?]),
        (
            &FieldKind::Image {
                channels: 1,
                height,
                width,
                ..
            },
            2,
        ) => Some(vec![height, width]),
        (
            &FieldKind::Image {
                channels,
                height,
                width,
                ..
            },
            3,
        ) => Some(vec![channels, height, width]),
        _ => None,
    }
}
