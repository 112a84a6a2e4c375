//! Storing what a campaign needs in the model repository.

use crate::{
    context::Context,
    output::{self, Working},
    preparation::Blob,
};
use anyhow::{bail, Context as _, Result};
use sonar_client::{keys::Signer, Client};
use sonar_primitives::Balance;

/// Which of the blobs the chain does not have yet, and what is held for them.
pub struct Missing<'a> {
    /// The blobs.
    pub blobs: Vec<&'a Blob>,
    /// What is held for all of them.
    pub deposit: Balance,
}

/// Looks which of the blobs must be stored; refuses those that are too large.
pub async fn missing<'a>(client: &Client, wanted: &[&'a Blob]) -> Result<Missing<'a>> {
    let most = client.constants().max_blob_size;
    let mut missing = Missing {
        blobs: Vec::new(),
        deposit: 0,
    };
    for blob in wanted {
        let size = blob.bytes.len() as u64;
        if size > most.into() {
            bail!(
                "the {} takes {size} bytes, and the chain stores at most {most}: use a smaller one",
                blob.name
            );
        }
        if client.blob(blob.hash).await?.is_none() {
            missing.blobs.push(blob);
            let deposit = client.constants().blob_deposit(size);
            missing.deposit = missing.deposit.saturating_add(deposit);
        }
    }
    Ok(missing)
}

/// Stores them, one after the other.
pub async fn store(
    context: &Context,
    client: &Client,
    signer: &Signer,
    missing: &Missing<'_>,
) -> Result<()> {
    for blob in &missing.blobs {
        let working = Working::on(format!(
            "storing the {} ({} bytes)",
            blob.name,
            blob.bytes.len()
        ));
        let stored = client
            .store_blob(signer, blob.bytes.clone())
            .await
            .with_context(|| {
                format!(
                    "the {} is not stored; run the command again, what is stored stays",
                    blob.name
                )
            })?;
        drop(working);
        if stored.hash != blob.hash {
            bail!(
                "the node names the {} differently: client and node do not fit",
                blob.name
            );
        }
        if let (output::Output::Text, Some(receipt)) = (context.output, stored.receipt) {
            output::note(&format!(
                "stored the {} in block {}",
                blob.name, receipt.block.number
            ));
        }
    }
    Ok(())
}
