//! The libraries in Python, measured by `peers/figures.py`: one line of JSON each way per question.

use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/figures.py");

/// The Python program; it ends when this is dropped, as its input ends.
pub struct Python {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Versions of the libraries by name.
    pub versions: BTreeMap<String, String>,
}

impl Python {
    /// Starts the program with an interpreter that has the libraries.
    pub fn start(interpreter: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut child = Command::new(interpreter)
            .arg(PEERS)
            .envs(
                ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
                    .map(|name| (name, "1")),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("no pipes".into());
        };
        let mut python = Self {
            _child: child,
            input,
            output: BufReader::new(output),
            versions: BTreeMap::new(),
        };
        python.versions = serde_json::from_value(python.exchange(&json!({"figure": "versions"}))?)?;
        Ok(python)
    }

    /// The seconds that each library takes for a figure, measured for so many seconds.
    pub fn ask(&mut self, question: &Value, seconds: f64) -> BTreeMap<String, f64> {
        let mut question = question.clone();
        question["seconds"] = seconds.into();
        match self
            .exchange(&question)
            .and_then(|answer| Ok(serde_json::from_value(answer)?))
        {
            Ok(times) => times,
            Err(error) => panic!("no answer from {PEERS} to {question}: {error}"),
        }
    }

    fn exchange(&mut self, question: &Value) -> Result<Value, Box<dyn std::error::Error>> {
        writeln!(self.input, "{question}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}
