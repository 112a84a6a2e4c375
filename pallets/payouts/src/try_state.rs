//! What must hold between the pallet's storage items.

use crate::{Claimable, Config, Entitlements, Pallet, Settled, Settling};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::Inspect};
use sonar_primitives::{Balance, CampaignId};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - what is unclaimed of a campaign is the sum of its entitlements that were not claimed,
    /// - its escrow holds at least that,
    /// - what was given in a settlement that goes on is the sum of its entitlements, and nobody has
    ///   claimed them,
    /// - no entitlement is empty, or belongs to a campaign that is not settled or settling, and
    /// - the index of what is claimable has exactly the entitlements that were not claimed.
    pub fn do_try_state() -> Result<(), DispatchError> {
        let mut unclaimed = BTreeMap::<CampaignId, Balance>::new();
        let mut open = 0usize;
        for (campaign, account, entitlement) in Entitlements::<T>::iter() {
            let settling = Settling::<T>::contains_key(campaign);
            ensure!(
                Settled::<T>::contains_key(campaign) != settling,
                "entitlement of a campaign that is not settled"
            );
            ensure!(
                !settling || !entitlement.claimed,
                "claimed before the settlement's end"
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
        for (campaign, settling) in Settling::<T>::iter() {
            let sum = unclaimed.get(&campaign).copied().unwrap_or_default();
            ensure!(settling.given == sum, "entitlements are not what was given");
        }
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
