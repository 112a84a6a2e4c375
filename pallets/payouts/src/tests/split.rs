//! The rules of the split, without a chain.

use crate::{mock::*, split::split, Entitlement};

fn parts(earned: u128, expertise: u128, refund: u128) -> Entitlement {
    Entitlement {
        earned,
        expertise,
        refund,
        claimed: false,
    }
}

#[test]
fn expertise_is_earned_in_the_same_proportion() {
    let mut settlement = settlement(10_000, 42, 10, &[26]);
    settlement.data = 7_000;
    settlement.expertise = 2_000;
    settlement.unearnable = 1_000;
    let split = split(&settlement).unwrap();
    assert_eq!(split[&MINER], parts(3_500, 0, 0));
    assert_eq!(split[&PROPOSER], parts(0, 1_000, 0));
    assert_eq!(split[&OWNER], parts(0, 0, 5_500));
}

#[test]
fn what_is_not_earned_goes_back_in_proportion() {
    let mut settlement = settlement(300, 42, 10, &[]);
    settlement.sponsors = vec![(OWNER, 100), (11, 100), (12, 100)];
    // A third of the way: 100 of 300 are earned.
    settlement.path = Some(winning_path(40, &[30]));
    let split = split(&settlement).unwrap();
    assert_eq!(split[&MINER], parts(100, 0, 0));
    // 200 in three parts: the last takes the rounding.
    assert_eq!(split[&OWNER], parts(0, 0, 66));
    assert_eq!(split[&11], parts(0, 0, 66));
    assert_eq!(split[&12], parts(0, 0, 68));
}

#[test]
fn the_reserve_goes_back_to_the_owner() {
    let mut settlement = settlement(10_000, 42, 10, &[10]);
    settlement.sponsors = vec![(11, 10_000)];
    settlement.reserve = 123;
    let split = split(&settlement).unwrap();
    assert_eq!(split[&OWNER], parts(0, 0, 123));
    assert!(!split.contains_key(&11));
}

#[test]
fn one_account_in_many_roles_gets_the_sum() {
    let mut settlement = settlement(1_000, 10, 0, &[9, 7, 5]);
    settlement.data = 800;
    settlement.expertise = 200;
    let path = settlement.path.as_mut().unwrap();
    path.proposer = OWNER;
    path.steps[0].author = OWNER;
    path.steps[2].author = OWNER;
    let split = split(&settlement).unwrap();
    assert_eq!(split[&OWNER], parts(80 + 160, 100, 500));
    assert_eq!(split[&(MINER + 1)], parts(160, 0, 0));
    assert_eq!(split.len(), 2);
}

#[test]
fn a_path_without_steps_returns_everything() {
    let mut settlement = settlement(1_000, 10, 0, &[]);
    settlement.path = Some(winning_path(10, &[]));
    assert_eq!(split(&settlement).unwrap()[&OWNER], parts(0, 0, 1_000));
}

#[test]
fn split_fails_when_contributions_are_not_the_bounty() {
    let mut more = settlement(1_000, 10, 0, &[5]);
    more.sponsors.push((11, 1));
    assert_eq!(split(&more), None);
    let mut none = settlement(1_000, 10, 0, &[5]);
    none.sponsors.clear();
    assert_eq!(split(&none), None);
    let mut huge = settlement(1_000, 10, 0, &[5]);
    huge.sponsors = vec![(OWNER, u128::MAX), (11, 1_001)];
    assert_eq!(split(&huge), None);
}

#[test]
fn split_fails_when_errors_do_not_fall() {
    assert_eq!(split(&settlement(1_000, 10, 0, &[5, 5])), None);
    assert_eq!(split(&settlement(1_000, 10, 0, &[5, 6, 4])), None);
    assert_eq!(split(&settlement(1_000, 10, 0, &[10])), None);
}

#[test]
fn split_fails_when_a_sum_overflows() {
    let mut settlement = settlement(u128::MAX, 10, 0, &[5]);
    settlement.reserve = 1;
    assert_eq!(split(&settlement), None);
    settlement.reserve = 0;
    settlement.expertise = 1;
    assert_eq!(split(&settlement), None);
}
