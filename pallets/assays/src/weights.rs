//! What the calls weigh.
//!
//! Counted by hand until the benchmarks have been run on reference hardware: reads and writes of
//! storage items from the code, 25 microseconds of computation for a call and 60 for a signature.
//! Calls that pass a decision on add what its receivers do, which those say themselves
//! ([`weight_of_decision`](sonar_primitives::traits::AssaySubjects::weight_of_decision)).

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// Computation of one call, in picoseconds.
const CALL: u64 = 25_000_000;
/// Computation of the check of one signature, in picoseconds.
const SIGNATURE: u64 = 60_000_000;
/// Size of what is read for a proof, in bytes.
const PROOF: u64 = 10_000;

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// Weight of `register`.
    fn register() -> Weight;
    /// Weight of `retire`.
    fn retire() -> Weight;
    /// Weight of `set_key`.
    fn set_key() -> Weight;
    /// Weight of `report`, without the decision.
    fn report() -> Weight;
    /// Weight of the check of a report before it is let in.
    fn authorize_report() -> Weight;
    /// Weight of `expire`, without what follows from it.
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

/// Tasks and their number, Assayers, Reports, a reputation.
fn report(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF).saturating_add(db.reads_writes(5, 4))
}

/// Tasks, Assayers, Reports, the genesis block's hash.
fn authorize_report(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(SIGNATURE, PROOF).saturating_add(db.reads(4))
}

/// Tasks and their number, Reports.
fn expire(db: RuntimeDbWeight) -> Weight {
    Weight::from_parts(CALL, PROOF).saturating_add(db.reads_writes(2, 3))
}
