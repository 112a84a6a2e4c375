//! Weights of calls and hooks.
//!
//! Reads and writes are counted by hand, those of other pallets included, and times are estimates on
//! the safe side; both are to be replaced by the numbers of this crate's benchmarks when they have
//! been run on the network's reference machine.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Picoseconds of a call, besides its reads and writes.
const PER_CALL: u64 = 60_000_000;
/// Picoseconds to look at a submission that is due, besides its reads and writes.
const PER_DUE: u64 = 30_000_000;
/// Picoseconds of the hooks in a block in which nothing is due.
const PER_BLOCK: u64 = 5_000_000;
/// Bytes of proof for one item of the state.
const PROOF_PER_ITEM: u64 = 4_000;

/// The weights that this pallet needs.
pub trait WeightInfo {
    /// Committing with `pending` pending submissions of the same account.
    fn commit(pending: u32) -> Weight;
    /// Revealing, in the worst case before a copy that was revealed first.
    fn reveal() -> Weight;
    /// Ending one submission that was not revealed.
    fn expire() -> Weight;
    /// Looking at `due` submissions, all of which were not revealed, and what is done in every
    /// block.
    fn expire_due(due: u32) -> Weight;
}

/// Weight of this many reads and writes and of one call.
fn call(db: RuntimeDbWeight, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(PER_CALL, PROOF_PER_ITEM.saturating_mul(reads))
        .saturating_add(db.reads_writes(reads, writes))
}

/// Reads the parent, the campaign with its terms, proposal and reserve, the reputation, the pending
/// submissions. Reads and writes the next number, the agenda (which may be full for 15 blocks), the
/// tree, account and holds. Writes the submission and its four entries in lists.
fn commit(db: RuntimeDbWeight, pending: u32) -> Weight {
    call(db, u64::from(pending).saturating_add(28), 28)
}

/// Reads the parent, the campaign with its terms and proposal, the blob. Reads and writes two
/// submissions, what was revealed, the blob's pins, two tasks and the lists of assays, the copy's
/// account, holds, reputation and entries in lists, the tree, the campaign's reserve.
fn reveal(db: RuntimeDbWeight) -> Weight {
    call(db, 24, 18)
}

/// Reads and writes the submission, two accounts, holds, the reputation, two entries in lists, the
/// tree, the campaign and its agenda.
fn expire(db: RuntimeDbWeight) -> Weight {
    call(db, 11, 11)
}

/// Takes the list of a block, and does with each of its submissions what `expire` does.
fn expire_due(db: RuntimeDbWeight, due: u32) -> Weight {
    let due = u64::from(due);
    let items = due.saturating_mul(11);
    Weight::from_parts(PER_BLOCK, PROOF_PER_ITEM)
        .saturating_add(
            Weight::from_parts(PER_DUE, PROOF_PER_ITEM.saturating_mul(11)).saturating_mul(due),
        )
        .saturating_add(db.reads_writes(items.saturating_add(1), items.saturating_add(1)))
}

/// Weights with the runtime's costs of reads and writes.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn commit(pending: u32) -> Weight {
        commit(T::DbWeight::get(), pending)
    }

    fn reveal() -> Weight {
        reveal(T::DbWeight::get())
    }

    fn expire() -> Weight {
        expire(T::DbWeight::get())
    }

    fn expire_due(due: u32) -> Weight {
        expire_due(T::DbWeight::get(), due)
    }
}

/// Weights with the costs of reads and writes of ParityDB, for tests.
impl WeightInfo for () {
    fn commit(pending: u32) -> Weight {
        commit(ParityDbWeight::get(), pending)
    }

    fn reveal() -> Weight {
        reveal(ParityDbWeight::get())
    }

    fn expire() -> Weight {
        expire(ParityDbWeight::get())
    }

    fn expire_due(due: u32) -> Weight {
        expire_due(ParityDbWeight::get(), due)
    }
}
