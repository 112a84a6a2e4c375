//! `sonar data remove`.

use crate::context::{Context, SignerArgs};
use anyhow::{Context as _, Result};
use clap::Args;
use sonar_client::{cid, format::amount};
use sonar_primitives::BlobHash;
use std::str::FromStr;

/// What to remove.
#[derive(Args, Debug)]
pub struct Remove {
    /// The CID of what was stored, or its hash (0x and 64 digits).
    blob: BlobId,
    #[command(flatten)]
    signer: SignerArgs,
}

/// A blob's hash, from text that names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct BlobId(BlobHash);

impl FromStr for BlobId {
    type Err = cid::CidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = text.starts_with("0x").then(|| BlobHash::from_str(text));
        match hash {
            Some(hash) => hash.map_err(|_| cid::CidError::NotACid),
            None => cid::hash_of(text),
        }
        .map(Self)
    }
}

/// Removes a blob of the model repository.
pub async fn run(context: &Context, Remove { blob, signer }: Remove) -> Result<()> {
    let (hash, cid) = (blob.0, cid::cid_of(blob.0));
    let signer = context.signer(&signer)?;
    let client = context.connect().await?;
    let info = client.blob(hash).await?;
    let info = info.with_context(|| format!("the chain has no blob {cid} (any more)"))?;
    let receipt = context
        .send("removing", client.remove_blob(&signer, hash))
        .await?;
    context.sent(
        &receipt,
        format!(
            "{cid} is removed, its deposit of {} came back",
            amount(info.deposit)
        ),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_by_its_cid_or_its_hash() {
        let hash = BlobHash::repeat_byte(7);
        for text in [cid::cid_of(hash), format!("{hash:?}")] {
            assert_eq!(BlobId::from_str(&text).unwrap(), BlobId(hash), "{text}");
        }
        for text in ["", "0x", "0x07", "digits.data"] {
            assert!(BlobId::from_str(text).is_err(), "{text}");
        }
    }
}
