//! Types and traits that Sonar's pallets, node and clients share.
//!
//! A pallet of this project never depends on another: what one needs of another is a trait in
//! [`traits`], and the runtime is the only place where they meet. The rules for money are pure
//! functions in [`payout`], [`round`] and [`assay`]; runtime APIs for clients are in [`api`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod amount;
pub mod api;
pub mod assay;
pub mod campaign;
pub mod events;
pub mod payout;
pub mod recipe;
pub mod reputation;
pub mod round;
pub mod submission;
pub mod traits;
pub mod tree;

use sp_core::H256;
use sp_runtime::{
    traits::{IdentifyAccount, Verify},
    MultiSignature,
};

/// A signature on a transaction.
pub type Signature = MultiSignature;
/// The account that a signature belongs to.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount in the smallest unit of SNR.
pub type Balance = u128;
/// A block's height.
pub type BlockNumber = u32;
/// A block's or extrinsic's hash.
pub type Hash = H256;
/// How many transactions an account has made.
pub type Nonce = u32;
/// A campaign's number; never used twice.
pub type CampaignId = u32;
/// The number of a root, or of a round and of the model that comes out of it. One sequence for all
/// campaigns, in the order of proposals' reveals and rounds' openings; never used twice.
pub type ModelId = u64;
/// The number of a round, and of its model if it is accepted.
pub type RoundId = ModelId;
/// The number of a commitment, to a gradient or to a proposal. One sequence for all campaigns;
/// never used twice.
pub type SubmissionId = u64;
/// blake2b-256 of a blob's bytes; its IPFS CID is a CIDv1 (raw) over the same hash.
pub type BlobHash = H256;
/// A measured error, lower is better; the unit is the metric's (see [`syft::Metric`]).
pub type MeasuredError = u64;

/// Digits after the point of one SNR.
pub const TOKEN_DECIMALS: u8 = 12;
/// The token's symbol.
pub const TOKEN_SYMBOL: &str = "SNR";
/// One SNR in its smallest unit.
pub const SNR: Balance = 1_000_000_000_000;
/// Address prefix (SS58) of the network: the generic Substrate one.
pub const SS58_PREFIX: u16 = 42;
