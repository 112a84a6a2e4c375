//! What the calls weigh.
//!
//! Counted by hand until the benchmarks have been run on reference hardware: reads and writes of
//! storage items from the code, and 25 microseconds of computation for a call.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, Weight},
};

/// Computation of one call, in picoseconds.
const CALL: u64 = 25_000_000;

/// Weights of the pallet's calls.
pub trait WeightInfo {
    /// Weight of `claim`.
    fn claim() -> Weight;
    /// Weight of `claim_for`.
    fn claim_for() -> Weight;
}

/// Weights by the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn claim() -> Weight {
        // Settled, Entitlements, Claimable, two accounts.
        Weight::from_parts(CALL, 10_000).saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }

    fn claim_for() -> Weight {
        Self::claim()
    }
}

impl WeightInfo for () {
    fn claim() -> Weight {
        Weight::from_parts(CALL, 10_000).saturating_add(RocksDbWeight::get().reads_writes(5, 5))
    }

    fn claim_for() -> Weight {
        Self::claim()
    }
}
