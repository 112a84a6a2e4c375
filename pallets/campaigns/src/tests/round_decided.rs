//! What a decided round means for its campaign.

use crate::{mock::*, Event};
use frame_support::assert_ok;
use sonar_primitives::{
    campaign::{Closed, State},
    traits::{Campaigns as _, ModelTree},
    CampaignId,
};

fn closing(reason: Closed, grace_ends: BlockNumber) -> State<BlockNumber> {
    State::Closing { reason, grace_ends }
}

fn closed(campaign: CampaignId, reason: Closed) -> RuntimeEvent {
    Event::Closed { campaign, reason }.into()
}

#[test]
fn a_campaign_stays_open_above_its_target() {
    build_and_execute(|| {
        let id = open();
        let before = campaign(id);
        for error in [Some(800_000_000), Some(850_000_000), Some(TARGET + 1), None] {
            assert_ok!(commit(id));
            conclude(id, error);
            assert_eq!(campaign(id), before);
        }
        assert!(Stopped::get().is_empty());
    });
}

#[test]
fn a_campaign_closes_at_its_target() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        skip_to(5);
        conclude(id, Some(TARGET));
        assert_eq!(campaign(id).state, closing(Closed::TargetReached, 25));
        assert_eq!(Stopped::get(), [(id, Closed::TargetReached)]);
        System::assert_last_event(closed(id, Closed::TargetReached));
        // The other round dissolves, and then everything is done.
        dissolve(id);
        assert_eq!(campaign(id).state, closing(Closed::TargetReached, 25));
        run_to(6);
        assert_eq!(campaign(id).state, State::Settled { at: 6 });
    });
}

#[test]
fn rounds_after_the_deadline_have_a_grace_period_each() {
    build_and_execute(|| {
        let id = open();
        for _ in 0..3 {
            assert_ok!(commit(id));
        }
        run_to(DEADLINE + 1);
        let ends = |state| closing(Closed::DeadlinePassed, state);
        assert_eq!(campaign(id).state, ends(DEADLINE + 21));
        run_to(DEADLINE + 10);
        conclude(id, None);
        assert_eq!(campaign(id).state, ends(DEADLINE + 30));
        run_to(DEADLINE + 29);
        conclude(id, Some(500_000_000));
        assert_eq!(campaign(id).state, ends(DEADLINE + 49));
    });
}

#[test]
fn a_round_after_the_deadline_may_reach_the_target() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        run_to(DEADLINE + 1);
        conclude(id, Some(TARGET - 1));
        let state = closing(Closed::TargetReached, DEADLINE + 21);
        assert_eq!(campaign(id).state, state);
        let stops = [Closed::DeadlinePassed, Closed::TargetReached].map(|reason| (id, reason));
        assert_eq!(Stopped::get(), stops);
        System::assert_has_event(closed(id, Closed::DeadlinePassed));
        System::assert_last_event(closed(id, Closed::TargetReached));
        dissolve(id);
        run_to(DEADLINE + 2);
        assert!(matches!(campaign(id).state, State::Settled { .. }));
    });
}

/// Nobody has closed it, because the agenda was full.
#[test]
fn a_round_may_reach_the_target_before_the_deadline_is_noticed() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        skip_to(DEADLINE + 5);
        conclude(id, Some(TARGET));
        let state = closing(Closed::TargetReached, DEADLINE + 25);
        assert_eq!(campaign(id).state, state);
    });
}

#[test]
fn a_campaign_that_cannot_be_closed_stays_open() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        StopFails::set(true);
        conclude(id, Some(TARGET));
        assert_eq!(campaign(id).state, State::Open);
        assert_eq!(FakeTree::record(id), Some(TARGET));
        // It closes with its deadline.
        StopFails::set(false);
        run_to(DEADLINE + 2);
        assert!(matches!(campaign(id).state, State::Settled { .. }));
    });
}

#[test]
fn nobody_knows_of_a_campaign_that_is_not_there() {
    build_and_execute(|| {
        Campaigns::round_decided(77, Some(0));
        Campaigns::round_decided(77, None);
        Campaigns::nothing_pending(77);
        // Nor does anything happen to one that is over.
        let id = open();
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
        run_to(2);
        let before = campaign(id);
        Campaigns::round_decided(id, Some(0));
        Campaigns::nothing_pending(id);
        assert_eq!(campaign(id), before);
    });
}
