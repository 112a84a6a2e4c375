//! What the program says when something is wrong, and what needs no node.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use assert_cmd::Command;
use mine_client::journal::Journal;
use sonar_client::keys::{Keyring, Password};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Nothing listens here.
const NOWHERE: &str = "ws://127.0.0.1:9";

const SCHEMA: &str = r#"
    [[inputs]]
    name = "x"
    kind = { number = {} }
    [output]
    name = "y"
    kind = { category = { classes = ["no", "yes"] } }
"#;

/// A mine with a home, and a data set to add.
struct Mine(TempDir);

impl Mine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows: String = (0..50)
            .map(|i| format!("{i},{}\n", ["no", "yes"][i % 2]))
            .collect();
        fs::write(folder.path().join("rows.csv"), format!("x,y\n{rows}")).unwrap();
        fs::write(folder.path().join("schema.toml"), SCHEMA).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("mine").unwrap();
        command
            .env_clear()
            .current_dir(self.0.path())
            .args(["--home", "home", "--keys", "keys", "--node", NOWHERE])
            .args(arguments);
        command
    }

    /// Runs a command that must succeed; what it writes to stdout.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with one line; that line.
    fn fails(&self, arguments: &[&str]) -> String {
        failure(self.command(arguments))
    }

    fn add(&self) {
        self.done(&["data", "add", "a", "rows.csv", "--schema", "schema.toml"]);
    }
}

fn failure(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{command:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: ") && error.lines().count() == 1,
        "{error}"
    );
    error
}

#[test]
fn help_of_every_command() {
    let mine = Mine::new();
    for command in [
        &["--help"][..],
        &["data", "--help"],
        &["data", "add", "--help"],
        &["campaigns", "--help"],
        &["once", "--help"],
        &["run", "--help"],
        &["status", "--help"],
    ] {
        assert!(mine.done(command).contains("Usage: mine"), "{command:?}");
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let mine = Mine::new();
    for wrong in [
        &["dig"][..],
        &["once"],
        &["once", "--account", "a/b"],
        &[
            "run",
            "--account",
            "//Alice",
            "--exit-when-idle",
            "--until-settled",
            "1",
        ],
        &["once", "--account", "//Alice", "--minimum-pay", "much"],
    ] {
        assert_eq!(
            mine.command(wrong).output().unwrap().status.code(),
            Some(2),
            "{wrong:?}"
        );
    }
}

#[test]
fn data_are_added_shown_and_removed() {
    let mine = Mine::new();
    assert!(mine.done(&["data", "list"]).contains("mine data add"));
    mine.add();
    assert!(mine
        .done(&["data", "list"])
        .contains("x (number) -> y (2 classes)"));
    assert!(mine.done(&["data", "show", "a"]).contains("rows    50"));
    let listed = mine.done(&["data", "list", "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["name"], "a");
    assert_eq!(listed[0]["rows"], 50);
    mine.done(&["data", "remove", "a"]);
    assert!(mine
        .fails(&["data", "show", "a"])
        .contains("mine data list"));
}

#[test]
fn bad_data_are_refused() {
    let mine = Mine::new();
    let add = ["data", "add", "a", "rows.csv", "--schema", "schema.toml"];
    fs::write(mine.path("rows.csv"), "x,y\n1,no\nabc,yes\n").unwrap();
    let error = mine.fails(&add);
    assert!(
        error.contains("line 3") && error.contains("\"x\""),
        "{error}"
    );
    fs::write(mine.path("rows.csv"), "x\n1\n").unwrap();
    assert!(mine
        .fails(&add)
        .contains("rows.csv, column \"y\": there is no such column"));
    fs::remove_file(mine.path("rows.csv")).unwrap();
    assert!(mine.fails(&add).contains("rows.csv: cannot read: "));
    assert!(!Path::new(&mine.path("home")).exists());
}

#[test]
fn a_node_that_is_down_is_named() {
    let mine = Mine::new();
    mine.add();
    for command in [
        &["campaigns", "--account", "//Alice"][..],
        &["status", "--account", "//Alice"],
        &["once", "--account", "//Alice"],
    ] {
        let error = mine.fails(command);
        assert!(
            error.contains(NOWHERE) && error.contains("sonar-node"),
            "{error}"
        );
    }
}

#[test]
fn the_daemon_waits_for_a_node_that_is_down() {
    let mine = Mine::new();
    mine.add();
    let mut run = mine.command(&["run", "--account", "//Alice", "--output", "json"]);
    let output = run
        .timeout(std::time::Duration::from_millis(2_500))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() >= 2, "{text}");
    for line in lines {
        assert_eq!(line["event"], "retrying");
        assert!(line["reason"].as_str().unwrap().contains(NOWHERE));
    }
}

#[test]
fn failures_are_told_to_programs_too() {
    let mine = Mine::new();
    let output = mine
        .command(&["data", "show", "a", "--output", "json"])
        .output()
        .unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["error"].as_str().unwrap().contains("no data set a"));
}

#[test]
fn a_mine_without_data_has_nothing_to_run() {
    let mine = Mine::new();
    let error = mine.fails(&["once", "--account", "//Alice"]);
    assert!(error.contains("mine data add"), "{error}");
}

#[test]
fn a_data_set_that_is_too_small_is_left_out() {
    let mine = Mine::new();
    fs::write(mine.path("few.csv"), "x,y\n1,no\n").unwrap();
    mine.done(&["data", "add", "few", "few.csv", "--schema", "schema.toml"]);
    let once = ["once", "--account", "//Alice"];
    let said = || {
        let output = mine.command(&once).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let left_out = "data set few cannot hold out rows";
    assert!(said().starts_with(left_out), "{}", said());
    assert!(said().contains("no data set to train on"), "{}", said());
    mine.add();
    assert!(said().starts_with(left_out), "{}", said());
    assert!(said().contains("no node answers"), "{}", said());
    let named = mine.fails(&[&once[..], &["--data", "few"]].concat());
    assert!(named.contains(left_out), "{named}");
}

#[test]
fn a_wrong_password_is_said_before_anything_is_sent() {
    let mine = Mine::new();
    mine.add();
    let keyring = Keyring::at(mine.path("keys"));
    keyring
        .create("miner", &Password::new("right".into()))
        .unwrap();
    let mut command = mine.command(&["once", "--account", "miner"]);
    command.env("SONAR_PASSWORD", "wrong");
    let error = failure(command);
    assert!(error.contains("password"), "{error}");
    let error = mine.fails(&["once", "--account", "nobody"]);
    assert!(error.contains("nobody"), "{error}");
}

#[test]
fn one_process_per_home() {
    let mine = Mine::new();
    mine.add();
    let held = Journal::open(Path::new(&mine.path("home/journal.redb"))).unwrap();
    let error = mine.fails(&["once", "--account", "//Alice"]);
    assert!(error.contains("is in use"), "{error}");
    drop(held);
    let error = mine.fails(&["once", "--account", "//Alice"]);
    assert!(error.contains(NOWHERE), "{error}");
}

#[test]
fn a_policy_with_a_misspelt_key_is_refused() {
    let mine = Mine::new();
    mine.add();
    fs::write(mine.path("home/policy.toml"), "minimum_pays = \"1 SNR\"").unwrap();
    let error = mine.fails(&["once", "--account", "//Alice"]);
    assert!(
        error.contains("minimum_pays") && error.contains("policy.toml"),
        "{error}"
    );
}

/// The command under a shell that lets no file grow beyond some KiB, as a full disk would.
fn with_little_room(mine: &Mine, kibibytes: u32, arguments: &str) -> Command {
    let program = assert_cmd::cargo::cargo_bin("mine");
    let mut command = Command::new("bash");
    let script = format!(
        "trap '' XFSZ; ulimit -f {kibibytes}; exec {} --home home --keys keys --node {NOWHERE} {arguments}",
        program.display()
    );
    command.current_dir(mine.0.path()).args(["-c", &script]);
    command
}

#[test]
fn a_full_disk_leaves_no_half_data_set() {
    let mine = Mine::new();
    let rows: String = (0..2_000).map(|i| format!("{i}.5,yes\n")).collect();
    fs::write(mine.path("rows.csv"), format!("x,y\n{rows}")).unwrap();
    let add = "data add a rows.csv --schema schema.toml";
    let error = failure(with_little_room(&mine, 4, add));
    assert!(
        error.contains("cannot write") && error.contains("nothing was added"),
        "{error}"
    );
    assert_eq!(fs::read_dir(mine.path("home/data")).unwrap().count(), 0);
    assert!(mine.done(&["data", "list"]).contains("no data sets"));
    mine.add();
}

#[test]
fn a_full_disk_stops_the_daemon_before_it_connects() {
    let mine = Mine::new();
    mine.add();
    let error = failure(with_little_room(&mine, 4, "once --account //Alice"));
    assert!(
        error.contains("journal") && error.contains("free some space"),
        "{error}"
    );
}
