//! What the chain does by itself.

use crate::{mock::*, Due, Event};
use frame_support::{assert_ok, traits::Hooks};
use sonar_primitives::{
    assay::Verdict,
    campaign::{Closed, State},
    traits::{Campaigns as _, Phase},
    CampaignId,
};

fn is_settled(id: CampaignId) -> bool {
    matches!(campaign(id).state, State::Settled { .. })
}

#[test]
fn a_campaign_without_rounds_runs_by_itself() {
    build_and_execute(|| {
        let id = open();
        run_to(DEADLINE);
        assert_eq!(campaign(id).state, State::Open);
        run_to(DEADLINE + 1);
        assert!(matches!(
            campaign(id).state,
            State::Closing {
                reason: Closed::DeadlinePassed,
                ..
            }
        ));
        run_to(DEADLINE + 2);
        assert_eq!(campaign(id).state, State::Settled { at: DEADLINE + 2 });
        System::assert_last_event(Event::Settled { campaign: id }.into());
        assert_eq!(Due::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_campaign_settles_after_its_target() {
    build_and_execute(|| {
        let id = open();
        run_to(5);
        assert_ok!(commit(id));
        conclude(id, Some(TARGET));
        run_to(6);
        assert_eq!(campaign(id).state, State::Settled { at: 6 });
        // The entry for its deadline finds nothing to do.
        run_to(DEADLINE + 30);
        assert_eq!(campaign(id).state, State::Settled { at: 6 });
        assert_eq!(Settlements::get().len(), 1);
    });
}

#[test]
fn a_campaign_waits_for_what_is_pending() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        run_to(DEADLINE + 5);
        conclude(id, None);
        run_to(DEADLINE + 7);
        assert!(!is_settled(id));
        conclude(id, None);
        run_to(DEADLINE + 8);
        assert!(is_settled(id));
    });
}

#[test]
fn a_campaign_waits_no_longer_than_its_grace() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        // It closes one block after the deadline, and grace is 20 blocks.
        run_to(DEADLINE + 20);
        assert_eq!(Campaigns::phase(id), Some(Phase::Judging));
        run_to(DEADLINE + 21);
        assert_eq!(Campaigns::phase(id), Some(Phase::Dissolving));
        assert!(!is_settled(id));
        dissolve(id);
        run_to(DEADLINE + 22);
        assert!(is_settled(id));
    });
}

#[test]
fn a_full_block_delays_and_loses_nothing() {
    build_and_execute(|| {
        // Two are done in one block.
        let ids: Vec<_> = (0..5).map(|_| open()).collect();
        let open = || {
            ids.iter()
                .filter(|id| campaign(**id).state == State::Open)
                .count()
        };
        run_to(DEADLINE + 1);
        assert_eq!(open(), 3);
        run_to(DEADLINE + 2);
        assert_eq!(open(), 1);
        check();
        run_to(DEADLINE + 10);
        assert!(ids.iter().all(|id| is_settled(*id)));
    });
}

#[test]
fn what_fails_is_left_to_the_calls() {
    build_and_execute(|| {
        let id = open();
        run_to(DEADLINE + 1);
        PayoutsFail::set(true);
        run_to(DEADLINE + 40);
        assert!(matches!(campaign(id).state, State::Closing { .. }));
        PayoutsFail::set(false);
        assert_ok!(Campaigns::settle(RuntimeOrigin::signed(777), id));
    });
}

#[test]
fn a_verdict_after_the_deadline_opens_and_closes() {
    build_and_execute(|| {
        let id = create();
        run_to(DEADLINE + 10);
        decide(root_of(id), Verdict::Measured { error: START });
        run_to(DEADLINE + 11);
        assert!(matches!(campaign(id).state, State::Closing { .. }));
        run_to(DEADLINE + 12);
        assert!(is_settled(id));
    });
}

#[test]
fn a_removed_campaign_on_the_agenda_is_harmless() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
        run_to(2);
        claim_all(id);
        run_to(60);
        assert_ok!(Campaigns::remove(RuntimeOrigin::signed(777), id, 1));
        // The entry for its deadline is still there.
        assert_eq!(Due::<Test>::get(DEADLINE + 1).into_inner(), [id]);
        run_to(DEADLINE + 1);
    });
}

#[test]
fn a_block_in_which_nothing_is_due_is_cheap() {
    build_and_execute(|| {
        let id = open();
        let idle = Campaigns::on_initialize(50);
        let busy = Campaigns::on_initialize(DEADLINE + 1);
        assert!(idle.ref_time() * 5 < busy.ref_time());
        assert_eq!(campaign(id).state, State::Open, "the block is still 1");
        // The call above has taken the entry: put it back for the check of the state.
        crate::schedule::<Test>(DEADLINE + 1, id);
    });
}

#[test]
fn a_long_record_is_settled_in_as_many_blocks_as_it_takes() {
    build_and_execute(|| {
        let id = open();
        // 130 steps of the record: 64, 64 and 2.
        for step in 1..=130 {
            assert_ok!(commit(id));
            conclude(id, Some(START - step * 1_000_000));
        }
        run_to(DEADLINE + 1);
        for settled_steps in [Some(64), Some(128), None] {
            assert!(!is_settled(id));
            run_to(System::block_number() + 1);
            assert_eq!(campaign(id).settled_steps, settled_steps);
            check();
        }
        assert_eq!(campaign(id).state, State::Settled { at: DEADLINE + 4 });
        let portions: Vec<_> = Settlements::get()
            .into_iter()
            .map(|(_, steps, last)| (steps, last))
            .collect();
        assert_eq!(portions, [(64, false), (64, false), (2, true)]);
    });
}
