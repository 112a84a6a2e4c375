#![allow(clippy::unwrap_used)]

use super::*;

const OWNER: u64 = 1;
const PROPOSER: u64 = 2;
/// The first of the miners; the next have the next numbers.
const MINER: u64 = 100;

fn settlement(
    bounty: Balance,
    start: MeasuredError,
    target: MeasuredError,
) -> Settlement<u64, Balance> {
    Settlement {
        campaign: 7,
        owner: OWNER,
        escrow: 9_999,
        data: bounty,
        expertise: 0,
        unearnable: 0,
        sponsors: vec![(OWNER, bounty)],
        start,
        target,
        steepness: 1,
        counts: true,
    }
}

/// A record that falls from `start` to these errors; every step has a miner of its own.
fn record(start: MeasuredError, errors: &[MeasuredError]) -> Vec<RecordStep<u64>> {
    let from = [start].into_iter().chain(errors.iter().copied());
    (0u64..)
        .zip(from.zip(errors))
        .map(|(index, (from, to))| RecordStep {
            model: index,
            from,
            to: *to,
            contributors: vec![(MINER + index, 1)],
            proposer: PROPOSER,
        })
        .collect()
}

fn parts(earned: Balance, expertise: Balance, refund: Balance) -> Part {
    Part {
        earned,
        expertise,
        refund,
    }
}

/// Splits all of a record at once.
fn split(
    settlement: &Settlement<u64, Balance>,
    steps: &[RecordStep<u64>],
) -> Option<BTreeMap<u64, Part>> {
    Some(super::split(settlement, Progress::from(settlement.start), steps, true)?.parts)
}

#[test]
fn expertise_is_earned_in_the_same_proportion() {
    let mut settlement = settlement(10_000, 42, 10);
    settlement.data = 7_000;
    settlement.expertise = 2_000;
    settlement.unearnable = 1_000;
    let split = split(&settlement, &record(42, &[26])).unwrap();
    assert_eq!(split[&MINER], parts(3_500, 0, 0));
    assert_eq!(split[&PROPOSER], parts(0, 1_000, 0));
    assert_eq!(split[&OWNER], parts(0, 0, 5_500));
}

#[test]
fn expertise_goes_to_the_author_of_the_branch_that_set_the_record() {
    let mut settlement = settlement(10_000, 42, 10);
    settlement.data = 6_800;
    settlement.expertise = 3_200;
    let mut steps = record(42, &[41, 26, 10]);
    steps[1].proposer = OWNER;
    let split = split(&settlement, &steps).unwrap();
    assert_eq!(split[&PROPOSER], parts(0, 100 + 1_600, 0));
    assert_eq!(split[&OWNER], parts(0, 1_500, 0));
}

#[test]
fn a_step_is_divided_by_shares() {
    let settlement = settlement(10_000, 42, 10);
    let mut steps = record(42, &[26]);
    steps[0].contributors = vec![(MINER, 60), (MINER + 1, 36), (MINER + 2, 0)];
    let split = split(&settlement, &steps).unwrap();
    assert_eq!(split[&MINER], parts(3_125, 0, 0));
    assert_eq!(split[&(MINER + 1)], parts(1_875, 0, 0));
    assert!(!split.contains_key(&(MINER + 2)));
    assert_eq!(split[&OWNER], parts(0, 0, 5_000));
}

/// Nothing is owed for it to nobody.
#[test]
fn a_step_of_nobody_goes_back() {
    let settlement = settlement(10_000, 42, 10);
    let mut steps = record(42, &[26, 10]);
    steps[0].contributors = vec![(MINER, 0)];
    let split = split(&settlement, &steps).unwrap();
    assert_eq!(split[&(MINER + 1)], parts(5_000, 0, 0));
    assert_eq!(split[&OWNER], parts(0, 0, 5_000));
}

#[test]
fn what_is_not_earned_goes_back_in_proportion() {
    let mut settlement = settlement(300, 40, 10);
    settlement.sponsors = vec![(OWNER, 100), (11, 100), (12, 100)];
    // A third of the way: 100 of 300 are earned.
    let split = split(&settlement, &record(40, &[30])).unwrap();
    assert_eq!(split[&MINER], parts(100, 0, 0));
    // 200 in three parts: the last takes the rounding.
    assert_eq!(split[&OWNER], parts(0, 0, 66));
    assert_eq!(split[&11], parts(0, 0, 66));
    assert_eq!(split[&12], parts(0, 0, 68));
}

#[test]
fn one_account_in_many_roles_gets_the_sum() {
    let mut settlement = settlement(1_000, 10, 0);
    settlement.data = 800;
    settlement.expertise = 200;
    let mut steps = record(10, &[9, 7, 5]);
    for step in &mut steps {
        step.proposer = OWNER;
    }
    steps[0].contributors[0].0 = OWNER;
    steps[2].contributors = vec![(OWNER, 1), (OWNER, 3)];
    let split = split(&settlement, &steps).unwrap();
    assert_eq!(split[&OWNER], parts(80 + 160, 100, 500));
    assert_eq!(split[&(MINER + 1)], parts(160, 0, 0));
    assert_eq!(split.len(), 2);
}

#[test]
fn a_record_without_steps_returns_everything() {
    let returned = split(&settlement(1_000, 10, 0), &[]).unwrap();
    assert_eq!(returned[&OWNER], parts(0, 0, 1_000));
    // As of a campaign whose start was never measured.
    let returned = split(&settlement(1_000, 10, 10), &[]).unwrap();
    assert_eq!(returned[&OWNER], parts(0, 0, 1_000));
}

#[test]
fn split_fails_when_contributions_are_not_the_bounty() {
    let steps = record(10, &[5]);
    let mut more = settlement(1_000, 10, 0);
    more.sponsors.push((11, 1));
    assert_eq!(split(&more, &steps), None);
    let mut none = settlement(1_000, 10, 0);
    none.sponsors.clear();
    assert_eq!(split(&none, &steps), None);
    let mut huge = settlement(1_000, 10, 0);
    huge.sponsors = vec![(OWNER, Balance::MAX), (11, 1_001)];
    assert_eq!(split(&huge, &steps), None);
}

#[test]
fn split_fails_when_errors_do_not_fall() {
    let settlement = settlement(1_000, 10, 0);
    for errors in [&[5, 5][..], &[5, 6, 4], &[10]] {
        assert_eq!(split(&settlement, &record(10, errors)), None);
    }
    // Nor does a record that starts elsewhere count.
    assert_eq!(split(&settlement, &record(9, &[5])), None);
}

#[test]
fn split_fails_when_a_sum_overflows() {
    let mut settlement = settlement(Balance::MAX, 10, 0);
    settlement.expertise = 1;
    assert_eq!(split(&settlement, &[]), None);
}

#[test]
fn a_portion_goes_on_where_the_one_before_it_ended() {
    let settlement = settlement(10_000, 42, 10);
    let steps = record(42, &[41, 30, 10]);
    let (first, then) = steps.split_at(2);
    let from = Progress::from(settlement.start);
    let portion = super::split(&settlement, from, first, false).unwrap();
    let (record, given) = (30, 312 + 3_438);
    assert_eq!(portion.progress, Progress { record, given });
    assert!(!portion.parts.contains_key(&OWNER));
    let rest = super::split(&settlement, portion.progress, then, true).unwrap();
    assert_eq!(rest.parts[&(MINER + 2)], parts(6_250, 0, 0));
    assert_eq!(super::split(&settlement, from, then, true), None);
}
