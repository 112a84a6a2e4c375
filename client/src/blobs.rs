//! Blobs of the model repository.

use crate::{
    call::Call,
    cid,
    connection::Client,
    error::{ReadError, SubmitError},
    keys::Signer,
    submit::Receipt,
};
use serde::Serialize;
use sonar_primitives::BlobHash;
use sp_crypto_hashing::blake2_256;
use subxt::rpcs::{client::rpc_params, Error as RpcError};

/// The node has no such blob.
const NOT_FOUND: i32 = -32810;
/// The node is not ready to say.
const STILL_SYNCING: i32 = -32812;

/// Why a blob was not stored or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// There is nothing to store.
    #[error("the blob is empty")]
    Empty,
    /// The chain would not take it.
    #[error("the blob has {size} bytes: at most {limit} can be stored")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The most that can be stored.
        limit: u32,
    },
    /// Nobody has stored it, or it was removed.
    #[error("the node has no blob {cid}: it was not stored there, or was removed")]
    NotFound {
        /// The blob's CID.
        cid: String,
    },
    /// The node is still fetching blocks.
    #[error("the node is still fetching blocks: try again when it has caught up")]
    StillSyncing,
    /// The node sent something else.
    #[error("what the node sent as blob {cid} is something else: use another node")]
    WrongBytes {
        /// The blob's CID.
        cid: String,
    },
    /// The node did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The transaction that stores it failed.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl BlobError {
    /// Whether a new connection is needed.
    pub fn is_disconnected(&self) -> bool {
        match self {
            Self::Read(error) => error.is_disconnected(),
            Self::Submit(error) => error.is_disconnected(),
            _ => false,
        }
    }
}

/// A blob that the chain has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stored {
    /// Its hash.
    pub hash: BlobHash,
    /// The transaction that stored it; `None` if it was there already.
    pub receipt: Option<Receipt>,
}

/// The hash by which the chain knows a blob: blake2b-256.
pub fn blob_hash(bytes: &[u8]) -> BlobHash {
    blake2_256(bytes).into()
}

impl Client {
    /// Stores a blob unless it is stored already. The signer's deposit is held for it while it is stored.
    pub async fn store_blob(&self, signer: &Signer, data: Vec<u8>) -> Result<Stored, BlobError> {
        let limit = self.constants().max_blob_size;
        if data.is_empty() {
            return Err(BlobError::Empty);
        }
        if data.len() > limit as usize {
            return Err(BlobError::TooLarge {
                size: data.len(),
                limit,
            });
        }
        let hash = blob_hash(&data);
        if self.blob(hash).await?.is_some() {
            return Ok(Stored {
                hash,
                receipt: None,
            });
        }
        match self.submit(signer, &Call::Store { data }).await {
            Ok(done) => Ok(Stored {
                hash,
                receipt: Some(done.receipt),
            }),
            // Somebody else stored it meanwhile.
            Err(error) if error.is("ModelRepository", "AlreadyStored") => Ok(Stored {
                hash,
                receipt: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches a blob and verifies that it is the right one.
    pub async fn fetch_blob(&self, blob: BlobHash) -> Result<Vec<u8>, BlobError> {
        let cid = cid::cid_of(blob);
        // The connection refuses answers above 10 MiB, more than twice the largest blob in hexadecimal.
        let hex: String = match self
            .rpc()
            .request("bitswap_v1_get", rpc_params![&cid])
            .await
        {
            Ok(hex) => hex,
            Err(RpcError::User(error)) if error.code == NOT_FOUND => {
                return Err(BlobError::NotFound { cid })
            }
            Err(RpcError::User(error)) if error.code == STILL_SYNCING => {
                return Err(BlobError::StillSyncing)
            }
            Err(error) => return Err(self.failed(error.into()).await.into()),
        };
        match hex::decode(hex.strip_prefix("0x").unwrap_or(&hex)) {
            Ok(bytes) if blob_hash(&bytes) == blob => Ok(bytes),
            _ => Err(BlobError::WrongBytes { cid }),
        }
    }
}
