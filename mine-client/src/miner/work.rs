//! Training for a branch, and writing down what was found.

use super::{choice::Job, running::Running, MineError, Miner};
use crate::{
    admission::{has_committed, COMMIT_BLOCKS},
    chain::{Chain, ChainError},
    event::Event,
    fit::no_quote,
    lifecycle::{Entry, Stage},
    training::{Gain, Improvement, Task, Trained},
};
use sonar_primitives::{
    api::{Quote, QuoteRefused},
    submission::Salt,
    AccountId, BlockNumber, CampaignId,
};

impl Miner<'_> {
    /// Keeps one training running, and writes down what it finds. Returns whether there may be more to do at once.
    pub(super) async fn work<C: Chain>(&mut self, chain: &C) -> Result<bool, MineError> {
        let now = chain.now().await?;
        if let Some(training) = self.training.take_if(|training| training.has_ended()) {
            self.finish(chain.account(), training, now).await?;
            return Ok(true);
        }
        if self.training.is_some() {
            return self.watch_the_round(chain, now).await;
        }
        let waits = self.pending(chain).next().is_some();
        if waits && self.one_at_a_time {
            return Ok(false);
        }
        if self.winding_down || self.reveal_is_due(chain, now).await? {
            return Ok(false);
        }
        match self.choose(chain, now).await? {
            Ok(job) => self.start(chain, job, now).await,
            Err(reason) => {
                if !waits && self.idle.as_ref() != Some(&reason) {
                    self.idle = Some(reason.clone());
                    self.say(Event::Idle { reason });
                }
                Ok(false)
            }
        }
    }

    /// Tells the training to hurry if the round that it could still join is about to close, or the campaign's deadline is
    /// near. Ends it if the campaign takes no commitments any more, and returns whether it did.
    async fn watch_the_round<C: Chain>(
        &mut self,
        chain: &C,
        now: BlockNumber,
    ) -> Result<bool, MineError> {
        let Some(training) = &mut self.training else {
            return Ok(false);
        };
        let job = &training.job;
        let quote = chain.quote(job.root, job.info.summary.target).await?;
        let closes = match quote {
            Ok(Quote {
                round: Some(round),
                closes,
                ..
            }) => {
                let own = chain.submissions().await?;
                (!has_committed(&own, round)).then_some(closes)
            }
            Ok(Quote { round: None, .. }) => Some(job.info.terms.deadline.saturating_add(1)),
            Err(QuoteRefused::RoundFull | QuoteRefused::RevealsBookedUp) => None,
            Err(refused) => {
                let event = Event::NothingBetter {
                    campaign: job.info.summary.id,
                    root: job.root,
                    base: job.base,
                    reason: no_quote(&job.info, refused).to_string(),
                };
                self.training = None;
                self.say(event);
                return Ok(true);
            }
        };
        let needed = COMMIT_BLOCKS.saturating_add(self.hurried.max(1));
        let last = now.saturating_add(needed);
        let hurry = closes.is_some_and(|closes| closes <= last);
        if let Some(told) = training.told.filter(|_| !hurry) {
            // It did not end in time; the next one is told earlier.
            self.hurried = now.saturating_sub(told);
        }
        training.hurry(hurry, now);
        Ok(false)
    }

    /// Starts to train in a thread of its own. Returns whether there is something else to do at once, because that failed.
    async fn start<C: Chain>(
        &mut self,
        chain: &C,
        job: Job,
        now: BlockNumber,
    ) -> Result<bool, MineError> {
        let (campaign, root, base) = (job.info.summary.id, job.root, job.base);
        let model = match self.fetch(chain, base).await {
            Ok(model) => model,
            // The fault of this model, or this node lacks a blob; there may be other models.
            Err(ChainError::Failed(reason)) => {
                self.say(Event::NothingBetter {
                    campaign,
                    root,
                    base,
                    reason,
                });
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        let attempts = self.attempts.entry((campaign, base)).or_default();
        let attempt = *attempts;
        *attempts += 1;
        let (terms, data) = (&job.info.terms, &self.data[job.data]);
        let split = data.split.clone();
        let event = Event::Training {
            campaign,
            root,
            base,
            error: job.error,
            metric: terms.metric,
            data: data.name.clone(),
            attempt: attempt.saturating_add(1),
            round: job.quote.round,
            closes_in: job
                .quote
                .round
                .map(|_| job.quote.closes.saturating_sub(now)),
        };
        let task = Task {
            architecture: model.architecture,
            base: model.parameters,
            metric: terms.metric,
            minimum_step: terms.minimum_step,
            options: self.policy.training.clone(),
            attempt,
        };
        self.training = Some(Running::start(job, task, split, now));
        self.say(event);
        Ok(false)
    }

    /// Writes down what a training has found. Whether it is worth its deposit is seen when it is committed.
    async fn finish(
        &mut self,
        account: &AccountId,
        mut training: Running,
        now: BlockNumber,
    ) -> Result<(), MineError> {
        let ended = training.result().await;
        let ended = ended.map_err(|error| MineError::Training(error.to_string()))?;
        let job = training.job.clone();
        let (campaign, root, base) = (job.info.summary.id, job.root, job.base);
        self.time(&training, campaign, now);
        let metric = job.info.terms.metric;
        let nothing = match ended {
            Ok(Trained::Improved(found)) => {
                self.last_gains.insert((campaign, root), (base, found.gain));
                match self.is_known(account, &job, &found) {
                    false => return self.prepare(account, &job, found),
                    true => "the same gradient was submitted before".into(),
                }
            }
            Ok(Trained::NotImproved(gain)) => {
                self.last_gains.insert((campaign, root), (base, gain));
                let Gain { before, after } = gain;
                format!(
                    "error on held-out rows {} before, {} after",
                    metric.show(before),
                    metric.show(after)
                )
            }
            Ok(Trained::Cancelled) => "training was cancelled".into(),
            Err(error) => error.to_string(),
        };
        self.say(Event::NothingBetter {
            campaign,
            root,
            base,
            reason: nothing,
        });
        Ok(())
    }

    /// Learns how long trainings take.
    fn time(&mut self, training: &Running, campaign: CampaignId, now: BlockNumber) {
        if let Some(told) = training.told {
            self.hurried = now.saturating_sub(told);
        }
        let took = now.saturating_sub(training.began);
        let round_blocks = training.job.info.terms.rounds.round_blocks;
        if took > round_blocks && self.short_rounds.insert(campaign) {
            self.say(Event::ShortRounds {
                campaign,
                round_blocks,
                took,
            });
        }
    }

    fn is_known(&self, account: &AccountId, job: &Job, found: &Improvement) -> bool {
        let same = (job.info.summary.id, job.base, found.hash);
        let mut entries = self.journal.entries(account);
        entries.any(|(_, entry)| (entry.campaign, entry.base, entry.gradient) == same)
    }

    /// Writes the submission down; from here on it is kept, whatever happens.
    fn prepare(
        &mut self,
        account: &AccountId,
        job: &Job,
        found: Improvement,
    ) -> Result<(), MineError> {
        let mut salt = Salt::default();
        getrandom::fill(&mut salt).map_err(|error| MineError::Random(error.to_string()))?;
        let campaign = job.info.summary.id;
        let Gain { before, after } = found.gain;
        let entry = Entry {
            account: account.clone(),
            campaign,
            root: job.root,
            base: job.base,
            gradient: found.hash,
            size: found.gradient.len() as u64,
            salt,
            data: self.data[job.data].name.clone(),
            measured_beside: job.base,
            held_out_before: before,
            held_out_after: after,
            stage: Stage::Prepared,
        };
        self.journal.prepare(entry, &found.gradient)?;
        self.say(Event::Prepared {
            campaign,
            root: job.root,
            base: job.base,
            gradient: found.hash,
            metric: job.info.terms.metric,
            held_out_before: before,
            held_out_after: after,
        });
        Ok(())
    }
}
