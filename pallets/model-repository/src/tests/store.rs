use crate::{
    mock::*, weights::WeightInfo, Blob, Blobs, Error, Event, LastTransaction, Renewals, StoredBytes,
};
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Inspect, Hooks},
};
use sonar_primitives::traits::Blobs as _;
use sp_runtime::{ArithmeticError, DispatchError, TokenError};

#[test]
fn store_works() {
    let data = b"the parameters of a model";
    let orders = execute(|| {
        assert_ok!(submit(ALICE, store(data)));

        let deposit = 100 + 3 * 25;
        let record = Blob {
            size: 25,
            depositor: ALICE,
            deposit,
            pins: 0,
            pinned_only: false,
            stored_at: 1,
            phase: 1,
        };
        assert_eq!(Blobs::<Test>::get(name(data)), Some(record));
        assert_eq!(ModelRepository::size(name(data)), Some(25));
        assert_eq!(StoredBytes::<Test>::get(), 25);
        assert_eq!(
            Renewals::<Test>::get(1 + RETENTION).into_inner(),
            [name(data)]
        );
        assert_eq!(on_hold(ALICE), deposit);
        assert_eq!(Balances::balance(&ALICE), BALANCE - deposit);
        System::assert_last_event(
            Event::Stored {
                blob: name(data),
                size: 25,
                depositor: ALICE,
                deposit,
            }
            .into(),
        );
    });
    assert_eq!(orders, [inserted(1, data)]);
}

#[test]
fn store_works_from_one_byte_to_the_limit() {
    let largest = [5; MAX_BLOB_SIZE as usize];
    let orders = execute(|| {
        assert_ok!(submit(ALICE, store(&[0])));
        assert_ok!(submit(ALICE, store(&largest)));
        assert_eq!(StoredBytes::<Test>::get(), 1 + u64::from(MAX_BLOB_SIZE));
    });
    assert_eq!(orders, [inserted(1, &[0]), inserted(2, &largest)]);
}

#[test]
fn store_works_once_in_every_transaction() {
    let orders = execute(|| {
        stored(ALICE, b"one");
        assert_eq!(LastTransaction::<Test>::get(), Some(1));
        stored(BOB, b"two");
        assert_eq!(LastTransaction::<Test>::get(), Some(2));
        end_block();
        assert_eq!(LastTransaction::<Test>::get(), None);
        begin_block();
        stored(ALICE, b"three");
    });
    assert_eq!(
        orders,
        [
            inserted(1, b"one"),
            inserted(2, b"two"),
            inserted(1, b"three")
        ]
    );
}

#[test]
fn store_weighs_more_for_more_bytes() {
    let per_kilobyte = <() as WeightInfo>::store(2_000) - <() as WeightInfo>::store(1_000);
    // At least a nanosecond for each byte, which is what hashing alone takes.
    assert!(per_kilobyte.ref_time() >= 1_000 * 1_000);
}

#[test]
fn store_fails_when_empty() {
    let orders = execute(|| {
        assert_noop!(submit_in_place(ALICE, b""), Error::<Test>::Empty);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_too_large() {
    let orders = execute(|| {
        let data = [0; MAX_BLOB_SIZE as usize + 1];
        assert_noop!(submit_in_place(ALICE, &data), Error::<Test>::TooLarge);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_already_stored() {
    let orders = execute(|| {
        stored(ALICE, b"blob");
        System::note_extrinsic(b"blob".to_vec());
        assert_noop!(
            submit_in_place(ALICE, b"blob"),
            Error::<Test>::AlreadyStored
        );
        assert_noop!(submit_in_place(BOB, b"blob"), Error::<Test>::AlreadyStored);
    });
    assert_eq!(orders, [inserted(1, b"blob")]);
}

#[test]
fn store_fails_when_not_signed() {
    execute(|| {
        System::note_extrinsic(b"blob".to_vec());
        let stored = ModelRepository::store(RuntimeOrigin::none(), b"blob".to_vec());
        assert_noop!(stored, DispatchError::BadOrigin);
        let stored = ModelRepository::store(RuntimeOrigin::root(), b"blob".to_vec());
        assert_noop!(stored, DispatchError::BadOrigin);
    });
}

#[test]
fn store_fails_when_the_deposit_cannot_be_held() {
    let orders = execute(|| {
        System::note_extrinsic(b"blob".to_vec());
        assert_noop!(submit_in_place(POOR, b"blob"), TokenError::FundsUnavailable);
        DepositPerByte::set(u128::MAX);
        assert_noop!(submit_in_place(ALICE, b"blob"), ArithmeticError::Overflow);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_a_block_has_no_room_left() {
    execute(|| {
        for byte in 0..MAX_STORES as u8 {
            stored(ALICE, &[byte]);
        }
        System::note_extrinsic(b"blob".to_vec());
        assert_noop!(submit_in_place(BOB, b"blob"), Error::<Test>::AgendaFull);
        run_to(2);
        stored(BOB, b"blob");
    });
}

#[test]
fn store_fails_when_nothing_is_running() {
    let orders = execute(|| {
        end_block();
        // As when a hook at the end of a block dispatches it.
        assert_noop!(
            submit_in_place(ALICE, b"blob"),
            Error::<Test>::NotInTransaction
        );

        // As when a hook at the start of a block does: the index is set, the bytes are not there.
        System::initialize(&2, &Default::default(), &Default::default());
        assert_eq!(System::extrinsic_index(), Some(0));
        assert_noop!(
            submit_in_place(ALICE, b"blob"),
            Error::<Test>::NotInTransaction
        );
        ModelRepository::on_initialize(2);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_its_bytes_are_not_the_last() {
    let orders = execute(|| {
        System::note_extrinsic(b"a blob and more".to_vec());
        assert_noop!(submit_in_place(ALICE, b"a blob"), Error::<Test>::NotLast);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_the_transaction_has_stored_a_blob() {
    let orders = execute(|| {
        System::note_extrinsic(b"a blob".to_vec());
        assert_ok!(submit_in_place(ALICE, b"blob"));
        assert_noop!(
            submit_in_place(ALICE, b"a blob"),
            Error::<Test>::OnePerTransaction
        );
    });
    assert_eq!(orders, [inserted(1, b"blob")]);
}

/// Calls `store` in the transaction that was noted, whatever it is.
fn submit_in_place(who: AccountId, data: &[u8]) -> sp_runtime::DispatchResult {
    ModelRepository::store(RuntimeOrigin::signed(who), data.to_vec())
}
