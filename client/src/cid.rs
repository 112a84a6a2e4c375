//! IPFS content identifiers of blobs: CIDv1, raw, over blake2b-256.

use ::cid::{multihash::Multihash, CidGeneric, Version};
use sonar_primitives::BlobHash;

/// Multicodec of bytes that mean nothing to IPFS.
const RAW: u64 = 0x55;
/// Multicodec of blake2b with a digest of 256 bits.
const BLAKE2B_256: u64 = 0xb220;
/// The longest text that is looked at: a CID over blake2b-256 has 62 characters in base 32.
const MAX_TEXT: usize = 128;

/// A CID with room for a digest of 32 bytes.
type Cid = CidGeneric<32>;

/// Text that is not the CID of a blob.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CidError {
    /// Not a CID at all.
    #[error("not an IPFS CID")]
    NotACid,
    /// A CID that no blob of the model repository has.
    #[error("not the CID of a blob: expected a CIDv1, raw (0x55), over blake2b-256 (0xb220)")]
    NotABlob,
}

/// The blob's CID in base 32, by which IPFS clients and `bitswap_v1_get` know it.
pub fn cid_of(blob: BlobHash) -> String {
    match Multihash::<32>::wrap(BLAKE2B_256, blob.as_bytes()) {
        Ok(digest) => Cid::new_v1(RAW, digest).to_string(),
        // The digest's size is the type's: this cannot be reached.
        Err(_) => String::new(),
    }
}

/// The hash of the blob with this CID, in whatever base it is written.
pub fn hash_of(cid: &str) -> Result<BlobHash, CidError> {
    if cid.len() > MAX_TEXT {
        return Err(CidError::NotACid);
    }
    let cid = Cid::try_from(cid).map_err(|_| CidError::NotACid)?;
    let digest = cid.hash();
    if cid.version() != Version::V1 || cid.codec() != RAW || digest.code() != BLAKE2B_256 {
        return Err(CidError::NotABlob);
    }
    let digest: [u8; 32] = digest.digest().try_into().map_err(|_| CidError::NotABlob)?;
    Ok(digest.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use sp_crypto_hashing::blake2_256;

    /// Computed with Python's hashlib and base64: base32(0x01 55 a0e402 20 ++ blake2b-256).
    const VECTORS: [(&[u8], &str); 3] = [
        (
            b"",
            "bafk2bzaceahfouoae3suhmxivmxlayez3kq5dzo7i53y654h7kvultprf7r2q",
        ),
        (
            b"sonar",
            "bafk2bzaceaifrwfefkhxhp2zlloowru222fzms6awtaxbt6x3ndyeypaspkwc",
        ),
        (
            &[0, 1, 2, 3],
            "bafk2bzacedq6vznivwxgklwjv6lhondktvqoz3lb4oqkng72z5iy3my7q3rww",
        ),
    ];

    #[test]
    fn cids_are_those_of_others() {
        for (bytes, cid) in VECTORS {
            let hash = blake2_256(bytes).into();
            assert_eq!(cid_of(hash), cid);
            assert_eq!(hash_of(cid), Ok(hash));
        }
    }

    #[test]
    fn other_cids_are_refused() {
        // CIDv0, and a CIDv1 over sha2-256.
        assert_eq!(
            hash_of("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"),
            Err(CidError::NotABlob)
        );
        let sha2 = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
        assert_eq!(hash_of(sha2), Err(CidError::NotABlob));
        for wrong in ["", "bafk", "0x00", &"b".repeat(1_000)] {
            assert_eq!(hash_of(wrong), Err(CidError::NotACid), "{wrong:?}");
        }
    }
}
