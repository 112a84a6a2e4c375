//! Nodes as processes.

use crate::{http, PATIENCE, PAUSE};
use serde_json::{json, Value};
use sonar_client::Client;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};
use tempfile::TempDir;

/// How much of the end of a log is shown when a test fails, in lines.
const SHOWN: usize = 60;

/// A node that this test has started. Dropping it ends it.
pub struct Node {
    arguments: Vec<String>,
    folder: TempDir,
    process: Child,
    /// How often it was started.
    starts: u32,
    rpc: u16,
    metrics: u16,
}

impl Node {
    /// Starts a node on an empty development chain.
    pub fn dev() -> Self {
        Self::start(&["--dev"])
    }

    /// Starts a node with an empty database, and waits until it answers.
    pub fn start(arguments: &[&str]) -> Self {
        let mut node = Self::launch(arguments);
        node.wait();
        node
    }

    /// Starts a node and does not wait.
    pub fn launch(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&one| one.into()).collect();
        let folder = tempfile::tempdir().unwrap();
        let metrics = free_port();
        let process = spawn(&arguments, &folder, 1, metrics);
        Self {
            arguments,
            folder,
            process,
            starts: 1,
            rpc: 0,
            metrics,
        }
    }

    /// Waits until the node answers.
    pub fn wait(&mut self) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the node has ended: {status}");
            }
            if let Some(port) = self.rpc_port() {
                self.rpc = port;
                let answers = http::rpc(port, "system_health", json!([])).is_ok();
                if answers && http::get(self.metrics, "/metrics").is_ok() {
                    return;
                }
            }
            assert!(began.elapsed() < PATIENCE, "the node does not answer");
            thread::sleep(PAUSE);
        }
    }

    /// Kills the node as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts a killed node again, with further arguments for this time, and waits until it answers.
    pub fn restart(&mut self, further: &[&str]) {
        let mut arguments = self.arguments.clone();
        arguments.extend(further.iter().map(|&one| one.to_owned()));
        self.starts += 1;
        self.metrics = free_port();
        self.process = spawn(&arguments, &self.folder, self.starts, self.metrics);
        self.wait();
    }

    /// Where programs find it.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc)
    }

    /// Where its metrics are: no place for programs.
    pub fn metrics_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.metrics)
    }

    /// A connection to it.
    pub async fn client(&self) -> Client {
        Client::connect(&self.url()).await.unwrap()
    }

    /// What a JSON-RPC method answers.
    pub fn ask(&self, method: &str, parameters: Value) -> Value {
        match http::rpc(self.rpc, method, parameters).unwrap() {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// The height of the last finalised block.
    pub fn finalised(&self) -> u32 {
        let head = self.ask("chain_getFinalizedHead", json!([]));
        self.height(json!([head]))
    }

    /// The height of the best block.
    pub fn best(&self) -> u32 {
        self.height(json!([]))
    }

    fn height(&self, block: Value) -> u32 {
        let header = self.ask("chain_getHeader", block);
        let number = header["number"].as_str().unwrap();
        u32::from_str_radix(number.trim_start_matches("0x"), 16).unwrap()
    }

    /// The sum of a metric's values, over the labels that contain `label`.
    pub fn metric(&self, name: &str, label: &str) -> u64 {
        let all = http::get(self.metrics, "/metrics").unwrap();
        let values: Vec<u64> = all
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'))
            .filter(|line| line.contains(label))
            .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        assert!(!values.is_empty(), "no metric {name} with {label:?}");
        values.iter().sum()
    }

    fn log(&self) -> PathBuf {
        log(&self.folder, self.starts)
    }

    /// The port that the operating system chose.
    fn rpc_port(&self) -> Option<u16> {
        let log = fs::read_to_string(self.log()).unwrap();
        let line = log
            .lines()
            .find(|line| line.contains("Running JSON-RPC server"))?;
        let (_, address) = line.split_once("127.0.0.1:")?;
        address
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
            eprintln!("The end of the log of {:?}:\n{end}\n", self.arguments);
        }
    }
}

fn spawn(arguments: &[String], folder: &TempDir, start: u32, metrics: u16) -> Child {
    let log = File::create(log(folder, start)).unwrap();
    Command::new(env!("CARGO_BIN_EXE_sonar-node"))
        .args(arguments)
        .arg("--base-path")
        .arg(folder.path().join("base"))
        .args(["--rpc-port", "0", "--port", "0"])
        .args(["--prometheus-port", &metrics.to_string()])
        // Nodes of other tests are on the same chain.
        .args(["--no-mdns", "--no-telemetry"])
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn log(folder: &TempDir, start: u32) -> PathBuf {
    folder.path().join(format!("log-{start}"))
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
