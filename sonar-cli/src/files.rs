//! Files that the program reads and writes.

use anyhow::{anyhow, bail, Context as _, Result};
use serde::{de::DeserializeOwned, Deserialize, Deserializer};
use std::{
    convert::Infallible,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};
use syft::{Architecture, Dataset, DecodeError, Limits, Parameters, Receipt, Schema};

/// Bytes of a file that describes something (TOML, JSON), at most.
const MAX_DESCRIPTION: u64 = 1 << 20;
/// Bytes of a canonical data set, at most. What the chain stores is smaller still.
const MAX_DATASET: u64 = 512 << 20;
/// Bytes at the start of a file that tell a canonical data set from other files.
const MARK: usize = 8;

/// Something written in place, or the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOr<T> {
    /// In a file.
    File(PathBuf),
    /// In place.
    Here(T),
}

impl<T> FromStr for FileOr<T> {
    type Err = Infallible;

    fn from_str(path: &str) -> Result<Self, Infallible> {
        Ok(Self::File(path.into()))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for FileOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(path) => Ok(Self::File(path.into())),
            value => value
                .try_into()
                .map(Self::Here)
                .map_err(|error: toml::de::Error| serde::de::Error::custom(error.message())),
        }
    }
}

impl<T: DeserializeOwned> FileOr<T> {
    /// The thing itself, from TOML or (`.json`) JSON if it is in a file.
    pub fn load(self) -> Result<T> {
        match self {
            Self::File(path) => load(&path),
            Self::Here(value) => Ok(value),
        }
    }
}

/// Reads what a file describes: JSON if it is called `.json`, TOML otherwise.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = String::from_utf8(read(path, MAX_DESCRIPTION)?)
        .map_err(|_| anyhow!("{} is not text (UTF-8)", path.display()))?;
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        return serde_json::from_str(&text).with_context(|| format!("{}", path.display()));
    }
    toml::from_str(&text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(1, |before| before.matches('\n').count() + 1);
        anyhow!("{} line {line}: {}", path.display(), error.message())
    })
}

/// Reads a whole file of at most `most` bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    read_from(open(path)?, path, most)
}

fn read_from(reader: impl Read, path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells a file of the limit's size from a larger one.
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > most {
        bail!("{} is larger than {most} bytes", path.display());
    }
    Ok(bytes)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            anyhow!("there is no file {}: check the path", path.display())
        }
        _ => anyhow!("cannot open {}: {error}", path.display()),
    })
}

/// Reads a schema and checks it.
pub fn schema(source: FileOr<Schema>) -> Result<Schema> {
    let schema = source.load()?;
    schema.check()?;
    Ok(schema)
}

/// Reads an architecture and checks it.
pub fn architecture(source: FileOr<Architecture>) -> Result<Architecture> {
    let architecture = source.load()?;
    architecture.plan().context("architecture")?;
    Ok(architecture)
}

/// Where the architecture of fetched parameters is written: beside them.
pub fn architecture_beside(parameters: &Path) -> PathBuf {
    parameters.with_extension("architecture.json")
}

/// Reads parameters (safetensors) of the given architecture.
pub fn parameters(path: &Path, architecture: &Architecture) -> Result<Parameters> {
    let most = syft::max_blob_size(&architecture.plan()?);
    let bytes = read(path, most)?;
    Parameters::from_safetensors(architecture, &bytes).with_context(|| {
        format!(
            "{} does not hold this architecture's parameters",
            path.display()
        )
    })
}

/// Reads the receipt in a file of parameters (safetensors).
pub fn receipt(path: &Path) -> Result<Receipt> {
    Receipt::read_from(open(path)?)
        .with_context(|| format!("{}", path.display()))?
        .with_context(|| {
            format!(
                "{} has no receipt: sonar model train writes one",
                path.display()
            )
        })
}

/// Reads a data set, canonical or in any format that [`syft_data::load`] knows. Those need the
/// schema; a canonical data set has its own, which must be the same if one is given.
pub fn dataset(path: &Path, schema: Option<&Schema>) -> Result<Dataset> {
    let import = || {
        let schema = schema.with_context(|| {
            format!(
                "{} is no canonical data set: say what is in it with a schema",
                path.display()
            )
        })?;
        Ok(syft_data::load(path, schema)?)
    };
    if path.is_dir() {
        return import();
    }
    let mut file = open(path)?;
    let mut mark = Vec::with_capacity(MARK);
    Read::by_ref(&mut file)
        .take(MARK as u64)
        .read_to_end(&mut mark)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let is_canonical = Dataset::decode(&mark, Limits::default()) != Err(DecodeError::NotADataset);
    if !is_canonical {
        return import();
    }
    let bytes = read_from(mark.as_slice().chain(file), path, MAX_DATASET)?;
    let data = Dataset::decode(&bytes, Limits::default())
        .with_context(|| format!("{}", path.display()))?;
    if schema.is_some_and(|schema| schema != data.schema()) {
        bail!(
            "{} has another schema: import its rows again with this one",
            path.display()
        );
    }
    Ok(data)
}

/// Writes a file as a whole or not at all. A file that is there already is only replaced if it has
/// the same content, or with `force`.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    if !force && path.exists() {
        let same = read(path, bytes.len() as u64).is_ok_and(|present| present == bytes);
        return match same {
            true => Ok(()),
            false => bail!(
                "{} exists: choose another name, or add --force",
                path.display()
            ),
        };
    }
    write_atomically(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sonar-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A result is no secret: the usual permissions, less the umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SCHEMA: &str = r#"
        [[inputs]]
        name = "x"
        kind = { number = {} }
        [output]
        name = "y"
        kind = { number = {} }
    "#;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn data_sets_are_recognised() {
        let folder = folder_with(&[
            ("a.csv", "x,y\n1,2\n"),
            ("b.csv", "x,y\n1,two\n"),
            ("s.csv", "x"),
            ("a.jsonl", "{\"y\": 2, \"x\": 1}\n"),
            ("a.txt", "x,y\n1,2\n"),
            ("images/none.txt", ""),
        ]);
        let at = |name: &str| folder.path().join(name);
        let schema: Schema = toml::from_str(SCHEMA).unwrap();
        let data = dataset(&at("a.csv"), Some(&schema)).unwrap();
        assert_eq!(dataset(&at("a.jsonl"), Some(&schema)).unwrap(), data);
        write(&at("a.sonar"), &data.encode(), false).unwrap();
        assert_eq!(dataset(&at("a.sonar"), None).unwrap(), data);
        assert_eq!(dataset(&at("a.sonar"), Some(&schema)).unwrap(), data);

        let failure = |name: &str, schema| format!("{:#}", dataset(&at(name), schema).unwrap_err());
        assert!(failure("a.csv", None).contains("say what is in it with a schema"));
        assert!(failure("b.csv", Some(&schema))
            .ends_with("b.csv, line 2, column \"y\": \"two\" is not a number"));
        assert!(failure("a.txt", Some(&schema)).contains("no known format"));
        assert!(failure("images", Some(&schema)).contains("one image of 1 or 3 channels"));
        assert!(failure("images", None).contains("say what is in it with a schema"));
        assert!(failure("s.csv", Some(&schema)).contains('y'));
        assert!(failure("none.csv", None).contains("there is no file"));
        let other = toml::from_str(&SCHEMA.replace("\"x\"", "\"z\"")).unwrap();
        assert!(failure("a.sonar", Some(&other)).contains("another schema"));
        fs::write(at("cut.sonar"), &data.encode()[..12]).unwrap();
        assert!(failure("cut.sonar", None).contains("cut.sonar"));
    }

    #[test]
    fn mistakes_in_descriptions_name_the_place() {
        let folder = folder_with(&[
            ("s.toml", "\n\ninputs = 3\n"),
            ("a.json", "{\"input\": [1], \"layer\": []}"),
        ]);
        let failure = format!(
            "{:#}",
            load::<Schema>(&folder.path().join("s.toml")).unwrap_err()
        );
        assert!(failure.contains("s.toml line 3: "), "{failure}");
        let failure = format!(
            "{:#}",
            load::<Architecture>(&folder.path().join("a.json")).unwrap_err()
        );
        assert!(failure.contains("unknown field `layer`"), "{failure}");
    }

    #[test]
    fn too_large_files_are_refused() {
        let folder = folder_with(&[("f", "12345")]);
        assert_eq!(read(&folder.path().join("f"), 5).unwrap(), b"12345");
        let failure = read(&folder.path().join("f"), 4).unwrap_err().to_string();
        assert!(failure.contains("larger than 4 bytes"), "{failure}");
    }

    #[test]
    fn files_are_replaced_only_on_purpose() {
        let folder = folder_with(&[("f", "old")]);
        let path = folder.path().join("f");
        write(&path, b"old", false).unwrap();
        assert!(write(&path, b"new", false)
            .unwrap_err()
            .to_string()
            .contains("--force"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, b"new", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(write(&folder.path().join("no/such/folder"), b"", false).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
