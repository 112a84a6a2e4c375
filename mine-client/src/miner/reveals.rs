//! Reveals come before everything else: what is not revealed in time loses its deposit.

use super::{retries::Attempt, Miner};
use crate::{
    chain::{Chain, ChainError, TreeModel},
    event::Event,
    lifecycle::{takes_reveals, Stage},
};
use sonar_primitives::{
    api::SubmissionInfo,
    submission::{SubmissionKind, SubmissionState},
    BlockNumber, ModelId, SubmissionId,
};
use std::{collections::BTreeSet, pin::pin};

impl Miner<'_> {
    /// Whether something that this mine has committed to can be revealed in the next block. Whatever else is to be sent
    /// waits for that, as a transaction that finds no room in a block keeps the account's later ones waiting; and so does
    /// what takes long. A reveal that the chain has just refused does not count before it is tried again: what is
    /// claimed meanwhile may pay for it.
    pub(super) async fn reveal_is_due<C: Chain>(
        &self,
        chain: &C,
        now: BlockNumber,
    ) -> Result<bool, ChainError> {
        let next = now.saturating_add(1);
        let committed = self.pending(chain).filter_map(|(id, entry)| {
            let may_try = self.retries.may_try(Attempt::Reveal(id), next);
            match entry.stage {
                Stage::Committed { submission, .. } if may_try => Some(submission),
                _ => None,
            }
        });
        let committed: BTreeSet<SubmissionId> = committed.collect();
        if committed.is_empty() {
            return Ok(false);
        }
        for info in chain.submissions().await? {
            let waits = info.submission.state == SubmissionState::Committed;
            let SubmissionKind::Gradient { round, .. } = info.submission.kind else {
                continue;
            };
            if waits && committed.contains(&info.id) {
                let round = chain.round(round).await?;
                if round.is_some_and(|info| takes_reveals(&info.round, now)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// From now on nothing new is trained or committed to. Returns how many commitments are left to reveal, for which the
    /// program must go on.
    ///
    /// # Errors
    ///
    /// If the chain fails.
    pub async fn wind_down<C: Chain>(&mut self, chain: &C) -> Result<usize, ChainError> {
        self.training = None;
        let submissions = chain.submissions().await?;
        let waits = |info: &&SubmissionInfo| {
            info.submission.state == SubmissionState::Committed
                && self
                    .pending(chain)
                    .any(|(_, entry)| entry.commitment() == info.submission.commitment)
        };
        let commitments = submissions.iter().filter(waits).count();
        if commitments > 0 && !self.winding_down {
            self.say(Event::Unrevealed { commitments });
        }
        self.winding_down = true;
        Ok(commitments)
    }

    /// A model, unless a reveal is due before it is there: then that fails like a blob that is missing, and is tried again
    /// later.
    pub(super) async fn fetch<C: Chain>(
        &mut self,
        chain: &C,
        model: ModelId,
    ) -> Result<TreeModel, ChainError> {
        let mut now = chain.now().await?;
        let fetched = {
            let mut fetching = pin!(chain.model(model));
            loop {
                tokio::select! {
                    biased;
                    fetched = &mut fetching => break fetched,
                    next = chain.next_block(now) => now = next?,
                }
                if self.reveal_is_due(chain, now).await? {
                    break Err(ChainError::Failed(format!(
                        "model {model} takes too long to fetch: a gradient is to be revealed first"
                    )));
                }
            }
        };
        match &fetched {
            Ok(_) => self.retries.forget(Attempt::Fetch(model)),
            Err(ChainError::Failed(_)) => self.retries.failed(Attempt::Fetch(model), now),
            Err(_) => {}
        }
        fetched
    }
}
