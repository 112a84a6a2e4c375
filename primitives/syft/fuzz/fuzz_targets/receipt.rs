#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| syft_fuzz::read("receipt", bytes));
