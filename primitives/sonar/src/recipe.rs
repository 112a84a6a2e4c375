//! How a model is built from stored blobs.

use crate::BlobHash;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;

/// Models to build one after the other. Each is named by its place in the list.
pub type Recipe = Vec<RecipeStep>;

/// One model of a [`Recipe`].
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RecipeStep {
    /// Its parameters are stored.
    Stored {
        /// The blob.
        parameters: BlobHash,
    },
    /// The mean of points in parameter space.
    Merged {
        /// The gradients that it is made of, in the order of commitments.
        members: Vec<Point>,
        /// The place of the branch's former best model, if that is the last member of the mean.
        previous: Option<u32>,
        /// blake2b-256 of the result's parameters as canonical safetensors.
        parameters: H256,
    },
}

/// A point in parameter space: a model with a gradient added.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Point {
    /// The model's place in the [`Recipe`].
    pub base: u32,
    /// The gradient.
    pub gradient: BlobHash,
}

#[cfg(feature = "std")]
pub use build::{add, build, BuildError, Materials};

#[cfg(feature = "std")]
mod build;
