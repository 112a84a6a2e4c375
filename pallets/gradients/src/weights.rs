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
/// Lists that are read to find room on an agenda: full ones are passed over.
const AGENDA: u64 = 16;

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

/// Reads (4) the parent, its proposal, the reputation and the account's list of pending submissions,
/// each of those, and the agenda. Reads and writes (6) the campaign with its reserve, the next
/// number, the tree, account and holds, and the agenda. Writes (5) the submission and its entries in
/// lists.
fn commit(db: RuntimeDbWeight, pending: u32) -> Weight {
    call(
        db,
        u64::from(pending).saturating_add(12).saturating_add(AGENDA),
        13,
    )
}

/// In the worst case the copy was revealed first, may have been measured, and its assay is paid.
/// Reads (4) the parent, its proposal, the assayers and the copy's task, and the agenda. Reads and
/// writes (14) two submissions, what was revealed, the blob's pins, the new task, the number of
/// tasks, the agenda, the campaign's reserve, the tree, and of the copy's account balance, holds,
/// reputation and list, and the payee's balance. Writes (3) the copy's task, its reports and its
/// entry among what is pending.
fn reveal(db: RuntimeDbWeight) -> Weight {
    call(db, 18 + AGENDA, 18)
}

/// Reads and writes (9) the submission, two accounts, holds, the reputation, the account's list, the
/// tree, the campaign and, if nothing is pending any more, its agenda. Writes (1) the entry among
/// what is pending.
fn expire(db: RuntimeDbWeight) -> Weight {
    call(db, 9 + AGENDA, 11)
}

/// Takes the list of a block, and does with each of its submissions what `expire` does. The
/// campaigns among them share one agenda.
fn expire_due(db: RuntimeDbWeight, due: u32) -> Weight {
    let due = u64::from(due);
    let items = due.saturating_mul(11);
    Weight::from_parts(PER_BLOCK, PROOF_PER_ITEM)
        .saturating_add(
            Weight::from_parts(PER_DUE, PROOF_PER_ITEM.saturating_mul(11)).saturating_mul(due),
        )
        .saturating_add(db.reads_writes(items.saturating_add(1 + AGENDA), items.saturating_add(1)))
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
