//! `sonar data`: canonical data sets, and what was stored on the chain.

mod remove;

use crate::{
    context::Context,
    files::{self, FileOr},
    output::{clean, facts, table, Working},
    run_blocking, view,
};
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use syft::{Column, Dataset, Field, FieldKind, Schema};

/// What to do with a data set.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks rows against a schema and writes the canonical data set, whose hash names them.
    Import(Import),
    /// Shows what is in a canonical data set.
    Show(Show),
    /// Removes data or parameters that you stored on the chain and that no campaign needs any more:
    /// their deposit comes back.
    Remove(remove::Remove),
}

/// Arguments of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// The rows, with the schema's names: CSV (.csv), JSON Lines (.jsonl, .ndjson), Parquet
    /// (.parquet), IDX (the file of images; that of the labels lies beside it), or a folder with one
    /// folder of PNG or JPEG images per class. The first two and IDX may be packed (.gz).
    rows: PathBuf,
    /// What a row looks like (TOML or JSON).
    #[arg(long, value_name = "FILE")]
    schema: FileOr<Schema>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replaces the file if it exists.
    #[arg(long)]
    force: bool,
}

/// Arguments of `show`.
#[derive(Args, Debug)]
pub struct Show {
    /// A canonical data set.
    file: PathBuf,
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Import(import) => {
            let working = Working::on(format!("importing {}", import.rows.display()));
            let (data, out) = run_blocking(move || -> Result<_> {
                let schema = files::schema(import.schema)?;
                let data = files::dataset(&import.rows, Some(&schema))?;
                files::write(&import.out, &data.encode(), import.force)?;
                Ok((data, import.out))
            })
            .await??;
            drop(working);
            context.output.result(&json(&data), || {
                format!(
                    "wrote {} rows to {}\n{}",
                    data.rows(),
                    out.display(),
                    text(&data)
                )
            })
        }
        Command::Show(show) => {
            let data = run_blocking(move || files::dataset(&show.file, None)).await??;
            context.output.result(&json(&data), || text(&data))
        }
        Command::Remove(remove) => remove::run(context, remove).await,
    }
}

fn json(data: &Dataset) -> serde_json::Value {
    let more = serde_json::json!({
        "rows": data.rows(),
        "bytes": data.encode().len(),
        "schema": data.schema(),
    });
    view::blob(data.hash().into(), more)
}

fn text(data: &Dataset) -> String {
    let hash = data.hash();
    let head = facts(&[
        ("rows", data.rows().to_string()),
        ("size", format!("{} bytes", data.encode().len())),
        ("hash", format!("0x{}", hex::encode(hash))),
        ("CID", sonar_client::cid::cid_of(hash.into())),
    ]);
    let rows = data.schema().fields().zip(data.columns());
    let inputs = data.schema().inputs.len();
    let rows = rows.enumerate().map(|(position, (field, column))| {
        let role = if position < inputs { "input" } else { "output" };
        vec![
            clean(field.name.as_str()),
            role.into(),
            kind(field),
            contents(field, column),
        ]
    });
    format!(
        "{head}\n{}",
        table(&["field", "role", "kind", "contents"], rows.collect(), &[])
    )
}

/// A field's kind in a few words.
pub fn kind(field: &Field) -> String {
    match &field.kind {
        FieldKind::Number { .. } => "number".into(),
        FieldKind::Category { classes } => format!("category of {}", classes.len()),
        FieldKind::Vector { length, .. } => format!("vector of {length}"),
        FieldKind::Image {
            channels,
            height,
            width,
            ..
        } => {
            format!("image of {channels} x {height} x {width}")
        }
        FieldKind::Text { length, buckets } => {
            format!("text of {length} tokens in {buckets} buckets")
        }
    }
}

/// What a column holds: rows per class, the least and the greatest number, or the longest text.
fn contents(field: &Field, column: &Column) -> String {
    match column {
        Column::Classes(rows) => {
            let classes = field.kind.classes().unwrap_or_default().iter().enumerate();
            let counts = classes.map(|(position, class)| {
                let count = rows
                    .iter()
                    .filter(|row| usize::from(**row) == position)
                    .count();
                format!("{}: {count}", clean(class.as_str()))
            });
            counts.collect::<Vec<_>>().join(", ")
        }
        Column::Numbers(numbers) => {
            let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
            let greatest = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            format!("{least} to {greatest}")
        }
        Column::Texts(texts) => {
            let longest = texts.iter().map(str::len).max().unwrap_or_default();
            format!("up to {longest} bytes")
        }
    }
}
