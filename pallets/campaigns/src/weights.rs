//! What the calls weigh.
//!
//! Counted by hand until the benchmarks have been run on reference hardware: reads and writes of
//! storage items from the code, those of the pallets it asks included, and computation as the
//! constants below say.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// Computation of one call, in picoseconds.
const CALL: u64 = 25_000_000;
/// Computation of checking and encoding terms, schema and architecture, in picoseconds.
const CHECK: u64 = 500_000_000;
/// Computation for each of many items, in picoseconds.
const ITEM: u64 = 10_000_000;
/// Computation of ending a pending submission or proposal with its deposit, in picoseconds.
const END: u64 = 40_000_000;
/// Lists that are read to find room on an agenda: full ones are passed over.
const AGENDA: u64 = 16;
/// Accounts that one settlement can name: 100 sponsors, 64 steps of a path, proposer and owner.
const ENTITLED: u64 = 166;
/// Submissions that can be pending when a campaign settles.
const PENDING: u64 = 256;
/// Proposals of a campaign.
const PROPOSALS: u64 = 8;

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// Weight of `create`.
    fn create() -> Weight;
    /// Weight of `propose`.
    fn propose() -> Weight;
    /// Weight of `fund`.
    fn fund() -> Weight;
    /// Weight of `top_up_reserve`.
    fn top_up_reserve() -> Weight;
    /// Weight of `cancel`.
    fn cancel() -> Weight;
    /// Weight of `close`.
    fn close() -> Weight;
    /// Weight of `settle`: the most that can be entitled, and pending.
    fn settle() -> Weight;
    /// Weight of `remove` with a limit of `items`.
    fn remove(items: u32) -> Weight;
    /// Weight of looking at the agenda of a block in which nothing is due.
    fn nothing_due() -> Weight;
}

/// Weights by the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// A weight: computation, the size of what is read, reads and writes.
fn weight(db: RuntimeDbWeight, time: u64, proof: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(time, proof).saturating_add(db.reads_writes(reads, writes))
}

fn create(db: RuntimeDbWeight) -> Weight {
    // Blobs (size and pins of two), two accounts, numbers of campaign and node, assay queue and its
    // agenda, the campaign's five items.
    weight(db, CALL + CHECK, 20_000, 12 + AGENDA, 14)
}

fn propose(db: RuntimeDbWeight) -> Weight {
    // Campaign, terms, proposals, blobs, account and hold, node number, assay queue and its agenda.
    weight(db, CALL + CHECK, 150_000, 12 + PROPOSALS + AGENDA, 10)
}

fn fund(db: RuntimeDbWeight) -> Weight {
    // Campaign, sponsors, two accounts, reputation.
    weight(db, CALL, 20_000, 5, 5)
}

fn cancel(db: RuntimeDbWeight) -> Weight {
    // As closing, or as handing over what no gradient has earned.
    close(db).saturating_add(hand_over(db))
}

fn close(db: RuntimeDbWeight) -> Weight {
    // Campaign, pending, proposals, agenda, assayers, number of assays, payee; each proposal with
    // its author's account and hold, its blob, assay and reports.
    let proposals = weight(db, END, 5_000, 5, 6).saturating_mul(PROPOSALS);
    weight(db, CALL, 20_000, 6 + AGENDA, 4).saturating_add(proposals)
}

fn hand_over(db: RuntimeDbWeight) -> Weight {
    // Campaign, sponsors, settlement; two items for each that is entitled.
    weight(db, CALL, 20_000, 4, 3)
        .saturating_add(weight(db, ITEM, 200, 0, 2).saturating_mul(ENTITLED))
}

fn settle(db: RuntimeDbWeight) -> Weight {
    // What is pending: each with its entries in two lists, account, hold, and either reputation or
    // blob, gradient, assay and reports. Then what they share (tree, number of assays, assayers, who
    // gets what is lost, who is paid), the owner's reputation, and the winning path.
    let pending = weight(db, END, 500, 8, 9).saturating_mul(PENDING);
    let path = weight(db, ITEM, 200, 1, 0).saturating_mul(ENTITLED);
    hand_over(db)
        .saturating_add(pending)
        .saturating_add(path)
        .saturating_add(db.reads_writes(6, 5))
}

fn remove(db: RuntimeDbWeight, items: u32) -> Weight {
    // Each item with its indices and blob; then the campaign's five, its proposals, the escrow.
    weight(db, CALL, 20_000, 8, 10)
        .saturating_add(weight(db, ITEM, 500, 3, 5).saturating_mul(items.into()))
        .saturating_add(weight(db, ITEM, 5_000, 2, 2).saturating_mul(PROPOSALS))
}

/// The same numbers for both implementations, which differ in the database alone.
macro_rules! weights {
    ($db:expr) => {
        fn create() -> Weight {
            create($db)
        }
        fn propose() -> Weight {
            propose($db)
        }
        fn fund() -> Weight {
            fund($db)
        }
        fn top_up_reserve() -> Weight {
            fund($db)
        }
        fn cancel() -> Weight {
            cancel($db)
        }
        fn close() -> Weight {
            close($db)
        }
        fn settle() -> Weight {
            settle($db)
        }
        fn remove(items: u32) -> Weight {
            remove($db, items)
        }
        fn nothing_due() -> Weight {
            weight($db, CALL / 5, 1_000, 1, 1)
        }
    };
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    weights!(T::DbWeight::get());
}

impl WeightInfo for () {
    weights!(RocksDbWeight::get());
}
