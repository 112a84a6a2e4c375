use crate::{mock::*, Blobs, Error, Event, Renewals, StoredBytes};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use sonar_primitives::traits::Blobs as _;
use sp_runtime::DispatchError;

#[test]
fn remove_works() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        let other = stored(ALICE, b"other");
        assert_ok!(submit(ALICE, remove(blob)));

        assert!(!Blobs::<Test>::contains_key(blob));
        assert_eq!(ModelRepository::size(blob), None);
        assert_eq!(StoredBytes::<Test>::get(), 5);
        assert_eq!(Renewals::<Test>::get(1 + RETENTION).into_inner(), [other]);
        assert_eq!(on_hold(ALICE), 100 + 3 * 5);
        assert_eq!(Balances::balance(&ALICE), BALANCE - 115);
        System::assert_last_event(
            Event::Removed {
                blob,
                depositor: ALICE,
                deposit: 112,
            }
            .into(),
        );
    });
}

#[test]
fn remove_gives_back_the_deposit_that_was_taken() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        DepositPerByte::set(1_000);
        assert_ok!(submit(ALICE, remove(blob)));
        assert_eq!(on_hold(ALICE), 0);
        assert_eq!(Balances::balance(&ALICE), BALANCE);
    });
}

#[test]
fn remove_makes_room_for_another_blob() {
    execute(|| {
        for byte in 0..MAX_STORES as u8 {
            stored(ALICE, &[byte]);
        }
        assert_ok!(submit(ALICE, remove(name(&[2]))));
        stored(BOB, b"blob");
        let expected = [name(&[0]), name(&[1]), name(&[3]), name(b"blob")];
        assert_eq!(Renewals::<Test>::get(1 + RETENTION).into_inner(), expected);
    });
}

#[test]
fn a_removed_blob_can_be_stored_again() {
    let orders = execute(|| {
        let blob = stored(ALICE, b"blob");
        run_to(5);
        assert_ok!(submit(ALICE, remove(blob)));
        assert_eq!(Renewals::<Test>::iter().count(), 0);
        stored(BOB, b"blob");
        assert_eq!((on_hold(ALICE), on_hold(BOB)), (0, 112));
        // Renewed by its second life only.
        run_to(5 + RETENTION);
    });
    assert_eq!(
        orders,
        [
            inserted(1, b"blob"),
            inserted(2, b"blob"),
            renewed(name(b"blob"))
        ]
    );
}

#[test]
fn remove_fails_when_unknown() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_noop!(
            remove_in_place(ALICE, name(b"other")),
            Error::<Test>::UnknownBlob
        );
        assert_ok!(submit(ALICE, remove(blob)));
        assert_noop!(remove_in_place(ALICE, blob), Error::<Test>::UnknownBlob);
    });
}

#[test]
fn remove_fails_when_not_the_depositor() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_noop!(remove_in_place(BOB, blob), Error::<Test>::NotDepositor);
    });
}

#[test]
fn remove_fails_when_pinned() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_ok!(ModelRepository::pin(blob));
        assert_noop!(remove_in_place(ALICE, blob), Error::<Test>::Pinned);
        ModelRepository::unpin(blob);
        assert_ok!(submit(ALICE, remove(blob)));
    });
}

#[test]
fn remove_fails_when_not_signed() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_noop!(
            ModelRepository::remove(RuntimeOrigin::none(), blob),
            DispatchError::BadOrigin
        );
    });
}

/// Calls `remove` without a transaction around it.
fn remove_in_place(who: AccountId, blob: sonar_primitives::BlobHash) -> sp_runtime::DispatchResult {
    ModelRepository::remove(RuntimeOrigin::signed(who), blob)
}
