//! Files made to do harm: whatever is read, nothing panics and no more memory is taken than declared.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod decoders;
mod memory;
mod mutations;
mod worst;

use decoders::{Decoder, DECODERS};
use syft::Random;

/// Changed files that each decoder reads: seconds in all, and many more with `scripts/fuzz`.
const FILES: u32 = 40_000;

/// Reads, with a look at the memory.
fn read(decoder: &Decoder, bytes: &[u8]) -> bool {
    let (peak, accepted) = memory::peak(|| (decoder.accepts)(bytes));
    let most = (decoder.memory)(bytes.len());
    let name = decoder.name;
    assert!(peak <= most, "{name}: {peak} bytes taken, {most} declared");
    (decoder.check)(bytes);
    accepted
}

#[test]
fn seeds_are_read() {
    for decoder in &DECODERS {
        let seed = &(decoder.seeds)()[0];
        assert!(read(decoder, seed), "{}", decoder.name);
        assert!(read(decoder, &(decoder.repair)(seed)), "{}", decoder.name);
    }
}

#[test]
fn changed_files_do_no_harm() {
    for decoder in &DECODERS {
        let seeds = (decoder.seeds)();
        let mut random = Random::new(1, 0);
        let mut accepted = 0;
        for _ in 0..FILES {
            let mut seed = || &seeds[random.below(seeds.len() as u32) as usize];
            let (file, other) = (seed(), seed());
            let changed = mutations::mutate(&mut random, file, other);
            accepted += u32::from(read(decoder, &changed));
            accepted += u32::from(read(decoder, &(decoder.repair)(&changed)));
        }
        // Otherwise the changes are too crude to get anywhere.
        assert!(accepted > FILES / 100, "{}: {accepted}", decoder.name);
    }
}
