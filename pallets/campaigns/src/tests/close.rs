use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::{Closed, State},
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
