//! The program as operators see it, as far as no node has to run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{json, Value};
use std::{path::Path, process::Output};
use tempfile::TempDir;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

fn run(arguments: &[&str]) -> Output {
    assert_cmd::cargo::cargo_bin_cmd!("sonar-node")
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs what must succeed; what it wrote to stdout.
fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs what must fail; the reason that it gave.
fn fails(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    let reason = error
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .unwrap_or_else(|| panic!("{arguments:?} gave no reason: {error}"));
    reason.to_owned()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn version_and_help() {
    let version = done(&["--version"]);
    let expected = concat!("sonar-node ", env!("CARGO_PKG_VERSION"), "-");
    assert!(version.starts_with(expected), "{version}");
    let help = done(&["--help"]);
    for command in [
        "key",
        "export-chain-spec",
        "check-block",
        "export-blocks",
        "export-state",
        "import-blocks",
        "purge-chain",
        "revert",
        "chain-info",
    ] {
        assert!(help.contains(command), "{command}");
        assert!(done(&[command, "--help"]).contains("Usage: sonar-node"));
    }
    assert_eq!(run(&["no-such-command"]).status.code(), Some(2));
}

#[test]
fn keys_are_made_and_inspected() {
    let made = json_of(&["key", "generate", "--output-type", "json"]);
    let phrase = made["secretPhrase"].as_str().unwrap();
    assert_eq!(phrase.split(' ').count(), 12);
    let inspected = json_of(&["key", "inspect", phrase, "--output-type", "json"]);
    for field in ["publicKey", "secretSeed", "ss58Address"] {
        assert_eq!(inspected[field], made[field], "{field}");
    }
    let alice = json_of(&["key", "inspect", "//Alice", "--output-type", "json"]);
    assert_eq!(alice["ss58Address"], ALICE);

    let other = json_of(&["key", "generate", "--output-type", "json"]);
    assert_ne!(other["secretSeed"], made["secretSeed"]);
}

/// The chain's specification without the runtime's code.
fn chain_spec(chain: &str) -> Value {
    let mut spec = json_of(&["export-chain-spec", "--chain", chain]);
    let code = spec["genesis"]["runtimeGenesis"]
        .as_object_mut()
        .unwrap()
        .remove("code")
        .unwrap();
    assert!(code.as_str().unwrap().len() > 100_000);
    spec
}

#[test]
fn chain_specifications_are_exported() {
    for (chain, id, kind, authorities) in [
        ("dev", "sonar_dev", "Development", &[ALICE][..]),
        ("local", "sonar_local", "Local", &[ALICE, BOB]),
    ] {
        let spec = chain_spec(chain);
        assert_eq!(spec["id"], id);
        assert_eq!(spec["chainType"], kind);
        assert_eq!(
            spec["properties"],
            json!({ "tokenSymbol": "SNR", "tokenDecimals": 12, "ss58Format": 42 })
        );
        let preset = &spec["genesis"]["runtimeGenesis"]["patch"];
        assert_eq!(preset["aura"]["authorities"], json!(authorities));
        let voters = preset["grandpa"]["authorities"].as_array().unwrap();
        assert_eq!(voters.len(), authorities.len());
        assert_eq!(preset["assays"]["assayers"][0][1], ALICE);
        assert_eq!(preset["sudo"]["key"], ALICE);
        let million = 1_000_000_u64 * 1_000_000_000_000;
        assert_eq!(preset["balances"]["balances"][0], json!([ALICE, million]));
    }
}

#[test]
fn an_exported_specification_is_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "spec.json");
    done(&["export-chain-spec", "--chain", "dev", "--output", &file]);
    assert_eq!(chain_spec(&file), chain_spec("dev"));
    let raw = json_of(&["export-chain-spec", "--chain", &file, "--raw"]);
    let code = &raw["genesis"]["raw"]["top"]["0x3a636f6465"];
    assert!(code.as_str().unwrap().len() > 100_000);
}

#[test]
fn a_chain_that_is_none_is_refused() {
    let reason = fails(&["--chain", "polkadot"]);
    assert!(
        reason.contains("'polkadot' is neither 'dev', 'local' nor a readable chain specification"),
        "{reason}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "spec.json");
    std::fs::write(&file, "{\"name\": 1}").unwrap();
    let reason = fails(&["--chain", &file]);
    assert!(reason.contains(&file), "{reason}");
}

#[test]
fn pruning_that_loses_blobs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = path(&folder, "base");
    for blocks in ["10", "86400"] {
        let reason = fails(&["--dev", "--base-path", &base, "--blocks-pruning", blocks]);
        for part in [
            &format!("--blocks-pruning {blocks} would lose blobs of live campaigns"),
            "more than 86400 blocks",
            "archive-canonical",
        ] {
            assert!(reason.contains(part), "{reason}");
        }
    }
}

#[test]
fn a_sync_that_leaves_blobs_out_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = path(&folder, "base");
    for mode in ["fast", "fast-unsafe", "warp"] {
        let reason = fails(&["--dev", "--base-path", &base, "--sync", mode]);
        assert!(reason.contains("use --sync full"), "{reason}");
    }
}

#[test]
fn a_chain_is_purged() {
    let folder = tempfile::tempdir().unwrap();
    let base = path(&folder, "base");
    let chain = ["--chain", "dev", "--base-path", &base];
    let database = Path::new(&base).join("chains/sonar_dev/paritydb");

    // Writes the genesis block.
    done(&[&["export-state"][..], &chain].concat());
    assert!(database.join("full").is_dir());
    done(&[&["purge-chain", "-y"][..], &chain].concat());
    assert!(!database.exists());
    // Again: there is nothing any more, which is no mistake.
    done(&[&["purge-chain", "-y"][..], &chain].concat());
}
