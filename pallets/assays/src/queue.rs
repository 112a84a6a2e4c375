//! The assays that the chain waits for.

use crate::{Assayers, Config, Due, Error, Event, Pallet, Reports, TaskOf, Tasks, WeightInfo};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::Get,
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    agenda,
    assay::{AssayKind, AssayTask},
    traits::{AssayQueue, AssaySubjects},
    CampaignId, ModelId,
};
use sp_core::H256;
use sp_runtime::traits::{One, Saturating};

/// The hook uses at most about one part in this many of a block; what is left over is done later.
const BLOCK_PARTS: u64 = 4;

impl<T: Config> AssayQueue<T::AccountId> for Pallet<T> {
    fn request(
        id: ModelId,
        campaign: CampaignId,
        kind: AssayKind,
        subject: H256,
    ) -> DispatchResult {
        ensure!(
            Tasks::<T>::count() < T::MaxPending::get(),
            Error::<T>::QueueFull
        );
        let deadline =
            frame_system::Pallet::<T>::block_number().saturating_add(T::AssayWindow::get());
        let due = deadline.saturating_add(One::one());
        if !agenda::schedule::<Due<T>, _, _, _>(due, id) {
            log::debug!(target: crate::LOG, "no room to expire assay {id} by itself");
        }
        Tasks::<T>::insert(
            id,
            AssayTask {
                id,
                campaign,
                kind,
                subject,
                deadline,
            },
        );
        Self::deposit_event(Event::Requested { id, campaign, kind });
        Ok(())
    }

    fn withdraw(id: ModelId) -> Vec<T::AccountId> {
        let Some(task) = Self::take(id) else {
            return Vec::new();
        };
        Self::deposit_event(Event::Withdrawn { id });
        let now = frame_system::Pallet::<T>::block_number();
        let requested_at = task.deadline.saturating_sub(T::AssayWindow::get());
        if requested_at < now && now <= task.deadline {
            let assayers = Assayers::<T>::get().into_iter();
            assayers.map(|assayer| assayer.account).collect()
        } else {
            Vec::new()
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Ends the waiting for an assay.
    pub(crate) fn take(id: ModelId) -> Option<TaskOf<T>> {
        Reports::<T>::remove(id);
        Tasks::<T>::take(id)
    }

    /// The most that giving up on an assay of this kind weighs. Nobody is paid.
    pub(crate) fn weight_of_expire(kind: AssayKind) -> Weight {
        T::WeightInfo::expire().saturating_add(T::Subjects::weight_of_decision(kind, 0))
    }

    /// Gives up on an assay whose window is over. Returns what it was for.
    pub(crate) fn give_up(id: ModelId) -> Result<AssayKind, DispatchError> {
        let task = Tasks::<T>::get(id).ok_or(Error::<T>::NothingToMeasure)?;
        ensure!(
            task.deadline < frame_system::Pallet::<T>::block_number(),
            Error::<T>::WindowOpen
        );
        // Before anybody else gets to act on it.
        Self::take(id);
        T::Subjects::undecided(&task);
        Self::deposit_event(Event::Expired {
            id,
            campaign: task.campaign,
            kind: task.kind,
        });
        Ok(task.kind)
    }

    /// Gives up on those whose window was over with the last block. Returns the weight of it.
    pub(crate) fn give_up_due(now: BlockNumberFor<T>) -> Weight {
        let db = T::DbWeight::get();
        let budget = T::BlockWeights::get().max_block / BLOCK_PARTS;
        let mut used = db.reads_writes(1, 1);
        for id in Due::<T>::take(now) {
            if used.any_gt(budget) {
                used.saturating_accrue(Self::put_off(id, now));
                continue;
            }
            used.saturating_accrue(match Self::give_up(id) {
                Ok(kind) => Self::weight_of_expire(kind),
                // It was decided, or withdrawn, in time: the usual case, which takes one look.
                Err(error) if error == DispatchError::from(Error::<T>::NothingToMeasure) => {
                    db.reads(1)
                }
                Err(error) => {
                    log::warn!(target: crate::LOG, "cannot expire assay {id}: {error:?}");
                    db.reads(1)
                }
            });
        }
        used
    }

    /// Leaves an assay whose window is over to the next blocks. Returns the weight of it.
    fn put_off(id: ModelId, now: BlockNumberFor<T>) -> Weight {
        if !agenda::schedule::<Due<T>, _, _, _>(now.saturating_add(One::one()), id) {
            log::warn!(target: crate::LOG, "no room to expire assay {id}: do it by hand");
        }
        // As many lists as are passed over if they are full.
        T::DbWeight::get().reads_writes(16, 1)
    }
}
