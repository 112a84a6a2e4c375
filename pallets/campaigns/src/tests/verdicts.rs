//! Verdicts about proposals, and what assayers are told.

use crate::{mock::*, proposals::subject, Event, Proposals};
use frame_support::{
    assert_ok,
    traits::{fungible::Inspect, LockableCurrency, WithdrawReasons},
};
use sonar_primitives::{
    assay::{AssayKind, AssayRequest, AssayTask, AssayWork, Malformed, RoundVerdict, Verdict},
    campaign::{ProposalState, Rejected, State},
    traits::{AssayQueue, AssaySubjects, ModelTree, Payouts as _},
    CampaignId, MeasuredError,
};
use syft::Metric;

fn measured(error: MeasuredError) -> Verdict {
    Verdict::Measured { error }
}

/// An open campaign with a pending proposal, 101, of `AUTHOR`.
fn proposed() -> CampaignId {
    let id = open();
    assert_eq!(propose_and_accept(id, 1), 101);
    id
}

#[test]
fn assayers_are_told_what_to_measure() {
    build_and_execute(|| {
        let id = create();
        let task = task(root_of(id));
        let request = AssayRequest {
            architecture: model(0).architecture,
            metric: Metric::ErrorRate,
            validation: validation(),
            rows: 100,
            work: AssayWork::Root {
                parameters: parameters(0),
            },
        };
        assert_eq!(Campaigns::work(&task), Some(request));

        // Only what was asked for.
        type Change = fn(&mut AssayTask<BlockNumber>);
        let changes: [Change; 4] = [
            |task| task.kind = AssayKind::Round,
            |task| task.id += 1,
            |task| task.campaign += 1,
            |task| task.subject = parameters(0),
        ];
        for change in changes {
            let mut other = task.clone();
            change(&mut other);
            assert_eq!(Campaigns::work(&other), None);
        }
        // And not once it is decided.
        decide(root_of(id), measured(START));
        assert_eq!(Campaigns::work(&task), None);
        // Nor what the owner has not accepted.
        let offered = AssayTask {
            id: propose(AUTHOR, id, 1).unwrap(),
            subject: subject(&model(1)),
            ..task
        };
        assert_eq!(Campaigns::work(&offered), None);
    });
}

#[test]
fn a_claim_that_holds_opens_the_campaign() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), measured(START - 7));
        let campaign = campaign(id);
        assert_eq!(campaign.state, State::Open);
        assert_eq!(campaign.start, Some(START - 7));
        assert_eq!(Planted::get(), [(id, 100, OWNER, parameters(0), START - 7)]);
        // 113 in two parts: the first takes the rounding. The owner pays.
        assert_eq!(fees(), [57, 56]);
        assert_eq!(held(OWNER), 0);
        let left = ENDOWMENT - BOUNTY - DEPOSIT - PRICE;
        assert_eq!(Balances::free_balance(OWNER), left);
        System::assert_has_event(
            Event::AssayPaid {
                campaign: id,
                amount: PRICE,
            }
            .into(),
        );
        System::assert_last_event(
            Event::Opened {
                campaign: id,
                start: START - 7,
            }
            .into(),
        );
    });
}

#[test]
fn a_claim_holds_up_to_its_tolerance() {
    build_and_execute(|| {
        // 0.5 % points of an error rate.
        let id = create();
        decide(root_of(id), measured(START + 5_000_000));
        assert_eq!(campaign(id).state, State::Open);
        let id = create();
        decide(root_of(id), measured(START + 5_000_001));
        let reason = Rejected::FalseClaim {
            measured: START + 5_000_001,
        };
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
    });
}

#[test]
fn a_false_claim_is_refunded_less_the_assay() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), measured(1_000_000_000));
        let reason = Rejected::FalseClaim {
            measured: 1_000_000_000,
        };
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        assert_eq!(
            Proposals::<Test>::get(100).unwrap().state,
            ProposalState::Rejected(reason)
        );
        assert_eq!(fees(), [57, 56]);
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY);
        assert_eq!(held(OWNER), 0);
        // Nothing was measured that anything could be earned by.
        let (settlement, steps, last) = Settlements::get().remove(0);
        assert_eq!((settlement.start, steps, last), (TARGET, 0, true));
        assert!(!settlement.counts && Planted::get().is_empty());
        assert_eq!(FakeBlobs::pins(parameters(0)), 0);
        System::assert_last_event(
            Event::Rejected {
                campaign: id,
                reason,
            }
            .into(),
        );
    });
}

#[test]
fn a_model_at_the_target_is_rejected() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), measured(TARGET));
        let reason = Rejected::AtTarget { measured: TARGET };
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        // The minimum step is 1,000,000: what is nearer might be impossible to improve.
        let id = create();
        decide(root_of(id), measured(TARGET + 999_999));
        let reason = Rejected::AtTarget {
            measured: TARGET + 999_999,
        };
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        let id = create();
        decide(root_of(id), measured(TARGET + 1_000_000));
        assert_eq!(campaign(id).state, State::Open);
    });
}

#[test]
fn a_malformed_model_is_rejected_and_its_assay_paid() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), Verdict::Malformed(Malformed::NotFinite));
        let reason = Rejected::Malformed(Malformed::NotFinite);
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        assert_eq!(fees(), [57, 56]);
    });
}

#[test]
fn without_a_quorum_nobody_is_paid() {
    build_and_execute(|| {
        let id = create();
        leave_undecided(root_of(id));
        let reason = Rejected::NoQuorum;
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        assert_eq!(fees(), [0, 0]);
        assert_eq!(held(OWNER), 0);
        assert_eq!(Balances::free_balance(OWNER), ENDOWMENT - BOUNTY - DEPOSIT);
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY);
    });
}

#[test]
fn a_verdict_about_something_else_counts_as_none() {
    build_and_execute(|| {
        let id = create();
        let verdict = RoundVerdict {
            malformed: Default::default(),
            accepted: None,
        };
        decide(root_of(id), Verdict::Round(verdict));
        let reason = Rejected::NoQuorum;
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        assert_eq!(fees(), [0, 0]);
    });
}

#[test]
fn a_second_verdict_changes_nothing() {
    build_and_execute(|| {
        let id = create();
        let task = task(root_of(id));
        decide(root_of(id), measured(START));
        let before = campaign(id);
        Campaigns::decided(&task, &measured(u64::MAX), &ASSAYERS);
        Campaigns::undecided(&task);
        assert_eq!(campaign(id), before);
        assert_eq!(fees(), [57, 56]);
    });
}

#[test]
fn without_payees_nobody_pays() {
    build_and_execute(|| {
        let id = create();
        let task = task(root_of(id));
        FakeAssays::withdraw(root_of(id));
        Campaigns::decided(&task, &measured(START), &[]);
        assert_eq!(held(OWNER), 0);
        assert_eq!(Balances::free_balance(OWNER), ENDOWMENT - BOUNTY - DEPOSIT);
    });
}

#[test]
fn another_proposal_is_accepted() {
    build_and_execute(|| {
        let id = proposed();
        let before = campaign(id);
        // However bad it is: no claim was made.
        decide(101, measured(START + 99_000_000));
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Accepted {
                error: START + 99_000_000
            }
        );
        assert_eq!(
            Planted::get()[1],
            (id, 101, AUTHOR, parameters(1), START + 99_000_000)
        );
        // Nothing changes for the campaign.
        assert_eq!(campaign(id), before);
        // Its author has paid.
        assert_eq!(fees(), [114, 112]);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(held(AUTHOR), 0);
        System::assert_last_event(
            Event::ProposalAccepted {
                campaign: id,
                root: 101,
                error: START + 99_000_000,
            }
            .into(),
        );
    });
}

#[test]
fn a_freeze_does_not_protect_the_price_of_an_assay() {
    build_and_execute(|| {
        proposed();
        Balances::set_lock(*b"freezing", &AUTHOR, u128::MAX, WithdrawReasons::all());
        decide(101, measured(START));
        assert_eq!(fees(), [114, 112]);
        assert_eq!(Balances::total_balance(&AUTHOR), ENDOWMENT - PRICE);
    });
}

/// A proposal never takes from miners what they are about to earn.
#[test]
fn another_proposal_below_the_record_is_rejected() {
    build_and_execute(|| {
        let id = proposed();
        let before = campaign(id);
        assert_ok!(commit(id));
        conclude(id, Some(600_000_000));
        decide(101, measured(599_999_999));
        let reason = Rejected::BelowRecord {
            measured: 599_999_999,
        };
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Rejected(reason)
        );
        assert_eq!(campaign(id), before);
        assert_eq!(FakeTree::record(id), Some(600_000_000));
        // The assay is paid, and harms nobody else.
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(held(AUTHOR), 0);
        assert_eq!(fees(), [114, 112]);
        assert_eq!(FakeBlobs::pins(parameters(1)), 0);
        System::assert_last_event(
            Event::ProposalRejected {
                campaign: id,
                root: 101,
                reason,
            }
            .into(),
        );
    });
}

#[test]
fn another_proposal_at_the_record_is_accepted() {
    build_and_execute(|| {
        let id = open();
        let root = propose(OWNER, id, 1).unwrap();
        assert_ok!(commit(id));
        conclude(id, Some(600_000_000));
        decide(root, measured(600_000_000));
        let state = Proposals::<Test>::get(root).unwrap().state;
        assert_eq!(state, ProposalState::Accepted { error: 600_000_000 });
    });
}

#[test]
fn another_proposal_without_a_quorum_costs_nothing() {
    build_and_execute(|| {
        let id = proposed();
        let before = campaign(id);
        leave_undecided(101);
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Rejected(Rejected::NoQuorum)
        );
        assert_eq!(campaign(id), before);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT);
        assert_eq!(fees(), [57, 56]);
    });
}

#[test]
fn what_payees_cannot_take_goes_back_to_the_author() {
    build_and_execute(|| {
        proposed();
        let task = task(101);
        FakeAssays::withdraw(101);
        let payees: Vec<AccountId> = (1_000..1_020).collect();
        Campaigns::decided(&task, &measured(START), &payees);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - 18);
        assert_eq!(held(AUTHOR), 0);
    });
}

#[test]
fn a_verdict_that_cannot_be_acted_on_leaves_everything_as_it_was() {
    build_and_execute(|| {
        let id = create();
        let before = campaign(id);
        PayoutsFail::set(true);
        decide(root_of(id), measured(u64::MAX));
        assert_eq!(campaign(id), before);
        assert_eq!(fees(), [0, 0]);
        // The owner has a way out.
        PayoutsFail::set(false);
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
    });
}
