//! Builds the runtime for Wasm, with the hash of its metadata.

fn main() {
    #[cfg(feature = "std")]
    substrate_wasm_builder::WasmBuilder::init_with_defaults()
        .enable_metadata_hash("SNR", 12)
        .build();
}
