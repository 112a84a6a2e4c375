//! `mine data`: the mine's data sets.

use crate::{
    home::Home,
    output::{table, Output},
};
use anyhow::Result;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use mine_client::store::DataInfo;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use syft::{Field, FieldKind, Schema};

/// What to do with data sets.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copies rows into the store, after checking every one against the schema.
    Add {
        /// A name for it: letters, digits, - and _.
        name: String,
        /// The rows, with the schema's names: CSV (.csv), JSON Lines (.jsonl, .ndjson), Parquet
        /// (.parquet), IDX (the file of images; that of the labels lies beside it), or a folder with
        /// one folder of PNG or JPEG images per class. The first two and IDX may be packed (.gz).
        /// What the schema does not name is left out.
        rows: PathBuf,
        /// TOML file with the fields that a campaign has to ask for.
        #[arg(long, value_name = "FILE")]
        schema: PathBuf,
    },
    /// Lists the data sets.
    List,
    /// Shows one data set's size, hash and schema.
    Show {
        /// Its name.
        name: String,
    },
    /// Deletes a data set from the store.
    Remove {
        /// Its name.
        name: String,
    },
}

/// Does it.
pub fn run(home: &Home, output: Output, command: Command) -> Result<()> {
    let store = home.store();
    match command {
        Command::Add { name, rows, schema } => {
            let reading = show_reading(&rows);
            let added = store.add(&name, &rows, &schema);
            reading.finish_and_clear();
            let added = added?;
            output.result(&added, || {
                format!(
                    "added {}: {} rows of {}",
                    added.name,
                    added.rows,
                    row(&added.schema)
                )
            })
        }
        Command::List => {
            let names = store.names()?;
            let all: Vec<DataInfo> = names
                .iter()
                .map(|name| Ok(store.get(name)?.0))
                .collect::<Result<_>>()?;
            output.result(&all, || list(&all))
        }
        Command::Show { name } => {
            let (info, _) = store.get(&name)?;
            output.result(&info, || show(&info))
        }
        Command::Remove { name } => {
            store.remove(&name)?;
            output.result(&serde_json::json!({ "removed": name }), || {
                format!("removed {name}")
            })
        }
    }
}

/// Shows on stderr that a file is being read, if that is a terminal.
fn show_reading(path: &Path) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(format!("reading {}", path.display()));
    // The template is a constant; without it the default one does.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

fn list(all: &[DataInfo]) -> String {
    if all.is_empty() {
        return "no data sets: add one with `mine data add`".into();
    }
    let rows = all
        .iter()
        .map(|info| vec![info.name.clone(), info.rows.to_string(), row(&info.schema)])
        .collect();
    table(&["name", "rows", "a row"], rows)
}

fn show(info: &DataInfo) -> String {
    let mut text = format!(
        "name    {}\nrows    {}\nbytes   {}\nhash    {}\n",
        info.name, info.rows, info.bytes, info.hash
    );
    for input in &info.schema.inputs {
        text += &format!("input   {}\n", field(input));
    }
    text + &format!("output  {}\n", field(&info.schema.output))
}

/// The fields of a row in a few words.
fn row(schema: &Schema) -> String {
    let output = field(&schema.output);
    match schema.inputs.as_slice() {
        [only] => format!("{} -> {output}", field(only)),
        several => format!("{} fields -> {output}", several.len()),
    }
}

fn field(field: &Field) -> String {
    let name = crate::output::clean(field.name.as_str());
    match &field.kind {
        FieldKind::Number { .. } => format!("{name} (number)"),
        FieldKind::Category { classes } => format!("{name} ({} classes)", classes.len()),
        FieldKind::Vector { length, .. } => format!("{name} ({length} numbers)"),
        FieldKind::Image {
            channels,
            height,
            width,
            ..
        } => format!("{name} ({channels} x {height} x {width} image)"),
        FieldKind::Text { length, .. } => format!("{name} (text of {length} tokens)"),
    }
}
