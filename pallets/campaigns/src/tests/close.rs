use crate::{mock::*, Error, Event, Proposals};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::{Closed, ProposalState, Rejected, State},
    CampaignId,
};
use sp_runtime::DispatchError;

fn close(id: CampaignId) -> sp_runtime::DispatchResult {
    // Nobody in particular.
    Campaigns::close(RuntimeOrigin::signed(777), id)
}

#[test]
fn close_works_after_the_deadline() {
    build_and_execute(|| {
        let id = open();
        skip_to(DEADLINE + 1);
        assert_ok!(close(id));
        assert_eq!(
            campaign(id).state,
            State::Closing {
                reason: Closed::DeadlinePassed,
                grace_ends: DEADLINE + 21
            }
        );
        System::assert_last_event(
            Event::Closed {
                campaign: id,
                reason: Closed::DeadlinePassed,
            }
            .into(),
        );
        assert_eq!(Stopped::get(), [(id, Closed::DeadlinePassed)]);
    });
}

#[test]
fn close_withdraws_proposals() {
    build_and_execute(|| {
        let id = open();
        let offered = propose(AUTHOR, id, 1).unwrap();
        let pending = propose_and_accept(id, 2);
        skip_to(DEADLINE + 1);
        assert_ok!(close(id));
        for root in [offered, pending] {
            let state = Proposals::<Test>::get(root).unwrap().state;
            assert_eq!(state, ProposalState::Rejected(Rejected::Cancelled));
        }
        // Those who may have measured the one are paid; nobody has seen the other.
        assert_eq!(held(AUTHOR), 0);
        assert_eq!(Balances::free_balance(AUTHOR), ENDOWMENT - PRICE);
    });
}

#[test]
fn close_fails_when_the_deadline_has_not_passed() {
    build_and_execute(|| {
        let id = open();
        skip_to(DEADLINE);
        assert_noop!(close(id), Error::<Test>::DeadlineNotPassed);
    });
}

#[test]
fn close_fails_when_not_open() {
    build_and_execute(|| {
        assert_noop!(close(7), Error::<Test>::UnknownCampaign);
        let id = create();
        skip_to(DEADLINE + 1);
        assert_noop!(close(id), Error::<Test>::NotOpen);
    });
}

#[test]
fn close_fails_when_repeated() {
    build_and_execute(|| {
        let id = open();
        skip_to(DEADLINE + 1);
        assert_ok!(close(id));
        assert_noop!(close(id), Error::<Test>::NotOpen);
    });
}

#[test]
fn close_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::close(RuntimeOrigin::none(), 0),
            DispatchError::BadOrigin
        );
    });
}
