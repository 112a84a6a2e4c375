use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn claim_for(account: AccountId) -> sp_runtime::DispatchResult {
    Payouts::claim_for(RuntimeOrigin::signed(555), CAMPAIGN, account)
}

#[test]
fn claim_for_works() {
    build_and_execute(|| {
        assert_ok!(settle_record(10_000, 42, 10, &[10]));
        assert_ok!(claim_for(MINER));
        // The money goes to the account, not to the caller.
        assert_eq!(Balances::free_balance(MINER), 10_000);
        assert_eq!(Balances::free_balance(555), 0);
        System::assert_last_event(
            Event::Claimed {
                campaign: CAMPAIGN,
                account: MINER,
                amount: 10_000,
            }
            .into(),
        );
    });
}

#[test]
fn claim_for_fails_when_there_is_nothing() {
    build_and_execute(|| {
        assert_noop!(claim_for(MINER), Error::<Test>::NotSettled);
        assert_ok!(settle_record(10_000, 42, 10, &[10]));
        // Not even if the caller could claim for itself.
        assert_noop!(claim_for(555), Error::<Test>::NothingToClaim);
        assert_ok!(claim_for(MINER));
        assert_noop!(claim_for(MINER), Error::<Test>::AlreadyClaimed);
        assert_noop!(
            Payouts::claim(RuntimeOrigin::signed(MINER), CAMPAIGN),
            Error::<Test>::AlreadyClaimed
        );
    });
}

#[test]
fn claim_for_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Payouts::claim_for(RuntimeOrigin::none(), CAMPAIGN, MINER),
            DispatchError::BadOrigin
        );
    });
}
