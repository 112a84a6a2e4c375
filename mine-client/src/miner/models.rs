//! Storing the parameters of models that this mine has a part in, so that nobody has to rebuild them.

use super::{retries::Attempt, MineError, Miner};
use crate::{
    branch::{self, Turn},
    chain::{Chain, ChainError},
    event::Event,
};
use sonar_client::format::amount;
use sonar_primitives::{api::ModelInfo, AccountId, Balance, BlockNumber, CampaignId, ModelId};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks for which the other contributors leave a model to the first one.
pub const TIME_FOR_THE_FIRST: BlockNumber = 10;

impl Miner<'_> {
    /// Stores the models that it is this mine's turn to store.
    pub(super) async fn store_models<C: Chain>(&mut self, chain: &C) -> Result<(), MineError> {
        if !self.policy.store_models {
            return Ok(());
        }
        if self.reveal_is_due(chain, chain.now().await?).await? {
            return Ok(());
        }
        let mut open: BTreeMap<CampaignId, BTreeSet<ModelId>> = BTreeMap::new();
        for (campaign, model) in self.journal.models(chain.account()) {
            if !self.done_models.contains(&model) {
                open.entry(campaign).or_default().insert(model);
            }
        }
        for (campaign, models) in open {
            for model in models {
                if self.is_due(chain, campaign, model).await? {
                    self.store_model(chain, campaign, model).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether a model of the journal is to be stored now.
    async fn is_due<C: Chain>(
        &mut self,
        chain: &C,
        campaign: CampaignId,
        model: ModelId,
    ) -> Result<bool, MineError> {
        let turn = match chain.campaign(campaign).await? {
            Some(info) if !info.summary.state.is_over() => {
                let tree = chain.tree(campaign).await?;
                turn(&tree, model, chain.account())
            }
            _ => Turn::Never,
        };
        Ok(match turn {
            Turn::First => true,
            Turn::Later => {
                let now = chain.now().await?;
                let seen = *self.left_to_others.entry(model).or_insert(now);
                now >= seen.saturating_add(TIME_FOR_THE_FIRST)
            }
            Turn::Never => {
                self.done_models.insert(model);
                self.left_to_others.remove(&model);
                false
            }
        })
    }

    /// Stores a model's parameters, unless the policy or the account's money do not allow it. Returns whether they are
    /// stored.
    pub(super) async fn store_model<C: Chain>(
        &mut self,
        chain: &C,
        campaign: CampaignId,
        model: ModelId,
    ) -> Result<bool, MineError> {
        let (attempt, now) = (Attempt::Store(model), chain.now().await?);
        let may_try = |what| self.retries.may_try(what, now);
        if !may_try(attempt) || !may_try(Attempt::Fetch(model)) {
            return Ok(false);
        }
        let parameters = match self.fetch(chain, model).await {
            Ok(found) => found.parameters.to_safetensors(),
            Err(ChainError::Failed(reason)) => {
                self.say_not_stored(campaign, model, reason);
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let deposit = chain.blob_deposit(parameters.len() as u64);
        let allowed = self.policy.maximum_hold.unwrap_or(Balance::MAX);
        let spendable = self.spendable(chain).await?;
        if deposit > allowed.min(spendable) {
            self.retries.failed(attempt, now);
            let reason = format!(
                "its deposit is {}, policy and account allow {}",
                amount(deposit),
                amount(allowed.min(spendable))
            );
            self.say_not_stored(campaign, model, reason);
            return Ok(false);
        }
        let done = chain.store_model(model, parameters).await;
        match self.not_done(attempt, now, done)? {
            None => {
                self.done_models.insert(model);
                self.say(Event::ModelStored { campaign, model });
                Ok(true)
            }
            Some(reason) => {
                self.say_not_stored(campaign, model, reason);
                Ok(false)
            }
        }
    }

    /// Tells why a model is not stored, once for each reason.
    fn say_not_stored(&mut self, campaign: CampaignId, model: ModelId, reason: String) {
        if self.not_stored.get(&model) != Some(&reason) {
            self.not_stored.insert(model, reason.clone());
            self.say(Event::ModelNotStored {
                campaign,
                model,
                reason,
            });
        }
    }
}

/// Whose turn it is; nobody's if the model is stored, or is not its branch's best any more: then others build on what has
/// come since.
fn turn(tree: &[ModelInfo], model: ModelId, account: &AccountId) -> Turn {
    let info = branch::model(tree, model).filter(|info| !info.model.stored);
    let best = info.and_then(|info| branch::best(tree, info.model.root));
    match (info, best) {
        (Some(info), Some(best)) if best.id == info.id => branch::turn_to_store(info, account),
        _ => Turn::Never,
    }
}
