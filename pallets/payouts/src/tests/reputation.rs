use crate::mock::*;
use frame_support::assert_ok;
use sonar_primitives::{
    reputation::{Reputation, ReputationChange},
    traits::Reputations,
};

/// Contributions, improvement, campaigns sponsored and settled of an account.
fn counted(account: AccountId) -> (u32, u64, u32, u32) {
    let reputation = Payouts::of(&account);
    (
        reputation.contributions,
        reputation.improvement,
        reputation.sponsored,
        reputation.settled,
    )
}

#[test]
fn changes_are_counted_per_account() {
    build_and_execute(|| {
        Payouts::note(&MINER, ReputationChange::Contributed(12));
        Payouts::note(&MINER, ReputationChange::Contributed(30));
        Payouts::note(&MINER, ReputationChange::DepositLost);
        Payouts::note(&OWNER, ReputationChange::Settled);
        assert_eq!(
            Payouts::of(&MINER),
            Reputation {
                contributions: 2,
                improvement: 42,
                deposits_lost: 1,
                ..Default::default()
            }
        );
        assert_eq!(Payouts::of(&OWNER).settled, 1);
        assert_eq!(Payouts::of(&12_345), Reputation::default());
    });
}

#[test]
fn a_settlement_counts_what_was_paid() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10);
        settlement.sponsors = vec![(OWNER, 4_000), (11, 6_000)];
        let mut steps = record(42, &[26, 25]);
        // 16 in three: 10 for two thirds of the first 15 shares, floored; nothing for none.
        steps[0].contributors = vec![(MINER, 10), (MINER + 1, 5), (MINER + 2, 0)];
        assert_ok!(settle(&settlement, &steps));
        assert_eq!(counted(MINER), (1, 10, 0, 0));
        // 5 of the first step, and all of the second.
        assert_eq!(counted(MINER + 1), (2, 6, 0, 0));
        assert_eq!(counted(MINER + 2), (0, 0, 0, 0));
        assert_eq!(counted(OWNER), (0, 0, 1, 1));
        assert_eq!(counted(11), (0, 0, 1, 0));
        assert_eq!(counted(PROPOSER), (0, 0, 0, 0));
    });
}

#[test]
fn what_paid_only_oneself_counts_for_nothing() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10);
        settlement.sponsors = vec![(OWNER, 4_000), (MINER, 6_000)];
        assert_ok!(settle(&settlement, &record(42, &[26])));
        // The owner has paid the miner; the miner nobody but itself.
        assert_eq!(counted(OWNER), (0, 0, 1, 1));
        assert_eq!(counted(MINER), (1, 16, 0, 0));
    });
}

#[test]
fn nothing_earned_counts_for_nothing() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[]));
        assert_eq!(counted(OWNER), (0, 0, 0, 0));
        // 1 of 32 steps of a bounty of 31: nothing is paid for it.
        let mut settlement = settlement(31, 42, 10);
        settlement.campaign += 1;
        settlement.escrow += 1;
        assert_ok!(settle(&settlement, &record(42, &[41])));
        assert_eq!(counted(OWNER), (0, 0, 0, 0));
        assert_eq!(counted(MINER), (0, 0, 0, 0));
    });
}

#[test]
fn a_campaign_with_oneself_counts_for_nothing() {
    build_and_execute(|| {
        let mut settlement = settlement(10_000, 42, 10);
        settlement.counts = false;
        assert_ok!(settle(&settlement, &record(42, &[26])));
        assert_eq!(counted(OWNER), (0, 0, 0, 0));
        assert_eq!(counted(MINER), (0, 0, 0, 0));
    });
}
