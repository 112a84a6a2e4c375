//! Verdicts about proposals, and what assayers are told.

use crate::{mock::*, Event, Proposals};
use frame_support::{
    assert_ok,
    traits::{
        fungible::{Inspect, InspectHold},
        LockableCurrency, WithdrawReasons,
    },
};
use sonar_primitives::{
    assay::{AssayKind, AssayRequest, AssayTask, Malformed, Verdict},
    campaign::{ProposalState, Rejected, State},
    reputation::Deed,
    traits::{AssayQueue, AssaySubjects, Payouts as _},
    CampaignId, MeasuredError,
};
use syft::Metric;

fn measured(error: MeasuredError) -> Verdict {
    Verdict::Measured { error }
}

/// An open campaign with a pending proposal, 101, of `AUTHOR`.
fn proposed() -> CampaignId {
    let id = open();
    assert_ok!(Campaigns::propose(
        RuntimeOrigin::signed(AUTHOR),
        id,
        model(1)
    ));
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
            root: parameters(0),
            gradients: vec![],
            limit: None,
        };
        assert_eq!(Campaigns::work(&task), Some((request, None)));

        // Only what was asked for.
        type Change = fn(&mut AssayTask<AccountId, BlockNumber>);
        let changes: [Change; 4] = [
            |task| task.kind = AssayKind::Candidate,
            |task| task.node += 1,
            |task| task.campaign += 1,
            |task| task.subject = parameters(1),
        ];
        for change in changes {
            let mut other = task.clone();
            change(&mut other);
            assert_eq!(Campaigns::work(&other), None);
        }
        // And not once it is decided.
        decide(root_of(id), measured(START));
        assert_eq!(Campaigns::work(&task), None);
    });
}

#[test]
fn a_claim_that_holds_opens_the_campaign() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), measured(START - 7));
        let campaign = campaign(id);
        assert_eq!(campaign.state, State::Open);
        assert_eq!(
            (campaign.start, campaign.best),
            (Some(START - 7), Some(START - 7))
        );
        assert_eq!(Planted::get(), [(id, 100, OWNER, parameters(0), START - 7)]);
        // 113 in two parts: the first takes the rounding. The reserve pays.
        assert_eq!(fees(), [57, 56]);
        assert_eq!(
            (campaign.reserve.free, campaign.reserve.set_aside),
            (500, 0)
        );
        assert_eq!(Deeds::get(), [(OWNER, Deed::Sponsored)]);
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
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY + RESERVE - PRICE);
        assert_eq!(Settlements::get()[0].path, None);
        assert!(Planted::get().is_empty() && Deeds::get().is_empty());
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
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY + RESERVE);
    });
}

#[test]
fn a_verdict_about_something_else_counts_as_none() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), Verdict::NotImproved);
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
fn the_part_of_an_account_that_cannot_take_it_stays_in_the_reserve() {
    build_and_execute(|| {
        let id = create();
        let task = task(root_of(id));
        FakeAssays::withdraw(root_of(id));
        // 20 payees: 5 for each (18 for the first), too little to bring 19 of them into being.
        let payees: Vec<AccountId> = (1_000..1_020).collect();
        Campaigns::decided(&task, &measured(START), &payees);
        assert_eq!(Balances::free_balance(1_000), 18);
        assert_eq!(Balances::free_balance(1_001), 0);
        assert_eq!(campaign(id).reserve.free, 500 + PRICE - 18);
        System::assert_has_event(
            Event::AssayPaid {
                campaign: id,
                amount: 18,
            }
            .into(),
        );
    });
}

#[test]
fn without_payees_the_price_stays_in_the_reserve() {
    build_and_execute(|| {
        let id = create();
        let task = task(root_of(id));
        FakeAssays::withdraw(root_of(id));
        Campaigns::decided(&task, &measured(START), &[]);
        assert_eq!(campaign(id).reserve.free, RESERVE);
    });
}

#[test]
fn another_proposal_is_accepted() {
    build_and_execute(|| {
        let id = proposed();
        let reserve = campaign(id).reserve;
        decide(101, measured(START - 100));
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Accepted { error: START - 100 }
        );
        assert_eq!(
            Planted::get()[1],
            (id, 101, AUTHOR, parameters(1), START - 100)
        );
        let campaign = campaign(id);
        assert_eq!(campaign.state, State::Open);
        assert_eq!(
            (campaign.start, campaign.best),
            (Some(START), Some(START - 100))
        );
        // Its author has paid, not the reserve.
        assert_eq!(campaign.reserve, reserve);
        assert_eq!(fees(), [114, 112]);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(Balances::total_balance_on_hold(&AUTHOR), 0);
        System::assert_last_event(
            Event::ProposalAccepted {
                campaign: id,
                root: 101,
                error: START - 100,
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

#[test]
fn another_proposal_that_fails_harms_nobody_else() {
    build_and_execute(|| {
        let id = proposed();
        let before = campaign(id);
        decide(101, measured(1_000_000_000));
        let reason = Rejected::FalseClaim {
            measured: 1_000_000_000,
        };
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Rejected(reason)
        );
        assert_eq!(campaign(id), before);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(Balances::total_balance_on_hold(&AUTHOR), 0);
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
        assert_eq!(Balances::total_balance_on_hold(&AUTHOR), 0);
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
