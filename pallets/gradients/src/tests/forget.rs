//! Forgetting a campaign in steps.

use crate::{
    mock::*, Booked, Bookings, Branches, Commitments, Models, ModelsIn, OpenRound, PendingRounds,
    PlaceOf, RecordSteps, RoundOf, Rounds, RoundsIn, Submissions, SubmissionsIn, SubmissionsOf,
    Trees,
};
use sonar_primitives::traits::ModelTree;

fn forget(limit: u32) -> u32 {
    let forgotten = <Gradients as ModelTree<AccountId>>::forget(CAMPAIGN, limit);
    check();
    forgotten
}

#[test]
fn a_campaign_is_forgotten_in_bounded_steps() {
    build_and_execute(|| {
        let first = accepted(ROOT, ALICE, 900);
        accepted(ROOT, BOB, 800);
        let refused = play(SECOND_ROOT, &[ALICE, BOB]);
        decide(refused, refuses(&[]));
        let origin = RuntimeOrigin::signed(ALICE);
        Gradients::store_model(origin, first, parameters(900)).unwrap();
        // 4 submissions and 3 rounds, 4 models with up to 7 blobs each, 2 steps of the record.
        let mut steps = 0;
        while forget(3) == 3 {
            steps += 1;
        }
        assert_eq!(steps, 6);
        assert_eq!(forget(3), 0);
        assert_eq!(Pins::iter().count(), 0);
        assert_eq!(Trees::<Test>::iter().count(), 1);
        for (what, left) in [
            (Models::<Test>::iter_keys().count(), 1),
            (ModelsIn::<Test>::iter_keys().count(), 1),
            (Branches::<Test>::iter_keys().count(), 1),
            (Rounds::<Test>::iter_keys().count(), 0),
            (RoundsIn::<Test>::iter_keys().count(), 0),
            (PendingRounds::<Test>::iter_keys().count(), 0),
            (OpenRound::<Test>::iter_keys().count(), 0),
            (Commitments::<Test>::iter_keys().count(), 0),
            (RoundOf::<Test>::iter_keys().count(), 0),
            (Submissions::<Test>::iter_keys().count(), 0),
            (SubmissionsIn::<Test>::iter_keys().count(), 0),
            (SubmissionsOf::<Test>::iter_keys().count(), 0),
            (PlaceOf::<Test>::iter_keys().count(), 0),
            (RecordSteps::<Test>::iter_keys().count(), 0),
            (Bookings::<Test>::iter_keys().count(), 0),
            (Booked::<Test>::iter_keys().count(), 0),
        ] {
            assert_eq!(what, left);
        }
    });
}

#[test]
fn other_campaigns_are_not_forgotten() {
    build_and_execute(|| {
        let other = accepted(OTHER_ROOT, ALICE, 900);
        accepted(ROOT, BOB, 900);
        while forget(10) == 10 {}
        assert_eq!(model(other).error, 900);
        assert_eq!(round(other).campaign, OTHER_CAMPAIGN);
        assert_eq!(Gradients::submissions_of(&ALICE, 0, 10).len(), 1);
        assert!(Gradients::submissions_of(&BOB, 0, 10).is_empty());
    });
}

/// A commitment to a proposal that nobody has ended goes back before it is forgotten.
#[test]
fn a_forgotten_commitment_goes_back() {
    build_and_execute(|| {
        commit_proposal(ALICE, 1).unwrap();
        set_phase(CAMPAIGN, None);
        while forget(10) == 10 {}
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        // The agenda comes to it still.
        run_to(PROPOSAL_WINDOW + 5);
    });
}
