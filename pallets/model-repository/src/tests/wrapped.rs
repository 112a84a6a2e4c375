//! `store` inside other calls: what is indexed must be the blob's bytes, or nothing.

use crate::{mock::*, Blobs, Error};
use frame_support::{assert_err, assert_ok};

fn remark(bytes: &[u8]) -> RuntimeCall {
    frame_system::Call::remark {
        remark: bytes.to_vec(),
    }
    .into()
}

#[test]
fn store_works_as_the_last_call_of_a_batch() {
    let orders = execute(|| {
        assert_ok!(submit(
            ALICE,
            batch_all(vec![remark(b"first"), store(b"blob")])
        ));
        let nested = batch(vec![remark(b"first"), batch_all(vec![store(b"nested")])]);
        assert_ok!(submit(ALICE, nested));
    });
    assert_eq!(orders, [inserted(1, b"blob"), inserted(2, b"nested")]);
}

#[test]
fn store_fails_when_it_is_not_the_last_call_of_a_batch() {
    let orders = execute(|| {
        let call = batch_all(vec![store(b"blob"), remark(b"last")]);
        assert_err!(submit(ALICE, call), Error::<Test>::NotLast);
        assert_eq!(Blobs::<Test>::iter().count(), 0);
    });
    assert_eq!(orders, []);
}

#[test]
fn store_fails_when_a_batch_has_two() {
    let orders = execute(|| {
        // The second ends with the first: both are the transaction's last bytes.
        let call = batch_all(vec![store(b"blob"), store(b"another blob")]);
        assert_err!(submit(ALICE, call), Error::<Test>::OnePerTransaction);
        assert_eq!(Blobs::<Test>::iter().count(), 0);
        assert_eq!(on_hold(ALICE), 0);
    });
    // Not undone, but of no effect on the chain.
    assert_eq!(orders, [inserted(1, b"blob")]);
}

#[test]
fn store_works_when_a_later_call_ends_with_the_same_bytes() {
    let orders = execute(|| {
        assert_ok!(submit(
            ALICE,
            batch_all(vec![store(b"blob"), remark(b"the blob")])
        ));
    });
    assert_eq!(orders, [inserted(1, b"blob")]);
}

#[test]
fn the_last_order_is_that_of_the_blob_that_is_stored() {
    let orders = execute(|| {
        // The inner batch stores a blob, fails and is undone; only the order to index it stays.
        let undone = batch_all(vec![store(b"blob"), remove(name(b"unknown"))]);
        let call = pallet_utility::Call::force_batch {
            calls: vec![undone, store(b"a blob")],
        };
        assert_ok!(submit(ALICE, call));
        assert!(!Blobs::<Test>::contains_key(name(b"blob")));
        assert!(Blobs::<Test>::contains_key(name(b"a blob")));
        assert_eq!(on_hold(ALICE), 100 + 3 * 6);
    });
    assert_eq!(orders, [inserted(1, b"blob"), inserted(1, b"a blob")]);
}
