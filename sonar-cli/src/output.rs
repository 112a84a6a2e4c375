//! What the program writes: results to stdout, everything else to stderr.

use anyhow::{bail, Context as _, Result};
use clap::ValueEnum;
use comfy_table::{presets::NOTHING, CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs: one JSON document (`campaign watch`: one per line). Amounts are strings that
    /// count the smallest unit of SNR, errors whole numbers in the chain's unit.
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

    /// Writes one line of a stream of results.
    pub fn line<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        match self {
            Self::Text => print(&text()),
            Self::Json => print(&serde_json::to_string(value)?),
        }
    }
}

/// Writes to stdout. A reader that has gone (`sonar ... | head`) is not an error.
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

/// Asks before something is sent. `yes` answers for the user.
pub async fn confirm(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        bail!("nobody is there to answer {question:?}: run it in a terminal, or add --yes");
    }
    let _ = write!(io::stderr(), "{question} [y/N] ").and_then(|()| io::stderr().flush());
    let answer = crate::run_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    })
    .await?
    .context("cannot read the answer")?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was done: the answer was not yes"),
    }
}

/// Something that may take longer than a second. Shown only if stderr is a terminal.
pub struct Working(ProgressBar);

impl Working {
    /// Shows what is being done.
    pub fn on(what: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what.into());
        // The template is a constant; without it the default one does.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Shows what is being done now.
    pub fn say(&self, what: String) {
        self.0.set_message(what);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A table without lines. `right` names the columns of numbers.
pub fn table(header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Names with their values, one per line.
pub fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or_default() + 2;
    facts
        .iter()
        .map(|(name, value)| format!("{name:width$}{value}\n"))
        .collect()
}

/// Text that somebody else chose, without what could steer a terminal.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let rows = vec![
            vec!["a".into(), "1.5".into(), "x".into()],
            vec!["longer".into(), "10".into(), "y".into()],
        ];
        assert_eq!(
            table(&["name", "SNR", "end"], rows, &[1]),
            "name    SNR  end\na       1.5  x\nlonger   10  y"
        );
    }

    #[test]
    fn facts_are_aligned() {
        let text = facts(&[("a", "1".into()), ("long name", "2".into())]);
        assert_eq!(text, "a          1\nlong name  2\n");
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(
            clean("a\u{1b}[31mb\r\nc\u{202e}d"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d"
        );
        assert_eq!(clean("Ziffern ÄÖ – 数字"), "Ziffern ÄÖ – 数字");
    }
}
