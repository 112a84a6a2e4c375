use crate::{mock::*, Error, Event, HoldReason, Proposals, ProposalsOf};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sonar_primitives::{
    assay::Verdict,
    campaign::{Proposal, ProposalState},
    CampaignId,
};
use sp_runtime::{DispatchError, TokenError};

fn propose(id: CampaignId, n: u8) -> sp_runtime::DispatchResult {
    Campaigns::propose(RuntimeOrigin::signed(AUTHOR), id, model(n))
}

fn held(account: AccountId) -> u128 {
    Balances::balance_on_hold(&HoldReason::Proposal.into(), &account)
}

#[test]
fn propose_works() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(propose(id, 1));
        assert_eq!(
            Proposals::<Test>::get(101),
            Some(Proposal {
                campaign: id,
                author: AUTHOR,
                model: model(1),
                assay_price: PRICE,
                deposit: PRICE,
                state: ProposalState::Pending,
            })
        );
        assert_eq!(ProposalsOf::<Test>::get(id).into_inner(), [100, 101]);
        assert_eq!(held(AUTHOR), PRICE);
        assert_eq!(FakeBlobs::pins(parameters(1)), 1);
        assert_eq!(Requested::get(), [(101, id, AUTHOR, parameters(1), 1)]);
        System::assert_last_event(
            Event::Proposed {
                campaign: id,
                root: 101,
                author: AUTHOR,
            }
            .into(),
        );
    });
}

#[test]
fn propose_works_for_the_owner_when_closed_to_others() {
    build_and_execute(|| {
        let mut terms = terms();
        terms.open_proposals = false;
        let id = create_with(terms);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_noop!(propose(id, 1), Error::<Test>::ProposalsClosed);
        assert_ok!(Campaigns::propose(
            RuntimeOrigin::signed(OWNER),
            id,
            model(1)
        ));
        assert_eq!(held(OWNER), PRICE);
    });
}

#[test]
fn propose_fails_when_not_open() {
    build_and_execute(|| {
        assert_noop!(propose(7, 1), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(propose(id, 1), Error::<Test>::NotOpen);
        decide(root_of(id), Verdict::Measured { error: START });
        skip_to(DEADLINE);
        assert_ok!(propose(id, 1));
        skip_to(DEADLINE + 1);
        assert_noop!(propose(id, 2), Error::<Test>::DeadlinePassed);
    });
}

#[test]
fn propose_fails_when_the_model_is_wrong() {
    build_and_execute(|| {
        let id = open();
        let refused = |change: fn(&mut sonar_primitives::campaign::Model)| {
            let mut model = model(1);
            change(&mut model);
            Campaigns::propose(RuntimeOrigin::signed(AUTHOR), id, model)
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
        assert_noop!(propose(id, 0), Error::<Test>::AlreadyProposed);
    });
}

#[test]
fn propose_fails_when_the_author_cannot_pay() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(
            Campaigns::propose(RuntimeOrigin::signed(55), id, model(1)),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
    });
}

#[test]
fn propose_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        let id = open();
        QueueFull::set(true);
        assert_noop!(propose(id, 1), DispatchError::Other("queue full"));
    });
}

#[test]
fn rejected_proposals_make_room() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(propose(id, 1));
        assert_ok!(propose(id, 2));
        assert_noop!(propose(id, 3), Error::<Test>::TooManyProposals);
        decide(101, Verdict::Measured { error: u64::MAX });
        // The rejected one stays readable until its place is needed; it may even come again.
        assert!(Proposals::<Test>::contains_key(101));
        assert_ok!(propose(id, 1));
        assert!(!Proposals::<Test>::contains_key(101));
        assert_eq!(ProposalsOf::<Test>::get(id).into_inner(), [100, 102, 103]);
        assert_eq!(FakeBlobs::pins(parameters(1)), 1);
        assert_noop!(propose(id, 3), Error::<Test>::TooManyProposals);
    });
}

#[test]
fn propose_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::propose(RuntimeOrigin::none(), 0, model(1)),
            DispatchError::BadOrigin
        );
    });
}
