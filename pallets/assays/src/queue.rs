//! The assays that the chain waits for.

use crate::{Assayers, Config, Due, Error, Event, Pallet, Reports, Tasks};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    agenda,
    assay::{AssayKind, AssayTask},
    traits::{AssayQueue, AssaySubjects},
    BlobHash, CampaignId, NodeId,
};
use sp_runtime::{
    traits::{One, Saturating},
    DispatchError,
};

impl<T: Config> AssayQueue<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn request(
        node: NodeId,
        campaign: CampaignId,
        account: T::AccountId,
        subject: BlobHash,
        kind: AssayKind,
    ) -> DispatchResult {
        ensure!(
            !Tasks::<T>::contains_key(node),
            Error::<T>::AlreadyRequested
        );
        ensure!(
            Tasks::<T>::count() < T::MaxPending::get(),
            Error::<T>::QueueFull
        );
        let deadline =
            frame_system::Pallet::<T>::block_number().saturating_add(T::AssayWindow::get());
        let due = deadline.saturating_add(One::one());
        if !agenda::schedule::<Due<T>, _, _, _>(due, node) {
            log::debug!(target: crate::LOG, "no room to expire the assay of {node} by itself");
        }
        Tasks::<T>::insert(
            node,
            AssayTask {
                node,
                campaign,
                account: account.clone(),
                subject,
                kind,
                deadline,
            },
        );
        Self::deposit_event(Event::Requested {
            node,
            campaign,
            account,
            kind,
        });
        Ok(())
    }

    fn withdraw(node: NodeId) -> Vec<T::AccountId> {
        let Some(task) = Self::take(node) else {
            return Vec::new();
        };
        Self::deposit_event(Event::Withdrawn { node });
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
    /// Ends the waiting for a node's assay.
    pub(crate) fn take(node: NodeId) -> Option<AssayTask<T::AccountId, BlockNumberFor<T>>> {
        Reports::<T>::remove(node);
        Tasks::<T>::take(node)
    }

    /// Gives up on an assay whose window is over.
    pub(crate) fn give_up(node: NodeId) -> DispatchResult {
        let task = Tasks::<T>::get(node).ok_or(Error::<T>::NothingToMeasure)?;
        ensure!(
            task.deadline < frame_system::Pallet::<T>::block_number(),
            Error::<T>::WindowOpen
        );
        // Before anybody else gets to act on it.
        Self::take(node);
        T::Subjects::undecided(&task);
        Self::deposit_event(Event::Expired {
            node,
            campaign: task.campaign,
            account: task.account,
            kind: task.kind,
        });
        Ok(())
    }

    /// Gives up on those whose window was over with the last block. Returns the weight of it.
    pub(crate) fn give_up_due(now: BlockNumberFor<T>) -> Weight {
        use crate::WeightInfo;
        let mut weight = T::DbWeight::get().reads_writes(1, 1);
        for node in Due::<T>::take(now) {
            weight = weight.saturating_add(T::WeightInfo::expire());
            match Self::give_up(node) {
                Ok(()) => {}
                // It was decided, or withdrawn, in time: the usual case.
                Err(error) if error == DispatchError::from(Error::<T>::NothingToMeasure) => {}
                Err(error) => {
                    log::warn!(target: crate::LOG, "cannot expire the assay of {node}: {error:?}");
                }
            }
        }
        weight
    }
}
