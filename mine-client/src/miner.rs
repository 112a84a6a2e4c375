//! What a mine does in one block: it takes its submissions as far as they go, collects what is due, stores the models that
//! it has a part in, and keeps one training running.

mod choice;
mod income;
mod models;
mod retries;
mod reveals;
mod running;
mod submissions;
mod work;

use crate::{
    chain::{Chain, ChainError},
    event::Event,
    fit::Offer,
    journal::{EntryId, Journal, JournalError},
    lifecycle::{Entry, Stage},
    policy::Policy,
    training::{Gain, Split},
};
pub use models::TIME_FOR_THE_FIRST;
use retries::{Attempt, Retries};
use running::Running;
use sonar_primitives::{Balance, BlockNumber, CampaignId, ModelId, SubmissionId};
use std::{
    collections::{BTreeMap, BTreeSet},
    future,
    sync::Arc,
};
use syft::Schema;

/// Why a mine cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MineError {
    /// The chain gives no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The journal cannot be used: nothing more may be sent.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The thread that trains is gone.
    #[error("training stopped: {0}")]
    Training(String),
}

/// A data set to train on.
#[derive(Clone, Debug)]
pub struct MineData {
    /// Its name.
    pub name: String,
    /// What a row looks like.
    pub schema: Schema,
    /// Its rows.
    pub split: Arc<Split>,
}

/// What a [tick](Miner::tick) came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// Something was done, and there may be more to do at once.
    Busy,
    /// Submissions wait for the chain, or a training runs.
    Waiting,
    /// Nothing is pending and nothing can be done now.
    Idle,
}

/// A mine at work: everything but the chain.
pub struct Miner<'a> {
    journal: &'a mut Journal,
    policy: &'a Policy,
    data: &'a [MineData],
    report: &'a mut dyn FnMut(Event),
    // All that follows is forgotten with the program: it costs time to learn it again, and nothing else.
    /// The training that runs, or has ended and was not looked at.
    training: Option<Running>,
    /// Attempts at a campaign's model.
    attempts: BTreeMap<(CampaignId, ModelId), u32>,
    /// What the last training on a branch brought, by campaign and root, and the model that it started from.
    last_gains: BTreeMap<(CampaignId, ModelId), (ModelId, Gain)>,
    /// Blocks that the last training that was told to hurry took to end.
    hurried: BlockNumber,
    /// Campaigns of which it was said that their rounds are short.
    short_rounds: BTreeSet<CampaignId>,
    /// What did not work, and when it is tried again.
    retries: Retries,
    /// Why a submission waits, as it was said last.
    waits: BTreeMap<EntryId, String>,
    /// Models that this mine has a part in and that are stored by another if need be, with the block in which that was
    /// seen.
    left_to_others: BTreeMap<ModelId, BlockNumber>,
    /// Models that need no more storing, or will not be stored by this mine.
    done_models: BTreeSet<ModelId>,
    /// Why a model is not stored, as it was said last.
    not_stored: BTreeMap<ModelId, String>,
    /// Submissions of the account that are not in the journal and were spoken of.
    unknown: BTreeSet<SubmissionId>,
    /// Campaigns whose claim the chain refused; not tried again before the next start.
    refused_claims: BTreeSet<CampaignId>,
    /// The last thing said about being idle.
    idle: Option<String>,
    /// Submissions that were decided.
    decided: u32,
    /// Whether nothing is trained while a submission waits.
    one_at_a_time: bool,
    /// Whether nothing new is trained or committed to.
    winding_down: bool,
}

impl<'a> Miner<'a> {
    /// A mine that works with these data under this policy, and tells of it through `report`.
    pub fn new(
        journal: &'a mut Journal,
        policy: &'a Policy,
        data: &'a [MineData],
        report: &'a mut dyn FnMut(Event),
    ) -> Self {
        Self {
            journal,
            policy,
            data,
            report,
            training: None,
            attempts: BTreeMap::new(),
            last_gains: BTreeMap::new(),
            hurried: 0,
            short_rounds: BTreeSet::new(),
            retries: Retries::default(),
            waits: BTreeMap::new(),
            left_to_others: BTreeMap::new(),
            done_models: BTreeSet::new(),
            not_stored: BTreeMap::new(),
            unknown: BTreeSet::new(),
            refused_claims: BTreeSet::new(),
            idle: None,
            decided: 0,
            one_at_a_time: false,
            winding_down: false,
        }
    }

    /// From now on nothing is trained while a submission waits.
    pub fn work_one_at_a_time(&mut self) {
        self.one_at_a_time = true;
    }

    /// Ties the home to the chain.
    ///
    /// # Errors
    ///
    /// If it belongs to another one, or the journal cannot be written.
    pub fn bind(&mut self, chain: &impl Chain) -> Result<(), JournalError> {
        self.journal.bind(chain.genesis())
    }

    /// Tells of something.
    pub fn say(&mut self, event: Event) {
        if !matches!(event, Event::Idle { .. } | Event::Retrying { .. }) {
            self.idle = None;
        }
        (self.report)(event);
    }

    /// Submissions that were decided since the start of the program.
    pub fn decided(&self) -> u32 {
        self.decided
    }

    /// Does everything that can be done in this block, and starts a training if none runs. It may be dropped, or the
    /// program killed, at any point: the next tick goes on from the journal.
    ///
    /// # Errors
    ///
    /// If the chain or the journal fails.
    pub async fn tick<C: Chain>(&mut self, chain: &C) -> Result<Tick, MineError> {
        self.advance_submissions(chain).await?;
        self.collect(chain).await?;
        self.store_models(chain).await?;
        if self.work(chain).await? {
            return Ok(Tick::Busy);
        }
        let waits = self.training.is_some() || self.pending(chain).next().is_some();
        Ok(if waits { Tick::Waiting } else { Tick::Idle })
    }

    /// Whether a training runs, or has ended and was not looked at.
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// Returns when the training that runs has ended: then there is something to do before the next block. Never
    /// returns if none runs.
    pub async fn training_ended(&mut self) {
        match &mut self.training {
            Some(training) => training.ended().await,
            None => future::pending().await,
        }
    }

    /// Whether nothing can come from a campaign any more: it is over, and what it brought is written
    /// down.
    ///
    /// # Errors
    ///
    /// If the chain fails.
    pub async fn is_done_with<C: Chain>(
        &self,
        chain: &C,
        campaign: CampaignId,
    ) -> Result<bool, MineError> {
        let over = match chain.campaign(campaign).await? {
            Some(info) => info.summary.state.is_over(),
            None => true,
        };
        let account = chain.account();
        let claimed = !self.journal.unsettled(account).contains(&campaign)
            || self.refused_claims.contains(&campaign);
        Ok(over && claimed)
    }

    /// Submissions of the account that are not decided.
    fn pending<'s, C: Chain>(
        &'s self,
        chain: &'s C,
    ) -> impl Iterator<Item = (EntryId, &'s Entry)> + 's {
        self.journal
            .entries(chain.account())
            .filter(|(_, entry)| !entry.stage.is_final())
    }

    /// What the account can spend beyond what the gradients that it has committed to will need.
    async fn spendable<C: Chain>(&self, chain: &C) -> Result<Balance, ChainError> {
        let due = self
            .pending(chain)
            .filter(|(_, entry)| matches!(entry.stage, Stage::Committed { .. }))
            .map(|(_, entry)| chain.blob_deposit(entry.size));
        let due = due.fold(0, Balance::saturating_add);
        Ok(chain.spendable().await?.saturating_sub(due))
    }

    /// The reason why a transaction did not do what it should, after which it is sent again some blocks later; `None` if it
    /// did. Other failures are passed on.
    fn not_done(
        &mut self,
        what: Attempt,
        now: BlockNumber,
        sent: Result<(), ChainError>,
    ) -> Result<Option<String>, MineError> {
        match sent {
            Ok(()) => {
                self.retries.forget(what);
                Ok(None)
            }
            Err(ChainError::Refused(reason)) => {
                self.retries.failed(what, now);
                Ok(Some(reason))
            }
            Err(ChainError::NotIncluded(reason)) => {
                self.retries.not_included(what, now);
                Ok(Some(reason))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl MineData {
    /// What matters to campaigns.
    pub fn offer(&self) -> Offer<'_> {
        Offer {
            name: &self.name,
            schema: &self.schema,
        }
    }
}
