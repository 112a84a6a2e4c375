//! Typed client of a Sonar node.
//!
//! [`Client`] reads campaigns, model trees, rounds, submissions and balances at the best block, sends transactions and
//! waits until they are in a block, stores and fetches blobs, rebuilds models, and follows a campaign's events. It
//! speaks the types of `sonar_primitives` and `syft` themselves. [`keys`] keeps accounts in encrypted files,
//! [`mod@format`] writes amounts, errors and times for people.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use futures::StreamExt;
//! use sonar_client::{format, Client};
//!
//! let client = Client::connect("ws://127.0.0.1:9944").await?;
//! for campaign in client.all_campaigns().await? {
//!     println!("{}: {} ({})", campaign.id, campaign.title, format::amount(campaign.bounty));
//! }
//! let mut events = client.watch(0).await?;
//! while let Some(event) = events.next().await {
//!     println!("{:?}", event?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Compatibility
//!
//! The client is generated from `metadata.scale`, the metadata of the runtime of the same version. A node whose
//! runtime differs is refused by [`Client::connect`]. `./scripts/metadata` refreshes the file.

mod api;
mod blobs;
mod call;
pub mod cid;
mod connection;
mod constants;
mod error;
pub mod format;
pub mod keys;
mod models;
mod reads;
mod submit;
mod transactions;
mod watch;

pub use blobs::{blob_hash, BlobError, Stored};
pub use call::Call;
pub use connection::{BlockRef, Client, Inclusion};
pub use constants::Constants;
pub use error::{ChainError, ConnectError, ReadError, SubmitError};
pub use keys::Signer;
pub use models::{FetchedModel, ModelError};
pub use reads::AccountBalance;
pub use sonar_primitives::events::CampaignEvent;
pub use submit::{Included, Receipt};
pub use transactions::{Committed, CommittedProposal, Created};
pub use watch::ChainEvent;
