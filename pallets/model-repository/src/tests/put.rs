//! Blobs that other pallets put into booked places.

use crate::{mock::*, Blob, Blobs, BookedPlaces, Error, Event, Renewals, StoredBytes};
use frame_support::{
    assert_noop, assert_ok, storage::with_storage_layer, traits::fungible::Inspect,
};
use sonar_primitives::traits::{Blobs as _, Place};

/// The booked places by phase, in the order of phases.
fn booked() -> Vec<(Place, u32)> {
    let mut booked: Vec<_> = BookedPlaces::<Test>::iter().collect();
    booked.sort_unstable();
    booked
}

#[test]
fn put_works() {
    let data = b"a gradient";
    let orders = execute(|| {
        // Booked in block 1: the first place is in the next block's phase.
        let place = ModelRepository::book().unwrap();
        assert_eq!(booked(), [(2, 1)]);
        run_to(7);
        assert_eq!(put(ALICE, data, place), Ok(name(data)));

        let deposit = 100 + 3 * 10;
        let record = Blob {
            size: 10,
            depositor: ALICE,
            deposit,
            pins: 1,
            pinned_only: true,
            stored_at: 7,
            phase: 2,
        };
        assert_eq!(Blobs::<Test>::get(name(data)), Some(record));
        assert_eq!(StoredBytes::<Test>::get(), 10);
        // Block 12 is the next one of phase 2.
        assert_eq!(Renewals::<Test>::get(12).into_inner(), [name(data)]);
        assert_eq!(booked(), []);
        assert_eq!(on_hold(ALICE), deposit);
        System::assert_last_event(
            Event::Stored {
                blob: name(data),
                size: 10,
                depositor: ALICE,
                deposit,
            }
            .into(),
        );
        run_to(23);
    });
    let renewed = renewed(name(data));
    assert_eq!(orders, [inserted(1, data), renewed.clone(), renewed]);
}

#[test]
fn the_last_unpin_removes_it_and_returns_the_deposit() {
    execute(|| {
        let blob = booked_and_put(ALICE, b"gradient");
        assert_ok!(ModelRepository::pin(blob));
        ModelRepository::unpin(blob);
        assert_noop!(
            ModelRepository::remove(RuntimeOrigin::signed(ALICE), blob),
            Error::<Test>::Pinned
        );
        ModelRepository::unpin(blob);
        assert!(!Blobs::<Test>::contains_key(blob));
        assert_eq!(Renewals::<Test>::iter().count(), 0);
        assert_eq!(StoredBytes::<Test>::get(), 0);
        assert_eq!(on_hold(ALICE), 0);
        assert_eq!(Balances::balance(&ALICE), BALANCE);
        System::assert_last_event(
            Event::Removed {
                blob,
                depositor: ALICE,
                deposit: 124,
            }
            .into(),
        );
    });
}

/// Whoever stored the bytes first paid for them, and keeps nobody out.
#[test]
fn put_pins_what_a_rival_has_stored() {
    let orders = execute(|| {
        let blob = stored(BOB, b"gradient");
        assert_eq!(booked_and_put(ALICE, b"gradient"), blob);
        assert_eq!((on_hold(ALICE), on_hold(BOB)), (0, 124));
        assert_eq!(booked(), []);
        // The rival cannot take it away.
        assert_noop!(
            ModelRepository::remove(RuntimeOrigin::signed(BOB), blob),
            Error::<Test>::Pinned
        );
        // And once nobody needs it, it is the rival's as before.
        ModelRepository::unpin(blob);
        assert!(Blobs::<Test>::contains_key(blob));
        assert_ok!(submit(BOB, remove(blob)));
        assert_eq!(on_hold(BOB), 0);
    });
    assert_eq!(orders, [inserted(1, b"gradient")]);
}

#[test]
fn two_who_put_the_same_share_it() {
    execute(|| {
        let blob = booked_and_put(ALICE, b"gradient");
        assert_eq!(booked_and_put(BOB, b"gradient"), blob);
        assert_eq!((on_hold(ALICE), on_hold(BOB)), (124, 0));
        ModelRepository::unpin(blob);
        assert!(Blobs::<Test>::contains_key(blob));
        ModelRepository::unpin(blob);
        assert!(!Blobs::<Test>::contains_key(blob));
    });
}

#[test]
fn store_fails_when_it_was_put() {
    execute(|| {
        let blob = booked_and_put(ALICE, b"gradient");
        assert_store_fails(BOB, b"gradient", Error::AlreadyStored);
        ModelRepository::unpin(blob);
        stored(BOB, b"gradient");
    });
}

/// A `store` in a transaction that ends with `data` is refused.
fn assert_store_fails(who: AccountId, data: &[u8], error: Error<Test>) {
    System::note_extrinsic(data.to_vec());
    let stored = ModelRepository::store(RuntimeOrigin::signed(who), data.to_vec());
    assert_noop!(stored, error);
}

/// However much is stored in every block, there are places to book, and what was booked is put.
#[test]
fn stores_cannot_keep_a_booked_blob_out() {
    execute(|| {
        let stuff = |block: u64| {
            run_to(block);
            let stored = (0..64u8)
                .filter(|byte| submit(BOB, store(&[block as u8, *byte])).is_ok())
                .count();
            assert!(stored <= MAX_STORES as usize);
        };
        for block in 1..=RETENTION {
            stuff(block);
        }
        // Half of every list is left, and a store does not get it.
        let places: Vec<_> = (0..MAX_STORES * RETENTION as u32)
            .map(|_| ModelRepository::book().unwrap())
            .collect();
        assert_eq!(
            ModelRepository::book(),
            Err(Error::<Test>::AgendaFull.into())
        );
        for block in 1..=RETENTION {
            stuff(RETENTION + block);
        }
        for (index, place) in (0u32..).zip(places) {
            run_to(2 * RETENTION + u64::from(index / 7));
            assert_ok!(put(ALICE, &index.to_be_bytes(), place));
        }
        assert_eq!(booked(), []);
        run_to(5 * RETENTION);
        let put = MAX_STORES * RETENTION as u32;
        assert_eq!(Blobs::<Test>::iter().count(), 2 * put as usize);
    });
}

#[test]
fn places_are_booked_one_block_after_the_other() {
    execute(|| {
        for _ in 0..=MAX_RENEWALS {
            assert_ok!(ModelRepository::book());
        }
        assert_eq!(booked(), [(2, MAX_RENEWALS), (3, 1)]);
        // Booked places count for stores, too.
        run_to(2);
        assert_store_fails(ALICE, b"blob", Error::AgendaFull);
        run_to(3);
        for byte in 1..MAX_STORES as u8 {
            stored(ALICE, &[byte]);
        }
        assert_store_fails(ALICE, b"blob", Error::AgendaFull);
    });
}

#[test]
fn unbook_gives_the_place_to_others() {
    execute(|| {
        let places: Vec<_> = (0..MAX_RENEWALS * RETENTION as u32)
            .map(|_| ModelRepository::book().unwrap())
            .collect();
        assert_noop!(ModelRepository::book(), Error::<Test>::AgendaFull);
        ModelRepository::unbook(places[17]);
        assert_eq!(ModelRepository::book(), Ok(places[17]));
        for place in places {
            ModelRepository::unbook(place);
        }
        assert_eq!(booked(), []);
    });
}

#[test]
fn put_fails_when_no_place_was_booked() {
    let orders = execute(|| {
        assert_eq!(put(ALICE, b"blob", 3), Err(Error::<Test>::NotBooked.into()));
        assert_ok!(ModelRepository::book());
        assert_eq!(put(ALICE, b"blob", 3), Err(Error::<Test>::NotBooked.into()));
    });
    assert_eq!(orders, []);
}

#[test]
fn put_fails_when_the_bytes_are_not_those_of_a_blob() {
    let orders = execute(|| {
        let place = ModelRepository::book().unwrap();
        let refused = |noted: &[u8], data: &[u8], error: Error<Test>| {
            System::note_extrinsic(noted.to_vec());
            let put = with_storage_layer(|| ModelRepository::put(&ALICE, data, place));
            assert_noop!(put, error);
        };
        refused(b"", b"", Error::Empty);
        let large = [0; MAX_BLOB_SIZE as usize + 1];
        refused(&large, &large, Error::TooLarge);
        refused(b"a blob and more", b"a blob", Error::NotLast);
        // The place is still there.
        assert_ok!(put(ALICE, b"blob", place));
    });
    assert_eq!(orders, [inserted(1, b"blob")]);
}

#[test]
fn put_fails_when_the_transaction_has_stored_a_blob() {
    execute(|| {
        let place = ModelRepository::book().unwrap();
        System::note_extrinsic(b"a blob".to_vec());
        assert_ok!(ModelRepository::store(
            RuntimeOrigin::signed(ALICE),
            b"blob".to_vec()
        ));
        let put = with_storage_layer(|| ModelRepository::put(&ALICE, b"a blob", place));
        assert_noop!(put, Error::<Test>::OnePerTransaction);
    });
}

#[test]
fn put_fails_when_the_deposit_cannot_be_held() {
    execute(|| {
        let place = ModelRepository::book().unwrap();
        assert!(put(POOR, b"blob", place).is_err());
        assert_eq!(booked(), [(place, 1)]);
    });
}

// Release builds log a broken expectation, others panic: both are right.
#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "Defensive"))]
fn unbook_without_a_booking_changes_nothing() {
    execute(|| {
        ModelRepository::unbook(3);
        assert_eq!(booked(), []);
    });
}
