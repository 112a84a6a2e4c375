//! Worked rounds that must come out to the last unit.

use crate::table::Table;
use serde::Deserialize;
use std::collections::BTreeMap;
use syft::round::{measurements, RoundRules};

/// What matters here of a case; what each member is paid is for whoever pays.
#[derive(Deserialize)]
struct Case {
    target: u64,
    root_best: u64,
    minimum_step: u64,
    reveals: u32,
    seats: u8,
    sets_measured: u64,
    errors: Vec<Errors>,
    seated_in_order: Vec<u32>,
    accepted: bool,
    best_set: Option<Vec<u32>>,
    best_with_r: Option<bool>,
    best_error: Option<u64>,
    shares: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Errors {
    set: Vec<u32>,
    without_r: u64,
    with_r: u64,
}

#[test]
fn come_out_exactly() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/rounds.json")).unwrap();
    assert_eq!(cases.len(), 30);
    for (number, case) in cases.iter().enumerate() {
        let table = Table::new(case.reveals, |set| {
            let errors = case.errors.iter().find(|errors| errors.set == set).unwrap();
            [errors.without_r, errors.with_r]
        });
        let rules = RoundRules {
            best_error: case.root_best,
            target: case.target,
            minimum_step: case.minimum_step,
            seats: case.seats,
        };
        assert_eq!(measurements(case.reveals, case.seats), case.sets_measured);
        assert_eq!(
            table.seats_in_order(case.seats),
            case.seated_in_order,
            "{number}"
        );
        let decision = table.decide(&rules);
        assert_eq!(decision.is_some(), case.accepted, "{number}");
        let shares = decision.as_ref().map(|decision| {
            let shares = decision.seats.iter();
            shares
                .map(|seat| (seat.member.to_string(), seat.share.to_string()))
                .collect()
        });
        assert_eq!(shares, case.shares, "{number}");
        assert_eq!(
            decision.as_ref().map(|d| d.error),
            case.best_error,
            "{number}"
        );
        assert_eq!(
            decision.as_ref().map(|d| d.with_best),
            case.best_with_r,
            "{number}"
        );
        assert_eq!(decision.map(|d| d.best_set), case.best_set, "{number}");
    }
}

/// As in the documents: alone they reach 30, 34 and 42; 1 and 2 together 26, 1 and 3 31, 2 and 3 36, all 27.
#[test]
fn three_members_and_one_of_them_for_nothing() {
    let table = Table::new(3, |set| {
        let error = match set {
            [0] => 30,
            [1] => 34,
            [2] => 42,
            [0, 1] => 26,
            [0, 2] => 31,
            [1, 2] => 36,
            _ => 27,
        };
        [error, 50]
    });
    let rules = RoundRules {
        best_error: 42,
        target: 10,
        minimum_step: 1,
        seats: 4,
    };
    let decision = table.decide(&rules).unwrap();
    assert_eq!((decision.error, &decision.best_set[..]), (26, &[0, 1][..]));
    let shares: Vec<u128> = decision.seats.iter().map(|seat| seat.share).collect();
    assert_eq!(shares, [60, 36, 0]);
}

#[test]
fn measurements_are_two_for_each_distinct_set() {
    let found = [
        (0, 4),
        (1, 4),
        (4, 4),
        (16, 4),
        (256, 6),
        (3, 0),
        (256, 200),
    ];
    let found = found.map(|(members, seats)| measurements(members, seats));
    assert_eq!(found, [0, 2, 30, 126, 3_126, 0, 3_126]);
    assert_eq!(
        measurements(u32::MAX, 6),
        2 * (6 * u64::from(u32::MAX) + 63 - 36)
    );
}
