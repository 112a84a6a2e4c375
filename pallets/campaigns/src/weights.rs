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
/// Steps of the record that one call of `settle` splits.
const STEPS: u64 = crate::STEPS_PER_SETTLE as u64;
/// Accounts that a step can name: six contributors and the root's author.
const ENTITLED_BY_STEP: u64 = 7;
/// Accounts that get what was not earned.
const SPONSORS: u64 = 100;
/// Proposals of a campaign; each root has a round that takes commitments at most.
const PROPOSALS: u64 = 8;

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// Weight of `create`.
    fn create() -> Weight;
    /// Weight of `fund`.
    fn fund() -> Weight;
    /// Weight of `admit`.
    fn admit() -> Weight;
    /// Weight of `accept_proposal`.
    fn accept_proposal() -> Weight;
    /// Weight of `reject_proposal`.
    fn reject_proposal() -> Weight;
    /// Weight of `cancel`.
    fn cancel() -> Weight;
    /// Weight of `close`.
    fn close() -> Weight;
    /// Weight of `settle`: the most that can be entitled at once.
    fn settle() -> Weight;
    /// Weight of `remove` with a limit of `items`.
    fn remove(items: u32) -> Weight;
    /// Weight of a verdict on a proposal, or its lack.
    fn decided(payees: u32) -> Weight;
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
    // Blobs (size and pins of two), two accounts and a hold, numbers of campaign and model, assay
    // queue and its agenda, the campaign's five items.
    weight(db, CALL + CHECK, 20_000, 14 + AGENDA, 17)
}

fn fund(db: RuntimeDbWeight) -> Weight {
    // Campaign, sponsors, two accounts.
    weight(db, CALL, 20_000, 4, 4)
}

fn admit(db: RuntimeDbWeight) -> Weight {
    // Campaign, the account's entry.
    weight(db, CALL, 5_000, 2, 2)
}

fn accept_proposal(db: RuntimeDbWeight) -> Weight {
    // Proposal, campaign, assay queue and its agenda.
    weight(db, CALL, 30_000, 6 + AGENDA, 5)
}

fn reject_proposal(db: RuntimeDbWeight) -> Weight {
    // Proposal, campaign, account and hold; the blob with its list of renewals, its deposit and the
    // sum of sizes.
    weight(db, END, 40_000, 8, 8)
}

fn close(db: RuntimeDbWeight) -> Weight {
    // Campaign, pending, proposals, agenda, assayers, number of assays, payee; each proposal with
    // its author's account and hold, its blob as for `reject_proposal`, assay and reports. The tree,
    // and its rounds with what they have booked.
    let proposals = weight(db, END, 40_000, 9, 10).saturating_mul(PROPOSALS);
    let rounds = weight(db, END, 1_000, 4 + AGENDA, 4).saturating_mul(PROPOSALS);
    weight(db, CALL, 20_000, 8 + AGENDA, 5)
        .saturating_add(proposals)
        .saturating_add(rounds)
}

fn refund(db: RuntimeDbWeight, sponsors: u64) -> Weight {
    // Campaign, sponsors, settlement, how far it has come; three items for each sponsor, its
    // reputation among them, and the owner's reputation.
    weight(db, CALL, 20_000, 5, 4)
        .saturating_add(weight(db, ITEM, 300, 2, 3).saturating_mul(sponsors.saturating_add(1)))
}

fn cancel(db: RuntimeDbWeight) -> Weight {
    // As closing, or as refunding what nothing was earned of.
    close(db).saturating_add(refund(db, SPONSORS))
}

fn settle(db: RuntimeDbWeight) -> Weight {
    // Each step with its model and branch, and three items for each that it names; what was not
    // earned; the tree, twice, and the agenda.
    let step = weight(db, ITEM, 1_000, 2, 0)
        .saturating_add(weight(db, ITEM, 300, 2, 3).saturating_mul(ENTITLED_BY_STEP));
    refund(db, SPONSORS)
        .saturating_add(step.saturating_mul(STEPS))
        .saturating_add(db.reads_writes(2 + AGENDA, 1))
}

fn remove(db: RuntimeDbWeight, items: u32) -> Weight {
    // Each item with its indices and blob, which may be removed; then the campaign's five, its
    // proposals, the escrow.
    weight(db, CALL, 20_000, 8, 10)
        .saturating_add(weight(db, ITEM, 4_000, 6, 9).saturating_mul(items.into()))
        .saturating_add(weight(db, ITEM, 10_000, 6, 6).saturating_mul(PROPOSALS))
}

fn decided(db: RuntimeDbWeight, payees: u32) -> Weight {
    // The first proposal is rejected: as any other, and its campaign, which has no sponsor but its
    // owner, refunds. To accept one takes less. The terms, the record; each payee's account.
    reject_proposal(db)
        .saturating_add(refund(db, 1))
        .saturating_add(weight(db, 0, 10_000, 2, 0))
        .saturating_add(weight(db, ITEM, 300, 1, 1).saturating_mul(payees.into()))
}

/// The same numbers for both implementations, which differ in the database alone.
macro_rules! weights {
    ($db:expr) => {
        fn create() -> Weight {
            create($db)
        }
        fn fund() -> Weight {
            fund($db)
        }
        fn admit() -> Weight {
            admit($db)
        }
        fn accept_proposal() -> Weight {
            accept_proposal($db)
        }
        fn reject_proposal() -> Weight {
            reject_proposal($db)
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
        fn decided(payees: u32) -> Weight {
            decided($db, payees)
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
