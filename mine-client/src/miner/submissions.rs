//! Taking submissions from the journal to their verdicts.

use super::{retries::Attempt, MineError, Miner};
use crate::{
    admission::{admission, expected, Branch},
    branch,
    chain::{Chain, ChainError},
    event::Event,
    journal::EntryId,
    lifecycle::{next, Action, Admission, Entry, Known, Outcome, Stage, View},
    training::{measure_again, Gain},
};
use sonar_primitives::{
    api::{CampaignInfo, SubmissionInfo},
    round::{charge, part},
    submission::{SubmissionKind, SubmissionState},
    Balance, BlockNumber, ModelId,
};
use std::collections::BTreeSet;
use tokio::task::spawn_blocking;

/// Steps of one submission in one block, at most: more than the way from preparation to verdict takes.
const MAX_STEPS: u32 = 16;

impl Miner<'_> {
    /// Takes every submission as far as it goes now.
    pub(super) async fn advance_submissions<C: Chain>(
        &mut self,
        chain: &C,
    ) -> Result<(), MineError> {
        let submissions = chain.submissions().await?;
        let mut ids: BTreeSet<EntryId> = self.pending(chain).map(|(id, _)| id).collect();
        // Whatever the journal says of it: what is committed must be revealed. That cannot wait, so it comes first.
        let mut committed = Vec::new();
        for info in &submissions {
            let known = self
                .journal
                .entries(chain.account())
                .find(|(_, entry)| entry.commitment() == info.submission.commitment);
            let pending = info.submission.state.is_pending();
            match known {
                Some((id, _)) if info.submission.state == SubmissionState::Committed => {
                    ids.remove(&id);
                    committed.push(id);
                }
                Some((id, _)) if pending => _ = ids.insert(id),
                None if pending && is_gradient(info) && self.unknown.insert(info.id) => {
                    self.say(Event::Unknown {
                        submission: info.id,
                    });
                }
                _ => {}
            }
        }
        for id in committed.into_iter().chain(ids) {
            self.advance(chain, id).await?;
        }
        Ok(())
    }

    /// Takes one submission as far as it goes now.
    async fn advance<C: Chain>(&mut self, chain: &C, id: EntryId) -> Result<(), MineError> {
        for _ in 0..MAX_STEPS {
            let Some(entry) = self.journal.entry(id).cloned() else {
                return Ok(());
            };
            let now = chain.now().await?;
            let view = self.view(chain, &entry, now).await?;
            let action = next(&entry, &view);
            if action.can_wait() && (self.winding_down || self.reveal_is_due(chain, now).await?) {
                return Ok(());
            }
            match action {
                Action::Finished => return Ok(()),
                Action::Wait { reason } => {
                    if let Some(reason) = reason {
                        self.wait(id, &entry, reason);
                    }
                    return Ok(());
                }
                Action::Record(stage) => self.record(chain, id, &entry, stage, &view).await?,
                Action::Measure { best } => {
                    let mut models = [best, entry.base].map(Attempt::Fetch).into_iter();
                    if !models.all(|model| self.retries.may_try(model, now)) {
                        return Ok(());
                    }
                    if !self.measure(chain, id, &entry, best, &view).await? {
                        return Ok(());
                    }
                }
                Action::StoreModel { model } => {
                    if !self.policy.store_models {
                        let reason = format!(
                            "it takes too many rounds to rebuild model {model}: store its parameters, or let this mine \
                             do it (store_models in the policy)"
                        );
                        self.wait(id, &entry, reason);
                        return Ok(());
                    }
                    if !self.store_model(chain, entry.campaign, model).await? {
                        return Ok(());
                    }
                }
                Action::Commit { max_hold } => {
                    if !self.retries.may_try(Attempt::Commit(id), now) {
                        return Ok(());
                    }
                    let commitment = entry.commitment();
                    let (campaign, root, base) = (entry.campaign, entry.root, entry.base);
                    let done = chain.commit(campaign, root, base, commitment, max_hold);
                    let done = done.await;
                    let what = "committing to the gradient";
                    self.note(id, &entry, (Attempt::Commit(id), what), now, done)?;
                }
                Action::Reveal { submission } => {
                    if !self.retries.may_try(Attempt::Reveal(id), now) {
                        return Ok(());
                    }
                    let gradient = self.journal.blob(id)?;
                    let done = chain.reveal(submission, entry.salt, gradient).await;
                    let what = "revealing the gradient";
                    self.note(id, &entry, (Attempt::Reveal(id), what), now, done)?;
                }
            }
        }
        Ok(())
    }

    /// What the chain says that matters to a submission.
    async fn view<C: Chain>(
        &self,
        chain: &C,
        entry: &Entry,
        now: BlockNumber,
    ) -> Result<View, MineError> {
        let own = chain.submissions().await?;
        let commitment = entry.commitment();
        let found = own
            .iter()
            .filter(|info| info.submission.commitment == commitment);
        let found = found
            .filter_map(|info| match info.submission.kind {
                SubmissionKind::Gradient { round, .. } => Some((info, round)),
                SubmissionKind::Proposal { .. } => None,
            })
            .next();
        let submission = match found {
            Some((info, round)) => Known::Found {
                id: info.id,
                submission: info.submission.clone(),
                round,
                in_round: chain.round(round).await?.map(|info| info.round),
            },
            None => {
                let campaign = chain.campaign(entry.campaign).await?;
                let admission = match &campaign {
                    Some(info) => self.admission(chain, entry, info, &own, now).await?,
                    None => Admission::Never {
                        reason: "the chain has forgotten the campaign".into(),
                    },
                };
                Known::Missing {
                    campaign: campaign.map(|info| info.summary.state),
                    admission,
                }
            }
        };
        Ok(View { now, submission })
    }

    async fn admission<C: Chain>(
        &self,
        chain: &C,
        entry: &Entry,
        campaign: &CampaignInfo,
        own: &[SubmissionInfo],
        now: BlockNumber,
    ) -> Result<Admission, MineError> {
        let tree = chain.tree(entry.campaign).await?;
        let error = expected(entry, &tree).unwrap_or(campaign.summary.best);
        let quote = chain.quote(entry.root, error).await?;
        let rounds = chain.rounds(entry.campaign).await?;
        let branch = Branch {
            now,
            campaign,
            tree: &tree,
            rounds: &rounds,
            own,
            quote: &quote,
            gradient_deposit: chain.blob_deposit(entry.size),
            spendable: self.spendable(chain).await?,
        };
        Ok(admission(entry, &branch, self.policy))
    }

    /// Writes down how far a submission has come, and tells of it.
    async fn record<C: Chain>(
        &mut self,
        chain: &C,
        id: EntryId,
        entry: &Entry,
        stage: Stage,
        view: &View,
    ) -> Result<(), MineError> {
        let model = match stage {
            Stage::Decided {
                outcome: Outcome::Contributed { model, .. },
                ..
            } => {
                let tree = chain.tree(entry.campaign).await?;
                branch::model(&tree, model).cloned()
            }
            _ => None,
        };
        self.journal.record(id, stage.clone())?;
        self.retries.forget(Attempt::Commit(id));
        self.retries.forget(Attempt::Reveal(id));
        self.waits.remove(&id);
        let campaign = entry.campaign;
        match stage {
            Stage::Committed {
                submission, round, ..
            } => {
                let closes = match &view.submission {
                    Known::Found {
                        in_round: Some(round),
                        ..
                    } => round.closes,
                    _ => view.now,
                };
                self.say(Event::Committed {
                    campaign,
                    submission,
                    root: entry.root,
                    round,
                    closes_in: closes.saturating_sub(view.now),
                });
            }
            Stage::Revealed { submission, round } => self.say(Event::Revealed {
                campaign,
                submission,
                round,
            }),
            Stage::Decided {
                submission,
                round,
                outcome,
            } => {
                self.decided += 1;
                self.say(Event::Decided {
                    campaign,
                    submission,
                    round,
                    outcome,
                    percent: model
                        .as_ref()
                        .and_then(|info| branch::percent(info, submission)),
                    is_record: model.map(|info| info.model.former_record.is_some()),
                    cost: cost(&view.submission),
                });
            }
            Stage::Dropped { reason } => self.say(Event::Dropped { campaign, reason }),
            Stage::Prepared => {}
        }
        Ok(())
    }

    /// Measures a gradient beside a model that has come since, and writes down what it does, or that it is of no more use.
    /// Returns whether that could be done.
    async fn measure<C: Chain>(
        &mut self,
        chain: &C,
        id: EntryId,
        entry: &Entry,
        best: ModelId,
        view: &View,
    ) -> Result<bool, MineError> {
        match self.gain_beside(chain, id, entry, best).await {
            Ok(Ok(gain)) => self.journal.measured(id, best, gain)?,
            Ok(Err(reason)) => {
                let dropped = Stage::Dropped { reason };
                self.record(chain, id, entry, dropped, view).await?;
            }
            Err(MineError::Chain(ChainError::Failed(reason))) => {
                self.wait(id, entry, reason);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// What a gradient does beside a model, or why it is of no more use.
    async fn gain_beside<C: Chain>(
        &mut self,
        chain: &C,
        id: EntryId,
        entry: &Entry,
        best: ModelId,
    ) -> Result<Result<Gain, String>, MineError> {
        let Some(data) = self.data.iter().find(|data| data.name == entry.data) else {
            return Ok(Err(format!(
                "model {best} has come since, and the data set {} is not there to measure beside it",
                entry.data
            )));
        };
        let split = data.split.clone();
        let Some(campaign) = chain.campaign(entry.campaign).await? else {
            return Ok(Err("the chain has forgotten the campaign".into()));
        };
        let (metric, step) = (campaign.terms.metric, campaign.terms.minimum_step);
        let gradient = self.journal.blob(id)?;
        let base = self.fetch(chain, entry.base).await?;
        let beside = self.fetch(chain, best).await?;
        let measured = spawn_blocking(move || {
            let (base, best) = (&base.parameters, &beside.parameters);
            measure_again(
                &beside.architecture,
                base,
                &gradient,
                best,
                metric,
                &split.held_out,
            )
        });
        let measured = measured.await;
        Ok(
            match measured.map_err(|error| MineError::Training(error.to_string()))? {
                Ok(gain) if gain.is_enough(step) => Ok(gain),
                Ok(gain) => Err(format!(
                    "it does not improve on model {best}, which has come since: error on held-out rows {} before, {} after",
                    metric.show(gain.before),
                    metric.show(gain.after)
                )),
                Err(error) => Err(error.to_string()),
            },
        )
    }

    /// Tells what a submission waits for, once.
    fn wait(&mut self, id: EntryId, entry: &Entry, reason: String) {
        if self.waits.get(&id) != Some(&reason) {
            self.waits.insert(id, reason.clone());
            self.say(Event::Waiting {
                campaign: entry.campaign,
                root: entry.root,
                reason,
            });
        }
    }

    /// Takes note of what became of a transaction for a submission; tells why it failed, once for each reason.
    fn note(
        &mut self,
        id: EntryId,
        entry: &Entry,
        (attempt, what): (Attempt, &'static str),
        now: BlockNumber,
        done: Result<(), ChainError>,
    ) -> Result<(), MineError> {
        let Some(reason) = self.not_done(attempt, now, done)? else {
            return Ok(());
        };
        if self.waits.get(&id) != Some(&reason) {
            self.waits.insert(id, reason.clone());
            self.say(Event::Refused {
                campaign: entry.campaign,
                what,
                reason,
            });
        }
        Ok(())
    }
}

/// What a submission's part of the assay took, if its round was measured.
fn cost(known: &Known) -> Option<Balance> {
    let Known::Found {
        submission,
        in_round: Some(round),
        ..
    } = known
    else {
        return None;
    };
    let SubmissionKind::Gradient { place, .. } = submission.kind else {
        return None;
    };
    match submission.state {
        SubmissionState::Contributed { .. }
        | SubmissionState::NotContributed
        | SubmissionState::Malformed => {
            let part = part(round.price, round.reveals, round.seats);
            Some(charge(part, place.into(), submission.part))
        }
        _ => None,
    }
}

fn is_gradient(info: &SubmissionInfo) -> bool {
    matches!(info.submission.kind, SubmissionKind::Gradient { .. })
}
