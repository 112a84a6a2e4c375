//! `mine status`: submissions, earnings and reputation.

use crate::{
    cli::AccountArgs,
    home::Home,
    output::{note, table, Output},
};
use anyhow::Result;
use clap::Args;
use mine_client::{
    chain::worth,
    journal::{Journal, JournalError},
    lifecycle::Entry,
};
use serde::Serialize;
use sonar_client::{
    format::{address, amount, Amount},
    AccountBalance, Client,
};
use sonar_primitives::{
    campaign::State, reputation::Reputation, tree::SubmissionState, AccountId, BlockNumber,
    CampaignId, NodeId,
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

/// One submission on the chain.
#[derive(Serialize)]
struct Submission {
    submission: NodeId,
    campaign: CampaignId,
    parent: NodeId,
    deposit: Amount,
    committed_at: BlockNumber,
    state: SubmissionState<BlockNumber>,
    pending: bool,
    /// The data set that it was trained on, if the journal was read.
    data: Option<String>,
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
    let found = client.submissions_of(&account).await?;
    let submissions: Vec<Submission> = found
        .into_iter()
        .map(|info| Submission {
            submission: info.id,
            campaign: info.submission.campaign,
            parent: info.submission.parent,
            deposit: Amount(info.submission.deposit),
            committed_at: info.submission.committed_at,
            pending: info.submission.state.is_pending(),
            state: info.submission.state,
            data: trained_on.get(&info.submission.commitment).cloned(),
        })
        .collect();
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
                add(campaign, worth(own), own.claimed);
            }
        }
    }
    for due in client.claimable(account).await? {
        add(due.campaign, worth(&due), due.claimed);
    }
    Ok(earnings.into_values().collect())
}

fn describe(report: &Report) -> String {
    let reputation = &report.reputation;
    let mut text = format!(
        "account     {}\nfree        {}\nheld        {}\nclaimed     {}\nclaimable   {}\n\
         gradients   {} accepted, {} rejected, {} not revealed\n",
        report.account,
        amount(report.balance.free),
        amount(report.balance.held),
        amount(report.claimed.0),
        amount(report.claimable.0),
        reputation.accepted,
        reputation.rejected,
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
                    one.parent.to_string(),
                    one.data.clone().unwrap_or("-".into()),
                    state(&one.state),
                ]
            })
            .collect();
        let header = ["submission", "campaign", "parent", "data", "state"];
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

fn state(state: &SubmissionState<BlockNumber>) -> String {
    match state {
        SubmissionState::Committed { reveal_by } => {
            format!("committed, reveal by block {reveal_by}")
        }
        SubmissionState::Revealed { .. } => "waits for the assayers".into(),
        SubmissionState::Accepted { node } => format!("accepted as node {node}"),
        SubmissionState::NotImproved => "no improvement".into(),
        SubmissionState::Malformed(_) => "cannot be measured".into(),
        SubmissionState::Duplicate { of } => format!("same model as node {of}"),
        SubmissionState::NotRevealed => "not revealed in time".into(),
        SubmissionState::Undecided => "not judged in time".into(),
    }
}
