//! Random sequences of everything that can happen.

use crate::{mock::*, Blobs, BookedPlaces};
use proptest::{collection::vec, prelude::*};
use sonar_primitives::{
    traits::{Blobs as _, Place},
    BlobHash,
};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Store(AccountId, u8),
    Remove(AccountId, u8),
    Pin(u8),
    Unpin(u8),
    Book,
    Unbook(usize),
    Put(AccountId, u8, usize),
    Blocks(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let blob = || 0_u8..12;
    prop_oneof![
        4 => (ALICE..=POOR, blob()).prop_map(|(who, blob)| Step::Store(who, blob)),
        2 => (ALICE..=POOR, blob()).prop_map(|(who, blob)| Step::Remove(who, blob)),
        1 => blob().prop_map(Step::Pin),
        1 => blob().prop_map(Step::Unpin),
        3 => Just(Step::Book),
        1 => any::<usize>().prop_map(Step::Unbook),
        3 => (ALICE..=POOR, blob(), any::<usize>()).prop_map(|(who, blob, n)| Step::Put(who, blob, n)),
        2 => (1..RETENTION).prop_map(Step::Blocks),
    ]
}

/// The bytes of a blob of the test.
fn data(blob: u8) -> Vec<u8> {
    vec![blob; 1 + usize::from(blob)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing is lost or created, a pinned blob stays, and every stored blob was indexed or renewed
    /// within the last period.
    #[test]
    fn everything_holds_after_every_step(steps in vec(step(), 1..60)) {
        let mut ext = new_test_ext();
        let issuance = ext.execute_with(|| {
            begin_block();
            Balances::total_issuance()
        });
        // When the client last got an order for a blob.
        let mut referred = BTreeMap::<BlobHash, u64>::new();
        let mut seen = 0;
        // The places that are booked.
        let mut places = Vec::new();
        for step in steps {
            let blocks = match step {
                Step::Blocks(blocks) => blocks,
                _ => 0,
            };
            ext.execute_with(|| apply(&step, &mut places));
            for block in 0..=blocks {
                let now = ext.execute_with(|| {
                    if block > 0 {
                        end_block();
                        begin_block();
                    }
                    ModelRepository::do_try_state().unwrap();
                    assert_eq!(Balances::total_issuance(), issuance);
                    let booked: u32 = BookedPlaces::<Test>::iter_values().sum();
                    assert_eq!(booked as usize, places.len());
                    System::block_number()
                });
                let orders = orders(&ext);
                for order in &orders[seen..] {
                    let (Order::Index { blob, .. } | Order::Renew { blob, .. }) = order;
                    referred.insert(*blob, now);
                }
                seen = orders.len();
                ext.execute_with(|| {
                    for blob in Blobs::<Test>::iter_keys() {
                        assert!(referred[&blob] + RETENTION > now);
                    }
                });
            }
        }
    }
}

/// Takes a step, and checks that a pinned blob stays, and that what has a booked place gets it.
fn apply(step: &Step, places: &mut Vec<Place>) {
    match *step {
        Step::Store(who, blob) => {
            let stored = submit(who, store(&data(blob)));
            assert!(who != POOR || stored.is_err());
        }
        Step::Remove(who, blob) => {
            let before = Blobs::<Test>::get(name(&data(blob)));
            let removed = submit(who, remove(name(&data(blob)))).is_ok();
            let may = before.is_some_and(|record| record.depositor == who && record.pins == 0);
            assert_eq!(removed, may);
        }
        Step::Pin(blob) => {
            let stored = Blobs::<Test>::contains_key(name(&data(blob)));
            assert_eq!(ModelRepository::pin(name(&data(blob))).is_ok(), stored);
        }
        Step::Unpin(blob) => {
            let pinned = Blobs::<Test>::get(name(&data(blob))).is_some_and(|blob| blob.pins > 0);
            if pinned {
                ModelRepository::unpin(name(&data(blob)));
            }
        }
        Step::Book => places.extend(ModelRepository::book()),
        Step::Unbook(n) if !places.is_empty() => {
            ModelRepository::unbook(places.remove(n % places.len()));
        }
        Step::Put(who, blob, n) if !places.is_empty() => {
            let (index, blob) = (n % places.len(), data(blob));
            let known = Blobs::<Test>::contains_key(name(&blob));
            let stored = put(who, &blob, places[index]);
            assert_eq!(stored.is_ok(), known || who != POOR);
            if stored.is_ok() {
                places.remove(index);
            }
        }
        Step::Unbook(_) | Step::Put(..) | Step::Blocks(_) => {}
    }
}
