use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{Balance, CampaignId};
use sp_runtime::{DispatchError, TokenError};

fn top_up(who: AccountId, id: CampaignId, amount: Balance) -> sp_runtime::DispatchResult {
    Campaigns::top_up_reserve(RuntimeOrigin::signed(who), id, amount)
}

#[test]
fn top_up_reserve_works() {
    build_and_execute(|| {
        let proposed = create();
        assert_ok!(top_up(OWNER, proposed, 7));
        assert_eq!(campaign(proposed).reserve.free, 507);
        let id = open();
        let before = escrow_balance(id);
        assert_ok!(top_up(OWNER, id, 1_000));
        assert_eq!(campaign(id).reserve.free, 1_500);
        assert_eq!(campaign(id).bounty, BOUNTY);
        assert_eq!(escrow_balance(id), before + 1_000);
        System::assert_last_event(
            Event::ReserveToppedUp {
                campaign: id,
                amount: 1_000,
            }
            .into(),
        );
    });
}

#[test]
fn top_up_reserve_lets_a_stuck_campaign_go_on() {
    build_and_execute(|| {
        let id = open();
        for _ in 0..4 {
            assert_ok!(commit(id));
        }
        // 500 pay four assays of 113.
        assert_noop!(commit(id), Error::<Test>::ReserveExhausted);
        assert_ok!(top_up(OWNER, id, 65));
        assert_ok!(commit(id));
    });
}

#[test]
fn top_up_reserve_fails_when_not_the_owner() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(top_up(SPONSOR, id, 7), Error::<Test>::NotOwner);
        assert_noop!(top_up(OWNER, 7, 7), Error::<Test>::UnknownCampaign);
    });
}

#[test]
fn top_up_reserve_fails_when_nothing_is_given_or_there() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(top_up(OWNER, id, 0), Error::<Test>::AmountTooSmall);
        assert_noop!(
            top_up(OWNER, id, ENDOWMENT),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
    });
}

#[test]
fn top_up_reserve_fails_when_closing() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
        assert_noop!(top_up(OWNER, id, 7), Error::<Test>::NotOpen);
    });
}

#[test]
fn top_up_reserve_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::top_up_reserve(RuntimeOrigin::none(), 0, 50),
            DispatchError::BadOrigin
        );
    });
}
