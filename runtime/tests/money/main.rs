//! Money adds up: random campaigns, with sponsors, proposals, rounds, withheld reveals, cancels and
//! missed deadlines, run through real blocks. After each step every pallet's invariants hold; in the
//! end every campaign has paid out exactly what was paid in, and what the chain lost is exactly the
//! fees.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/chain.rs"]
mod chain;
#[path = "../common/door.rs"]
mod door;
#[path = "../common/ledger.rs"]
mod ledger;
mod step;
mod world;

use chain::{check_invariants, genesis};
use proptest::prelude::*;
use sonar_primitives::{
    assay::{AcceptedRound, RoundVerdict, SeatShare, Verdict},
    campaign::{Rejected, RoundTerms, State, Terms},
    round::RoundState,
    submission::SubmissionState,
    CampaignId,
};
use sonar_runtime::{
    configs::sonar::LostDeposits, AccountId, Balance, Balances, Runtime, RuntimeEvent, System, SNR,
};
use sp_core::H256;
use std::collections::BTreeMap;
use step::steps;
use world::{terms, World, PEOPLE};

/// What went into, and came out of, each campaign's escrow, by the chain's own transfer events.
fn flows(events: &[RuntimeEvent], escrow: &AccountId) -> (Balance, Balance) {
    let (mut put_in, mut taken_out) = (0, 0);
    for event in events {
        if let RuntimeEvent::Balances(pallet_balances::Event::Transfer { from, to, amount }) = event
        {
            if to == escrow {
                put_in += amount;
            }
            if from == escrow {
                taken_out += amount;
            }
        }
    }
    (put_in, taken_out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn money_adds_up(steps in steps()) {
        genesis(&[]).execute_with(|| {
            let mut world = World::new();
            let issued = Balances::total_issuance();
            for step in &steps {
                world.take(step);
                check_invariants();
            }
            world.finish();
            check_invariants();

            let events = world.chain.take_events();
            let mut claimed = BTreeMap::<CampaignId, Balance>::new();
            for event in &events {
                if let RuntimeEvent::Payouts(pallet_payouts::Event::Claimed { campaign, amount, .. }) = event {
                    *claimed.entry(*campaign).or_default() += amount;
                }
            }
            let fees: Balance = ledger::burned(&events).into_values().sum();
            assert_eq!(Balances::total_issuance() + fees, issued, "only fees are burnt");

            for &id in &world.campaigns {
                let campaign = pallet_campaigns::Campaigns::<Runtime>::get(id).unwrap();
                let escrow = sonar_runtime::Campaigns::escrow(id);
                let (put_in, taken_out) = flows(&events, &escrow);
                assert_eq!(Balances::free_balance(&escrow), campaign.deposit, "only the deposit is left");
                assert_eq!(put_in, taken_out + campaign.deposit);
                let earned: Balance = sonar_runtime::Payouts::entitlements(id)
                    .into_iter()
                    .map(|(_, given)| given.earned + given.expertise)
                    .sum();
                assert!(earned <= campaign.bounty, "never more than the bounty is earned");
                assert_eq!(claimed.get(&id), Some(&campaign.bounty), "the bounty was claimed");
            }
            // Nothing is held for submissions or proposals any more.
            for who in PEOPLE {
                let held: Balance = pallet_model_repository::Blobs::<Runtime>::iter_values()
                    .filter(|blob| blob.depositor == who.to_account_id())
                    .map(|blob| blob.deposit)
                    .sum();
                let bond: Balance = pallet_assays::Assayers::<Runtime>::get()
                    .into_iter()
                    .filter(|assayer| assayer.account == who.to_account_id())
                    .map(|assayer| assayer.bond)
                    .sum();
                assert_eq!(System::account(who.to_account_id()).data.reserved, held + bond);
            }
            assert!(Balances::free_balance(LostDeposits::get()) < issued);
        });
    }
}

/// What everybody has earned in campaign 0, by account.
fn earned() -> BTreeMap<AccountId, Balance> {
    sonar_runtime::Payouts::entitlements(0)
        .into_iter()
        .map(|(account, given)| (account, given.earned))
        .collect()
}

/// A campaign that starts at 42 % and has the target 10 %, with 10,000 SNR.
fn worked_campaign(world: &mut World) -> u64 {
    let validation = world.chain.store(PEOPLE[0], b"validation".to_vec());
    let root = world.create(
        PEOPLE[0],
        Terms {
            starting_error: 420_000_000,
            rounds: RoundTerms {
                round_blocks: 2,
                ..Default::default()
            },
            ..terms(10_000 * SNR, validation, 200, 0, 100_000_000)
        },
    );
    world.judge(root.unwrap(), Verdict::Measured { error: 420_000_000 });
    root.unwrap()
}

/// A verdict that seats the revealed gradients in these places with these shares.
fn accepted(id: u64, error: u64, best_set: &[u8], seats: &[(u8, u128)]) -> Verdict {
    Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: Some(AcceptedRound {
            error,
            parameters: H256::from_low_u64_be(id),
            best_set: best_set.to_vec().try_into().unwrap(),
            with_previous: false,
            seats: seats
                .iter()
                .map(|&(place, share)| SeatShare { place, share })
                .collect::<Vec<_>>()
                .try_into()
                .unwrap(),
        }),
    })
}

/// Start 42 %, target 10 %, records 41, 30, 10: the protocol's worked numbers through real blocks.
#[test]
fn three_rounds_pay_the_worked_numbers() {
    genesis(&[]).execute_with(|| {
        let [alice, bob, charlie, dave, ..] = PEOPLE;
        let mut world = World::new();
        let root = worked_campaign(&mut world);
        let mut base = root;
        for (who, error) in [
            (bob, 410_000_000),
            (charlie, 300_000_000),
            (dave, 100_000_000),
        ] {
            let round = world.round_of(&[(who, root, base)]);
            world.judge(round, accepted(round, error, &[0], &[(0, 1)]));
            check_invariants();
            base = round;
        }
        // The target is reached, nothing is pending: the chain settles by itself.
        world.chain.advance(3);
        check_invariants();
        let expected = [
            (bob, 3_125 * SNR / 10),
            (charlie, 34_375 * SNR / 10),
            (dave, 6_250 * SNR),
        ];
        let mut earned = earned();
        earned.remove(&alice.to_account_id());
        assert_eq!(
            earned,
            expected
                .map(|(who, amount)| (who.to_account_id(), amount))
                .into()
        );
    });
}

/// One round of three, R at 42; 1 and 2 together 26: the protocol's worked number through real blocks.
#[test]
fn one_round_of_three_pays_by_shares() {
    genesis(&[]).execute_with(|| {
        let [_, bob, charlie, dave, ..] = PEOPLE;
        let mut world = World::new();
        let root = worked_campaign(&mut world);
        let round = world.round_of(&[(bob, root, root), (charlie, root, root), (dave, root, root)]);
        let verdict = accepted(round, 260_000_000, &[0, 1], &[(0, 60), (1, 36), (2, 0)]);
        world.judge(round, verdict);
        check_invariants();
        world.chain.advance(210);
        check_invariants();
        let earned = earned();
        assert_eq!(earned[&bob.to_account_id()], 3_125 * SNR);
        assert_eq!(earned[&charlie.to_account_id()], 1_875 * SNR);
        assert_eq!(earned.get(&dave.to_account_id()), None);
    });
}

/// Somebody takes the best model over, as one gradient on the root: he earns his own step only.
#[test]
fn a_takeover_from_the_root_earns_its_own_step_only() {
    genesis(&[]).execute_with(|| {
        let [_, bob, charlie, dave, ..] = PEOPLE;
        let mut world = World::new();
        let root = worked_campaign(&mut world);
        for (who, error) in [
            (bob, 410_000_000),
            (charlie, 300_000_000),
            (dave, 290_000_000),
        ] {
            // All of them on the root itself.
            let round = world.round_of(&[(who, root, root)]);
            world.judge(round, accepted(round, error, &[0], &[(0, 1)]));
        }
        world.chain.advance(210);
        check_invariants();
        let earned = earned();
        assert_eq!(earned[&bob.to_account_id()], 3_125 * SNR / 10);
        assert_eq!(earned[&charlie.to_account_id()], 34_375 * SNR / 10);
        assert_eq!(earned[&dave.to_account_id()], 3_125 * SNR / 10);
    });
}

/// The owner proposes a model made of what the miners have committed to: it is better than the record,
/// so it is no root, and they earn what they bring.
#[test]
fn an_owners_proposal_after_the_commitments_takes_nothing() {
    genesis(&[]).execute_with(|| {
        let [alice, bob, ..] = PEOPLE;
        let mut world = World::new();
        let root = worked_campaign(&mut world);
        let secret = world.commit(bob, 0, root, root).unwrap();
        let proposal = world.propose(alice, 0).unwrap();
        world.judge(proposal, Verdict::Measured { error: 110_000_000 });
        let rejected = pallet_campaigns::Proposals::<Runtime>::get(proposal).unwrap();
        assert_eq!(
            rejected.state,
            sonar_primitives::campaign::ProposalState::Rejected(Rejected::BelowRecord {
                measured: 110_000_000
            })
        );
        let round = world.reveal_all(&[secret]);
        world.judge(round, accepted(round, 100_000_000, &[0], &[(0, 1)]));
        world.chain.advance(3);
        check_invariants();
        assert_eq!(earned()[&bob.to_account_id()], 10_000 * SNR);
    });
}

/// A round at the target dissolves those that are pending, and everything goes back.
#[test]
fn the_target_dissolves_later_rounds() {
    genesis(&[]).execute_with(|| {
        let [_, bob, charlie, ..] = PEOPLE;
        let mut world = World::new();
        let root = worked_campaign(&mut world);
        let secret = world.commit(bob, 0, root, root).unwrap();
        world.chain.advance(2);
        let free = Balances::free_balance(charlie.to_account_id());
        let later = world.commit(charlie, 0, root, root).unwrap();
        let submission = world.submission_of(later);
        let round = world.reveal_all(&[secret]);
        world.judge(round, accepted(round, 100_000_000, &[0], &[(0, 1)]));
        world.chain.advance(4);
        check_invariants();
        let state = |id| {
            pallet_gradients::Submissions::<Runtime>::get(id)
                .unwrap()
                .state
        };
        assert_eq!(state(submission), SubmissionState::Returned);
        let rounds: Vec<_> = sonar_runtime::queries::rounds(0, 0, 9)
            .into_iter()
            .map(|info| info.round.state)
            .collect();
        assert_eq!(rounds, [RoundState::Accepted, RoundState::Dissolved]);
        let campaign = pallet_campaigns::Campaigns::<Runtime>::get(0).unwrap();
        assert!(matches!(campaign.state, State::Settled { .. }));
        // All but the fee of the commitment.
        assert!(free - Balances::free_balance(charlie.to_account_id()) < SNR / 100);
    });
}
