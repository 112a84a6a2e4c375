//! The programs `sonar` and `mine`, run in a folder of their own.

use crate::{PATIENCE, PAUSE};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Instant,
};
use tempfile::TempDir;

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder in which programs run, with keys, homes and passwords in it.
pub struct Desk(TempDir);

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs `sonar` with a node.
    pub fn sonar(&self, node: &str, arguments: &[&str]) -> Run {
        self.run("sonar", node, &[&["--yes"][..], arguments].concat())
    }

    /// Runs `mine` with a node; its home is in this folder.
    pub fn mine(&self, node: &str, arguments: &[&str]) -> Run {
        self.run("mine", node, &[&["--home", "home"][..], arguments].concat())
    }

    fn run(&self, program: &str, node: &str, arguments: &[&str]) -> Run {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        let mut process = Command::new(built(program))
            .current_dir(self.0.path())
            .env_clear()
            .args(["--node", node, "--keys", "keys"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let code = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break status.code();
            }
            if began.elapsed() > PATIENCE {
                process.kill().unwrap();
                process.wait().unwrap();
                break None;
            }
            thread::sleep(PAUSE / 4);
        };
        let run = Run {
            code,
            out: fs::read_to_string(out).unwrap(),
            err: fs::read_to_string(err).unwrap(),
        };
        assert!(
            code.is_some(),
            "{program} {arguments:?} had no end: {run:?}"
        );
        run
    }
}

/// A program of the workspace, from the folder that the node is in.
fn built(program: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_sonar-node")).with_file_name(program);
    assert!(
        path.exists(),
        "{} is missing: run cargo build --release --workspace first",
        path.display()
    );
    path
}

impl Run {
    /// What it wrote, if it succeeded.
    pub fn text(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// The JSON that it wrote, if it succeeded.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The one line of a failure.
    pub fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        let line = self.err.strip_prefix("error: ").unwrap().trim_end();
        assert!(!line.contains('\n'), "{line}");
        line.to_owned()
    }
}
