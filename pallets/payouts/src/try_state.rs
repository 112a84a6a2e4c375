//! What must hold between the pallet's storage items.

use crate::{Claimable, Config, Entitlements, Pallet, Settled};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::Inspect};
use sonar_primitives::{Balance, CampaignId};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - what is unclaimed of a campaign is the sum of its entitlements that were not claimed,
    /// - its escrow holds at least that,
    /// - no entitlement is empty, or belongs to a campaign that is not settled, and
    /// - the index of what is claimable has exactly the entitlements that were not claimed.
    pub fn do_try_state() -> Result<(), DispatchError> {
        let mut unclaimed = BTreeMap::<CampaignId, Balance>::new();
        let mut open = 0usize;
        for (campaign, account, entitlement) in Entitlements::<T>::iter() {
            ensure!(
                Settled::<T>::contains_key(campaign),
                "entitlement of a campaign that is not settled"
            );
            ensure!(entitlement.total() > 0, "empty entitlement");
            if !entitlement.claimed {
                open += 1;
                ensure!(
                    Claimable::<T>::contains_key(&account, campaign),
                    "entitlement is not in the index"
                );
                let sum = unclaimed.entry(campaign).or_default();
                *sum = sum
                    .checked_add(entitlement.total())
                    .ok_or("entitlements overflow")?;
            }
        }
        ensure!(
            Claimable::<T>::iter_keys().count() == open,
            "the index names more than can be claimed"
        );
        for (campaign, settled) in Settled::<T>::iter() {
            let sum = unclaimed.get(&campaign).copied().unwrap_or_default();
            ensure!(settled.unclaimed == sum, "unclaimed is not what is left");
            ensure!(
                T::Currency::balance(&settled.escrow) >= sum,
                "the escrow cannot pay what is unclaimed"
            );
        }
        Ok(())
    }
}
