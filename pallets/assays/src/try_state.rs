//! What must hold between the pallet's storage items.

use crate::{Assayers, Config, Due, HoldReason, Pallet, Reports, Tasks};
use alloc::collections::BTreeSet;
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sonar_primitives::assay::quorum;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - every assayer's bond is what is held from it, and accounts and keys are there once,
    /// - no more assays are pending than may be,
    /// - pending ones are under their own number, with verdicts that fit and do not make a quorum yet,
    ///   and
    /// - the agenda names no block that is over, and no assay before its window is over.
    pub fn do_try_state() -> Result<(), DispatchError> {
        let assayers = Assayers::<T>::get();
        for (position, assayer) in assayers.iter().enumerate() {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Bond.into(), &assayer.account)
                    == assayer.bond,
                "a bond is not what is held"
            );
            ensure!(
                assayers
                    .iter()
                    .skip(position + 1)
                    .all(|other| other.account != assayer.account && other.key != assayer.key),
                "an assayer is there twice"
            );
        }

        ensure!(
            Tasks::<T>::iter_keys().count() == Tasks::<T>::count() as usize,
            "the number of pending assays is wrong"
        );
        ensure!(
            Tasks::<T>::count() <= T::MaxPending::get(),
            "more assays are pending than can be"
        );
        ensure!(
            Tasks::<T>::iter().all(|(id, task)| task.id == id),
            "an assay is under another number"
        );

        let needed = quorum(assayers.len() as u32) as usize;
        for (id, reports) in Reports::<T>::iter() {
            let task = Tasks::<T>::get(id).ok_or("verdicts on no assay")?;
            let reporters: BTreeSet<_> = reports.iter().map(|(account, _)| account).collect();
            ensure!(
                reporters.len() == reports.len(),
                "two verdicts of one assayer"
            );
            for (_, verdict) in &reports {
                ensure!(
                    verdict.kind() == task.kind,
                    "a verdict does not fit its assay"
                );
                ensure!(
                    reports.iter().filter(|(_, other)| other == verdict).count() < needed,
                    "a quorum did not decide"
                );
            }
        }

        let now = frame_system::Pallet::<T>::block_number();
        for (block, ids) in Due::<T>::iter() {
            ensure!(block > now, "the agenda names a block that is over");
            ensure!(
                ids.iter()
                    .filter_map(Tasks::<T>::get)
                    .all(|task| task.deadline < block),
                "an assay would expire before its window is over"
            );
        }
        Ok(())
    }
}
