//! What rounds pay, by the vectors that the rounds themselves are tested with: record and error of an
//! accepted round, shares, and what each of its gradients gets to the last unit.

#![allow(clippy::unwrap_used)]

use serde::Deserialize;
use sonar_primitives::payout::{divide_by_shares, PayoutRule};
use std::{collections::BTreeMap, fs, path::Path};

/// One round in a campaign. Amounts and shares are decimal strings; members are named by their places.
#[derive(Deserialize)]
struct Case {
    bounty: String,
    start: u64,
    target: u64,
    steepness: u8,
    record: u64,
    accepted: bool,
    best_error: Option<u64>,
    shares: Option<BTreeMap<u8, String>>,
    pays: Option<BTreeMap<u8, String>>,
}

fn cases() -> Vec<Case> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../syft/tests/vectors/rounds.json");
    serde_json::from_str(&fs::read_to_string(vectors).unwrap()).unwrap()
}

/// The numbers in the order of the members' places.
fn numbers(of: &BTreeMap<u8, String>) -> Vec<u128> {
    of.values().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn accepted_rounds_pay_by_record_and_shares() {
    let mut paid = 0;
    let cases = cases();
    assert_eq!(cases.len(), 30);
    for (index, case) in cases.iter().enumerate() {
        let (Some(error), Some(shares), Some(pays)) = (case.best_error, &case.shares, &case.pays)
        else {
            assert!(!case.accepted, "case {index}");
            continue;
        };
        assert!(
            case.accepted && shares.keys().eq(pays.keys()),
            "case {index}"
        );
        let rule = PayoutRule {
            bounty: case.bounty.parse().unwrap(),
            start: case.start,
            target: case.target,
            steepness: case.steepness,
        };
        // Nothing if it is no new record.
        let step = rule.step_pays(case.record, error);
        assert!(error < case.record || step == 0, "case {index}");
        let parts = divide_by_shares(step, &numbers(shares));
        assert_eq!(parts, numbers(pays), "case {index}");
        assert_eq!(parts.iter().sum::<u128>(), step, "case {index}");
        paid += u32::from(step > 0);
    }
    assert_eq!(
        paid, 22,
        "the vectors have rounds with and without a new record"
    );
}
