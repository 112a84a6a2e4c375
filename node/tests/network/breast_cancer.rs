//! The example of two classes, with the programs that people use: from the bounty to the last payout.

use crate::{
    node::Node,
    program::{project, Desk},
};
use serde_json::Value;
use sonar_primitives::Balance;
use sonar_runtime::SNR;
use std::fs;

const CAMPAIGN: &str = "0";
/// What the example's owner and a sponsor give.
const BOUNTY: Balance = 250 * SNR;
const CONTRIBUTION: Balance = 7 * SNR + 1;
/// The example's target, 7 %.
const TARGET: u64 = 70_000_000;

fn amount(value: &Value) -> Balance {
    value.as_str().unwrap().parse().unwrap()
}

/// Every fifth row validates, the others are the mine's.
fn cut_data(desk: &Desk) {
    let data = fs::read_to_string(project().join("data/breast-cancer.csv")).unwrap();
    let (header, rows) = data.split_once('\n').unwrap();
    let [mut validation, mut own] = [header, header].map(|header| format!("{header}\n"));
    for (number, row) in rows.lines().enumerate() {
        let part = if number % 5 == 0 {
            &mut validation
        } else {
            &mut own
        };
        part.push_str(row);
        part.push('\n');
    }
    desk.write("validation.csv", &validation);
    desk.write("own.csv", &own);
}

#[test]
fn one_mine_earns_a_bounty() {
    let desk = Desk::new();
    cut_data(&desk);
    let example = project().join("examples/breast-cancer");
    let example = |name: &str| example.join(name).to_str().unwrap().to_owned();
    let node = Node::dev();
    let sonar = |arguments: &[&str]| {
        let arguments = [&["--output", "json"][..], arguments].concat();
        desk.sonar(&node.url(), &arguments).json()
    };
    let mine = |arguments: &[&str]| desk.mine(&node.url(), arguments).text();
    let free = |account| amount(&sonar(&["account", "balance", account])["free"]);

    let (file, schema) = (example("campaign.toml"), example("schema.toml"));
    let validation = ["--validation", "validation.csv", "--account", "//Alice"];
    sonar(&[&["campaign", "create", "--file", &file][..], &validation].concat());
    let contribution = "7.000000000001 SNR";
    sonar(&[
        "campaign",
        "fund",
        CAMPAIGN,
        contribution,
        "--account",
        "//Charlie",
    ]);

    mine(&["data", "add", "cells", "own.csv", "--schema", &schema]);
    assert!(mine(&["campaigns", "--account", "//Bob"]).contains("Breast cancer"));
    let bob_before = free("//Bob");
    mine(&["run", "--account", "//Bob", "--until-settled", CAMPAIGN]);

    let shown = sonar(&["campaign", "show", CAMPAIGN]);
    let summary = &shown["summary"];
    assert!(summary["state"]["settled"].is_object(), "{summary}");
    let best = summary["best"].as_u64().unwrap();
    assert!(best <= TARGET, "{best}");
    assert_eq!(amount(&summary["bounty"]), BOUNTY + CONTRIBUTION);

    // The target is reached, so the mine has earned, and claimed, everything.
    let split = sonar(&["campaign", "entitlements", CAMPAIGN]);
    let parts: Vec<(Balance, Balance, bool)> = split["entitlements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let [earned, refund] = ["earned", "refund"].map(|field| amount(&part[field]));
            (earned, refund, part["claimed"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(parts, [(BOUNTY + CONTRIBUTION, 0, true)], "{split}");
    assert!(free("//Bob") > bob_before + BOUNTY);
    let status: Value =
        serde_json::from_str(&mine(&["--output", "json", "status", "--account", "//Bob"])).unwrap();
    assert_eq!(amount(&status["claimed"]), BOUNTY + CONTRIBUTION);
    assert_eq!(amount(&status["claimable"]), 0);
    let again = ["campaign", "claim", CAMPAIGN, "--account", "//Bob"];
    let refused = desk.sonar(&node.url(), &again).failure();
    assert!(refused.contains("claim"), "{refused}");

    // The model is what the chain says.
    sonar(&["model", "fetch", CAMPAIGN, "--out", "model.safetensors"]);
    let model = [
        "model",
        "evaluate",
        "--campaign",
        CAMPAIGN,
        "--model",
        "model.safetensors",
    ];
    for data in [&["--data", "validation.csv"][..], &[]] {
        let measured = sonar(&[&model[..], data].concat());
        assert_eq!(measured["error"], best, "{measured}");
    }
}
