//! What is due when: a bounded list of ids per block, in a pallet's own storage map.
//!
//! Every transition that an agenda triggers can also be triggered by anyone with a call, so a full
//! agenda delays, and never loses, anything.

use codec::FullCodec;
use frame_support::{storage::StorageMap, traits::Get, BoundedVec};
use sp_runtime::traits::{One, Saturating};

/// How many blocks after a full one are tried.
const ATTEMPTS: u32 = 16;

/// Notes that `id` is due at `at`, or at the first of the next blocks that has room. Returns
/// whether there was room.
pub fn schedule<Map, BlockNumber, Id, Max>(at: BlockNumber, id: Id) -> bool
where
    Map: StorageMap<BlockNumber, BoundedVec<Id, Max>, Query = BoundedVec<Id, Max>>,
    BlockNumber: FullCodec + Copy + One + Saturating,
    Id: FullCodec + Clone,
    Max: Get<u32>,
{
    let mut at = at;
    for _ in 0..ATTEMPTS {
        // A full list is read, and not written again.
        if Map::try_mutate(at, |due| due.try_push(id.clone())).is_ok() {
            return true;
        }
        at = at.saturating_add(One::one());
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;
    use frame_support::{
        pallet_prelude::{ConstU32, ValueQuery},
        storage::unhashed,
        storage_alias, Twox64Concat,
    };
    use sp_io::TestExternalities;

    #[storage_alias]
    type Due = StorageMap<Agenda, Twox64Concat, u64, BoundedVec<u32, ConstU32<2>>, ValueQuery>;

    fn due(at: u64) -> Vec<u32> {
        Due::get(at).into_inner()
    }

    #[test]
    fn what_does_not_fit_is_due_later() {
        TestExternalities::default().execute_with(|| {
            for id in 0..5 {
                assert!(schedule::<Due, _, _, _>(7, id));
            }
            assert_eq!((due(7), due(8), due(9)), (vec![0, 1], vec![2, 3], vec![4]));
        });
    }

    #[test]
    fn without_room_nothing_is_noted() {
        TestExternalities::default().execute_with(|| {
            for id in 0..2 * ATTEMPTS {
                assert!(schedule::<Due, _, _, _>(7, id));
            }
            assert!(!schedule::<Due, _, _, _>(7, 99));
            assert_eq!(Due::iter().count(), ATTEMPTS as usize);
            assert!(Due::iter_values().all(|due| !due.contains(&99)));
        });
    }

    #[test]
    fn a_full_list_is_not_written_again() {
        TestExternalities::default().execute_with(|| {
            // A byte too many is not seen when a list is read, and would be gone if it was written.
            let mut list = vec![1u32, 2].encode();
            list.push(0xff);
            unhashed::put_raw(&Due::hashed_key_for(7), &list);
            assert!(schedule::<Due, _, _, _>(7, 3));
            assert_eq!(unhashed::get_raw(&Due::hashed_key_for(7)), Some(list));
            assert_eq!(due(8), [3]);
        });
    }
}
