//! Choosing the branch to train for.

use super::{retries::Attempt, MineData, MineError, Miner};
use crate::{
    branch,
    chain::Chain,
    fit::{self, NotServed},
    lifecycle::{Entry, Outcome, Stage},
};
use sonar_primitives::{
    api::{CampaignInfo, ModelInfo, Quote},
    campaign::State,
    reputation::Reputation,
    Balance, BlockNumber, CampaignId, MeasuredError, ModelId,
};
use std::cmp::Reverse;

/// A branch to train for.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// The campaign.
    pub(super) info: CampaignInfo,
    /// The root of the branch.
    pub(super) root: ModelId,
    /// The branch's best model.
    pub(super) base: ModelId,
    /// Its error.
    pub(super) error: MeasuredError,
    /// Position of the data set.
    pub(super) data: usize,
    /// For reaching the target.
    pub(super) quote: Quote,
}

/// What speaks for a branch: the greatest is chosen.
type Merit = (
    // Nothing of this account waits on it.
    bool,
    // What its round is expected to earn.
    Balance,
    // Its best model is good already.
    Reverse<MeasuredError>,
);

impl Miner<'_> {
    /// The branch that this mine can improve most, by what its round is expected to earn, or why there is none: after the
    /// last training on a branch the next one is expected to do as well, and before the first to reach the target.
    pub(super) async fn choose<C: Chain>(
        &self,
        chain: &C,
        now: BlockNumber,
    ) -> Result<Result<Job, String>, MineError> {
        let account = chain.reputation(chain.account()).await?;
        let mut best: Option<(Merit, Job)> = None;
        let mut reasons = Vec::new();
        let campaigns = chain.campaigns().await?;
        for id in self.policy.campaigns.iter().flatten() {
            if !campaigns.iter().any(|summary| summary.id == *id) {
                reasons.push(format!("there is no campaign {id} (any more)"));
            }
        }
        for summary in campaigns {
            // Most campaigns of an old chain are over; the rest of the checks needs a look at each.
            if summary.state != State::Open {
                continue;
            }
            let Some(info) = chain.campaign(summary.id).await? else {
                continue;
            };
            let data = match self.serve(chain, &info, &account, now).await? {
                Ok(data) => data,
                Err(reason) => {
                    reasons.push(format!("campaign {}: {reason}", summary.id));
                    continue;
                }
            };
            let tree = chain.tree(summary.id).await?;
            for root in branch::roots(&tree) {
                match self
                    .consider(chain, &info, &tree, (root, data), now)
                    .await?
                {
                    Ok((merit, job)) if best.as_ref().is_none_or(|(most, _)| merit > *most) => {
                        best = Some((merit, job));
                    }
                    Ok(_) => {}
                    Err(reason) => {
                        reasons.push(format!("campaign {}, branch {root}: {reason}", summary.id));
                    }
                }
            }
        }
        Ok(match best {
            Some((_, job)) => Ok(job),
            None if reasons.is_empty() => Err("no campaign is open".into()),
            None => Err(reasons.join("; ")),
        })
    }

    /// The position of the data set that a campaign is served with.
    async fn serve<C: Chain>(
        &self,
        chain: &C,
        info: &CampaignInfo,
        account: &Reputation,
        now: BlockNumber,
    ) -> Result<Result<usize, NotServed>, MineError> {
        let offers: Vec<_> = self.data.iter().map(MineData::offer).collect();
        let data = match fit::data_for(info, &offers, self.policy, now) {
            Ok(data) => data,
            Err(reason) => return Ok(Err(reason)),
        };
        let owner = chain.reputation(&info.summary.owner).await?;
        let parties = fit::check_parties(info, &owner, account, self.policy);
        let agreed = parties.and_then(|()| fit::check_bounty(info, self.policy));
        Ok(agreed.map(|()| data))
    }

    /// Whether to train for a branch, and what speaks for it.
    async fn consider<C: Chain>(
        &self,
        chain: &C,
        info: &CampaignInfo,
        tree: &[ModelInfo],
        (root, data): (ModelId, usize),
        now: BlockNumber,
    ) -> Result<Result<(Merit, Job), String>, MineError> {
        let campaign = info.summary.id;
        let Some(best) = branch::best(tree, root) else {
            return Ok(Err(NotServed::NoBranch.to_string()));
        };
        let rows = self
            .data
            .get(data)
            .map_or(0, |data| data.split.training.rows());
        if let Err(reason) = fit::check_work(info, root, rows, self.policy) {
            return Ok(Err(reason.to_string()));
        }
        if !self.retries.may_try(Attempt::Fetch(best.id), now) {
            return Ok(Err(format!("model {} cannot be fetched yet", best.id)));
        }
        let quote = match chain.quote(root, info.summary.target).await? {
            Ok(quote) => quote,
            Err(refused) => return Ok(Err(fit::no_quote(info, refused).to_string())),
        };
        let waiting = self.waiting_on(chain, campaign, root);
        if waiting >= self.policy.maximum_pending as usize {
            return Ok(Err(format!(
                "{waiting} submissions wait for their rounds, as many as the policy allows"
            )));
        }
        // What many commitments have driven up is down again in the next round.
        let open = match quote.round {
            Some(round) => chain.round(round).await?,
            None => None,
        };
        let commitments = open.map_or(0, |info| info.round.commitments);
        let price = fit::without_surcharge(&quote, commitments);
        // The least that a gradient's blob deposits: its size is not known yet.
        let (blob, spendable) = (chain.blob_deposit(0), self.spendable(chain).await?);
        if let Err(reason) = fit::check_price(&price, blob, spendable, self.policy) {
            return Ok(Err(reason.to_string()));
        }
        let attempts = self.attempts.get(&(campaign, best.id)).copied();
        let attempts = attempts.unwrap_or(0);
        if attempts >= self.policy.training.attempts {
            return Ok(Err(format!(
                "{attempts} attempts at model {} found nothing better",
                best.id
            )));
        }
        if let Some(reason) = self.sits_out(chain, campaign, tree, root) {
            return Ok(Err(reason));
        }
        let pays = match self.last_gains.get(&(campaign, root)) {
            Some((base, gain)) => {
                let expected = fit::expected_error(best.model.error, *gain);
                let quote = match chain.quote(root, expected).await? {
                    Ok(quote) => fit::without_surcharge(&quote, commitments),
                    Err(refused) => return Ok(Err(fit::no_quote(info, refused).to_string())),
                };
                // Another attempt at this model may do better, if there is nothing else to do. But one that has improved
                // it, and is not worth its price, has shown what is left to earn.
                let improved = gain.is_enough(info.terms.minimum_step);
                let elsewhere = self.pending(chain).next().is_some();
                let price = fit::check_price(&quote, blob, spendable, self.policy);
                match price {
                    Err(reason) if *base == best.id && (improved || elsewhere) => {
                        return Ok(Err(format!("after the last training there: {reason}")));
                    }
                    _ => quote.pays,
                }
            }
            None => quote.pays,
        };
        let merit = (waiting == 0, pays, Reverse(best.model.error));
        let job = Job {
            info: info.clone(),
            root,
            base: best.id,
            error: best.model.error,
            data,
            quote,
        };
        Ok(Ok((merit, job)))
    }

    /// Submissions of the account to a branch that are not decided.
    fn waiting_on<C: Chain>(&self, chain: &C, campaign: CampaignId, root: ModelId) -> usize {
        self.pending(chain)
            .filter(|(_, entry)| (entry.campaign, entry.root) == (campaign, root))
            .count()
    }

    /// Why the mine leaves a branch alone for now, if its last submissions there came to nothing: a part of every round's
    /// assay is too much for work that does not help.
    fn sits_out<C: Chain>(
        &self,
        chain: &C,
        campaign: CampaignId,
        tree: &[ModelInfo],
        root: ModelId,
    ) -> Option<String> {
        let of_branch = |entry: &Entry| (entry.campaign, entry.root) == (campaign, root);
        let entries = self.journal.entries(chain.account()).rev();
        let decided = entries.filter_map(|(_, entry)| match &entry.stage {
            Stage::Decided { outcome, .. } if of_branch(entry) => Some((entry, outcome)),
            _ => None,
        });
        let failed: Vec<&Entry> = decided
            .take_while(|(_, outcome)| !matches!(outcome, Outcome::Contributed { .. }))
            .filter(|(_, outcome)| {
                matches!(
                    outcome,
                    Outcome::NotContributed | Outcome::Malformed | Outcome::NotRevealed
                )
            })
            .map(|(entry, _)| entry)
            .collect();
        let too_many = failed
            .len()
            .checked_sub(self.policy.maximum_failures as usize)?;
        // The branch has become another one with its next model: one more is left alone after each further failure.
        let models = branch::models_after(tree, root, failed.first()?.measured_beside);
        let missing = (too_many + 2)
            .checked_sub(models)
            .filter(|some| *some > 0)?;
        Some(format!(
            "the last {} submissions brought nothing, so it waits for {missing} more of the branch's models",
            failed.len()
        ))
    }
}
