//! `sonar init`.

use crate::{context::Context, files};
use anyhow::{Context as _, Result};
use clap::Args;
use std::{fs, path::PathBuf};

/// The example, as it is in the project's folder `examples/digits`.
const FILES: [(&str, &str); 3] = [
    (
        "campaign.toml",
        include_str!("../../../examples/digits/campaign.toml"),
    ),
    (
        "schema.toml",
        include_str!("../../../examples/digits/schema.toml"),
    ),
    (
        "architecture.json",
        include_str!("../../../examples/digits/architecture.json"),
    ),
];

/// Where to.
#[derive(Args, Debug)]
pub struct Init {
    /// The folder; made if need be.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

/// Writes the example, and replaces nothing.
pub fn run(context: &Context, init: Init) -> Result<()> {
    fs::create_dir_all(&init.folder)
        .with_context(|| format!("cannot make the folder {}", init.folder.display()))?;
    for (name, text) in FILES {
        files::write(&init.folder.join(name), text.as_bytes(), false)?;
    }
    let campaign = init.folder.join("campaign.toml");
    context
        .output
        .result(&serde_json::json!({ "campaign": campaign }), || {
            format!(
                "wrote {}, schema.toml and architecture.json: say what you want there, then run\n\
             sonar campaign create --file {} --account <yours>",
                campaign.display(),
                campaign.display()
            )
        })
}
