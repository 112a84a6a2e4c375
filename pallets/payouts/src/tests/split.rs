//! The rules of the split, without a chain.

use crate::{mock::*, split, Entitlement, SettlingCampaign};
use sonar_primitives::{traits::Settlement, tree::RecordStep, Balance};
use std::collections::BTreeMap;

fn parts(earned: Balance, expertise: Balance, refund: Balance) -> Entitlement {
    Entitlement {
        earned,
        expertise,
        refund,
        claimed: false,
    }
}

/// Splits all of a record at once.
fn split(
    settlement: &Settlement<AccountId, Balance>,
    steps: &[RecordStep<AccountId>],
) -> Option<BTreeMap<AccountId, Entitlement>> {
    let mut settling = SettlingCampaign::new(settlement.start);
    Some(split::split(settlement, &mut settling, steps, true)?.parts)
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
fn a_failure_notes_nothing() {
    let settlement = settlement(1_000, 10, 0);
    let mut settling = SettlingCampaign::new(10);
    let steps = record(10, &[5, 5]);
    assert_eq!(split::split(&settlement, &mut settling, &steps, true), None);
    assert_eq!(settling, SettlingCampaign::new(10));
}
