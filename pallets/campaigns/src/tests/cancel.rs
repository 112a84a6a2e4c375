use crate::{mock::*, Error, Event, Proposals};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sonar_primitives::{
    campaign::{Closed, ProposalState, Rejected, State},
    reputation::Deed,
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
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY + RESERVE);
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
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY + RESERVE - PRICE);
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
        assert_ok!(Campaigns::propose(
            RuntimeOrigin::signed(AUTHOR),
            id,
            model(1)
        ));
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
        // The proposal that waited gets its money back.
        assert_eq!(
            Proposals::<Test>::get(101).unwrap().state,
            ProposalState::Rejected(Rejected::Cancelled)
        );
        assert_eq!(Balances::total_balance_on_hold(&AUTHOR), 0);
        assert!(Requested::get().is_empty());
        assert_eq!(FakeBlobs::pins(parameters(1)), 0);

        run_to(2);
        assert_eq!(campaign(id).state, State::Settled { at: 2 });
        assert_eq!(FakePayouts::unclaimed(id), BOUNTY + 500);
        assert_eq!(Settlements::get()[0].path, None);
        // No reputation for campaigns that are created to be cancelled.
        assert!(!Deeds::get().contains(&(OWNER, Deed::Settled)));
    });
}

#[test]
fn cancel_pays_those_who_may_have_measured_a_proposal() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(Campaigns::propose(
            RuntimeOrigin::signed(AUTHOR),
            id,
            model(1)
        ));
        skip_to(2);
        assert_ok!(cancel(OWNER, id));
        // The author pays, not the reserve.
        assert_eq!(fees(), [114, 112]);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
        assert_eq!(Balances::total_balance_on_hold(&AUTHOR), 0);
        assert_eq!(campaign(id).reserve.total(), 500);
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
        let settlement = &Settlements::get()[0];
        assert_eq!(settlement.path.as_ref().unwrap().steps.len(), 1);
        assert!(Deeds::get().contains(&(OWNER, Deed::Settled)));
    });
}

#[test]
fn cancel_fails_when_a_gradient_was_accepted() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        conclude(id, Some(400_000_000));
        assert_noop!(cancel(OWNER, id), Error::<Test>::GradientAccepted);
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
