use crate::{mock::*, Error, Event, Reserve};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{BountySplit, State},
    reputation::Deed,
    traits::{ModelTree, Payouts as _, Settlement},
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

        let campaign = campaign(id);
        assert_eq!(campaign.state, State::Settled { at: DEADLINE + 1 });
        assert_eq!(campaign.reserve, Reserve::default());
        // 25 % of 10,101 are 2,525; the data part takes the rounding. One assay was paid of 500.
        assert_eq!(
            Settlements::get(),
            [Settlement {
                campaign: id,
                owner: OWNER,
                escrow: Campaigns::escrow(id),
                data: 7_576,
                expertise: 2_525,
                unearnable: 0,
                reserve: 500 - PRICE,
                sponsors: vec![(OWNER, BOUNTY), (SPONSOR, 101)],
                target: TARGET,
                path: FakeTree::winning_path(id),
            }]
        );
        assert!(Settlements::get()[0].path.is_some());
        assert_eq!(FakePayouts::unclaimed(id), 10_101 + 500 - PRICE);
        assert!(Deeds::get().contains(&(OWNER, Deed::Settled)));
        System::assert_last_event(Event::Settled { campaign: id }.into());
    });
}

#[test]
fn settle_ends_what_is_pending_when_grace_is_over() {
    build_and_execute(|| {
        let id = closing(2);
        skip_to(DEADLINE + 20);
        assert_noop!(settle(id), Error::<Test>::StillPending);
        skip_to(DEADLINE + 21);
        assert_ok!(settle(id));
        assert_eq!(FakeTree::pending(id), 0);
        // What was set aside for the two goes back with the rest.
        assert_eq!(Settlements::get()[0].reserve, 500);
        assert_eq!(Settlements::get()[0].path, None);
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
        let id = closing(1);
        skip_to(DEADLINE + 21);
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
