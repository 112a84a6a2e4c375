//! Data sets for [`syft`] from the formats that people keep them in.
//!
//! [`load`] reads any of them, [`load_csv`], [`load_json_lines`], [`load_parquet`], [`load_idx`] and
//! [`load_image_folder`] one each. The same rows give the same [`Dataset`](syft::Dataset), and so the same
//! [hash](syft::Dataset::hash), from whichever format they come.
//!
//! ```
//! use syft_data::{load_csv, load_json_lines};
//!
//! let schema: syft::Schema = serde_json::from_str(r#"{
//!     "inputs": [
//!         {"name": "note", "kind": {"text": {"length": 8, "buckets": 1024}}},
//!         {"name": "size", "kind": {"vector": {"length": 2}}}
//!     ],
//!     "output": {"name": "kind", "kind": {"category": {"classes": ["tool", "toy"]}}}
//! }"#)?;
//! let csv = "note,size_0,size_1,kind\n\"heavy, made of steel\",2.5,10,tool\n";
//! let json = r#"{"note": "heavy, made of steel", "size": [2.5, 10], "kind": "tool"}"#;
//! let data = load_csv(csv.as_bytes(), &schema)?;
//! assert_eq!(data.hash(), load_json_lines(json.as_bytes(), &schema)?.hash());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that is read is bounded before memory is reserved, and every mistake in it is an error that names the place.

mod csv;
mod error;
mod gather;
mod idx;
mod image_folder;
mod json_lines;
mod load;
mod parquet;

pub use self::{
    csv::load_csv,
    error::{LoadError, Place, Problem, Row},
    idx::load_idx,
    image_folder::load_image_folder,
    json_lines::load_json_lines,
    load::load,
    parquet::load_parquet,
};

/// Bytes of one row of CSV (line ends within quotes included) or one line of JSON, at most.
pub const MAX_RECORD: usize = 1 << 20;
