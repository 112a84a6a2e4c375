//! Random campaigns: whatever happens in whatever order, nothing is lost and nothing is created.

use crate::{mock::*, NextCampaign, ProposalsOf};
use frame_support::traits::Hooks;
use proptest::prelude::*;
use sonar_primitives::{
    assay::Verdict,
    campaign::{ProposalState, State},
    traits::{Campaigns as _, ModelTree, Payouts as _, Phase},
    Balance, CampaignId,
};

/// Something that may happen. Most of it is refused most of the time.
#[derive(Clone, Debug)]
enum Step {
    Create {
        bounty: Balance,
        deadline: BlockNumber,
    },
    Decide {
        id: CampaignId,
        error: u64,
    },
    LeaveUndecided {
        id: CampaignId,
    },
    Propose {
        id: CampaignId,
        who: AccountId,
        n: u8,
    },
    Fund {
        id: CampaignId,
        who: AccountId,
        amount: Balance,
    },
    Accept {
        id: CampaignId,
    },
    Reject {
        id: CampaignId,
    },
    Commit {
        id: CampaignId,
    },
    Conclude {
        id: CampaignId,
        error: Option<u64>,
    },
    Cancel {
        id: CampaignId,
    },
    Close {
        id: CampaignId,
    },
    Settle {
        id: CampaignId,
    },
    Claim {
        id: CampaignId,
    },
    Remove {
        id: CampaignId,
    },
    Pass {
        blocks: BlockNumber,
        busy: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0u32..3;
    let error = prop_oneof![Just(START), Just(TARGET), 0..=1_000_000_000u64];
    prop_oneof![
        (4_000u128..50_000, 5u64..150)
            .prop_map(|(bounty, deadline)| Step::Create { bounty, deadline }),
        (id.clone(), error.clone()).prop_map(|(id, error)| Step::Decide { id, error }),
        id.clone().prop_map(|id| Step::LeaveUndecided { id }),
        (id.clone(), 1u128..3, 0u8..10).prop_map(|(id, who, n)| Step::Propose { id, who, n }),
        (id.clone(), 1u128..8, 0u128..5_000).prop_map(|(id, who, amount)| Step::Fund {
            id,
            who,
            amount
        }),
        id.clone().prop_map(|id| Step::Accept { id }),
        id.clone().prop_map(|id| Step::Reject { id }),
        id.clone().prop_map(|id| Step::Commit { id }),
        id.clone().prop_map(|id| Step::Commit { id }),
        (id.clone(), prop::option::of(error)).prop_map(|(id, error)| Step::Conclude { id, error }),
        id.clone().prop_map(|id| Step::Cancel { id }),
        id.clone().prop_map(|id| Step::Close { id }),
        id.clone().prop_map(|id| Step::Settle { id }),
        id.clone().prop_map(|id| Step::Claim { id }),
        id.prop_map(|id| Step::Remove { id }),
        (1u64..60, any::<bool>()).prop_map(|(blocks, busy)| Step::Pass { blocks, busy }),
    ]
}

/// The oldest proposal of a campaign that is in this state.
fn oldest(id: CampaignId, state: ProposalState) -> Option<u64> {
    ProposalsOf::<Test>::get(id).into_iter().find(|root| {
        crate::Proposals::<Test>::get(root).is_some_and(|proposal| proposal.state == state)
    })
}

/// The oldest proposal of a campaign that waits for a verdict.
fn waiting(id: CampaignId) -> Option<u64> {
    oldest(id, ProposalState::Pending)
}

/// The oldest proposal of a campaign that waits for its acceptance, or one that is unknown.
fn offered(id: CampaignId) -> u64 {
    oldest(id, ProposalState::Offered).unwrap_or(77)
}

fn take(step: Step) {
    let owner = RuntimeOrigin::signed(OWNER);
    let anyone = RuntimeOrigin::signed(777);
    let now = System::block_number();
    // Refusals are as good as successes: what counts is that the state stays in order.
    let _refused = match step {
        Step::Create { bounty, deadline } => {
            let mut terms = terms();
            terms.bounty = bounty;
            terms.deadline = now + deadline;
            Campaigns::create(owner, Box::new(terms), model(0))
        }
        Step::Decide { id, error } => {
            if let Some(root) = waiting(id) {
                decide(root, Verdict::Measured { error });
            }
            Ok(())
        }
        Step::LeaveUndecided { id } => {
            if let Some(root) = waiting(id) {
                leave_undecided(root);
            }
            Ok(())
        }
        Step::Propose { id, who, n } => propose(who, id, n).map(|_| ()),
        Step::Accept { id } => Campaigns::accept_proposal(owner, offered(id)),
        Step::Reject { id } => Campaigns::reject_proposal(owner, offered(id)),
        Step::Fund { id, who, amount } => Campaigns::fund(RuntimeOrigin::signed(who), id, amount),
        Step::Commit { id } => {
            if crate::Campaigns::<Test>::contains_key(id) {
                let _refused = commit(id);
            }
            Ok(())
        }
        Step::Conclude { id, error } => {
            if FakeTree::pending(id) > 0 {
                match Campaigns::phase(id) {
                    Some(Phase::Dissolving) => dissolve(id),
                    _ => conclude(id, error),
                }
            }
            Ok(())
        }
        Step::Cancel { id } => Campaigns::cancel(owner, id),
        Step::Close { id } => Campaigns::close(anyone, id),
        Step::Settle { id } => Campaigns::settle(anyone, id),
        Step::Claim { id } => {
            claim_all(id);
            Ok(())
        }
        Step::Remove { id } => Campaigns::remove(anyone, id, 10),
        Step::Pass { blocks, busy } => {
            if busy {
                run_to(now + blocks);
            } else {
                skip_to(now + blocks);
                Campaigns::on_initialize(now + blocks);
            }
            Ok(())
        }
    };
}

/// Lets every campaign come to its end, and removes it.
fn finish() {
    for id in 0..NextCampaign::<Test>::get() {
        let anyone = || RuntimeOrigin::signed(777);
        while let Some(root) = waiting(id) {
            leave_undecided(root);
        }
        skip_to(System::block_number() + 200);
        let _open = Campaigns::close(anyone(), id);
        skip_to(System::block_number() + 200);
        if FakeTree::pending(id) > 0 {
            dissolve(id);
        }
        let _closing = Campaigns::settle(anyone(), id);
        skip_to(System::block_number() + 200);
        claim_all(id);
        let _over = Campaigns::remove(anyone(), id, 10);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_lost_and_nothing_is_created(steps in prop::collection::vec(step(), 1..60)) {
        new_test_ext().execute_with(|| {
            let issued = Balances::total_issuance();
            // Most sequences start with campaigns, so that there is something to do.
            take(Step::Create { bounty: BOUNTY, deadline: 50 });
            take(Step::Decide { id: 0, error: START });
            for step in steps {
                take(step.clone());
                assert_eq!(Balances::total_issuance(), issued, "after {step:?}");
                check();
            }
            finish();
            check();
            // Every campaign has come to its end, every unit is back with somebody, no blob is kept.
            assert_eq!(crate::Campaigns::<Test>::iter().count(), 0);
            assert_eq!(Balances::total_issuance(), issued);
            let known = [OWNER, AUTHOR, SPONSOR, MINER, CLAIMANT, ASSAYERS[0], ASSAYERS[1]];
            let sum: Balance = known.iter().map(Balances::free_balance).sum();
            assert_eq!(sum, issued);
            assert!(StoredBlobs::get().iter().all(|(.., pins)| *pins == 0));
            assert!(Pending::get().is_empty() && Requested::get().is_empty());
        });
    }

    #[test]
    fn a_settlement_never_exceeds_the_escrow(bounty in 5_000u128..900_000, steps in 0u64..5) {
        new_test_ext().execute_with(|| {
            take(Step::Create { bounty, deadline: 50 });
            take(Step::Decide { id: 0, error: START });
            for step in 0..steps {
                take(Step::Commit { id: 0 });
                take(Step::Conclude { id: 0, error: Some(800_000_000 - step * 1_000_000) });
            }
            run_to(60);
            assert!(matches!(campaign(0).state, State::Settled { .. }));
            assert_eq!(FakePayouts::unclaimed(0) + DEPOSIT, escrow_balance(0));
        });
    }
}
