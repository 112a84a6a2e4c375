//! What the runtime has fixed.

use crate::{api::chain, connection::At};
use serde::Serialize;
use sonar_primitives::{amount, Balance, BlockNumber};
use std::time::Duration;
use subxt::error::ConstantError;

/// The runtime's constants that matter to its users. Amounts are in the smallest unit of SNR, times in blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Constants {
    /// An account with less than this does not exist.
    #[serde(with = "amount")]
    pub existential_deposit: Balance,
    /// Held while a campaign is not removed.
    #[serde(with = "amount")]
    pub campaign_deposit: Balance,
    /// The least bounty of a campaign.
    #[serde(with = "amount")]
    pub minimum_bounty: Balance,
    /// The least contribution of a sponsor.
    #[serde(with = "amount")]
    pub minimum_contribution: Balance,
    /// From the end of commitments, or the last decided round, to the settlement, whatever is pending.
    pub grace_period: BlockNumber,
    /// The nearest deadline.
    pub min_duration: BlockNumber,
    /// The farthest deadline.
    pub max_duration: BlockNumber,
    /// From the end of a campaign until it may be removed.
    pub retention_period: BlockNumber,
    /// The largest possible gradient that a campaign's architecture may have, in bytes.
    pub max_gradient_size: u32,
    /// The largest blob, in bytes.
    pub max_blob_size: u32,
    /// Held for any blob.
    #[serde(with = "amount")]
    pub blob_deposit_base: Balance,
    /// Held for each of its bytes.
    #[serde(with = "amount")]
    pub blob_deposit_per_byte: Balance,
    /// From one block to the next.
    pub block_time: Duration,
}

impl Constants {
    pub(crate) fn read(at: &At) -> Result<Self, ConstantError> {
        let (api, constants) = (chain::constants(), at.constants());
        Ok(Self {
            existential_deposit: constants.entry(api.balances().existential_deposit())?,
            campaign_deposit: constants.entry(api.campaigns().campaign_deposit())?,
            minimum_bounty: constants.entry(api.campaigns().minimum_bounty())?,
            minimum_contribution: constants.entry(api.campaigns().minimum_contribution())?,
            grace_period: constants.entry(api.campaigns().grace_period())?,
            min_duration: constants.entry(api.campaigns().min_duration())?,
            max_duration: constants.entry(api.campaigns().max_duration())?,
            retention_period: constants.entry(api.campaigns().retention_period())?,
            max_gradient_size: constants.entry(api.campaigns().max_gradient_size())?,
            max_blob_size: constants.entry(api.model_repository().max_blob_size())?,
            blob_deposit_base: constants.entry(api.model_repository().deposit_base())?,
            blob_deposit_per_byte: constants.entry(api.model_repository().deposit_per_byte())?,
            block_time: Duration::from_millis(constants.entry(api.aura().slot_duration())?),
        })
    }

    /// What is held for a blob of so many bytes, in the smallest unit of SNR. Saturates.
    pub fn blob_deposit(&self, bytes: u64) -> Balance {
        self.blob_deposit_base
            .saturating_add(self.blob_deposit_per_byte.saturating_mul(bytes.into()))
    }
}
