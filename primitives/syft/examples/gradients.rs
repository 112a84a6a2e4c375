//! A gradient in every encoding, for programs that decode it by themselves.
//!
//! ```text
//! cargo run --release -p syft --example gradients -- FOLDER
//! ```
//!
//! The gradient leads from the parameters initialised from seed 1 to those from seed 2, for the architecture in
//! `architecture.json` of the folder. Each encoding gives `NAME.safetensors`, the canonical file, and `NAME.values`, what
//! Syft decodes it to: all values in the canonical order, little-endian.

use std::error::Error;
use std::path::PathBuf;
use syft::{Architecture, Encoding, Gradient, Parameters};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    let architecture: Architecture =
        serde_json::from_slice(&std::fs::read(folder.join("architecture.json"))?)?;
    let before = Parameters::initialise(&architecture, 1)?;
    let after = Parameters::initialise(&architecture, 2)?;
    let gradient = Gradient::between(&before, &after)?;
    for (name, encoding) in [
        ("dense-f32", Encoding::DenseF32),
        ("dense-bf16", Encoding::DenseBf16),
        ("int8-blocks", Encoding::Int8Blocks),
        ("top-k", Encoding::TopK { k: 100 }),
    ] {
        let file = gradient.encode(encoding);
        let decoded = Gradient::decode(&architecture, &file)?;
        let values = decoded.values().iter();
        let values: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("{name}.safetensors")), file)?;
        std::fs::write(folder.join(format!("{name}.values")), values)?;
    }
    Ok(())
}
