//! Many texts in one piece of memory.

use super::{DatasetError, MAX_ALL_TEXT};

/// The texts of one field, row after row: their bytes one after the other, and where each ends.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Texts {
    joined: String,
    /// The end of each text in `joined`.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds the text of the next row.
    ///
    /// # Errors
    ///
    /// If all texts together would have more than [`MAX_ALL_TEXT`] bytes.
    pub fn push(&mut self, text: &str) -> Result<(), DatasetError> {
        let end = self.joined.len() as u64 + text.len() as u64;
        let end = u32::try_from(end).ok();
        let end = end.filter(|&end| u64::from(end) <= MAX_ALL_TEXT);
        self.ends
            .push(end.ok_or(DatasetError::TooMuchText { most: MAX_ALL_TEXT })?);
        self.joined.push_str(text);
        Ok(())
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all texts together.
    pub fn bytes(&self) -> u64 {
        self.joined.len() as u64
    }

    /// The text of a row, if there is such a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = match row.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.joined.get(start as usize..end as usize)
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|row| self.get(row))
    }

    /// The texts of the given rows in the given order.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push), before anything is copied.
    pub(crate) fn select(&self, rows: &[usize]) -> Result<Self, DatasetError> {
        let chosen = || rows.iter().filter_map(|&row| self.get(row));
        let bytes: u64 = chosen().map(|text| text.len() as u64).sum();
        if bytes > MAX_ALL_TEXT {
            return Err(DatasetError::TooMuchText { most: MAX_ALL_TEXT });
        }
        let mut texts = Self::default();
        chosen().try_for_each(|text| texts.push(text))?;
        Ok(texts)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_in_order() {
        let mut texts = Texts::default();
        for text in ["one", "", "zwölf"] {
            texts.push(text).unwrap();
        }
        assert_eq!((texts.len(), texts.bytes()), (3, 9));
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["one", "", "zwölf"]);
        assert_eq!(texts.get(3), None);
        let picked = texts.select(&[2, 0, 2]).unwrap();
        assert_eq!(picked.iter().collect::<Vec<_>>(), ["zwölf", "one", "zwölf"]);
    }

    #[test]
    fn texts_do_not_grow_beyond_their_bound() {
        let mut texts = Texts::default();
        let long = "x".repeat(1_000_000);
        for _ in 0..100 {
            texts.push(&long).unwrap();
        }
        let full = DatasetError::TooMuchText { most: MAX_ALL_TEXT };
        assert_eq!(texts.push("x"), Err(full.clone()));
        assert_eq!((texts.len(), texts.bytes()), (100, MAX_ALL_TEXT));
        texts.push("").unwrap();
        assert_eq!(texts.select(&[0; 101]), Err(full));
    }
}
