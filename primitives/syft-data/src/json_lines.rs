//! Data sets from JSON Lines: one JSON object per line.

use crate::error::{LoadError, Problem};
use crate::gather::{dimensions, Gather};
use crate::MAX_RECORD;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use syft::{shorten, Dataset, Field, FieldKind, Schema};

const FORMAT: &str = "JSON";

/// Reads a data set from lines of JSON objects whose keys are the names of the fields.
///
/// A number is a JSON number, read as decimal text as in CSV. A category is the name of a class as a string; a number,
/// `true` or `false` stands for the class that is called the same. A text is a string; white space (ASCII) at its ends is
/// removed. A vector is a list of numbers; a picture is a flat list of its values, or lists of numbers in lists for rows
/// in a list for channels, where a single channel needs no list of its own. Other keys and blank lines are ignored.
///
/// Safe on untrusted text: memory is bounded by some multiple of [`MAX_RECORD`], which a line may not exceed, besides what
/// [`Limits::default`](syft::Limits::default) allows for the rows.
///
/// # Errors
///
/// The first mistake, with its line from 1 and the key.
pub fn load_json_lines(reader: impl Read, schema: &Schema) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    let fields: Vec<&Field> = schema.fields().collect();
    let names = fields.iter().map(|field| field.name.as_str());
    let positions: HashMap<&str, usize> = names.zip(0..).collect();
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        // One byte more tells a line of the greatest length from a longer one.
        let most = MAX_RECORD as u64 + 1;
        let read = reader.by_ref().take(most).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        if bytes.len() > MAX_RECORD {
            return Err(LoadError::from(Problem::RecordTooLong).at_line(line));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| LoadError::from(Problem::NotUtf8).at_line(line))?;
        // A byte order mark may begin the file.
        let text = match line {
            1 => text.strip_prefix('\u{feff}').unwrap_or(text),
            _ => text,
        };
        if text.trim_ascii().is_empty() {
            continue;
        }
        gather.add_rows(1)?;
        let values = object(text, &positions).map_err(|error| error.at_line(line))?;
        for (index, (field, value)) in fields.iter().zip(values).enumerate() {
            let stored = match value {
                Some(value) => store(&mut gather, index, &field.kind, value),
                None => Err(Problem::MissingColumn),
            };
            let at = |problem| {
                LoadError::from(problem)
                    .at_line(line)
                    .in_column(field.name.as_str())
            };
            stored.map_err(at)?;
        }
    }
    Ok(gather.finish()?)
}

/// The value of each field, as it is written.
fn object<'a>(
    text: &'a str,
    positions: &HashMap<&str, usize>,
) -> Result<Vec<Option<&'a RawValue>>, LoadError> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let found = Object(positions)
        .deserialize(&mut parser)
        .map_err(malformed)?;
    parser.end().map_err(malformed)?;
    let mut values = vec![None; positions.len()];
    for (position, value) in found {
        if let Some(place) = values.get_mut(position) {
            if place.replace(value).is_some() {
                let name = positions.iter().find(|(_, found)| **found == position);
                let name = name.map_or("", |(name, _)| name);
                return Err(LoadError::from(Problem::RepeatedColumn).in_column(name));
            }
        }
    }
    Ok(values)
}

/// What the parser complains about. It counts lines within this one.
fn malformed(error: serde_json::Error) -> Problem {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    Problem::malformed(FORMAT, format!("{reason}, at character {}", error.column()))
}

/// Stores the value of one row.
fn store(
    gather: &mut Gather,
    index: usize,
    kind: &FieldKind,
    value: &RawValue,
) -> Result<(), Problem> {
    match (kind, first(value)) {
        (_, b'n') => Err(Problem::Missing),
        (FieldKind::Number { .. }, _) => number(gather, index, value),
        (FieldKind::Category { .. } | FieldKind::Text { .. }, b'"') => {
            let text: String = serde_json::from_str(value.get()).map_err(malformed)?;
            gather.cell(index, &text)
        }
        (FieldKind::Category { .. }, b'-' | b'0'..=b'9' | b't' | b'f') => {
            gather.cell(index, value.get())
        }
        (FieldKind::Category { .. }, _) => Err(wrong("the name of a class", value)),
        (FieldKind::Text { .. }, _) => Err(wrong("a string", value)),
        (FieldKind::Vector { .. } | FieldKind::Image { .. }, _) => {
            let depth = depth(value);
            match dimensions(kind, depth) {
                Some(lengths) => list(gather, index, &lengths, value),
                None => Err(wrong(
                    "numbers in lists as deep as the field's dimensions",
                    value,
                )),
            }
        }
    }
}

/// Stores numbers in lists of these lengths, the outermost first.
fn list(
    gather: &mut Gather,
    index: usize,
    lengths: &[u32],
    value: &RawValue,
) -> Result<(), Problem> {
    let Some((&length, inner)) = lengths.split_first() else {
        return number(gather, index, value);
    };
    if first(value) != b'[' {
        return Err(wrong("a list", value));
    }
    let items: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(malformed)?;
    if items.len() != length as usize {
        return Err(Problem::Dimensions {
            expected: format!("{length} items"),
            found: format!("a list of {}", items.len()),
        });
    }
    items
        .into_iter()
        .try_for_each(|item| list(gather, index, inner, item))
}

fn number(gather: &mut Gather, index: usize, value: &RawValue) -> Result<(), Problem> {
    match first(value) {
        b'-' | b'0'..=b'9' => gather.cell(index, value.get()),
        b'n' => Err(Problem::Missing),
        _ => Err(wrong("a number", value)),
    }
}

/// The first character, which tells the kind: a value has no white space around it.
fn first(value: &RawValue) -> u8 {
    value.get().bytes().next().unwrap_or_default()
}

/// How many lists begin before anything else.
fn depth(value: &RawValue) -> usize {
    let bytes = value
        .get()
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace());
    bytes.take_while(|byte| *byte == b'[').count()
}

fn wrong(expected: &'static str, value: &RawValue) -> Problem {
    Problem::WrongKind {
        expected,
        found: shorten(value.get()),
    }
}

/// The values of an object whose keys are known, with the positions of the keys.
struct Object<'a>(&'a HashMap<&'a str, usize>);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<(usize, &'de RawValue)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<(usize, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(key) = map.next_key_seed(Key(self.0))? {
            match key {
                Some(position) => values.push((position, map.next_value()?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values)
    }
}

/// The position of a key, if it is known.
struct Key<'a>(&'a HashMap<&'a str, usize>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.get(key).copied())
    }
}
