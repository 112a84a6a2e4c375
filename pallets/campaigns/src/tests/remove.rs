use crate::{
    mock::*, Admitted, Campaigns as Stored, Error, Event, Proposals, ProposalsOf, Sponsors, TermsOf,
};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use sonar_primitives::{assay::Verdict, campaign::Members, traits::Payouts as _, CampaignId};
use sp_runtime::DispatchError;

fn remove(id: CampaignId, limit: u32) -> sp_runtime::DispatchResult {
    // Nobody in particular.
    Campaigns::remove(RuntimeOrigin::signed(777), id, limit)
}

/// A campaign that settled in block 2, of which everything was claimed.
fn over() -> CampaignId {
    let id = open();
    decide(
        propose_and_accept(id, 1),
        Verdict::Measured { error: START },
    );
    leave_undecided(propose_and_accept(id, 2));
    assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
    run_to(2);
    claim_all(id);
    id
}

#[test]
fn remove_works() {
    build_and_execute(|| {
        let id = over();
        let before = Balances::free_balance(OWNER);
        assert_eq!(FakeBlobs::pins(parameters(1)), 1);
        skip_to(53);
        assert_ok!(remove(id, 10));

        assert!(!Stored::<Test>::contains_key(id));
        assert!(!TermsOf::<Test>::contains_key(id));
        assert!(!Sponsors::<Test>::contains_key(id));
        assert!(!ProposalsOf::<Test>::contains_key(id));
        assert_eq!(Proposals::<Test>::iter().count(), 0);
        assert!(StoredBlobs::get().iter().all(|(.., pins)| *pins == 0));
        assert_eq!(Balances::free_balance(OWNER), before + DEPOSIT);
        assert_eq!(escrow_balance(id), 0);
        System::assert_last_event(Event::Removed { campaign: id }.into());
        assert_noop!(remove(id, 10), Error::<Test>::UnknownCampaign);
        // Its number is not used again.
        assert_eq!(create(), id + 1);
    });
}

#[test]
fn remove_works_in_bounded_steps() {
    build_and_execute(|| {
        let id = over();
        skip_to(53);
        ToForget::set((5, 4));
        assert_ok!(remove(id, 4));
        assert_eq!(ToForget::get(), (1, 4));
        assert_ok!(remove(id, 4));
        assert_eq!(ToForget::get(), (0, 1));
        assert!(Stored::<Test>::contains_key(id));
        check();
        assert_ok!(remove(id, 4));
        assert!(!Stored::<Test>::contains_key(id));
    });
}

#[test]
fn remove_forgets_admitted_accounts() {
    build_and_execute(|| {
        let mut terms = terms();
        terms.members = Members::Admitted;
        let id = create_with(terms);
        for account in [MINER, SPONSOR, AUTHOR] {
            let owner = RuntimeOrigin::signed(OWNER);
            assert_ok!(Campaigns::admit(owner, id, account));
        }
        decide(root_of(id), Verdict::Measured { error: u64::MAX });
        claim_all(id);
        skip_to(52);
        ToForget::set((1, 1));
        assert_ok!(remove(id, 4));
        assert_eq!(campaign(id).admitted, 1);
        check();
        assert_ok!(remove(id, 4));
        assert!(!Stored::<Test>::contains_key(id));
        assert_eq!(Admitted::<Test>::iter().count(), 0);
    });
}

#[test]
fn remove_works_for_a_rejected_campaign() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), Verdict::Measured { error: u64::MAX });
        claim_all(id);
        skip_to(52);
        assert_ok!(remove(id, 1));
        assert!(StoredBlobs::get().iter().all(|(.., pins)| *pins == 0));
    });
}

#[test]
fn money_sent_by_mistake_goes_to_the_owner() {
    build_and_execute(|| {
        let id = over();
        Balances::mint_into(&Campaigns::escrow(id), 77).unwrap();
        let before = Balances::free_balance(OWNER);
        skip_to(53);
        assert_ok!(remove(id, 10));
        assert_eq!(Balances::free_balance(OWNER), before + DEPOSIT + 77);
    });
}

#[test]
fn remove_fails_when_retention_is_not_over() {
    build_and_execute(|| {
        let id = over();
        skip_to(52);
        assert_noop!(remove(id, 10), Error::<Test>::RetentionNotOver);
    });
}

#[test]
fn remove_fails_when_something_is_unclaimed() {
    build_and_execute(|| {
        let id = create();
        decide(root_of(id), Verdict::Measured { error: u64::MAX });
        assert!(FakePayouts::unclaimed(id) > 0);
        skip_to(1_000);
        assert_noop!(remove(id, 10), Error::<Test>::Unclaimed);
    });
}

#[test]
fn remove_fails_when_not_over() {
    build_and_execute(|| {
        assert_noop!(remove(7, 10), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(remove(id, 10), Error::<Test>::NotOver);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_noop!(remove(id, 10), Error::<Test>::NotOver);
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
        assert_noop!(remove(id, 10), Error::<Test>::NotOver);
    });
}

#[test]
fn remove_fails_when_the_limit_is_out_of_range() {
    build_and_execute(|| {
        let id = over();
        skip_to(53);
        assert_noop!(remove(id, 0), Error::<Test>::LimitOutOfRange);
        assert_noop!(remove(id, 257), Error::<Test>::LimitOutOfRange);
        assert_ok!(remove(id, 256));
    });
}

#[test]
fn remove_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::remove(RuntimeOrigin::none(), 0, 1),
            DispatchError::BadOrigin
        );
    });
}
