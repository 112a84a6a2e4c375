//! Blobs, checked.

use crate::assayer::{BlobSource, LOG};
use sonar_primitives::BlobHash;
use syft::content_hash;

/// The blob with this hash, or that it is not here. Bytes with another hash are as good as none.
pub fn fetch(blobs: &impl BlobSource, hash: BlobHash) -> Result<Vec<u8>, BlobHash> {
    let bytes = blobs.blob(hash).ok_or(hash)?;
    if content_hash(&bytes) != hash.0 {
        log::error!(target: LOG, "blob {hash:?} has other contents in this node's database");
        return Err(hash);
    }
    Ok(bytes)
}
