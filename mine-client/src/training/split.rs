//! Which rows are trained on, and which are only measured on.

use syft::{content_hash, Column, Dataset, DatasetError};

/// Goes into every row's hash, so that the side of a row follows from nothing else that hashes rows. Never to be
/// changed: rows would change sides.
const KEY: &[u8; 16] = b"mine held-out v1";

/// A data set in two parts.
#[derive(Clone, Debug)]
pub struct Split {
    /// Trained on.
    pub training: Dataset,
    /// Only measured on.
    pub held_out: Dataset,
}

impl Split {
    /// Holds out about `fraction` (between 0 and 1) of the rows, each by its own contents: rows that are added, or come in
    /// another order, never move another row to the other side, and equal rows are on the same one.
    ///
    /// # Errors
    ///
    /// If one of the parts would have no row.
    pub fn of(data: &Dataset, fraction: f64) -> Result<Self, DatasetError> {
        let (held_out, training): (Vec<usize>, Vec<usize>) =
            (0..data.rows()).partition(|row| place(data, *row) < fraction);
        if held_out.is_empty() || training.is_empty() {
            return Err(DatasetError::EmptyPart);
        }
        Ok(Self {
            training: data.select(&training)?,
            held_out: data.select(&held_out)?,
        })
    }
}

/// A number from 0 to below 1 that depends on nothing but the row's contents, and is uniform over different rows.
fn place(data: &Dataset, row: usize) -> f64 {
    let [a, b, c, d, ..] = content_hash(&contents(data, row));
    f64::from(u32::from_le_bytes([a, b, c, d])) / 2f64.powi(32)
}

/// The key and the row, field after field, each as long as its kind or its length says.
fn contents(data: &Dataset, row: usize) -> Vec<u8> {
    let mut bytes = KEY.to_vec();
    for column in data.columns() {
        match column {
            Column::Numbers(numbers) => {
                // Both zeros are the same number.
                let values = numbers.row(row);
                bytes.extend(values.iter().flat_map(|value| (value + 0.0).to_le_bytes()));
            }
            Column::Classes(classes) => bytes.extend(classes.get(row)),
            Column::Texts(texts) => {
                let text = texts.get(row).unwrap_or_default();
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use syft::Schema;
    use syft_data::load_csv;

    const FRACTION: f64 = 0.25;

    /// A data set with a number, a category and a text per row.
    fn data(rows: &[u32]) -> Dataset {
        let schema: Schema = serde_json::from_str(
            r#"{"inputs":[{"name":"x","kind":{"number":{}}},
                          {"name":"t","kind":{"text":{"length":4,"buckets":16}}}],
                "output":{"name":"y","kind":{"category":{"classes":["no","yes"]}}}}"#,
        )
        .unwrap();
        let mut csv = String::from("x,t,y\n");
        for row in rows {
            let class = ["no", "yes"][(row % 2) as usize];
            csv += &format!("{}.5,word {row},{class}\n", row / 2);
        }
        load_csv(csv.as_bytes(), &schema).unwrap()
    }

    /// The side of every row, by its contents. Fails if equal rows are on different sides.
    fn sides(data: &Dataset) -> BTreeMap<Vec<u8>, bool> {
        let split = Split::of(data, FRACTION).unwrap();
        let rows = |part: &Dataset| -> BTreeSet<_> {
            (0..part.rows()).map(|row| contents(part, row)).collect()
        };
        let (training, held_out) = (rows(&split.training), rows(&split.held_out));
        assert!(training.is_disjoint(&held_out));
        assert_eq!(
            split.training.rows() + split.held_out.rows(),
            data.rows(),
            "a row is missing"
        );
        let tell =
            |rows: BTreeSet<Vec<u8>>, held_out| rows.into_iter().map(move |row| (row, held_out));
        tell(training, false).chain(tell(held_out, true)).collect()
    }

    proptest! {
        #[test]
        fn old_rows_stay_where_they_were(
            old in prop::collection::vec(0..10_000u32, 60..100),
            added in prop::collection::vec(0..10_000u32, 0..100),
            turn in 0..200usize,
        ) {
            let before = sides(&data(&old));
            let mut all = [old, added].concat();
            let turn = turn % all.len();
            all.rotate_left(turn);
            let after = sides(&data(&all));
            for (row, side) in before {
                prop_assert_eq!(after[&row], side);
            }
        }
    }

    #[test]
    fn equal_rows_are_on_the_same_side() {
        let twice: Vec<u32> = (0..200).chain(0..200).collect();
        assert_eq!(sides(&data(&twice)).len(), 200);
    }

    #[test]
    fn about_the_fraction_is_held_out() {
        let all: Vec<u32> = (0..4_000).collect();
        let held_out = Split::of(&data(&all), FRACTION).unwrap().held_out.rows();
        assert!((900..1_100).contains(&held_out), "{held_out}");
    }

    #[test]
    fn every_field_counts() {
        let all: Vec<u32> = (0..50).collect();
        let data = data(&all);
        let distinct: BTreeSet<_> = (0..50).map(|row| contents(&data, row)).collect();
        assert_eq!(distinct.len(), 50);
    }

    #[test]
    fn zero_has_no_sign() {
        let schema: Schema = serde_json::from_str(
            r#"{"inputs":[{"name":"x","kind":{"number":{}}}],
                "output":{"name":"y","kind":{"number":{}}}}"#,
        )
        .unwrap();
        let data = load_csv("x,y\n0,1\n-0,1\n".as_bytes(), &schema).unwrap();
        assert_eq!(contents(&data, 0), contents(&data, 1));
    }

    #[test]
    fn both_parts_need_a_row() {
        let one = data(&[7]);
        assert!(matches!(Split::of(&one, 0.5), Err(DatasetError::EmptyPart)));
        // The same row again and again is one row.
        let same = data(&[7; 50]);
        assert!(matches!(
            Split::of(&same, 0.5),
            Err(DatasetError::EmptyPart)
        ));
    }
}
