//! Assayers on different processors: processes that multiply in different ways give the same verdicts.

use crate::world::World;
use std::env;
use std::process::Command;
use syft::{content_hash, kernel};

/// How many rounds a second process measures.
const ROUNDS: &str = "SYFT_TEST_ROUNDS";

/// A hash of everything that a round of this seed gives.
fn verdict(seed: u64) -> String {
    let verdict = format!("{:?}", World::random(seed).measure());
    let hash = content_hash(verdict.as_bytes());
    let shown: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("round {seed} {shown}")
}

/// What a second process says that multiplies in this way, on one thread: first which way that is.
fn verdicts(instructions: &str, rounds: u64) -> (String, Vec<String>) {
    let this = "processes::measures_for_another_process";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", this, "--ignored", "--nocapture"])
        .env("SYFT_KERNEL", instructions)
        .env("RAYON_NUM_THREADS", "1")
        .env(ROUNDS, rounds.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    // A test's own lines may follow what the harness has begun.
    let said = |word: &str| {
        let lines = text
            .lines()
            .filter_map(|line| Some(&line[line.find(word)?..]));
        lines.map(String::from).collect::<Vec<_>>()
    };
    (said("kernel ").concat(), said("round "))
}

#[test]
#[ignore = "run in other processes by the tests below"]
fn measures_for_another_process() {
    println!("\nkernel {}", kernel::name());
    let rounds = env::var(ROUNDS).map_or(1, |rounds| rounds.parse().unwrap());
    for seed in 0..rounds {
        println!("{}", verdict(seed));
    }
}

#[test]
fn agree_on_a_thousand_rounds() {
    let ours: Vec<String> = (0..1_000).map(verdict).collect();
    for (instructions, rounds) in [("avx2", 1_000), ("portable", 300)] {
        let (kernel, theirs) = verdicts(instructions, rounds);
        assert_eq!(
            theirs,
            ours[..rounds as usize],
            "{kernel} and {}",
            kernel::name()
        );
    }
}

#[test]
fn instructions_are_chosen_if_they_are_there() {
    let (fastest, _) = verdicts("", 0);
    assert_eq!(verdicts("portable", 0).0, "kernel portable");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        assert_eq!(verdicts("avx2", 0).0, "kernel avx2");
    }
    // No processor has both.
    for instructions in ["neon", "avx512", "best"] {
        let (kernel, _) = verdicts(instructions, 0);
        let there = kernel == format!("kernel {instructions}");
        assert!(there || kernel == fastest, "{instructions}: {kernel}");
    }
}
