use crate::{mock::*, Error, Event, Sponsors};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use sonar_primitives::{assay::Verdict, Balance, CampaignId};
use sp_runtime::{DispatchError, TokenError};

fn fund(who: AccountId, id: CampaignId, amount: Balance) -> sp_runtime::DispatchResult {
    Campaigns::fund(RuntimeOrigin::signed(who), id, amount)
}

#[test]
fn fund_works() {
    build_and_execute(|| {
        let id = open();
        let before = escrow_balance(id);
        assert_ok!(fund(SPONSOR, id, 300));
        assert_ok!(fund(OWNER, id, 70));
        assert_ok!(fund(SPONSOR, id, 50));

        assert_eq!(campaign(id).bounty, BOUNTY + 420);
        assert_eq!(escrow_balance(id), before + 420);
        assert_eq!(Balances::free_balance(SPONSOR), ENDOWMENT - 350);
        assert_eq!(
            Sponsors::<Test>::get(id).into_inner(),
            [(OWNER, BOUNTY + 70), (SPONSOR, 350)]
        );
        System::assert_last_event(
            Event::Funded {
                campaign: id,
                sponsor: SPONSOR,
                amount: 50,
            }
            .into(),
        );
    });
}

#[test]
fn fund_fails_when_not_open() {
    build_and_execute(|| {
        assert_noop!(fund(SPONSOR, 7, 300), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(fund(SPONSOR, id, 300), Error::<Test>::NotOpen);
        decide(root_of(id), Verdict::Measured { error: START });
        skip_to(DEADLINE + 1);
        assert_noop!(fund(SPONSOR, id, 300), Error::<Test>::DeadlinePassed);
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(SPONSOR), id));
        assert_noop!(fund(SPONSOR, id, 300), Error::<Test>::NotOpen);
    });
}

#[test]
fn fund_fails_when_the_amount_is_too_small() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(fund(SPONSOR, id, 49), Error::<Test>::AmountTooSmall);
        assert_noop!(fund(SPONSOR, id, 0), Error::<Test>::AmountTooSmall);
    });
}

#[test]
fn fund_fails_when_the_sponsor_cannot_pay() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(
            fund(SPONSOR, id, ENDOWMENT + 1),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
        assert_noop!(
            fund(SPONSOR, id, u128::MAX),
            DispatchError::Arithmetic(sp_runtime::ArithmeticError::Overflow)
        );
    });
}

#[test]
fn fund_fails_when_there_are_too_many_sponsors() {
    build_and_execute(|| {
        let id = open();
        for sponsor in 50..53 {
            Balances::mint_into(&sponsor, 1_000).unwrap();
            assert_ok!(fund(sponsor, id, 50));
        }
        assert_noop!(fund(SPONSOR, id, 50), Error::<Test>::TooManySponsors);
        // Those that are there can add more.
        assert_ok!(fund(51, id, 50));
    });
}

#[test]
fn fund_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::fund(RuntimeOrigin::none(), 0, 50),
            DispatchError::BadOrigin
        );
    });
}
