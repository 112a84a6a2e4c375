//! Any of the formats, by a file's name.

use crate::error::{LoadError, Problem};
use crate::{load_csv, load_idx, load_image_folder, load_json_lines, load_parquet};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use syft::{Dataset, Schema};

/// Reads a data set from a file or folder of any format, known by its name:
///
/// | name | format |
/// |---|---|
/// | `.csv`, `.csv.gz` | [CSV](load_csv) |
/// | `.jsonl`, `.ndjson`, with or without `.gz` | [JSON Lines](load_json_lines) |
/// | `.parquet` | [Parquet](load_parquet) |
/// | contains `idx`, with or without `.gz` | [IDX](load_idx): the file of the inputs, whose name contains `images`; the outputs are in the file of the same folder whose name has `labels` instead, and `idx1` instead of any other number |
/// | a folder | [images](load_image_folder) |
///
/// Letters count the same in lower and upper case, except for `images` and `labels`.
///
/// # Errors
///
/// The first mistake, with the file, and line or row and column where there are such.
pub fn load(path: &Path, schema: &Schema) -> Result<Dataset, LoadError> {
    if path.is_dir() {
        return load_image_folder(path, schema);
    }
    let loaded = match Format::of(path) {
        Some(Format::Csv) => open(path).and_then(|file| load_csv(file, schema)),
        Some(Format::JsonLines) => open(path).and_then(|file| load_json_lines(file, schema)),
        Some(Format::Parquet) => File::open(path)
            .map_err(LoadError::from)
            .and_then(|file| load_parquet(file, schema)),
        Some(Format::Idx) => labels_of(path).and_then(|labels| {
            let outputs = open(&labels).map_err(|error| error.in_file(&labels))?;
            load_idx(open(path)?, outputs, schema)
        }),
        None => Err(Problem::UnknownFormat.into()),
    };
    loaded.map_err(|error| error.in_file(path))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Csv,
    JsonLines,
    Parquet,
    Idx,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = |ending| plain.ends_with(ending);
        if ends(".csv") {
            Some(Self::Csv)
        } else if ends(".jsonl") || ends(".ndjson") {
            Some(Self::JsonLines)
        } else if name.ends_with(".parquet") {
            Some(Self::Parquet)
        } else if plain.contains("idx") {
            Some(Self::Idx)
        } else {
            None
        }
    }
}

/// The file's contents, unpacked if it is called `.gz`.
fn open(path: &Path) -> Result<Box<dyn Read>, LoadError> {
    let file = BufReader::new(File::open(path)?);
    let packed = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    Ok(match packed {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(file),
    })
}

/// The labels that belong to a file of images.
fn labels_of(images: &Path) -> Result<PathBuf, LoadError> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    let missing = |message: String| io::Error::new(io::ErrorKind::NotFound, message);
    let Some((before, after)) = name.rsplit_once("images") else {
        let message = "give the IDX file of the inputs, whose name contains \"images\"";
        return Err(missing(message.into()).into());
    };
    let labels = images.with_file_name(format!("{before}labels{}", one_dimension(after)));
    match labels.exists() {
        true => Ok(labels),
        false => Err(missing(format!("its labels should be in {}", labels.display())).into()),
    }
}

/// `idx3` becomes `idx1`: labels have one dimension.
fn one_dimension(name: &str) -> String {
    match name.split_once("idx") {
        Some((before, after)) => {
            let rest = after.strip_prefix(|c: char| c.is_ascii_digit());
            let rest = rest.map_or(after.into(), |rest| format!("1{rest}"));
            format!("{before}idx{rest}")
        }
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_names() {
        let of = |name: &str| Format::of(Path::new(name));
        for (name, format) in [
            ("a/b.csv", Format::Csv),
            ("B.CSV.GZ", Format::Csv),
            ("rows.jsonl", Format::JsonLines),
            ("rows.ndjson.gz", Format::JsonLines),
            ("x.parquet", Format::Parquet),
            ("train-images-idx3-ubyte", Format::Idx),
            ("train-images.idx3-ubyte.gz", Format::Idx),
        ] {
            assert_eq!(of(name), Some(format), "{name}");
        }
        for name in ["a.txt", "csv", "a.csv.zip", "x.parquet.gz", "", "/"] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn labels_are_named_like_their_images() {
        assert_eq!(one_dimension("-idx3-ubyte.gz"), "-idx1-ubyte.gz");
        assert_eq!(one_dimension(".idx"), ".idx");
        assert_eq!(one_dimension(""), "");
    }
}
