use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{BountySplit, State},
    traits::{Campaigns as _, Payouts as _, Settlement},
    CampaignId,
};
use sp_runtime::{DispatchError, Permill};

fn settle(id: CampaignId) -> sp_runtime::DispatchResult {
    // Nobody in particular.
    Campaigns::settle(RuntimeOrigin::signed(777), id)
}

/// A campaign that closes because its deadline has passed, in block `DEADLINE + 1`.
fn closing(pending: u32) -> CampaignId {
    let id = open();
    for _ in 0..pending {
        assert_ok!(commit(id));
    }
    skip_to(DEADLINE + 1);
    assert_ok!(Campaigns::close(RuntimeOrigin::signed(777), id));
    id
}

#[test]
fn settle_works() {
    build_and_execute(|| {
        let mut terms = terms();
        terms.split = BountySplit {
            data: Permill::from_percent(75),
            expertise: Permill::from_percent(25),
            compute: Permill::zero(),
        };
        let id = create_with(terms);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_ok!(Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 101));
        assert_ok!(commit(id));
        conclude(id, Some(500_000_000));
        skip_to(DEADLINE + 1);
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(777), id));
        assert_ok!(settle(id));

        assert_eq!(campaign(id).state, State::Settled { at: DEADLINE + 1 });
        // 25 % of 10,101 are 2,525; the data part takes the rounding.
        let settlement = Settlement {
            campaign: id,
            owner: OWNER,
            escrow: Campaigns::escrow(id),
            data: 7_576,
            expertise: 2_525,
            unearnable: 0,
            sponsors: vec![(OWNER, BOUNTY), (SPONSOR, 101)],
            start: START,
            target: TARGET,
            steepness: 1,
            counts: true,
        };
        assert_eq!(Settlements::get(), [(settlement, 1, true)]);
        assert_eq!(FakePayouts::unclaimed(id), 10_101);
        System::assert_last_event(Event::Settled { campaign: id }.into());
    });
}

#[test]
fn settle_works_in_bounded_steps() {
    build_and_execute(|| {
        let id = open();
        for step in 1..=128 {
            assert_ok!(commit(id));
            conclude(id, Some(START - step * 1_000_000));
        }
        skip_to(DEADLINE + 1);
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(777), id));
        for settled in [64, 128] {
            assert_ok!(settle(id));
            assert_eq!(campaign(id).settled_steps, Some(settled));
            // Nothing that the split depends on can change any more.
            assert_eq!(Campaigns::phase(id), None);
            assert_noop!(
                Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 1_000),
                Error::<Test>::NotOpen
            );
            assert_noop!(
                Campaigns::remove(RuntimeOrigin::signed(777), id, 1),
                Error::<Test>::NotOver
            );
            check();
        }
        // Fewer than 64 are the last: none, here.
        assert_ok!(settle(id));
        assert_eq!(campaign(id).state, State::Settled { at: DEADLINE + 1 });
        assert_eq!(campaign(id).settled_steps, None);
        let settled = System::events()
            .into_iter()
            .filter(|record| record.event == Event::Settled { campaign: id }.into());
        assert_eq!(settled.count(), 1);
        // What is left on the agenda finds nothing to do.
        run_to(DEADLINE + 5);
        assert_eq!(Settlements::get().len(), 3);
    });
}

/// Reputation is not made of campaigns with oneself.
#[test]
fn a_campaign_of_the_owner_alone_does_not_count() {
    build_and_execute(|| {
        let id = closing(0);
        assert_ok!(settle(id));
        assert!(!Settlements::get()[0].0.counts);
        // A sponsor, or a miner, besides the owner.
        let sponsored = || {
            let mut terms = terms();
            terms.deadline = System::block_number() + 10;
            let id = create_with(terms);
            decide(root_of(id), Verdict::Measured { error: START });
            id
        };
        let id = sponsored();
        assert_ok!(Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 50));
        run_to(DEADLINE + 20);
        assert!(Settlements::get()[1].0.counts);
        let id = sponsored();
        assert_ok!(commit(id));
        conclude(id, Some(TARGET));
        run_to(DEADLINE + 40);
        assert!(Settlements::get()[2].0.counts);
    });
}

#[test]
fn settle_fails_when_something_is_pending() {
    build_and_execute(|| {
        let id = closing(2);
        assert_noop!(settle(id), Error::<Test>::StillPending);
        // Nor when grace is over: what is pending must dissolve first.
        skip_to(DEADLINE + 21);
        assert_noop!(settle(id), Error::<Test>::StillPending);
        dissolve(id);
        assert_ok!(settle(id));
        assert_eq!(Settlements::get()[0].1, 0);
    });
}

#[test]
fn settle_works_as_soon_as_nothing_is_pending() {
    build_and_execute(|| {
        let id = closing(1);
        assert_noop!(settle(id), Error::<Test>::StillPending);
        conclude(id, None);
        assert_ok!(settle(id));
    });
}

#[test]
fn settle_fails_when_not_closing() {
    build_and_execute(|| {
        assert_noop!(settle(7), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(settle(id), Error::<Test>::NotClosing);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_noop!(settle(id), Error::<Test>::NotClosing);
    });
}

#[test]
fn settle_fails_when_repeated() {
    build_and_execute(|| {
        let id = closing(0);
        assert_ok!(settle(id));
        assert_noop!(settle(id), Error::<Test>::NotClosing);
        assert_eq!(Settlements::get().len(), 1);
    });
}

#[test]
fn settle_fails_when_the_payouts_do() {
    build_and_execute(|| {
        let id = closing(0);
        PayoutsFail::set(true);
        assert_noop!(settle(id), DispatchError::Other("payouts fail"));
        PayoutsFail::set(false);
        assert_ok!(settle(id));
    });
}

#[test]
fn settle_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::settle(RuntimeOrigin::none(), 0),
            DispatchError::BadOrigin
        );
    });
}
