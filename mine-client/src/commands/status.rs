//! `mine status`: submissions, earnings and reputation.

use crate::{
    cli::AccountArgs,
    home::Home,
    output::{note, table, Output},
};
use anyhow::Result;
use clap::Args;
use mine_client::{
    journal::{Journal, JournalError},
    lifecycle::Entry,
    rounds,
};
use serde::Serialize;
use sonar_client::{
    format::{address, amount, Amount},
    AccountBalance, Client,
};
use sonar_primitives::{
    api::{RoundInfo, SubmissionInfo},
    campaign::State,
    reputation::Reputation,
    round::RoundState,
    submission::{SubmissionKind, SubmissionState},
    AccountId, BlockNumber, CampaignId, ModelId, RoundId, SubmissionId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Shows what the account has submitted and earned.
#[derive(Args, Debug)]
pub struct Status {
    #[command(flatten)]
    account: AccountArgs,
}

/// Everything about the account's mining.
#[derive(Serialize)]
struct Report {
    account: String,
    balance: AccountBalance,
    reputation: Reputation,
    submissions: Vec<Submission>,
    earnings: Vec<Earning>,
    claimed: Amount,
    claimable: Amount,
    /// Whether the journal was read; it cannot be while a mine runs in this home.
    journal_read: bool,
}

/// One gradient on the chain.
#[derive(Serialize)]
struct Submission {
    submission: SubmissionId,
    campaign: CampaignId,
    round: RoundId,
    /// The root of the branch; `None` once the round is forgotten.
    root: Option<ModelId>,
    /// The model that it was trained on.
    base: ModelId,
    /// The base deposit that was held.
    deposit: Amount,
    /// The part of the round's assay that was held.
    part: Amount,
    committed_at: BlockNumber,
    state: SubmissionState,
    pending: bool,
    round_state: Option<RoundState>,
    /// The first block in which it may be revealed.
    closes: Option<BlockNumber>,
    /// The first block in which it may not be revealed any more.
    reveals_end: Option<BlockNumber>,
    /// The data set that it was trained on, if the journal was read.
    data: Option<String>,
    /// How far it has come, for people.
    #[serde(skip)]
    words: String,
}

/// What came, or can come, from one campaign.
#[derive(Serialize)]
struct Earning {
    campaign: CampaignId,
    amount: Amount,
    claimed: bool,
}

/// Does it.
pub async fn run(home: &Home, output: Output, command: Status) -> Result<()> {
    let account = home.account(&command.account)?;
    let journal = open_journal(home)?;
    let client = home.connect().await?;
    let journal = match journal {
        Some(mut journal) => {
            journal.bind(client.genesis_hash())?;
            Some(journal)
        }
        None => None,
    };
    let report = report(&client, account, journal.as_ref()).await?;
    output.result(&report, || describe(&report))
}

/// The journal; `None` if there is none or a mine runs, which is no reason to say nothing.
fn open_journal(home: &Home) -> Result<Option<Journal>> {
    let path = home.journal();
    if !path.exists() {
        return Ok(None);
    }
    match Journal::open(&path) {
        Ok(journal) => Ok(Some(journal)),
        Err(JournalError::InUse { .. }) => {
            note("a mine runs in this home: what the chain has forgotten is not shown");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn report(client: &Client, account: AccountId, journal: Option<&Journal>) -> Result<Report> {
    let trained_on: BTreeMap<_, _> = journal
        .iter()
        .flat_map(|journal| journal.entries(&account))
        .map(|(_, entry): (_, &Entry)| (entry.commitment(), entry.data.clone()))
        .collect();
    let now = client.best_block().await?.number;
    let mut submissions = Vec::new();
    for info in client.submissions_of(&account).await? {
        let SubmissionKind::Gradient { round, base, .. } = info.submission.kind else {
            continue;
        };
        let data = trained_on.get(&info.submission.commitment).cloned();
        let round = (round, client.round(round).await?);
        submissions.push(submission(info, round, base, data, now));
    }
    let earnings = earnings(client, &account, &submissions, journal).await?;
    let total = |claimed: bool| {
        let amounts = earnings.iter().filter(|earning| earning.claimed == claimed);
        Amount(amounts.fold(0, |sum, earning| sum.saturating_add(earning.amount.0)))
    };
    Ok(Report {
        balance: client.balance(&account).await?,
        reputation: client.reputation(&account).await?,
        claimed: total(true),
        claimable: total(false),
        account: address(&account),
        submissions,
        earnings,
        journal_read: journal.is_some(),
    })
}

fn submission(
    info: SubmissionInfo,
    (id, round): (RoundId, Option<RoundInfo>),
    base: ModelId,
    data: Option<String>,
    now: BlockNumber,
) -> Submission {
    let round = round.map(|info| info.round);
    let submission = info.submission;
    let phase = round.as_ref().map(|round| rounds::describe(id, round, now));
    Submission {
        submission: info.id,
        campaign: submission.campaign,
        round: id,
        root: round.as_ref().map(|round| round.root),
        base,
        deposit: Amount(submission.deposit),
        part: Amount(submission.part),
        committed_at: submission.committed_at,
        pending: submission.state.is_pending(),
        round_state: round.as_ref().map(|round| round.state),
        closes: round.as_ref().map(|round| round.closes),
        reveals_end: round.as_ref().map(|round| round.reveals_end),
        data,
        words: words(&submission.state, phase),
        state: submission.state,
    }
}

/// What the chain still knows, and what the journal remembers beyond that.
async fn earnings(
    client: &Client,
    account: &AccountId,
    submissions: &[Submission],
    journal: Option<&Journal>,
) -> Result<Vec<Earning>> {
    let mut earnings: BTreeMap<CampaignId, Earning> = BTreeMap::new();
    let mut add = |campaign, amount, claimed| {
        let earning = Earning {
            campaign,
            amount: Amount(amount),
            claimed,
        };
        earnings.insert(campaign, earning);
    };
    for (campaign, amount) in journal.iter().flat_map(|journal| journal.received(account)) {
        if amount > 0 {
            add(campaign, amount, true);
        }
    }
    let campaigns: BTreeSet<CampaignId> = submissions.iter().map(|one| one.campaign).collect();
    for campaign in campaigns {
        let info = client.campaign(campaign).await?;
        let settled = info.is_some_and(|info| matches!(info.summary.state, State::Settled { .. }));
        if settled {
            let all = client.entitlements(campaign).await?;
            if let Some(own) = all.iter().find(|one| one.account == *account) {
                add(campaign, own.total(), own.claimed);
            }
        }
    }
    for due in client.claimable(account).await? {
        add(due.campaign, due.total(), due.claimed);
    }
    Ok(earnings.into_values().collect())
}

fn describe(report: &Report) -> String {
    let reputation = &report.reputation;
    let mut text = format!(
        "account     {}\nfree        {}\nheld        {}\nclaimed     {}\nclaimable   {}\n\
         reputation  {} contributions, {} deposits lost\n",
        report.account,
        amount(report.balance.free),
        amount(report.balance.held),
        amount(report.claimed.0),
        amount(report.claimable.0),
        reputation.contributions,
        reputation.deposits_lost,
    );
    if !report.submissions.is_empty() {
        let rows = report
            .submissions
            .iter()
            .map(|one| {
                vec![
                    one.submission.to_string(),
                    one.campaign.to_string(),
                    one.round.to_string(),
                    one.base.to_string(),
                    one.data.clone().unwrap_or("-".into()),
                    one.words.clone(),
                ]
            })
            .collect();
        let header = ["submission", "campaign", "round", "base", "data", "state"];
        text += &format!("\n{}\n", table(&header, rows));
    }
    if !report.earnings.is_empty() {
        let rows = report
            .earnings
            .iter()
            .map(|one| {
                let done = if one.claimed { "claimed" } else { "claimable" };
                vec![one.campaign.to_string(), amount(one.amount.0), done.into()]
            })
            .collect();
        text += &format!("\n{}\n", table(&["campaign", "amount", ""], rows));
    }
    text
}

/// How far a submission has come, with its round's phase.
fn words(state: &SubmissionState, phase: Option<String>) -> String {
    let alone = match state {
        SubmissionState::Committed => "committed",
        SubmissionState::Revealed { .. } => "revealed",
        SubmissionState::Proposed { .. } => "a proposal",
        SubmissionState::Contributed { model, .. } => {
            return format!("contributed to model {model}");
        }
        SubmissionState::NotContributed => "brought nothing",
        SubmissionState::Malformed => "cannot be measured",
        SubmissionState::NotRevealed => "not revealed in time",
        SubmissionState::Returned => "never judged; everything came back",
    };
    match phase {
        Some(phase) => format!("{alone}; {phase}"),
        None => alone.into(),
    }
}
