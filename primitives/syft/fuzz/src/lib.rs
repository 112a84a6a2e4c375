//! What all fuzz targets share.

#[path = "../../tests/hostile/decoders.rs"]
pub mod decoders;

use decoders::DECODERS;

/// Has the decoder of this name read the bytes, as they are and made less wrong. Panics if something does not hold.
pub fn read(name: &str, bytes: &[u8]) {
    for decoder in DECODERS.iter().filter(|decoder| decoder.name == name) {
        (decoder.check)(bytes);
        (decoder.check)(&(decoder.repair)(bytes));
    }
}
