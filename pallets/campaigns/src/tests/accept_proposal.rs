use crate::{mock::*, proposals::subject, Error, Event, Proposals};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{assay::Verdict, campaign::ProposalState, ModelId};
use sp_runtime::DispatchError;

fn accept(who: AccountId, root: ModelId) -> sp_runtime::DispatchResult {
    Campaigns::accept_proposal(RuntimeOrigin::signed(who), root)
}

#[test]
fn accept_proposal_works() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        assert_ok!(accept(OWNER, root));
        let proposal = Proposals::<Test>::get(root).unwrap();
        assert_eq!(proposal.state, ProposalState::Pending);
        // The author still pays.
        assert_eq!(
            (proposal.deposit, held(AUTHOR), held(OWNER)),
            (PRICE, PRICE, 0)
        );
        assert_eq!(Requested::get(), [(root, id, subject(&model(1)), 1)]);
        System::assert_last_event(Event::ProposalTaken { campaign: id, root }.into());
    });
}

#[test]
fn accept_proposal_fails_when_not_the_owner() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        assert_noop!(accept(AUTHOR, root), Error::<Test>::NotOwner);
        assert_noop!(accept(OWNER, 77), Error::<Test>::UnknownProposal);
    });
}

#[test]
fn accept_proposal_fails_when_it_does_not_wait_for_it() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(accept(OWNER, root_of(id)), Error::<Test>::NotOffered);
        let root = propose_and_accept(id, 1);
        assert_noop!(accept(OWNER, root), Error::<Test>::NotOffered);
        decide(root, Verdict::Measured { error: START });
        assert_noop!(accept(OWNER, root), Error::<Test>::NotOffered);
    });
}

#[test]
fn accept_proposal_fails_when_not_open() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        skip_to(DEADLINE + 1);
        assert_noop!(accept(OWNER, root), Error::<Test>::DeadlinePassed);
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(777), id));
        assert_noop!(accept(OWNER, root), Error::<Test>::NotOffered);
    });
}

#[test]
fn accept_proposal_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        let id = open();
        let root = propose(AUTHOR, id, 1).unwrap();
        QueueFull::set(true);
        assert_noop!(accept(OWNER, root), DispatchError::Other("queue full"));
    });
}

#[test]
fn accept_proposal_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::accept_proposal(RuntimeOrigin::none(), 100),
            DispatchError::BadOrigin
        );
    });
}
