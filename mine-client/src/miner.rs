//! One round of a mine's work: keep the promises in the journal, collect what is due, and train if
//! there is time.

use crate::{
    chain::{worth, Chain, ChainError},
    event::Event,
    fit::{self, Misfit, Offer},
    journal::{EntryId, Journal, JournalError},
    lifecycle::{next, Action, Entry, Outcome, Stage, View},
    policy::Policy,
    training::{improve, Improvement, Split, Task, Trained},
};
use sonar_primitives::{
    api::{CampaignInfo, Quote, SubmissionInfo},
    campaign::State,
    tree::Salt,
    BlockNumber, CampaignId, NodeId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};
use syft::Schema;

/// Steps of one submission in one round, at most: more than the way from preparation to verdict takes.
const MAX_STEPS: u32 = 16;

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

/// What a round came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    /// Something was done, and there may be more to do at once.
    Busy,
    /// Submissions wait for the chain.
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
    /// Attempts at a campaign's node since the start of the program. Forgotten with the program:
    /// training again only costs time.
    attempts: BTreeMap<(CampaignId, NodeId), u32>,
    /// Submissions of the account that are not in the journal and were spoken of.
    unknown: BTreeSet<NodeId>,
    /// Campaigns whose claim the chain refused; not tried again before the next start.
    refused_claims: BTreeSet<CampaignId>,
    /// The last thing said about being idle.
    idle: Option<String>,
    /// Submissions that were decided since the start of the program.
    decided: u32,
}

/// A campaign to work for.
struct Job {
    info: CampaignInfo,
    /// The node to improve.
    parent: NodeId,
    /// Position of the data set.
    data: usize,
    /// For reaching the target.
    quote: Quote,
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
            attempts: BTreeMap::new(),
            unknown: BTreeSet::new(),
            refused_claims: BTreeSet::new(),
            idle: None,
            decided: 0,
        }
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

    /// Does everything that can be done at once, and trains at most once. It may be dropped, or the
    /// program killed, at any point: the next round goes on from the journal.
    ///
    /// # Errors
    ///
    /// If the chain or the journal fails.
    pub async fn round<C: Chain>(&mut self, chain: &C) -> Result<Round, MineError> {
        let now = chain.now().await?;
        self.keep_promises(chain, now).await?;
        self.collect(chain).await?;
        let pending = self.pending(chain).count();
        if pending < self.policy.maximum_pending as usize && self.work(chain, now).await? {
            return Ok(Round::Busy);
        }
        Ok(match pending {
            0 => Round::Idle,
            _ => Round::Waiting,
        })
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
            Some(info) => is_over(&info.summary.state),
            None => true,
        };
        let account = chain.account();
        let claimed = !self.journal.unsettled(account).contains(&campaign)
            || self.refused_claims.contains(&campaign);
        Ok(over && claimed)
    }

    fn pending<'s, C: Chain>(&'s self, chain: &'s C) -> impl Iterator<Item = EntryId> + 's {
        self.journal
            .entries(chain.account())
            .filter(|(_, entry)| !entry.stage.is_final())
            .map(|(id, _)| id)
    }

    /// Takes every submission as far as it goes now.
    async fn keep_promises<C: Chain>(
        &mut self,
        chain: &C,
        now: BlockNumber,
    ) -> Result<(), MineError> {
        let submissions = chain.submissions().await?;
        let mut ids: BTreeSet<EntryId> = self.pending(chain).collect();
        for info in &submissions {
            let known = self
                .journal
                .entries(chain.account())
                .find(|(_, entry)| entry.commitment() == info.submission.commitment);
            let pending = info.submission.state.is_pending();
            match known {
                // Whatever the journal says of it: what waits on the chain must be revealed.
                Some((id, _)) if pending => _ = ids.insert(id),
                None if pending && self.unknown.insert(info.id) => self.say(Event::Unknown {
                    submission: info.id,
                }),
                _ => {}
            }
        }
        for id in ids {
            self.advance(chain, now, id, &submissions).await?;
        }
        Ok(())
    }

    /// Takes one submission as far as it goes now.
    async fn advance<C: Chain>(
        &mut self,
        chain: &C,
        now: BlockNumber,
        id: EntryId,
        submissions: &[SubmissionInfo],
    ) -> Result<(), MineError> {
        let mut now = now;
        let mut submissions = submissions.to_vec();
        // Why the chain refused the commitment just now. Looking again tells whether it has it.
        let mut refused = None;
        for _ in 0..MAX_STEPS {
            let Some(entry) = self.journal.entry(id).cloned() else {
                return Ok(());
            };
            let view = view(chain, &entry, now, &submissions).await?;
            match next(&entry, &view) {
                Action::Wait | Action::Finished => return Ok(()),
                Action::Record(stage) => {
                    self.record(id, &entry, stage)?;
                    continue;
                }
                Action::Commit => {
                    if let Some(reason) = refused {
                        return self.record(id, &entry, Stage::Dropped { reason });
                    }
                    let sent = chain.commit(entry.campaign, entry.parent, entry.commitment());
                    refused = refusal(sent.await)?;
                }
                Action::Store => {
                    let blob = self.journal.blob(id)?;
                    let sent = chain.store(blob).await;
                    self.note_refusal(id, &entry, "storing the gradient", sent)?;
                }
                Action::Reveal { submission } => {
                    let sent = chain.reveal(submission, entry.gradient, entry.salt).await;
                    self.note_refusal(id, &entry, "revealing the gradient", sent)?;
                }
            }
            now = chain.now().await?;
            submissions = chain.submissions().await?;
        }
        Ok(())
    }

    fn record(&mut self, id: EntryId, entry: &Entry, stage: Stage) -> Result<(), MineError> {
        self.journal.record(id, stage.clone())?;
        let campaign = entry.campaign;
        match stage {
            Stage::Committed { submission, .. } => self.say(Event::Committed {
                campaign,
                submission,
            }),
            Stage::Revealed { submission } => self.say(Event::Revealed {
                campaign,
                submission,
            }),
            Stage::Decided {
                submission,
                outcome,
            } => {
                self.decided += 1;
                self.say(Event::Decided {
                    campaign,
                    submission,
                    outcome,
                });
            }
            Stage::Dropped { reason } => self.say(Event::Dropped { campaign, reason }),
            Stage::Prepared | Stage::Stored { .. } => {}
        }
        Ok(())
    }

    /// Writes a refusal down: a transaction that is refused again and again must not be paid for
    /// again and again.
    fn note_refusal(
        &mut self,
        id: EntryId,
        entry: &Entry,
        what: &'static str,
        sent: Result<(), ChainError>,
    ) -> Result<(), MineError> {
        if let Some(reason) = refusal(sent)? {
            self.journal.note_refusal(id)?;
            self.say(Event::Refused {
                campaign: entry.campaign,
                what,
                reason,
            });
        }
        Ok(())
    }

    /// Claims what is due and writes down what settled campaigns brought.
    async fn collect<C: Chain>(&mut self, chain: &C) -> Result<(), MineError> {
        let account = chain.account();
        for due in chain.claimable().await? {
            let campaign = due.campaign;
            if due.claimed || self.refused_claims.contains(&campaign) {
                continue;
            }
            match chain.claim(campaign).await {
                Ok(amount) => {
                    self.journal.receive(account, campaign, amount)?;
                    self.say(Event::Claimed { campaign, amount });
                }
                Err(error) => {
                    if let Some(reason) = refusal(Err(error))? {
                        self.refused_claims.insert(campaign);
                        self.say(Event::Refused {
                            campaign,
                            what: "claiming",
                            reason,
                        });
                    }
                }
            }
        }
        // Claimed before the last stop, or by somebody for this account, or nothing to claim.
        for campaign in self.journal.unsettled(account) {
            let over = match chain.campaign(campaign).await? {
                Some(info) => is_over(&info.summary.state),
                None => true,
            };
            if !over {
                continue;
            }
            let amount = match chain.entitlement(campaign).await? {
                None => 0,
                Some(entitlement) if entitlement.claimed => worth(&entitlement),
                Some(_) => continue,
            };
            self.journal.receive(account, campaign, amount)?;
            if amount > 0 {
                self.say(Event::Claimed { campaign, amount });
            }
        }
        Ok(())
    }

    /// Trains once for the campaign that pays best. Returns whether there was anything to do.
    async fn work<C: Chain>(&mut self, chain: &C, now: BlockNumber) -> Result<bool, MineError> {
        let job = match self.choose(chain, now).await? {
            Ok(job) => job,
            Err(reason) => {
                if self.idle.as_ref() != Some(&reason) {
                    self.idle = Some(reason.clone());
                    self.say(Event::Idle { reason });
                }
                return Ok(false);
            }
        };
        let (campaign, parent) = (job.info.summary.id, job.parent);
        let nothing = |reason: String| Event::NothingBetter {
            campaign,
            parent,
            reason,
        };
        let attempt = self.attempts.entry((campaign, parent)).or_default();
        let this_attempt = *attempt;
        *attempt += 1;
        let trained = match self.train(chain, &job, this_attempt).await? {
            Ok(improvement) => improvement,
            Err(reason) => {
                self.say(nothing(reason));
                return Ok(true);
            }
        };
        match self.worth_submitting(chain, &job, &trained).await? {
            Ok(()) => self.prepare(chain, &job, trained)?,
            Err(reason) => self.say(nothing(reason)),
        }
        Ok(true)
    }

    /// The campaign that pays best and is not tried enough yet, or why there is none.
    async fn choose<C: Chain>(
        &mut self,
        chain: &C,
        now: BlockNumber,
    ) -> Result<Result<Job, String>, MineError> {
        let offers: Vec<Offer<'_>> = self.data.iter().map(MineData::offer).collect();
        let account = chain.reputation(chain.account()).await?;
        let mut best: Option<Job> = None;
        let mut reasons = Vec::new();
        for summary in chain.campaigns().await? {
            // Most campaigns of an old chain are over; the rest of the checks needs a look at each.
            if summary.state != State::Open {
                continue;
            }
            let Some(info) = chain.campaign(summary.id).await? else {
                continue;
            };
            match self.consider(chain, info, &offers, &account, now).await? {
                Ok(job)
                    if best
                        .as_ref()
                        .is_none_or(|best| job.quote.pays > best.quote.pays) =>
                {
                    best = Some(job);
                }
                Ok(_) => {}
                Err(reason) => reasons.push(format!("campaign {}: {reason}", summary.id)),
            }
        }
        Ok(best.ok_or_else(|| match reasons.is_empty() {
            true => "no campaign is open".into(),
            false => reasons.join("; "),
        }))
    }

    async fn consider<C: Chain>(
        &self,
        chain: &C,
        info: CampaignInfo,
        offers: &[Offer<'_>],
        account: &sonar_primitives::reputation::Reputation,
        now: BlockNumber,
    ) -> Result<Result<Job, String>, MineError> {
        let because = |misfit: Misfit| Ok(Err(misfit.to_string()));
        let data = match fit::data_for(&info, offers, self.policy, now) {
            Ok(data) => data,
            Err(misfit) => return because(misfit),
        };
        let owner = chain.reputation(&info.summary.owner).await?;
        if let Err(misfit) = fit::check_parties(&info, &owner, account, self.policy) {
            return because(misfit);
        }
        let Some(parent) = info.best else {
            return because(Misfit::NoQuote);
        };
        let quote = chain.quote(parent, info.summary.target).await?;
        if let Err(misfit) = fit::check_price(&info, quote.as_ref(), self.policy) {
            return because(misfit);
        }
        let Some(quote) = quote else {
            return because(Misfit::NoQuote);
        };
        let id = info.summary.id;
        let attempts = self.attempts.get(&(id, parent)).copied().unwrap_or(0);
        if attempts >= self.policy.training.attempts {
            return Ok(Err(format!(
                "{attempts} attempts at node {parent} found nothing better"
            )));
        }
        let failures = self.failures(chain, id, parent);
        if failures >= self.policy.maximum_failures as usize {
            return Ok(Err(format!(
                "{failures} submissions to node {parent} were turned down"
            )));
        }
        if quote.deposit > chain.spendable().await? {
            return Ok(Err(format!(
                "the deposit is {}, more than the account can spend: send it some",
                sonar_client::format::amount(quote.deposit)
            )));
        }
        Ok(Ok(Job {
            info,
            parent,
            data,
            quote,
        }))
    }

    /// Submissions of the account to this node that came to nothing.
    fn failures<C: Chain>(&self, chain: &C, campaign: CampaignId, parent: NodeId) -> usize {
        self.journal
            .entries(chain.account())
            .filter(|(_, entry)| entry.campaign == campaign && entry.parent == parent)
            .filter(|(_, entry)| match entry.stage {
                Stage::Decided { outcome, .. } => !matches!(outcome, Outcome::Accepted { .. }),
                Stage::Dropped { .. } => true,
                _ => false,
            })
            .count()
    }

    /// Trains once, in a thread of its own. If this future is dropped, training ends soon.
    async fn train<C: Chain>(
        &mut self,
        chain: &C,
        job: &Job,
        attempt: u32,
    ) -> Result<Result<Improvement, String>, MineError> {
        let data = &self.data[job.data];
        let terms = &job.info.terms;
        self.idle = None;
        (self.report)(Event::Training {
            campaign: job.info.summary.id,
            parent: job.parent,
            error: job.info.summary.best,
            metric: terms.metric,
            data: data.name.clone(),
            attempt,
        });
        let base = chain.model(job.parent).await?;
        let task = Task {
            architecture: base.architecture,
            parent: base.parameters,
            metric: terms.metric,
            minimum_step: terms.minimum_step,
            options: self.policy.training.clone(),
            attempt,
        };
        let split = data.split.clone();
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = CancelOnDrop(cancelled.clone());
        let thread = tokio::task::spawn_blocking(move || improve(&task, &split, &cancelled));
        let trained = thread
            .await
            .map_err(|error| MineError::Training(error.to_string()))?;
        drop(guard);
        Ok(match trained {
            Ok(Trained::Improved(improvement)) => Ok(improvement),
            Ok(Trained::NotImproved { before, after }) => Err(format!(
                "error on held-out rows {} before, {} after",
                terms.metric.show(before),
                terms.metric.show(after)
            )),
            Ok(Trained::Cancelled) => Err("training was cancelled".into()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Looks again, now that time has passed, whether the gradient is worth its deposit.
    async fn worth_submitting<C: Chain>(
        &self,
        chain: &C,
        job: &Job,
        found: &Improvement,
    ) -> Result<Result<(), String>, MineError> {
        let id = job.info.summary.id;
        let now = chain.campaign(id).await?;
        let state = now.as_ref().map(|info| (info.summary.state, info.best));
        if state != Some((State::Open, Some(job.parent))) {
            return Ok(Err("it is not the best node any more".into()));
        }
        let known = self.journal.entries(chain.account()).any(|(_, entry)| {
            (entry.campaign, entry.parent, entry.gradient) == (id, job.parent, found.hash)
        });
        if known {
            return Ok(Err("the same gradient was submitted before".into()));
        }
        let parent_error = job.info.summary.best;
        let expected = fit::expected_error(parent_error, found.before, found.after);
        let Some(quote) = chain.quote(job.parent, expected).await? else {
            return Ok(Err(Misfit::NoQuote.to_string()));
        };
        if let Err(misfit) = fit::check_price(&job.info, Some(&quote), self.policy) {
            return Ok(Err(misfit.to_string()));
        }
        let needed = chain
            .blob_deposit(found.blob.len() as u64)
            .saturating_add(quote.deposit);
        if needed > chain.spendable().await? {
            return Ok(Err(format!(
                "deposits for submission and gradient are {}, more than the account can spend: send \
                 it some",
                sonar_client::format::amount(needed)
            )));
        }
        Ok(Ok(()))
    }

    /// Writes the submission down; from here on it is kept, whatever happens.
    fn prepare<C: Chain>(
        &mut self,
        chain: &C,
        job: &Job,
        found: Improvement,
    ) -> Result<(), MineError> {
        let mut salt = Salt::default();
        getrandom::fill(&mut salt).map_err(|error| MineError::Random(error.to_string()))?;
        let campaign = job.info.summary.id;
        let entry = Entry {
            account: chain.account().clone(),
            campaign,
            parent: job.parent,
            gradient: found.hash,
            salt,
            data: self.data[job.data].name.clone(),
            held_out_before: found.before,
            held_out_after: found.after,
            stage: Stage::Prepared,
            refusals: 0,
        };
        self.journal.prepare(entry, &found.blob)?;
        self.say(Event::Prepared {
            campaign,
            parent: job.parent,
            gradient: found.hash,
            metric: job.info.terms.metric,
            held_out_before: found.before,
            held_out_after: found.after,
        });
        Ok(())
    }
}

impl MineData {
    fn offer(&self) -> Offer<'_> {
        Offer {
            name: &self.name,
            schema: &self.schema,
        }
    }
}

/// Ends training when whoever waits for it is gone.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the chain says that matters to a submission.
async fn view<C: Chain>(
    chain: &C,
    entry: &Entry,
    now: BlockNumber,
    submissions: &[SubmissionInfo],
) -> Result<View, ChainError> {
    let commitment = entry.commitment();
    let found = submissions
        .iter()
        .find(|info| info.submission.commitment == commitment)
        .map(|info| (info.id, info.submission.clone()));
    let campaign = match found {
        // The submission says it all.
        Some(_) => None,
        None => chain.campaign(entry.campaign).await?,
    };
    Ok(View {
        now,
        blob_stored: found.is_some() && chain.is_stored(entry.gradient).await?,
        found,
        deadline: campaign.as_ref().map_or(0, |info| info.terms.deadline),
        campaign: campaign.map(|info| info.summary.state),
    })
}

/// The reason, if the chain refused; any other failure is passed on.
fn refusal(sent: Result<(), ChainError>) -> Result<Option<String>, MineError> {
    match sent {
        Ok(()) => Ok(None),
        Err(ChainError::Refused(reason)) => Ok(Some(reason)),
        Err(error) => Err(error.into()),
    }
}

fn is_over(state: &State<BlockNumber>) -> bool {
    matches!(state, State::Settled { .. } | State::Rejected { .. })
}
