//! `mine campaigns`: which campaigns fit, and what their branches pay.

use super::usable::usable_data;
use crate::{
    cli::AccountArgs,
    home::Home,
    output::{clean, table, Output},
};
use anyhow::Result;
use clap::Args;
use mine_client::{
    branch,
    fit::{check_bounty, check_parties, check_price, data_for, no_quote, NotServed, Offer},
    miner::MineData,
    policy::Policy,
    rounds::blocks,
};
use serde::Serialize;
use sonar_client::{
    format::{amount, duration, error, Amount},
    Client,
};
use sonar_primitives::{
    api::{CampaignInfo, ModelInfo, Quote},
    campaign::State,
    AccountId, Balance, BlockNumber, CampaignId, MeasuredError, ModelId, RoundId,
};
use syft::Metric;

/// Lists the open campaigns with their branches.
#[derive(Args, Debug)]
pub struct Campaigns {
    #[command(flatten)]
    account: AccountArgs,
}

/// One open campaign.
#[derive(Serialize)]
struct Line {
    id: CampaignId,
    title: String,
    metric: Metric,
    /// The least error so far.
    best: MeasuredError,
    best_model: Option<ModelId>,
    target: MeasuredError,
    minimum_step: MeasuredError,
    /// The whole bounty.
    bounty: Amount,
    deadline: BlockNumber,
    blocks_left: BlockNumber,
    /// Blocks for which a round takes commitments.
    round_blocks: u32,
    /// The data set that fits.
    data: Option<String>,
    /// Why the campaign is left alone.
    left_alone: Option<String>,
    branches: Vec<Branch>,
}

/// One branch of it.
#[derive(Serialize)]
struct Branch {
    root: ModelId,
    /// The branch's best model.
    best_model: ModelId,
    /// Its error.
    best: MeasuredError,
    /// The round that takes commitments, if there is one.
    round: Option<RoundId>,
    /// Blocks until it closes.
    closes_in: Option<BlockNumber>,
    /// What a round that takes the record to the target would earn now.
    pays: Option<Amount>,
    /// What is held for a commitment: `deposit` and `part`.
    hold: Option<Amount>,
    /// Comes back with the verdict.
    deposit: Option<Amount>,
    /// The largest part of the round's assay that a commitment may have to pay.
    part: Option<Amount>,
    /// Why the branch is left alone.
    left_alone: Option<String>,
}

/// What the account brings along.
struct Own<'a> {
    account: AccountId,
    policy: Policy,
    offers: Vec<Offer<'a>>,
    spendable: Balance,
}

/// Does it.
pub async fn run(home: &Home, output: Output, command: Campaigns) -> Result<()> {
    let account = home.account(&command.account)?;
    let policy = home.policy()?;
    let data = usable_data(home, &policy)?;
    let client = home.connect().await?;
    let balance = client.balance(&account).await?;
    let own = Own {
        spendable: balance.transferable(client.constants().existential_deposit),
        account,
        policy,
        offers: data.iter().map(MineData::offer).collect(),
    };
    let now = client.best_block().await?.number;
    let mut lines = Vec::new();
    for summary in client.all_campaigns().await? {
        if summary.state != State::Open {
            continue;
        }
        if let Some(info) = client.campaign(summary.id).await? {
            lines.push(line(&client, &own, &info, now).await?);
        }
    }
    let block_time = client.constants().block_time;
    output.result(&lines, || match lines.is_empty() {
        true => "no campaign is open".into(),
        false => describe(&lines, |blocks| duration(blocks, block_time)),
    })
}

async fn line(
    client: &Client,
    own: &Own<'_>,
    info: &CampaignInfo,
    now: BlockNumber,
) -> Result<Line> {
    let owner = client.reputation(&info.summary.owner).await?;
    let reputation = client.reputation(&own.account).await?;
    let data = data_for(info, &own.offers, &own.policy, now);
    let left_alone = data.as_ref().err().cloned().or_else(|| {
        check_parties(info, &owner, &reputation, &own.policy)
            .and_then(|()| check_bounty(info, &own.policy))
            .err()
    });
    let tree = client.tree(info.summary.id).await?;
    let mut branches = Vec::new();
    for best in branch::roots(&tree).filter_map(|root| branch::best(&tree, root)) {
        branches.push(branch_of(client, own, info, best, now).await?);
    }
    Ok(Line {
        id: info.summary.id,
        title: info.summary.title.as_str().into(),
        metric: info.terms.metric,
        best: info.summary.best,
        best_model: info.best,
        target: info.summary.target,
        minimum_step: info.terms.minimum_step,
        bounty: Amount(info.summary.bounty),
        deadline: info.terms.deadline,
        blocks_left: info.terms.deadline.saturating_sub(now),
        round_blocks: info.terms.rounds.round_blocks,
        data: data.ok().map(|index| own.offers[index].name.to_owned()),
        left_alone: left_alone.map(|reason| reason.to_string()),
        branches,
    })
}

async fn branch_of(
    client: &Client,
    own: &Own<'_>,
    info: &CampaignInfo,
    best: &ModelInfo,
    now: BlockNumber,
) -> Result<Branch> {
    let root = best.model.root;
    let quote = client
        .quote(&own.account, root, info.summary.target)
        .await?;
    let left_alone = match &quote {
        Ok(quote) => {
            let blob = client.constants().blob_deposit(0);
            check_price(quote, blob, own.spendable, &own.policy).err()
        }
        Err(refused) => Some(no_quote(info, *refused)),
    };
    Ok(branch_line(best, quote.ok(), left_alone, now))
}

fn branch_line(
    best: &ModelInfo,
    quote: Option<Quote>,
    left_alone: Option<NotServed>,
    now: BlockNumber,
) -> Branch {
    let quote = quote.as_ref();
    let round = quote.and_then(|quote| Some((quote.round?, quote.closes)));
    Branch {
        root: best.model.root,
        best_model: best.id,
        best: best.model.error,
        round: round.map(|(id, _)| id),
        closes_in: round.map(|(_, closes)| closes.saturating_sub(now)),
        pays: quote.map(|quote| Amount(quote.pays)),
        hold: quote.map(|quote| Amount(quote.hold)),
        deposit: quote.map(|quote| Amount(quote.deposit)),
        part: quote.map(|quote| Amount(quote.part)),
        left_alone: left_alone.map(|reason| reason.to_string()),
    }
}

fn describe(lines: &[Line], time: impl Fn(BlockNumber) -> String) -> String {
    let rows = lines
        .iter()
        .map(|line| {
            vec![
                line.id.to_string(),
                clean(&line.title),
                error(line.metric, line.best),
                error(line.metric, line.target),
                amount(line.bounty.0),
                time(line.blocks_left),
                line.data.clone().unwrap_or("-".into()),
            ]
        })
        .collect();
    let header = ["id", "title", "best", "target", "bounty", "left", "data"];
    let mut text = table(&header, rows) + "\n\n" + &describe_branches(lines);
    for line in lines {
        let branches = line.branches.iter();
        let reasons = branches.filter_map(|branch| {
            let reason = branch.left_alone.as_ref()?;
            Some((format!(", branch {}", branch.root), reason))
        });
        let whole = line.left_alone.iter().map(|reason| (String::new(), reason));
        for (place, reason) in whole.chain(reasons) {
            let reason = clean(reason);
            text += &format!("\ncampaign {}{place} is left alone: {reason}", line.id);
        }
    }
    text
}

fn describe_branches(lines: &[Line]) -> String {
    let money = |value: Option<Amount>| value.map_or("-".into(), |value| amount(value.0));
    let branches = lines
        .iter()
        .flat_map(|line| line.branches.iter().map(move |branch| (line, branch)));
    let rows = branches
        .map(|(line, branch)| {
            let round = match (branch.round, branch.closes_in) {
                (Some(round), Some(left)) => format!("round {round} closes in {}", blocks(left)),
                _ => format!("a new one, {}", blocks(line.round_blocks)),
            };
            vec![
                line.id.to_string(),
                branch.root.to_string(),
                format!(
                    "{} (model {})",
                    error(line.metric, branch.best),
                    branch.best_model
                ),
                round,
                money(branch.pays),
                money(branch.hold),
            ]
        })
        .collect();
    let header = ["campaign", "branch", "best", "round", "target pays", "held"];
    table(&header, rows)
}
