use crate::{mock::*, Error, Event, Proposals};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::{ProposalState, Rejected},
    ModelId,
};
use sp_runtime::DispatchError;

fn reject(who: AccountId, root: ModelId) -> sp_runtime::DispatchResult {
    Campaigns::reject_proposal(RuntimeOrigin::signed(who), root)
}

#[test]
fn reject_proposal_works() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        assert_ok!(reject(OWNER, root));
        let reason = Rejected::Cancelled;
        assert_eq!(
            Proposals::<Test>::get(root).unwrap().state,
            ProposalState::Rejected(reason)
        );
        // Everything goes back.
        assert_eq!(held(AUTHOR), 0);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT);
        assert_eq!(FakeBlobs::pins(parameters(1)), 0);
        System::assert_last_event(
            Event::ProposalRejected {
                campaign: id,
                root,
                reason,
            }
            .into(),
        );
    });
}

#[test]
fn reject_proposal_works_after_the_deadline() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        skip_to(DEADLINE + 1);
        assert_ok!(reject(OWNER, root));
    });
}

#[test]
fn reject_proposal_fails_when_not_the_owner() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        assert_noop!(reject(AUTHOR, root), Error::<Test>::NotOwner);
        assert_noop!(reject(OWNER, 77), Error::<Test>::UnknownProposal);
    });
}

/// The assayers may be at work; their verdict decides.
#[test]
fn reject_proposal_fails_when_it_was_accepted() {
    build_and_execute(|| {
        let id = open();
        let root = propose_and_accept(id, 1);
        assert_noop!(reject(OWNER, root), Error::<Test>::NotOffered);
        assert_noop!(reject(OWNER, root_of(id)), Error::<Test>::NotOffered);
    });
}

#[test]
fn reject_proposal_fails_when_repeated() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        assert_ok!(reject(OWNER, root));
        assert_noop!(reject(OWNER, root), Error::<Test>::NotOffered);
    });
}

#[test]
fn reject_proposal_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::reject_proposal(RuntimeOrigin::none(), 100),
            DispatchError::BadOrigin
        );
    });
}
