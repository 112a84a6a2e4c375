//! Random settlements: nothing is lost, nothing is created.

use crate::{mock::*, split::split};
use frame_support::{assert_ok, traits::fungible::Mutate};
use proptest::prelude::*;
use sonar_primitives::{
    traits::{Payouts as _, Settlement},
    tree::{PathStep, WinningPath},
    Balance,
};

/// Accounts overlap on purpose: sponsors mine, miners propose.
fn account() -> impl Strategy<Value = AccountId> {
    1u64..12
}

fn path() -> impl Strategy<Value = Option<WinningPath<AccountId>>> {
    let falling = prop::collection::btree_set(0u64..1_000_000, 1..20);
    let authors = prop::collection::vec(account(), 20);
    prop::option::of(
        (falling, authors, account()).prop_map(|(errors, authors, proposer)| {
            let mut errors = errors.into_iter().rev();
            WinningPath {
                proposer,
                start: errors.next().unwrap_or_default(),
                steps: errors
                    .zip(authors)
                    .map(|(error, author)| PathStep {
                        node: error,
                        author,
                        error,
                    })
                    .collect(),
            }
        }),
    )
}

fn any_settlement(largest: Balance) -> impl Strategy<Value = Settlement<AccountId, Balance>> {
    let sponsors = prop::collection::vec((account(), 1..largest), 1..30);
    let percents = (0u128..=100, 0u128..=100);
    (
        sponsors,
        percents,
        0..largest,
        0u64..1_000_000,
        path(),
        account(),
    )
        .prop_map(
            |(sponsors, (expertise, unearnable), reserve, target, path, owner)| {
                let bounty: Balance = sponsors.iter().map(|(_, part)| *part).sum();
                let expertise = bounty / 100 * expertise;
                let unearnable = (bounty - expertise) / 100 * unearnable;
                Settlement {
                    campaign: CAMPAIGN,
                    owner,
                    escrow: ESCROW,
                    data: bounty - expertise - unearnable,
                    expertise,
                    unearnable,
                    reserve,
                    sponsors,
                    target,
                    path,
                }
            },
        )
}

proptest! {
    #[test]
    fn all_parts_sum_to_bounty_and_reserve(settlement in any_settlement(1 << 120)) {
        let bounty = settlement.data + settlement.expertise + settlement.unearnable;
        let split = split(&settlement).unwrap();
        let total: Balance = split.values().map(|part| part.total()).sum();
        prop_assert_eq!(total, bounty + settlement.reserve);
        let earned: Balance = split.values().map(|part| part.earned).sum();
        let expertise: Balance = split.values().map(|part| part.expertise).sum();
        prop_assert!(earned <= settlement.data && expertise <= settlement.expertise);
        let refund: Balance = split.values().map(|part| part.refund).sum();
        prop_assert!(refund >= settlement.unearnable + settlement.reserve);
        if let Some(path) = settlement.path.filter(|path| path.start > settlement.target) {
            // All of it at the target, and nothing of it back.
            if path.steps.last().is_some_and(|step| step.error <= settlement.target) {
                prop_assert_eq!((earned, expertise), (settlement.data, settlement.expertise));
            }
        }
        prop_assert!(split.values().all(|part| part.total() > 0));
    }

    #[test]
    fn everybody_can_claim_in_any_order(
        settlement in any_settlement(1_000_000),
        order in any::<u64>(),
    ) {
        new_test_ext().execute_with(|| {
            assert_ok!(settle(settlement));
            for account in 1..12 {
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
