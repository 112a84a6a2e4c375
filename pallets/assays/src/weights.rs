//! What the calls weigh.
//!
//! Counted by hand until the benchmarks have been run on reference hardware: reads and writes of
//! storage items from the code, 25 microseconds of computation for a call and 60 for a signature.
//! Calls that pass a decision on include what its receivers do, as the constants below say.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};
use sonar_primitives::round::MAX_COMMITMENTS;

/// Computation of one call, in picoseconds.
const CALL: u64 = 25_000_000;
/// Computation of the check of one signature, in picoseconds.
const SIGNATURE: u64 = 60_000_000;
/// Size of what is read for a proof, in bytes.
const PROOF: u64 = 10_000;
/// Computation of the receiver of a decision, in picoseconds, apart from that for each submission.
const SUBJECT: u64 = 1_000_000_000;
/// What the receiver of a decision on a round reads besides its submissions: round, root, best
/// model, campaign, tree, payee, the next round, 16 lists to find room on the campaign's agenda, and
/// some to spare. A proposal's takes fewer.
const SUBJECT_READS: u64 = 32;
/// What the receiver of a decision on a round writes besides its submissions: the above but for those
/// that it only looks at, the new model, and some to spare. A proposal's takes fewer.
const SUBJECT_WRITES: u64 = 24;
/// What is read of each submission of a round: itself, its place, its account, holds and
/// reputation, its blob.
const SUBMISSION_READS: u64 = 6;
/// What is written of each submission of a round: the same, and what a removed blob leaves.
const SUBMISSION_WRITES: u64 = 8;
/// Proposals that are withdrawn when a round reaches the target: as many as a campaign can have.
const PROPOSALS: u64 = 8;
/// Computation for each of them, in picoseconds.
const PROPOSAL: u64 = 40_000_000;
/// What is read for each: proposal, task, holds, account, blob.
const PROPOSAL_READS: u64 = 5;
/// What is written for each: the same, and the reports.
const PROPOSAL_WRITES: u64 = 6;

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// Weight of `register`.
    fn register() -> Weight;
    /// Weight of `retire`.
    fn retire() -> Weight;
    /// Weight of `set_key`.
    fn set_key() -> Weight;
    /// Weight of `report`, decision included.
    fn report() -> Weight;
    /// Weight of the check of a report before it is let in.
    fn authorize_report() -> Weight;
    /// Weight of `expire`.
    fn expire() -> Weight;
}

/// Weights by the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        register(T::DbWeight::get())
    }

    fn retire() -> Weight {
        retire(T::DbWeight::get())
    }

    fn set_key() -> Weight {
        set_key(T::DbWeight::get())
    }

    fn report() -> Weight {
        report(T::DbWeight::get())
    }

    fn authorize_report() -> Weight {
        authorize_report(T::DbWeight::get())
    }

    fn expire() -> Weight {
        expire(T::DbWeight::get())
    }
}

impl WeightInfo for () {
    fn register() -> Weight {
        register(RocksDbWeight::get())
    }

    fn retire() -> Weight {
        retire(RocksDbWeight::get())
    }

    fn set_key() -> Weight {
        set_key(RocksDbWeight::get())
    }

    fn report() -> Weight {
        report(RocksDbWeight::get())
    }

    fn authorize_report() -> Weight {
        authorize_report(RocksDbWeight::get())
    }

    fn expire() -> Weight {
        expire(RocksDbWeight::get())
    }
}

/// Assayers, Holds, the account.
fn register(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF).saturating_add(db.reads_writes(3, 3))
}

/// The same, and the number of tasks.
fn retire(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF).saturating_add(db.reads_writes(4, 3))
}

/// Assayers.
fn set_key(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF).saturating_add(db.reads_writes(1, 1))
}

/// What the receiver of a decision does to conclude the largest round.
fn subject(db: RuntimeDbWeight) -> Weight {
    let submissions = db
        .reads_writes(SUBMISSION_READS, SUBMISSION_WRITES)
        .saturating_mul(MAX_COMMITMENTS.into());
    Weight::from_parts(SUBJECT, PROOF)
        .saturating_add(db.reads_writes(SUBJECT_READS, SUBJECT_WRITES))
        .saturating_add(submissions)
}

/// Tasks and their number, Assayers, Reports, a reputation; the receiver, and the proposals of a
/// campaign that closes.
fn report(db: RuntimeDbWeight) -> Weight {
    let proposals = Weight::from_parts(PROPOSAL, PROOF)
        .saturating_add(db.reads_writes(PROPOSAL_READS, PROPOSAL_WRITES))
        .saturating_mul(PROPOSALS);
    Weight::from_parts(CALL, PROOF)
        .saturating_add(db.reads_writes(5, 4))
        .saturating_add(subject(db))
        .saturating_add(proposals)
}

/// Tasks, Assayers, Reports, the genesis block's hash.
fn authorize_report(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(SIGNATURE, PROOF).saturating_add(db.reads(4))
}

/// Tasks and their number, Reports; the receiver.
fn expire(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF)
        .saturating_add(db.reads_writes(2, 3))
        .saturating_add(subject(db))
}
