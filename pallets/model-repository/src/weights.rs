//! Weights of calls and renewals.
//!
//! Reads and writes are counted by hand, and times are estimates on the safe side; both are to be
//! replaced by the numbers of this crate's benchmarks when they have been run on the network's
//! reference machine.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Picoseconds to read, compare and hash one byte of a blob.
const PER_BYTE: u64 = 5_000;
/// Picoseconds of a call, besides what is counted apart.
const PER_CALL: u64 = 60_000_000;
/// Picoseconds to renew one blob, besides its reads and writes.
const PER_RENEWAL: u64 = 5_000_000;
/// Picoseconds of the hooks in a block in which nothing is due.
const PER_BLOCK: u64 = 5_000_000;
/// Bytes of proof for one item of the state.
const PROOF_PER_ITEM: u64 = 4_000;

/// The weights that this pallet needs.
pub trait WeightInfo {
    /// Storing a blob of `bytes` bytes.
    fn store(bytes: u32) -> Weight;
    /// Removing a blob.
    fn remove() -> Weight;
    /// Renewing `blobs` blobs, and what is done in every block.
    fn renew(blobs: u32) -> Weight;
}

/// Reads and writes the blob, its list of renewals, the sum of sizes, the block's last transaction,
/// the account and its holds; reads the places booked and the transaction.
fn store(db: RuntimeDbWeight, bytes: u32) -> Weight {
    Weight::from_parts(PER_CALL, PROOF_PER_ITEM.saturating_mul(6))
        .saturating_add(Weight::from_parts(PER_BYTE, 0).saturating_mul(bytes.into()))
        .saturating_add(db.reads_writes(8, 6))
}

/// Reads and writes the blob, its list of renewals, the sum of sizes, the account and its holds.
fn remove(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(PER_CALL, PROOF_PER_ITEM.saturating_mul(5))
        .saturating_add(db.reads_writes(5, 5))
}

/// Reads and writes the list that is due, writes the one that it becomes, and clears the block's
/// last transaction. For each blob, reads it; the node counts one reference, a write.
fn renew(db: RuntimeDbWeight, blobs: u32) -> Weight {
    let blobs = u64::from(blobs);
    Weight::from_parts(PER_BLOCK, PROOF_PER_ITEM)
        .saturating_add(Weight::from_parts(PER_RENEWAL, PROOF_PER_ITEM).saturating_mul(blobs))
        .saturating_add(db.reads_writes(blobs.saturating_add(1), blobs.saturating_add(3)))
}

/// Weights with the runtime's costs of reads and writes.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn store(bytes: u32) -> Weight {
        store(T::DbWeight::get(), bytes)
    }

    fn remove() -> Weight {
        remove(T::DbWeight::get())
    }

    fn renew(blobs: u32) -> Weight {
        renew(T::DbWeight::get(), blobs)
    }
}

/// Weights with the costs of reads and writes of ParityDB, for tests.
impl WeightInfo for () {
    fn store(bytes: u32) -> Weight {
        store(ParityDbWeight::get(), bytes)
    }

    fn remove() -> Weight {
        remove(ParityDbWeight::get())
    }

    fn renew(blobs: u32) -> Weight {
        renew(ParityDbWeight::get(), blobs)
    }
}
