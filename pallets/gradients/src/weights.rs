//! Weights of calls, hooks and of the transaction extension.
//!
//! Reads and writes are counted by hand, those of other pallets included, and times are estimates on
//! the safe side; both are to be replaced by the numbers of this crate's benchmarks when they have
//! been run on the network's reference machine.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};
use sonar_primitives::round::MAX_ROUNDS_ABOVE_STORED;
use syft::round::MAX_SEATS;

/// Picoseconds of a call, besides its reads and writes.
const PER_CALL: u64 = 60_000_000;
/// Picoseconds to look at a submission and to conclude it, besides its reads and writes.
const PER_SUBMISSION: u64 = 30_000_000;
/// Picoseconds to look at an item of the agenda, besides its reads and writes.
const PER_DUE: u64 = 10_000_000;
/// Picoseconds of the hooks in a block in which nothing is due.
const PER_BLOCK: u64 = 5_000_000;
/// Picoseconds to read, compare and hash one byte of a blob.
const PER_BYTE: u64 = 5_000;
/// Bytes of proof for one item of the state.
const PROOF_PER_ITEM: u64 = 4_000;
/// Lists that are read to find room on an agenda: full ones are passed over.
const AGENDA: u64 = 16;
/// Models that are read to see that one can be built: of each that must be rebuilt itself, what its
/// members were trained on, and its branch's best model before.
const RECIPE: u64 = MAX_ROUNDS_ABOVE_STORED as u64 * (MAX_SEATS as u64 + 2);
/// Buckets that are read or written for a reveal window.
const BUCKETS: u64 = 15;
/// Submission, account and its holds, entry of the account in the round, tries and place of the
/// reveal, the place's bucket, the gradient's blob with pins and deposit (2), the reputation.
const ITEMS_OF_A_SUBMISSION: u64 = 10;

/// The weights that this pallet needs.
pub trait WeightInfo {
    /// Committing to a gradient; the first of a round.
    fn commit() -> Weight;
    /// Revealing a gradient of `bytes` bytes; the last of a round with `commitments`, or 0.
    fn reveal(bytes: u32, commitments: u32) -> Weight;
    /// Committing to a proposal.
    fn commit_proposal() -> Weight;
    /// Revealing a proposal with parameters of `bytes` bytes.
    fn reveal_proposal(bytes: u32) -> Weight;
    /// Doing what is due for a round, which looks at so many `submissions`, of that round and of the
    /// next one.
    fn advance(submissions: u32) -> Weight;
    /// Ending one proposal that was not revealed.
    fn expire() -> Weight;
    /// Storing a model of `bytes` bytes.
    fn store_model(bytes: u32) -> Weight;
    /// A verdict on a round, or its lack, if the round had `commitments` and so has the next one,
    /// whose assay is asked for. Without what the campaign does at its target.
    fn decided(commitments: u32, payees: u32) -> Weight;
    /// Looking at `due` items of the agenda and in all at so many of their `submissions`, and what is
    /// done in every block.
    fn due(due: u32, submissions: u32) -> Weight;
    /// Checking a transaction that reveals a gradient of `bytes` bytes.
    fn check_reveal(bytes: u32) -> Weight;
}

/// Weight of this many reads and writes and of one call.
fn call(db: RuntimeDbWeight, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(PER_CALL, PROOF_PER_ITEM.saturating_mul(reads))
        .saturating_add(db.reads_writes(reads, writes))
}

/// Weight of handling this many bytes of a blob.
fn bytes(count: u32) -> Weight {
    Weight::from_parts(PER_BYTE, 0).saturating_mul(count.into())
}

/// Weight of looking at this many submissions, and concluding them.
fn submissions(db: RuntimeDbWeight, count: u32) -> Weight {
    let items = u64::from(count).saturating_mul(ITEMS_OF_A_SUBMISSION);
    Weight::from_parts(PER_SUBMISSION, 0)
        .saturating_mul(count.into())
        .saturating_add(Weight::from_parts(0, PROOF_PER_ITEM.saturating_mul(items)))
        .saturating_add(db.reads_writes(items, items))
}

/// Twice a recipe, for the base and for the branch's best model. Reads (9) branch, base, campaign,
/// its terms, proposal and member, reputation, open round, and the round. Reads and writes (12) the
/// numbers, the tree, what the round must rebuild, the blobs' places, the account and its holds, the
/// agenda, the round's commitments, bookings and buckets, and the list of members. Writes (9) round,
/// submission and their entries in lists.
fn commit(db: RuntimeDbWeight) -> Weight {
    call(db, 2 * RECIPE + 21 + AGENDA + BUCKETS, 21 + BUCKETS)
}

/// Reads and writes the submission, the round, its bookings, the place, tries and the blob with its
/// deposit (10); reads campaign, terms and proposal, and what is pending (6). The last of a round
/// gives up the bookings, reads every submission with its base, and asks for the assay.
fn reveal(db: RuntimeDbWeight, size: u32, commitments: u32) -> Weight {
    call(db, 16, 10)
        .saturating_add(bytes(size))
        .saturating_add(last_reveal(db, commitments))
}

fn last_reveal(db: RuntimeDbWeight, commitments: u32) -> Weight {
    let reads = u64::from(commitments).saturating_mul(2);
    Weight::from_parts(PER_SUBMISSION, PROOF_PER_ITEM)
        .saturating_mul(commitments.into())
        .saturating_add(db.reads_writes(reads.saturating_add(BUCKETS + 8), BUCKETS + 6))
}

/// Reads the campaign, its terms and the reputation; reads and writes the number, the account and its
/// holds, the places, and the agenda; writes the submission and its entries in lists.
fn commit_proposal(db: RuntimeDbWeight) -> Weight {
    call(db, 10 + AGENDA, 11)
}

/// Reads and writes the submission, account and holds, the blob, its place, the campaign's proposals,
/// and the pending assays with their agenda; reads the campaign, its terms, and its proposals.
fn reveal_proposal(db: RuntimeDbWeight, size: u32) -> Weight {
    call(db, 28 + AGENDA, 16).saturating_add(bytes(size))
}

/// What is done for every submission, and for the round (12), its bookings, the campaign with its
/// agenda, and the next round with its assay.
fn advance(db: RuntimeDbWeight, looked_at: u32) -> Weight {
    call(db, 26 + BUCKETS + 3 * AGENDA, 20 + BUCKETS).saturating_add(submissions(db, looked_at))
}

/// Reads and writes the submission, its place and tries, two accounts, holds and the reputation; reads
/// the campaign.
fn expire(db: RuntimeDbWeight) -> Weight {
    call(db, 10, 9)
}

/// Reads and writes the model, the blob, its place, the account and its holds.
fn store_model(db: RuntimeDbWeight, size: u32) -> Weight {
    call(db, 8, 8).saturating_add(bytes(size))
}

/// What is done for every submission, whose base is read too, and for every payee; for the round (12),
/// the tree with its branch, record and lists (8) and the campaign (4) with its agenda; and the next
/// round's assay.
fn decided(db: RuntimeDbWeight, commitments: u32, payees: u32) -> Weight {
    let bases = u64::from(commitments);
    call(db, 28 + 2 * AGENDA, 24)
        .saturating_add(submissions(db, commitments))
        .saturating_add(db.reads(bases))
        .saturating_add(db.reads_writes(payees.into(), payees.into()))
        .saturating_add(last_reveal(db, commitments))
}

/// Takes the list of a block, does with each of its items what `advance` does, or puts it off.
fn due(db: RuntimeDbWeight, due: u32, looked_at: u32) -> Weight {
    let due = u64::from(due);
    let each = advance(db, 0).saturating_add(Weight::from_parts(PER_DUE, 0));
    Weight::from_parts(PER_BLOCK, PROOF_PER_ITEM)
        .saturating_add(each.saturating_mul(due))
        .saturating_add(submissions(db, looked_at))
        .saturating_add(db.reads_writes(1, 1))
}

/// Reads the submission, its tries, the round and its bookings, and the campaign; writes the tries.
fn check_reveal(db: RuntimeDbWeight, size: u32) -> Weight {
    Weight::from_parts(PER_DUE, PROOF_PER_ITEM.saturating_mul(5))
        .saturating_add(db.reads_writes(5, 1))
        .saturating_add(bytes(size))
}

/// Weights with the runtime's costs of reads and writes.
pub type SubstrateWeight<T> = WeightsWith<<T as frame_system::Config>::DbWeight>;

/// Weights with these costs of reads and writes.
pub struct WeightsWith<Db>(PhantomData<Db>);

impl<Db: Get<RuntimeDbWeight>> WeightInfo for WeightsWith<Db> {
    fn commit() -> Weight {
        commit(Db::get())
    }

    fn reveal(bytes: u32, commitments: u32) -> Weight {
        reveal(Db::get(), bytes, commitments)
    }

    fn commit_proposal() -> Weight {
        commit_proposal(Db::get())
    }

    fn reveal_proposal(bytes: u32) -> Weight {
        reveal_proposal(Db::get(), bytes)
    }

    fn advance(submissions: u32) -> Weight {
        advance(Db::get(), submissions)
    }

    fn expire() -> Weight {
        expire(Db::get())
    }

    fn store_model(bytes: u32) -> Weight {
        store_model(Db::get(), bytes)
    }

    fn decided(commitments: u32, payees: u32) -> Weight {
        decided(Db::get(), commitments, payees)
    }

    fn due(items: u32, submissions: u32) -> Weight {
        due(Db::get(), items, submissions)
    }

    fn check_reveal(bytes: u32) -> Weight {
        check_reveal(Db::get(), bytes)
    }
}
