//! Claiming what settled campaigns owe.

use super::{MineError, Miner};
use crate::{
    chain::{Chain, ChainError},
    event::Event,
};

impl Miner<'_> {
    /// Claims what is due and writes down what settled campaigns brought.
    pub(super) async fn collect<C: Chain>(&mut self, chain: &C) -> Result<(), MineError> {
        let account = chain.account();
        for due in chain.claimable().await? {
            let campaign = due.campaign;
            if self.reveal_is_due(chain, chain.now().await?).await? {
                break;
            }
            if due.claimed || self.refused_claims.contains(&campaign) {
                continue;
            }
            match chain.claim(campaign).await {
                Ok(amount) => {
                    self.journal.receive(account, campaign, amount)?;
                    self.say(Event::Claimed { campaign, amount });
                }
                Err(ChainError::Refused(reason)) => {
                    self.refused_claims.insert(campaign);
                    self.say(Event::Refused {
                        campaign,
                        what: "claiming",
                        reason,
                    });
                }
                // It waits for the next block.
                Err(ChainError::NotIncluded(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Claimed before the last stop, or by somebody for this account, or nothing to claim.
        for campaign in self.journal.unsettled(account) {
            let over = match chain.campaign(campaign).await? {
                Some(info) => info.summary.state.is_over(),
                None => true,
            };
            if !over {
                continue;
            }
            let amount = match chain.entitlement(campaign).await? {
                None => 0,
                Some(entitlement) if entitlement.claimed => entitlement.total(),
                Some(_) => continue,
            };
            self.journal.receive(account, campaign, amount)?;
            if amount > 0 {
                self.say(Event::Claimed { campaign, amount });
            }
        }
        Ok(())
    }
}
