//! The bytes of blocks that are booked for reveals.

use crate::{mock::*, Booked, Bookings};
use frame_support::{assert_noop, assert_ok, pallet_prelude::DispatchResult};
use sonar_primitives::{api::QuoteRefused, submission::commitment, traits::Phase, Balance};

fn buckets_of(round: u64) -> Vec<(u32, u32)> {
    Bookings::<Test>::get(round).unwrap().buckets.into_inner()
}

#[test]
fn bytes_are_booked_in_the_bucket_of_the_window_with_the_most_room() {
    build_and_execute(|| {
        room_for_reveals(2);
        // Reveals count in blocks 6 to 35: wholly in there are 10 to 19 and 20 to 29.
        for (who, seed) in [(ALICE, 1), (BOB, 2), (CAROL, 3)] {
            commit(who, seed);
        }
        assert_eq!(buckets_of(FIRST), [(1, 2), (2, 1)]);
        let size = max_gradient_size();
        assert_eq!(Bookings::<Test>::get(FIRST).unwrap().size, size);
        assert_eq!(Booked::<Test>::get(1), 2 * size);
        assert_eq!(Booked::<Test>::get(2), size);
    });
}

/// The fee is burned at once, whatever becomes of the gradient; quote and event tell how much it is.
#[test]
fn booking_costs_more_the_less_room_there_is() {
    build_and_execute(|| {
        BookingFeePerByte::set(1);
        // In two buckets: a bit less than an eighth of a bucket has begun the second of its sixteen parts.
        room_for_reveals(8);
        let size = Balance::from(max_gradient_size());
        let issuance = Balances::total_issuance();
        let mut burned = 0;
        for (who, factor) in [(ALICE, 1), (BOB, 1), (CAROL, 2), (OWNER, 2)] {
            let fee = size * factor;
            let quoted = Gradients::quote(&who, ROOT).unwrap();
            assert_eq!(quoted.fee, fee);
            let before = free(who);
            let most = quoted.deposit + quoted.part + fee;
            assert_noop!(commit_up_to(who, most - 1), Error::HoldAboveMaximum);
            assert_ok!(commit_up_to(who, most));
            assert_eq!(before - free(who), most);
            burned += fee;
            assert_eq!(Balances::total_issuance(), issuance - burned);
            let told = events().pop();
            assert!(matches!(told, Some(Event::Committed { fee: told, .. }) if told == fee));
        }
        RevealBytesPerBlock::set(0);
        assert_eq!(
            Gradients::quote(&OWNER, ROOT),
            Err(QuoteRefused::RevealsBookedUp)
        );
        room_for_reveals(8);
        set_phase(CAMPAIGN, Some(Phase::Dissolving));
        assert_ok!(advance(FIRST));
        assert_eq!(free(ALICE), BALANCE - size);
    });
}

fn commit_up_to(who: AccountId, max_hold: Balance) -> DispatchResult {
    let commitment = commitment(&who, CAMPAIGN, Some(ROOT), hash(&gradient(who)), &SALT);
    let origin = RuntimeOrigin::signed(who);
    Gradients::commit(origin, CAMPAIGN, ROOT, ROOT, commitment, max_hold)
}

/// What is booked counts over all campaigns, so that their reveals do not meet in a full block.
#[test]
fn a_window_without_room_takes_no_commitment() {
    build_and_execute(|| {
        room_for_reveals(1);
        commit(ALICE, 1);
        assert_ok!(commit_on(BOB, OTHER_ROOT, OTHER_ROOT, 2));
        for root in [ROOT, SECOND_ROOT, OTHER_ROOT] {
            assert_noop!(commit_on(CAROL, root, root, 3), Error::RevealsBookedUp);
        }
        // Five blocks later the window has a bucket more.
        run_to(6);
        assert_ok!(commit_on(CAROL, ROOT, ROOT, 3));
        assert_eq!(buckets_of(FIRST + 2), [(3, 1)]);
    });
}

#[test]
fn a_window_that_begins_with_a_bucket_has_all_of_it() {
    build_and_execute(|| {
        room_for_reveals(1);
        run_to(5);
        // Reveals count in blocks 10 to 39.
        for who in [ALICE, BOB, CAROL] {
            commit(who, who);
        }
        assert_eq!(buckets_of(FIRST), [(1, 1), (2, 1), (3, 1)]);
        assert_noop!(commit_on(OWNER, ROOT, ROOT, 4), Error::RevealsBookedUp);
    });
}

#[test]
fn a_booking_is_given_up_with_the_last_reveal_or_the_end_of_the_window() {
    build_and_execute(|| {
        let alice = commit(ALICE, 1);
        let bob = commit(BOB, 2);
        to_reveals(FIRST);
        reveal(ALICE, alice, 1).unwrap();
        // Bob's may come in any block still.
        assert_eq!(buckets_of(FIRST), [(1, 1), (2, 1)]);
        reveal(BOB, bob, 2).unwrap();
        assert_eq!(Booked::<Test>::iter().count(), 0);
        let id = FIRST + 1;
        commit(CAROL, 3);
        to_end(id);
        assert!(!Bookings::<Test>::contains_key(id));
        assert_eq!(Booked::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_cancel_moves_the_booking() {
    build_and_execute(|| {
        run_to(7);
        commit(ALICE, 1);
        assert_eq!(buckets_of(FIRST), [(2, 1)]);
        cancel().unwrap();
        assert_eq!(buckets_of(FIRST), [(1, 1)]);
        assert_eq!(Booked::<Test>::iter().collect::<Vec<_>>().len(), 1);
    });
}
