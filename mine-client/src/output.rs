//! What the program writes: results to stdout, everything else to stderr.

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use comfy_table::{presets::NOTHING, Table};
use serde::Serialize;
use std::io::{self, Write};

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs: one JSON document (`mine run` and `mine once`: one per line). Amounts are
    /// strings that count the smallest unit of SNR, errors whole numbers in the chain's unit.
    Json,
}

impl Output {
    /// Writes a result: `text` for people, `value` for programs.
    pub fn result<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        match self {
            Self::Text => print(&text()),
            Self::Json => print(&serde_json::to_string_pretty(value)?),
        }
    }

    /// Writes one of a stream of results, in one line.
    pub fn line<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        match self {
            Self::Text => print(&clean(&text())),
            Self::Json => print(&serde_json::to_string(value)?),
        }
    }
}

/// Writes to stdout. A reader that has gone (`mine ... | head`) is no error.
fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write the result"),
    }
}

/// Writes a remark to stderr; when nobody reads them there is nobody to tell.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A table without lines.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header.to_vec());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Text that may come from somebody else, without what could steer a terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let rows = vec![
            vec!["a".into(), "x".into()],
            vec!["longer".into(), "y".into()],
        ];
        assert_eq!(
            table(&["name", "end"], rows),
            "name    end\na       x\nlonger  y"
        );
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc"), "a [31mb c");
    }
}
