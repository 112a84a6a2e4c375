//! The set of assayers and their bonds.

use crate::{Assayer, Assayers, Config, Error, Event, HoldReason, Pallet, Tasks};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn add_assayer(account: T::AccountId, key: T::AssayerId) -> DispatchResult {
        Assayers::<T>::try_mutate(|assayers| -> DispatchResult {
            ensure!(
                assayers.iter().all(|assayer| assayer.account != account),
                Error::<T>::AlreadyRegistered
            );
            ensure!(
                assayers.iter().all(|assayer| assayer.key != key),
                Error::<T>::KeyInUse
            );
            let bond = T::Bond::get();
            assayers
                .try_push(Assayer {
                    account: account.clone(),
                    key: key.clone(),
                    bond,
                })
                .map_err(|_| Error::<T>::SetFull)?;
            T::Currency::hold(&HoldReason::Bond.into(), &account, bond)
        })?;
        Self::deposit_event(Event::Registered { account, key });
        Ok(())
    }

    pub(crate) fn remove_assayer(account: T::AccountId) -> DispatchResult {
        Assayers::<T>::try_mutate(|assayers| -> DispatchResult {
            let position = assayers
                .iter()
                .position(|assayer| assayer.account == account)
                .ok_or(Error::<T>::NotAnAssayer)?;
            // The set may not change under a running assay: it decides how many verdicts suffice.
            ensure!(Tasks::<T>::count() == 0, Error::<T>::AssaysPending);
            let Assayer { bond, .. } = assayers.remove(position);
            T::Currency::release(&HoldReason::Bond.into(), &account, bond, Precision::Exact)?;
            Ok(())
        })?;
        Self::deposit_event(Event::Retired { account });
        Ok(())
    }

    pub(crate) fn change_key(account: T::AccountId, key: T::AssayerId) -> DispatchResult {
        Assayers::<T>::try_mutate(|assayers| -> DispatchResult {
            ensure!(
                assayers.iter().all(|assayer| assayer.key != key),
                Error::<T>::KeyInUse
            );
            let assayer = assayers
                .iter_mut()
                .find(|assayer| assayer.account == account)
                .ok_or(Error::<T>::NotAnAssayer)?;
            assayer.key = key.clone();
            Ok(())
        })?;
        Self::deposit_event(Event::KeySet { account, key });
        Ok(())
    }
}
