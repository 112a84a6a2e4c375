//! Runs every benchmark once with the least and once with the largest components, in this runtime and not in a pallet's
//! mock: a benchmark, or what the runtime gives it, that does not work any more is found here.
#![cfg(feature = "runtime-benchmarks")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use frame_benchmarking::{runtime_decl_for_benchmark::BenchmarkV2, BenchmarkConfig};
use sc_client_db::bench::BenchmarkingState;
use sonar_runtime::{Block, Runtime, RuntimeGenesisConfig};
use sp_externalities::{set_and_run_with_externalities, Extensions};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{traits::BlakeTwo256, BuildStorage};
use sp_state_machine::{Ext, OverlayedChanges};

type State = BenchmarkingState<BlakeTwo256>;

/// Calls the runtime on a node with a keystore.
fn call<R>(state: &State, function: impl FnOnce() -> R) -> R {
    let mut changes = OverlayedChanges::default();
    let mut extensions = Extensions::new();
    extensions.register(KeystoreExt::new(MemoryKeystore::new()));
    let mut ext = Ext::new(&mut changes, state, Some(&mut extensions));
    set_and_run_with_externalities(&mut ext, function)
}

#[test]
fn every_benchmark_runs() {
    let genesis = RuntimeGenesisConfig::default().build_storage().unwrap();
    let state = State::new(genesis, None, false, true).unwrap();
    let (pallets, _) = call(&state, || {
        <Runtime as BenchmarkV2<Block>>::benchmark_metadata(false)
    });
    assert_eq!(pallets.len(), 5);
    let mut failures = Vec::new();
    for pallet in pallets {
        for benchmark in pallet.benchmarks {
            let name = [&pallet.pallet[..], b"::", &benchmark.name].concat();
            let name = String::from_utf8(name).unwrap();
            for largest in [false, true] {
                let components = benchmark.components.iter();
                let config = BenchmarkConfig {
                    pallet: pallet.pallet.clone(),
                    instance: pallet.instance.clone(),
                    benchmark: benchmark.name.clone(),
                    selected_components: components
                        .map(|(of, least, most)| (*of, if largest { *most } else { *least }))
                        .collect(),
                    verify: true,
                    internal_repeats: 1,
                };
                let outcome = call(&state, || {
                    <Runtime as BenchmarkV2<Block>>::dispatch_benchmark(config)
                });
                match outcome {
                    Ok(batches) => assert_eq!(batches.len(), 1, "{name}"),
                    Err(error) => failures.push(format!("{name}, largest: {largest}: {error}")),
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
