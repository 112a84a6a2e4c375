use crate::{mock::*, weights::WeightInfo, Blobs, Renewals};
use frame_support::{assert_ok, traits::Hooks};
use proptest::prelude::*;
use sonar_primitives::traits::Blobs as _;

#[test]
fn renewal_works_for_as_long_as_a_blob_is_stored() {
    let blob = name(b"blob");
    let orders = execute(|| {
        stored(ALICE, b"blob");
        run_to(RETENTION);
        assert_eq!(Renewals::<Test>::get(1 + RETENTION).into_inner(), [blob]);
        run_to(1 + RETENTION);
        assert_eq!(Renewals::<Test>::get(1 + RETENTION).into_inner(), []);
        assert_eq!(
            Renewals::<Test>::get(1 + 2 * RETENTION).into_inner(),
            [blob]
        );
        run_to(1 + 3 * RETENTION);
        assert_ok!(submit(ALICE, remove(blob)));
        run_to(1 + 5 * RETENTION);
    });
    assert_eq!(
        orders,
        [
            inserted(1, b"blob"),
            renewed(blob),
            renewed(blob),
            renewed(blob)
        ]
    );
}

#[test]
fn renewal_works_pinned_or_not() {
    let orders = execute(|| {
        let pinned = stored(ALICE, b"pinned");
        assert_ok!(ModelRepository::pin(pinned));
        stored(BOB, b"not pinned");
        run_to(1 + RETENTION);
    });
    assert_eq!(
        orders[2..],
        [renewed(name(b"pinned")), renewed(name(b"not pinned"))]
    );
}

#[test]
fn renewal_has_room_however_many_blobs_are_stored() {
    let per_block = MAX_STORES as usize;
    let blocks = 3 * RETENTION;
    let orders = execute(|| {
        // As many as fit into every block, until no list has room.
        for block in 1..=blocks {
            run_to(block);
            for byte in 0..=MAX_STORES as u8 {
                let accepted = submit(ALICE, store(&[block as u8, byte])).is_ok();
                assert_eq!(accepted, block <= RETENTION && byte < MAX_STORES as u8);
            }
        }
        assert_eq!(
            Blobs::<Test>::iter().count(),
            per_block * RETENTION as usize
        );
    });
    // Everything was stored once and renewed once in each of the two periods after.
    assert_eq!(orders.len(), 3 * per_block * RETENTION as usize);
}

#[test]
fn renewal_skips_a_blob_that_was_removed_earlier_in_the_block() {
    let orders = execute(|| {
        let removed = stored(ALICE, b"removed");
        stored(ALICE, b"kept");
        run_to(RETENTION);
        end_block();
        System::initialize(&(1 + RETENTION), &Default::default(), &Default::default());
        // As when the hook of a pallet that comes before this one dispatches it.
        assert_ok!(ModelRepository::remove(
            RuntimeOrigin::signed(ALICE),
            removed
        ));
        ModelRepository::on_initialize(1 + RETENTION);
    });
    assert_eq!(orders[2..], [renewed(name(b"kept"))]);
}

#[test]
fn renewal_weighs_what_was_due() {
    execute(|| {
        stored(ALICE, b"one");
        stored(ALICE, b"two");
        run_to(RETENTION);
        end_block();
        System::initialize(&(1 + RETENTION), &Default::default(), &Default::default());
        let weight = ModelRepository::on_initialize(1 + RETENTION);
        assert_eq!(weight, <() as WeightInfo>::renew(2));
        assert_eq!(
            ModelRepository::on_initialize(2 + RETENTION),
            <() as WeightInfo>::renew(0)
        );
    });
}

proptest! {
    /// The next renewal is after now, at most a period away, and in a block of the phase.
    #[test]
    fn next_renewal_is_the_next_block_of_the_phase(
        now in 0..1u64 << 40,
        phase in 0..RETENTION as u32,
    ) {
        new_test_ext().execute_with(|| {
            System::set_block_number(now);
            let next = ModelRepository::next_renewal(phase);
            prop_assert!(now < next && next - now <= RETENTION);
            prop_assert_eq!(ModelRepository::phase_of(next), phase);
            Ok(())
        })?;
    }
}
