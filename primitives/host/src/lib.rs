//! What the off-chain worker asks of its node: to measure roots and rounds natively.
//!
//! The runtime says *what* is to be measured ([`AssayRequest`]), the node finds the blobs and
//! computes. A node that can do so registers an [`AssayExt`] for its off-chain workers; nothing
//! else ever gets one.
//!
//! Only off-chain workers may call these functions. A call during the execution of a block finds
//! no extension, on any node, so even then every node would get the same answer (`None`) and agree
//! on the block: these functions cannot split the chain.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "std")]
mod extension;

#[cfg(feature = "std")]
pub use extension::{AssayExt, Assayer};

use alloc::vec::Vec;
use sonar_primitives::assay::{AssayOutcome, AssayRequest, Verdict};
use sp_runtime_interface::{
    pass_by::{AllocateAndReturnByCodec, PassFatPointerAndDecode},
    runtime_interface,
};

#[cfg(feature = "std")]
use sp_externalities::ExternalitiesExt;

/// The host functions; for off-chain workers only.
#[runtime_interface]
pub trait Assay {
    /// Makes assays, several at once if the node can: one outcome for each, in the same order.
    /// `None` if this node measures none: it registered no [`AssayExt`], or this is not an
    /// off-chain worker.
    fn evaluate_all(
        &mut self,
        requests: PassFatPointerAndDecode<Vec<AssayRequest>>,
    ) -> AllocateAndReturnByCodec<Option<Vec<AssayOutcome>>> {
        self.extension::<AssayExt>()
            .map(|assayer| assayer.evaluate_all(&requests))
    }

    /// Tells the node that a verdict was sent, for its metrics. Does nothing without an
    /// [`AssayExt`].
    fn note_verdict(&mut self, verdict: PassFatPointerAndDecode<Verdict>) {
        if let Some(assayer) = self.extension::<AssayExt>() {
            assayer.note_verdict(&verdict);
        }
    }

    /// Tells the node how many assays the chain waits for, for its metrics. Does nothing without an
    /// [`AssayExt`].
    fn note_pending(&mut self, count: u32) {
        if let Some(assayer) = self.extension::<AssayExt>() {
            assayer.note_pending(count);
        }
    }
}
