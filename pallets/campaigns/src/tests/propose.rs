//! Proposals that the gradients have had revealed.

use crate::{mock::*, proposals::subject, Error, Event, Proposals, ProposalsOf};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{InitialModel, Proposal, ProposalState, Rejected},
    traits::{Blobs as _, Campaigns as _},
};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn a_strangers_proposal_waits_for_the_owner() {
    build_and_execute(|| {
        let id = open();
        assert_eq!(propose(AUTHOR, id, 1), Ok(101));
        assert_eq!(
            Proposals::<Test>::get(101),
            Some(Proposal {
                campaign: id,
                author: AUTHOR,
                model: model(1),
                assay_price: PRICE,
                deposit: PRICE,
                state: ProposalState::Offered,
            })
        );
        assert_eq!(ProposalsOf::<Test>::get(id).into_inner(), [100, 101]);
        assert_eq!(held(AUTHOR), PRICE);
        assert_eq!(FakeBlobs::pins(parameters(1)), 1);
        assert!(Requested::get().is_empty());
        System::assert_last_event(
            Event::Proposed {
                campaign: id,
                root: 101,
                author: AUTHOR,
                needs_acceptance: true,
            }
            .into(),
        );
    });
}

#[test]
fn the_owners_proposal_is_measured_at_once() {
    build_and_execute(|| {
        let mut terms = terms();
        terms.open_proposals = false;
        let id = create_with(terms);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_noop!(propose(AUTHOR, id, 1), Error::<Test>::ProposalsClosed);
        assert_eq!(propose(OWNER, id, 1), Ok(101));
        let state = Proposals::<Test>::get(101).unwrap().state;
        assert_eq!(state, ProposalState::Pending);
        assert_eq!(held(OWNER), PRICE);
        assert_eq!(Requested::get(), [(101, id, subject(&model(1)), 1)]);
        System::assert_last_event(
            Event::Proposed {
                campaign: id,
                root: 101,
                author: OWNER,
                needs_acceptance: false,
            }
            .into(),
        );
    });
}

#[test]
fn propose_fails_when_not_open() {
    build_and_execute(|| {
        assert_noop!(propose(AUTHOR, 7, 1), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(propose(AUTHOR, id, 1), Error::<Test>::NotOpen);
        decide(root_of(id), Verdict::Measured { error: START });
        skip_to(DEADLINE);
        assert_ok!(propose(AUTHOR, id, 1));
        skip_to(DEADLINE + 1);
        assert_noop!(propose(AUTHOR, id, 2), Error::<Test>::DeadlinePassed);
    });
}

#[test]
fn propose_fails_when_the_model_is_wrong() {
    build_and_execute(|| {
        let id = open();
        let refused = |change: fn(&mut InitialModel)| {
            let mut model = model(1);
            change(&mut model);
            Campaigns::propose(id, &AUTHOR, model)
        };
        assert_noop!(
            refused(|model| model.architecture.layers.clear()),
            Error::<Test>::ArchitectureNotAccepted
        );
        assert_noop!(
            refused(|model| model.architecture.input = vec![3].try_into().unwrap()),
            Error::<Test>::ModelDoesNotFit
        );
        assert_noop!(
            refused(|model| model.parameters = parameters(77)),
            Error::<Test>::UnknownBlob
        );
        FakeBlobs::insert(parameters(78), 10_000);
        assert_noop!(
            refused(|model| model.parameters = parameters(78)),
            Error::<Test>::WrongSize
        );
    });
}

/// Who has better parameters for an architecture commits to a gradient.
#[test]
fn propose_fails_when_the_architecture_is_there() {
    build_and_execute(|| {
        let id = open();
        let other_parameters = |n| InitialModel {
            parameters: parameters(9),
            ..model(n)
        };
        // Of a root, of a proposal that waits, of one that is measured.
        let offered = propose(AUTHOR, id, 1).unwrap();
        for n in [0, 1] {
            assert_noop!(
                Campaigns::propose(id, &OWNER, other_parameters(n)),
                Error::<Test>::AlreadyProposed
            );
        }
        let owner = || RuntimeOrigin::signed(OWNER);
        assert_ok!(Campaigns::accept_proposal(owner(), offered));
        assert_noop!(
            Campaigns::propose(id, &OWNER, other_parameters(1)),
            Error::<Test>::AlreadyProposed
        );
        // One that was rejected keeps nobody out.
        leave_undecided(offered);
        assert_ok!(FakeBlobs::pin(parameters(9)));
        assert_ok!(Campaigns::propose(id, &OWNER, other_parameters(1)));
    });
}

#[test]
fn propose_fails_when_the_author_cannot_pay() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(
            propose(55, id, 1),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
    });
}

#[test]
fn the_owners_proposal_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        let id = open();
        QueueFull::set(true);
        assert_noop!(propose(OWNER, id, 1), DispatchError::Other("queue full"));
        // Another's is not measured yet.
        assert_ok!(propose(AUTHOR, id, 1));
    });
}

#[test]
fn rejected_proposals_make_room() {
    build_and_execute(|| {
        let id = open();
        let first = propose_and_accept(id, 1);
        assert_ok!(propose(AUTHOR, id, 2));
        assert_noop!(propose(AUTHOR, id, 3), Error::<Test>::TooManyProposals);
        decide(first, Verdict::Measured { error: START - 1 });
        let state = Proposals::<Test>::get(first).unwrap().state;
        let reason = Rejected::BelowRecord {
            measured: START - 1,
        };
        // The rejected one stays readable until its place is needed; it may even come again.
        assert_eq!(state, ProposalState::Rejected(reason));
        assert_ok!(propose(AUTHOR, id, 1));
        assert!(!Proposals::<Test>::contains_key(first));
        assert_eq!(ProposalsOf::<Test>::get(id).into_inner(), [100, 102, 103]);
        assert_eq!(FakeBlobs::pins(parameters(1)), 1);
        assert_noop!(propose(AUTHOR, id, 3), Error::<Test>::TooManyProposals);
    });
}
