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
        if Map::mutate(at, |due| due.try_push(id.clone()).is_ok()) {
            return true;
        }
        at = at.saturating_add(One::one());
    }
    false
}
