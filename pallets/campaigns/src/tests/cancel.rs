use crate::{mock::*, Error, Event, Proposals};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::{Closed, ProposalState, Rejected, State},
    traits::Payouts as _,
    CampaignId,
};
use sp_runtime::DispatchError;

fn cancel(who: AccountId, id: CampaignId) -> sp_runtime::DispatchResult {
    Campaigns::cancel(RuntimeOrigin::signed(who), id)
}

#[test]
fn cancel_works_before_the_first_verdict() {
    build_and_execute(|| {
        let id = create();
        assert_ok!(cancel(OWNER, id));
        let reason = Rejected::Cancelled;
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 1 });
        // Nobody has seen that an assay was asked for, so all comes back.
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY);
        assert_eq!(Balances::free_balance(OWNER), ENDOWMENT - BOUNTY - DEPOSIT);
        assert_eq!(held(OWNER), 0);
        assert!(Requested::get().is_empty());
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

/// Otherwise assayers would work for whoever cancels in time.
#[test]
fn cancel_pays_those_who_may_have_measured() {
    build_and_execute(|| {
        let id = create();
        skip_to(2);
        assert_ok!(cancel(OWNER, id));
        let reason = Rejected::Cancelled;
        assert_eq!(campaign(id).state, State::Rejected { reason, at: 2 });
        assert_eq!(fees(), [57, 56]);
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY);
        let left = ENDOWMENT - BOUNTY - DEPOSIT - PRICE;
        assert_eq!(Balances::free_balance(OWNER), left);
        assert_eq!(held(OWNER), 0);
        System::assert_has_event(
            Event::AssayPaid {
                campaign: id,
                amount: PRICE,
            }
            .into(),
        );
    });
}

#[test]
fn cancel_works_while_nothing_was_accepted() {
    build_and_execute(|| {
        let id = open();
        propose_and_accept(id, 1);
        assert_ok!(propose(AUTHOR, id, 2));
        assert_eq!(held(AUTHOR), 2 * PRICE);
        assert_ok!(cancel(OWNER, id));
        assert_eq!(
            campaign(id).state,
            State::Closing {
                reason: Closed::Cancelled,
                grace_ends: 21
            }
        );
        System::assert_last_event(
            Event::Closed {
                campaign: id,
                reason: Closed::Cancelled,
            }
            .into(),
        );
        // The proposals that waited get their money back.
        for root in [101, 102] {
            assert_eq!(
                Proposals::<Test>::get(root).unwrap().state,
                ProposalState::Rejected(Rejected::Cancelled)
            );
        }
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT);
        assert!(Requested::get().is_empty());
        assert_eq!(FakeBlobs::pins(parameters(1)), 0);
        assert_eq!(FakeBlobs::pins(parameters(2)), 0);
        assert_eq!(Stopped::get(), [(id, Closed::Cancelled)]);

        run_to(2);
        assert_eq!(campaign(id).state, State::Settled { at: 2 });
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY);
        let (settlement, steps, _) = Settlements::get().remove(0);
        // No reputation for campaigns that are created to be cancelled.
        assert_eq!((steps, settlement.counts), (0, false));
    });
}

#[test]
fn cancel_pays_those_who_may_have_measured_a_proposal() {
    build_and_execute(|| {
        let id = open();
        propose_and_accept(id, 1);
        skip_to(2);
        assert_ok!(cancel(OWNER, id));
        // The author pays, not the owner.
        assert_eq!(fees(), [114, 112]);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(held(AUTHOR), 0);
        assert_eq!(FakeBlobs::pins(parameters(1)), 0);
    });
}

#[test]
fn what_is_pending_may_still_earn() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        assert_ok!(cancel(OWNER, id));
        run_to(5);
        assert!(matches!(campaign(id).state, State::Closing { .. }));
        conclude(id, Some(400_000_000));
        run_to(6);
        assert_eq!(campaign(id).state, State::Settled { at: 6 });
        let (settlement, steps, _) = Settlements::get().remove(0);
        assert_eq!((steps, settlement.counts), (1, true));
    });
}

#[test]
fn cancel_fails_when_a_round_was_accepted() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        conclude(id, Some(400_000_000));
        assert_noop!(cancel(OWNER, id), Error::<Test>::RoundAccepted);
    });
}

#[test]
fn cancel_fails_when_not_the_owner() {
    build_and_execute(|| {
        let id = create();
        assert_noop!(cancel(SPONSOR, id), Error::<Test>::NotOwner);
        assert_noop!(cancel(OWNER, 7), Error::<Test>::UnknownCampaign);
    });
}

#[test]
fn cancel_fails_when_over() {
    build_and_execute(|| {
        let id = create();
        assert_ok!(cancel(OWNER, id));
        assert_noop!(cancel(OWNER, id), Error::<Test>::NotOpen);
        let id = open();
        assert_ok!(cancel(OWNER, id));
        assert_noop!(cancel(OWNER, id), Error::<Test>::NotOpen);
    });
}

#[test]
fn cancel_fails_when_the_tree_cannot_stop() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(propose(AUTHOR, id, 1));
        StopFails::set(true);
        assert_noop!(
            cancel(OWNER, id),
            DispatchError::Other("no room for the reveals")
        );
        StopFails::set(false);
        assert_ok!(cancel(OWNER, id));
    });
}

#[test]
fn cancel_fails_when_the_payouts_do() {
    build_and_execute(|| {
        let id = create();
        PayoutsFail::set(true);
        assert_noop!(cancel(OWNER, id), DispatchError::Other("payouts fail"));
    });
}

#[test]
fn cancel_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::cancel(RuntimeOrigin::none(), 0),
            DispatchError::BadOrigin
        );
    });
}
