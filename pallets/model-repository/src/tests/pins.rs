use crate::{mock::*, Blobs, Error};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::traits::Blobs as _;

#[test]
fn pin_works() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_ok!(ModelRepository::pin(blob));
        assert_ok!(ModelRepository::pin(blob));
        assert_eq!(Blobs::<Test>::get(blob).unwrap().pins, 2);
        ModelRepository::unpin(blob);
        assert_eq!(Blobs::<Test>::get(blob).unwrap().pins, 1);
        // One pin is left.
        assert_noop!(
            ModelRepository::remove(RuntimeOrigin::signed(ALICE), blob),
            Error::<Test>::Pinned
        );
    });
}

#[test]
fn pin_fails_when_unknown() {
    execute(|| {
        assert_noop!(
            ModelRepository::pin(name(b"blob")),
            Error::<Test>::UnknownBlob
        );
    });
}

#[test]
fn pin_fails_when_pinned_as_often_as_possible() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        Blobs::<Test>::mutate(blob, |record| record.as_mut().unwrap().pins = u32::MAX);
        assert_noop!(ModelRepository::pin(blob), Error::<Test>::TooManyPins);
    });
}

#[test]
fn size_is_that_of_stored_blobs_only() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        assert_eq!(ModelRepository::size(blob), Some(4));
        assert_eq!(ModelRepository::size(name(b"other")), None);
    });
}

// Release builds log a broken expectation, others panic: both are right.
#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "Defensive"))]
fn unpin_without_a_pin_changes_nothing() {
    execute(|| {
        let blob = stored(ALICE, b"blob");
        ModelRepository::unpin(blob);
        assert_eq!(Blobs::<Test>::get(blob).unwrap().pins, 0);
    });
}
