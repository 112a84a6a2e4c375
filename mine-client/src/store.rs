//! The mine's data: named data sets on the own disk, which never leave it.
//!
//! A data set is one file, `<name>.sonar`: the rows and their schema in Syft's canonical form. It is
//! written under another name, flushed to the disk and then renamed, so a data set is there whole or
//! not at all. Only the owner can read it.

use crate::private;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use syft::{Dataset, DecodeError, Limits, Schema, SchemaError};
use syft_data::LoadError;

/// What a data set's file name ends with.
const ENDING: &str = "sonar";
/// The longest name of a data set, in bytes.
const MAX_NAME: usize = 32;
/// The longest schema file that is read, in bytes.
const MAX_SCHEMA: u64 = 1 << 20;
/// The largest data set that is read, in bytes: what a model reads and what it gives in the wide
/// form, all text, and a generous header.
const MAX_FILE: u64 = 2 * 4 * syft::MAX_VALUES + syft::MAX_ALL_TEXT + (1 << 20);

/// Why the store cannot do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A name that cannot be a file's.
    #[error("{0:?} is no name for a data set: use 1 to {MAX_NAME} of a-z, A-Z, 0-9, - and _")]
    BadName(String),
    /// The name is taken.
    #[error("there is a data set {0} already: remove it first, or choose another name")]
    Exists(String),
    /// No such data set.
    #[error("there is no data set {0}: `mine data list` shows what there is")]
    Missing(String),
    /// The schema cannot be read.
    #[error("the schema {}: {message}", .path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// The schema breaks a rule.
    #[error("the schema {}: {source}", .path.display())]
    BadSchema {
        /// The file.
        path: PathBuf,
        /// The rule.
        source: SchemaError,
    },
    /// The rows cannot be read, or do not match the schema.
    #[error(transparent)]
    Rows(#[from] LoadError),
    /// A file of the store is not what was written.
    #[error("{} is damaged: {source}; remove the data set and add it again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: DecodeError,
    },
    /// A file of the store is too large to be one.
    #[error("{} is larger than a data set can be: remove it and add it again", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written; what was begun is removed.
    #[error("cannot write {}: {source}; nothing was added, make the disk writable and free some space", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What there is to know of a data set without its rows.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DataInfo {
    /// Its name.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Size on the disk in bytes.
    pub bytes: u64,
    /// blake2b-256 of the canonical form, in hexadecimal.
    pub hash: String,
    /// What a row looks like.
    pub schema: Schema,
}

/// The data sets of one mine.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in this folder; nothing is created until a data set is added.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Adds a data set from a file or folder of rows as the schema says, in any format that
    /// [`syft_data::load`] knows.
    ///
    /// # Errors
    ///
    /// If the name is bad or taken, the schema or a row is wrong, or the disk does not take it. Then
    /// the store is as it was.
    pub fn add(&self, name: &str, rows: &Path, schema: &Path) -> Result<DataInfo, StoreError> {
        let path = self.path(name)?;
        if path.exists() {
            return Err(StoreError::Exists(name.into()));
        }
        let schema = read_schema(schema)?;
        let data = syft_data::load(rows, &schema)?;
        let bytes = data.encode();
        write_whole(&self.folder, &path, &bytes)?;
        Ok(info(name, &data, bytes.len() as u64))
    }

    /// The names of all data sets, sorted.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |source| StoreError::Read {
            path: self.folder.clone(),
            source,
        };
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for file in files {
            let path = file.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                let name = path.file_stem().and_then(|name| name.to_str());
                names.extend(name.filter(|name| is_name(name)).map(str::to_owned));
            }
        }
        names.sort();
        Ok(names)
    }

    /// A data set with all its rows.
    ///
    /// # Errors
    ///
    /// If there is no such data set, or it cannot be read.
    pub fn get(&self, name: &str) -> Result<(DataInfo, Dataset), StoreError> {
        let path = self.path(name)?;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(name.into()),
            _ => StoreError::Read {
                path: path.clone(),
                source,
            },
        };
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
        if read.map_err(failed)? as u64 > MAX_FILE {
            return Err(StoreError::TooLarge { path });
        }
        let data = Dataset::decode(&bytes, Limits::default())
            .map_err(|source| StoreError::Damaged { path, source })?;
        Ok((info(name, &data, bytes.len() as u64), data))
    }

    /// Deletes a data set.
    ///
    /// # Errors
    ///
    /// If there is no such data set, or the disk does not let go of it.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name)?;
        fs::remove_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(name.into()),
            _ => StoreError::Write { path, source },
        })
    }

    fn path(&self, name: &str) -> Result<PathBuf, StoreError> {
        if !is_name(name) {
            return Err(StoreError::BadName(
                name.chars().take(2 * MAX_NAME).collect(),
            ));
        }
        Ok(self.folder.join(format!("{name}.{ENDING}")))
    }
}

/// Whether this can be a data set's name. It becomes a file's, so it must not lead out of the folder.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
}

fn info(name: &str, data: &Dataset, bytes: u64) -> DataInfo {
    DataInfo {
        name: name.into(),
        rows: data.rows(),
        bytes,
        hash: hex::encode(data.hash()),
        schema: data.schema().clone(),
    }
}

fn read_schema(path: &Path) -> Result<Schema, StoreError> {
    let wrong = |message: String| StoreError::Schema {
        path: path.into(),
        message,
    };
    let failed = |source| StoreError::Read {
        path: path.into(),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    let read = file.take(MAX_SCHEMA + 1).read_to_string(&mut text);
    if read.map_err(failed)? as u64 > MAX_SCHEMA {
        return Err(wrong(format!("longer than {MAX_SCHEMA} bytes")));
    }
    let schema: Schema = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    schema.check().map_err(|source| StoreError::BadSchema {
        path: path.into(),
        source,
    })?;
    Ok(schema)
}

/// Writes a new file that is there whole, on the disk, or not at all.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let failed = |source| StoreError::Write {
        path: path.into(),
        source,
    };
    private::create_folder(folder).map_err(failed)?;
    let partial = path.with_extension("partial");
    let written = private::create_file(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path))
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // What cannot be removed is no data set either: its name has another ending.
        let _ = fs::remove_file(&partial);
    }
    written.map_err(failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use tempfile::TempDir;

    const SCHEMA: &str = r#"
        [[inputs]]
        name = "x"
        kind = { number = {} }
        [output]
        name = "y"
        kind = { category = { classes = ["no", "yes"] } }
    "#;

    fn add(folder: &TempDir, name: &str, csv: &str, schema: &str) -> Result<DataInfo, StoreError> {
        let (rows, form) = (
            folder.path().join("rows.csv"),
            folder.path().join("schema.toml"),
        );
        fs::write(&rows, csv).unwrap();
        fs::write(&form, schema).unwrap();
        Store::at(folder.path().join("data")).add(name, &rows, &form)
    }

    #[test]
    fn a_data_set_is_added_listed_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("data"));
        assert!(store.names().unwrap().is_empty());
        let added = add(&folder, "b-1", "y,x\nno,1\nyes,2.5\n", SCHEMA).unwrap();
        add(&folder, "a", "x,y\n1,no\n", SCHEMA).unwrap();
        assert_eq!((added.rows, added.name.as_str()), (2, "b-1"));
        assert_eq!(store.names().unwrap(), ["a", "b-1"]);
        let (info, data) = store.get("b-1").unwrap();
        assert_eq!(info, added);
        assert_eq!(data.rows(), 2);
        store.remove("b-1").unwrap();
        assert!(matches!(store.get("b-1"), Err(StoreError::Missing(_))));
        assert!(matches!(store.remove("b-1"), Err(StoreError::Missing(_))));
        assert_eq!(store.names().unwrap(), ["a"]);
    }

    #[test]
    fn nobody_else_may_read_the_data() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        add(&folder, "a", "x,y\n1,no\n", SCHEMA).unwrap();
        let mode = |path: &str| {
            let path = folder.path().join(path);
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode("data"), 0o700);
        assert_eq!(mode("data/a.sonar"), 0o600);
    }

    #[test]
    fn a_taken_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        add(&folder, "a", "x,y\n1,no\n", SCHEMA).unwrap();
        let again = add(&folder, "a", "x,y\n2,no\n", SCHEMA);
        assert!(matches!(again, Err(StoreError::Exists(_))));
    }

    #[test]
    fn names_cannot_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "..", "../a", "a/b", "a.b", "ä", &"a".repeat(33)] {
            let result = add(&folder, name, "x,y\n1,no\n", SCHEMA);
            assert!(matches!(result, Err(StoreError::BadName(_))), "{name}");
        }
    }

    #[test]
    fn bad_rows_name_line_and_column_and_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for (csv, says) in [
            ("", "header"),
            ("x\n1\n", "\"y\""),
            ("x,y\n1,no\nabc,no\n", "line 3"),
            ("x,y\n1,perhaps\n", "perhaps"),
            ("x,y\ninf,no\n", "line 2"),
            ("x,y\n1\n", "line 2"),
            ("x,y\n", "row"),
        ] {
            let error = add(&folder, "a", csv, SCHEMA).unwrap_err().to_string();
            assert!(
                error.contains("rows.csv") && error.contains(says),
                "{error}"
            );
        }
        let huge = format!("x,y\n{},no\n", "1".repeat(2 << 20));
        let error = add(&folder, "a", &huge, SCHEMA).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(!folder.path().join("data").exists());
    }

    #[test]
    fn other_formats_give_the_same_data_set() {
        let folder = tempfile::tempdir().unwrap();
        let csv = add(&folder, "csv", "x,y\n1,no\n", SCHEMA).unwrap();
        let lines = folder.path().join("rows.jsonl");
        fs::write(&lines, "{\"x\": 1, \"y\": \"no\"}").unwrap();
        let store = Store::at(folder.path().join("data"));
        let schema = folder.path().join("schema.toml");
        let json = store.add("json", &lines, &schema).unwrap();
        assert_eq!(json.hash, csv.hash);
        let error = store.add("none", Path::new("none.csv"), &schema);
        assert!(matches!(error, Err(StoreError::Rows(_))));
    }

    #[test]
    fn bad_schemas_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let twice = SCHEMA.replace("\"yes\"", "\"no\"");
        for schema in ["", "inputs = 3", &twice, &format!("{SCHEMA}\nextra = 1")] {
            let error = add(&folder, "a", "x,y\n1,no\n", schema).unwrap_err();
            assert!(error.to_string().contains("schema.toml"), "{error}");
        }
    }

    #[test]
    fn damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        add(&folder, "a", "x,y\n1,no\n", SCHEMA).unwrap();
        let path = folder.path().join("data/a.sonar");
        let mut bytes = fs::read(&path).unwrap();
        bytes.pop();
        fs::write(&path, bytes).unwrap();
        let store = Store::at(folder.path().join("data"));
        assert!(matches!(store.get("a"), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_folder_that_takes_no_files_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        // A file where the folder should be: refused for root too.
        fs::write(folder.path().join("data"), "").unwrap();
        let error = add(&folder, "a", "x,y\n1,no\n", SCHEMA).unwrap_err();
        assert!(matches!(error, StoreError::Write { .. }));
        assert!(error.to_string().contains("nothing was added"));
    }
}
