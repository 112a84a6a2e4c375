use crate::{mock::*, Admitted, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{Closed, Members},
    CampaignId,
};
use sp_runtime::DispatchError;

fn admit(id: CampaignId, account: AccountId) -> sp_runtime::DispatchResult {
    Campaigns::admit(RuntimeOrigin::signed(OWNER), id, account)
}

/// A campaign for admitted accounts that waits for its first verdict.
fn for_admitted() -> CampaignId {
    let mut terms = terms();
    terms.members = Members::Admitted;
    create_with(terms)
}

#[test]
fn admit_works() {
    build_and_execute(|| {
        let id = for_admitted();
        assert_ok!(admit(id, MINER));
        System::assert_last_event(
            Event::Admitted {
                campaign: id,
                account: MINER,
            }
            .into(),
        );
        decide(root_of(id), Verdict::Measured { error: START });
        assert_ok!(admit(id, SPONSOR));
        assert!(Admitted::<Test>::contains_key(id, MINER));
        assert!(Admitted::<Test>::contains_key(id, SPONSOR));
        assert_eq!(campaign(id).admitted, 2);
    });
}

#[test]
fn admitted_accounts_are_paged() {
    build_and_execute(|| {
        let id = for_admitted();
        let other = for_admitted();
        for account in [MINER, SPONSOR, AUTHOR] {
            assert_ok!(admit(id, account));
        }
        assert_ok!(admit(other, OWNER));
        let mut all = Vec::new();
        loop {
            let page = Campaigns::admitted(id, all.last().copied(), 2);
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        assert_eq!(Campaigns::admitted(id, None, 10), all);
        all.sort_unstable();
        assert_eq!(all, [AUTHOR, SPONSOR, MINER]);
        assert_eq!(Campaigns::admitted(other, None, 10), [OWNER]);
        assert!(Campaigns::admitted(77, None, 10).is_empty());
    });
}

#[test]
fn admit_fails_when_not_the_owner() {
    build_and_execute(|| {
        let id = for_admitted();
        let by_another = Campaigns::admit(RuntimeOrigin::signed(MINER), id, MINER);
        assert_noop!(by_another, Error::<Test>::NotOwner);
        assert_noop!(admit(7, MINER), Error::<Test>::UnknownCampaign);
    });
}

#[test]
fn admit_fails_when_everybody_may_commit() {
    build_and_execute(|| {
        let id = create();
        assert_noop!(admit(id, MINER), Error::<Test>::AdmissionNotNeeded);
    });
}

#[test]
fn admit_fails_when_repeated() {
    build_and_execute(|| {
        let id = for_admitted();
        assert_ok!(admit(id, MINER));
        assert_noop!(admit(id, MINER), Error::<Test>::AlreadyAdmitted);
    });
}

#[test]
fn admit_fails_when_there_are_too_many() {
    build_and_execute(|| {
        let id = for_admitted();
        for account in [MINER, SPONSOR, AUTHOR] {
            assert_ok!(admit(id, account));
        }
        assert_noop!(admit(id, OWNER), Error::<Test>::TooManyAdmitted);
    });
}

#[test]
fn admit_fails_when_closed() {
    build_and_execute(|| {
        let id = for_admitted();
        decide(root_of(id), Verdict::Measured { error: START });
        assert_ok!(Campaigns::cancel(RuntimeOrigin::signed(OWNER), id));
        assert_eq!(Stopped::get(), [(id, Closed::Cancelled)]);
        assert_noop!(admit(id, MINER), Error::<Test>::NotOpen);
    });
}

#[test]
fn admit_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::admit(RuntimeOrigin::none(), 0, MINER),
            DispatchError::BadOrigin
        );
    });
}
