//! Names of contents.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

/// BLAKE2b-256 of `bytes`: the name under which contents are known.
pub fn content_hash(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_other_implementations() {
        // Python: hashlib.blake2b(b"syft", digest_size=32).digest()[:4]
        assert_eq!(super::content_hash(b"syft")[..4], [0x47, 0x70, 0xa, 0x57]);
    }
}
