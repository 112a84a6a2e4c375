//! Random settlements: nothing is lost, nothing is created, and it does not matter in how many portions
//! they are settled.

use crate::{mock::*, Entitlement};
use frame_support::{assert_ok, traits::fungible::Mutate};
use proptest::prelude::*;
use sonar_primitives::{
    payout::PayoutRule,
    reputation::Reputation,
    traits::{Payouts as _, Reputations, Settlement},
    tree::RecordStep,
    Balance,
};
use std::collections::BTreeMap;

/// Accounts overlap on purpose: sponsors mine, miners propose.
const ACCOUNTS: std::ops::Range<AccountId> = 1..12;

type Case = (Settlement<AccountId, Balance>, Vec<RecordStep<AccountId>>);

/// Steps of a record whose errors fall from the first one.
fn steps() -> impl Strategy<Value = (u64, Vec<RecordStep<AccountId>>)> {
    let falling = prop::collection::btree_set(0u64..1_000_000, 1..20);
    let share = prop_oneof![Just(0), 1..100u128, 0..u128::from(u64::MAX) * 720];
    let contributors = prop::collection::vec((ACCOUNTS, share), 0..6);
    let rounds = prop::collection::vec((contributors, ACCOUNTS), 20);
    (falling, rounds).prop_map(|(errors, rounds)| {
        let errors: Vec<_> = errors.into_iter().rev().collect();
        let steps = errors
            .windows(2)
            .zip(rounds)
            .map(|(pair, (contributors, proposer))| RecordStep {
                model: pair[1],
                from: pair[0],
                to: pair[1],
                contributors,
                proposer,
            })
            .collect();
        (errors[0], steps)
    })
}

fn case(largest: Balance) -> impl Strategy<Value = Case> {
    let sponsors = prop::collection::vec((ACCOUNTS, 1..largest), 1..30);
    let percents = (0u128..=100, 0u128..=100);
    (
        sponsors,
        percents,
        0u64..1_000_000,
        1u8..=3,
        steps(),
        ACCOUNTS,
        any::<bool>(),
    )
        .prop_map(
            |(
                sponsors,
                (expertise, unearnable),
                target,
                steepness,
                (start, steps),
                owner,
                counts,
            )| {
                let bounty: Balance = sponsors.iter().map(|(_, part)| *part).sum();
                let expertise = bounty / 100 * expertise;
                let unearnable = (bounty - expertise) / 100 * unearnable;
                let settlement = Settlement {
                    campaign: CAMPAIGN,
                    owner,
                    escrow: ESCROW,
                    data: bounty - expertise - unearnable,
                    expertise,
                    unearnable,
                    sponsors,
                    start,
                    target,
                    steepness,
                    counts,
                };
                (settlement, steps)
            },
        )
}

/// Settles in portions of these sizes, and then the rest. Checks the state after each.
fn settle_in(case: &Case, portions: &[usize]) {
    let (settlement, steps) = case;
    fund(settlement);
    let mut left = &steps[..];
    for portion in portions {
        let (now, then) = left.split_at((*portion).min(left.len()));
        assert_ok!(Payouts::settle(settlement, now, false));
        assert_ok!(Payouts::do_try_state());
        left = then;
    }
    assert_ok!(Payouts::settle(settlement, left, true));
    assert_ok!(Payouts::do_try_state());
}

/// What everybody gets, and everybody's reputation.
fn outcome() -> (BTreeMap<AccountId, Entitlement>, Vec<Reputation>) {
    (
        Payouts::entitlements(CAMPAIGN).into_iter().collect(),
        ACCOUNTS.map(|account| Payouts::of(&account)).collect(),
    )
}

proptest! {
    #[test]
    fn all_parts_sum_to_the_bounty(case in case(1 << 110)) {
        new_test_ext().execute_with(|| {
            settle_in(&case, &[]);
            let (settlement, steps) = case;
            let (parts, reputations) = outcome();
            let sum = |part: fn(&Entitlement) -> Balance| parts.values().map(part).sum::<Balance>();
            let bounty = settlement.data + settlement.expertise + settlement.unearnable;
            assert_eq!(sum(Entitlement::total), bounty);
            assert_eq!(Payouts::unclaimed(CAMPAIGN), bounty);
            assert!(parts.values().all(|part| part.total() > 0));

            // What steps earn whose contributors have no share goes back.
            let pays = |bounty, steps: &mut dyn Iterator<Item = &RecordStep<AccountId>>| {
                let rule = PayoutRule {
                    bounty,
                    start: settlement.start,
                    target: settlement.target,
                    steepness: settlement.steepness,
                };
                steps.map(|step| rule.step_pays(step.from, step.to)).sum::<Balance>()
            };
            let shared = |step: &&RecordStep<AccountId>| {
                step.contributors.iter().any(|(_, share)| *share > 0)
            };
            let earned = pays(settlement.data, &mut steps.iter().filter(shared));
            assert_eq!(sum(|part| part.earned), earned);
            let expertise = pays(settlement.expertise, &mut steps.iter());
            assert_eq!(sum(|part| part.expertise), expertise);
            assert_eq!(sum(|part| part.refund), bounty - earned - expertise);

            // No more is counted than the record has fallen.
            let fallen: u64 = steps.iter().map(|step| step.from - step.to).sum();
            let counted: u64 = reputations.iter().map(|reputation| reputation.improvement).sum();
            assert!(counted <= fallen);
            if !settlement.counts {
                assert!(reputations.iter().all(|reputation| *reputation == Reputation::default()));
            }
        });
    }

    #[test]
    fn portions_do_not_matter(
        case in case(1 << 110),
        portions in prop::collection::vec(0usize..8, 0..10),
    ) {
        let settled = |portions: &[usize]| {
            new_test_ext().execute_with(|| {
                settle_in(&case, portions);
                outcome()
            })
        };
        prop_assert_eq!(settled(&[]), settled(&portions));
    }

    #[test]
    fn everybody_can_claim_in_any_order(
        case in case(1_000_000),
        portions in prop::collection::vec(0usize..8, 0..3),
        order in any::<u64>(),
    ) {
        new_test_ext().execute_with(|| {
            settle_in(&case, &portions);
            for account in ACCOUNTS {
                assert_ok!(Balances::mint_into(&account, MINIMUM));
            }
            let issued = Balances::total_issuance();
            let mut entitled = Payouts::entitlements(CAMPAIGN);
            entitled.sort_by_key(|(account, _)| account.wrapping_mul(order | 1).reverse_bits());
            for (account, entitlement) in entitled {
                assert_ok!(Payouts::claim(RuntimeOrigin::signed(account), CAMPAIGN));
                let paid = Balances::free_balance(account) - MINIMUM;
                assert_eq!(paid, entitlement.total());
                assert_ok!(Payouts::do_try_state());
            }
            assert_eq!(Payouts::unclaimed(CAMPAIGN), 0);
            assert_eq!(Balances::free_balance(ESCROW), DEPOSIT);
            assert_eq!(Balances::total_issuance(), issued);
        });
    }
}
