//! Prepared validation sets.

use super::{blobs::fetch, Failure, ENTRY_ROOM};
use crate::assayer::{shared::Shared, BlobSource, LOG};
use codec::Encode;
use sonar_primitives::assay::{AssayRequest, Malformed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use syft::{Dataset, Limits, ValidationSet};

/// Room for prepared validation sets, in bytes.
pub const SETS_ROOM: usize = 128 << 20;

/// Sets that take more bytes than this when prepared are used one after the other, and not kept: a
/// small blob can make a large set, as a category takes a value for each of its classes. None takes
/// more than 4 * [`syft::MAX_VALUES`] and its targets.
const LARGE_SET: usize = 32 << 20;

/// Validation sets as models read them.
pub struct ValidationSets {
    /// By their blob's hash.
    kept: Shared<Arc<ValidationSet>>,
    /// Held by whoever uses a large set.
    large: Mutex<()>,
}

impl ValidationSets {
    /// None.
    pub fn new() -> Self {
        Self {
            kept: Shared::new(SETS_ROOM),
            large: Mutex::new(()),
        }
    }

    /// The prepared validation set of a request. If it is large, `turn` is to be held for as long as
    /// it is used.
    pub fn prepared<'a>(
        &'a self,
        blobs: &impl BlobSource,
        request: &AssayRequest,
        turn: &mut Option<MutexGuard<'a, ()>>,
    ) -> Result<Arc<ValidationSet>, Failure> {
        let set = self.kept.get_or_make(request.validation, || {
            let bytes = fetch(blobs, request.validation).map_err(Failure::Unavailable)?;
            let limits = Limits {
                rows: request.rows.into(),
                ..Limits::default()
            };
            let set = Dataset::decode(&bytes, limits).map_err(|error| {
                log::debug!(target: LOG, "validation set {:?}: {error}", request.validation);
                Malformed::ValidationSet
            })?;
            let mut size = size_prepared(&set);
            if size > LARGE_SET {
                *turn = Some(self.large.lock().unwrap_or_else(PoisonError::into_inner));
                // No cache has room for it.
                size = usize::MAX;
            }
            Ok::<_, Failure>((Arc::new(ValidationSet::new(&set)), size))
        })?;
        // The price of the assay was calculated for this many rows.
        if set.rows() as u64 != u64::from(request.rows) {
            return Err(Malformed::ValidationSet.into());
        }
        Ok(set)
    }

    /// The bytes that the kept ones take.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.kept.used()
    }
}

/// The bytes that a set will take when it is prepared.
fn size_prepared(set: &Dataset) -> usize {
    // The schema was checked, or there would be no set.
    let values = set.schema().check().map_or(usize::MAX, |plan| {
        let row = (plan.inputs as usize).saturating_add(plan.outputs as usize);
        row.saturating_mul(set.rows())
    });
    // Names take a few times what they take in the encoding.
    let names = set.schema().encoded_size().saturating_mul(4);
    values
        .saturating_mul(4)
        .saturating_add(names)
        .saturating_add(ENTRY_ROOM)
}
