//! The program as its users see it, as far as it needs no node.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod campaigns;
mod files;
mod receipts;
mod usage;

use assert_cmd::Command;
use std::{fs, path::Path};
use tempfile::TempDir;

/// A folder of its own to run the program in.
struct Folder(TempDir);

/// What a run came to.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the files of the digits example and 20 rows of its data.
    fn with_digits() -> Self {
        let folder = Self::new();
        assert_eq!(folder.run(&["init"]).code, 0);
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/digits.csv");
        let rows: Vec<_> = fs::read_to_string(data)
            .unwrap()
            .lines()
            .take(21)
            .map(String::from)
            .collect();
        folder.write("validation.csv", &(rows.join("\n") + "\n"));
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Runs the program with its keys in this folder and nothing from outside.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("sonar");
        command
            .current_dir(self.path())
            .args(arguments)
            .env("SONAR_KEYS", "keys");
        for name in [
            "SONAR_NODE",
            "SONAR_ACCOUNT",
            "SONAR_PASSWORD",
            "SONAR_PASSWORD_FILE",
            "RUST_LOG",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    fn run_with_password(&self, password: &str, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).env("SONAR_PASSWORD", password))
    }
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it wrote, if it succeeded.
    fn text(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The one line of a failure, which wrote no result.
    fn failure(self) -> String {
        assert_eq!(self.code, 1, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        let line = self.err.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line.strip_prefix("error: ").unwrap().into()
    }
}
