//! `mine campaigns`: which campaigns fit, and what they pay.

use crate::{
    cli::AccountArgs,
    home::Home,
    output::{clean, table, Output},
};
use anyhow::Result;
use clap::Args;
use mine_client::fit::{check_parties, check_price, data_for, Misfit, Offer};
use serde::Serialize;
use sonar_client::format::{amount, duration, error, Amount};
use sonar_primitives::{
    api::{CampaignInfo, Quote},
    campaign::State,
    BlockNumber, CampaignId, MeasuredError, NodeId,
};
use syft::Metric;

/// Lists the open campaigns.
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
    best: MeasuredError,
    best_node: Option<NodeId>,
    target: MeasuredError,
    minimum_step: MeasuredError,
    /// The whole bounty.
    bounty: Amount,
    /// What taking the best node to the target would earn now.
    pays: Option<Amount>,
    /// What is held for one submission.
    deposit: Option<Amount>,
    /// The part of the deposit that is lost if the gradient is not accepted.
    assay_price: Option<Amount>,
    deadline: BlockNumber,
    blocks_left: BlockNumber,
    /// The data set that fits.
    data: Option<String>,
    /// Why the campaign is left alone.
    misfit: Option<String>,
}

/// Does it.
pub async fn run(home: &Home, output: Output, command: Campaigns) -> Result<()> {
    let account = home.account(&command.account)?;
    let policy = home.policy()?;
    let store = home.store();
    let mut schemas = Vec::new();
    for name in store.names()? {
        let (info, _) = store.get(&name)?;
        schemas.push((name, info.schema));
    }
    let offers: Vec<Offer<'_>> = schemas
        .iter()
        .map(|(name, schema)| Offer { name, schema })
        .collect();

    let client = home.connect().await?;
    let now = client.best_block().await?.number;
    let own = client.reputation(&account).await?;
    let mut lines = Vec::new();
    for summary in client.all_campaigns().await? {
        if summary.state != State::Open {
            continue;
        }
        let Some(info) = client.campaign(summary.id).await? else {
            continue;
        };
        let owner = client.reputation(&summary.owner).await?;
        let quote = match info.best {
            Some(best) => client.quote(&account, best, summary.target).await?.ok(),
            None => None,
        };
        let data = data_for(&info, &offers, &policy, now);
        let misfit = data.as_ref().err().cloned().or_else(|| {
            check_parties(&info, &owner, &own, &policy)
                .and_then(|()| check_price(&info, quote.as_ref(), &policy))
                .err()
        });
        let data = data.ok().map(|index| offers[index].name.to_owned());
        lines.push(line(&info, quote.as_ref(), data, misfit, now));
    }
    let block_time = client.constants().block_time;
    output.result(&lines, || match lines.is_empty() {
        true => "no campaign is open".into(),
        false => describe(&lines, |blocks| duration(blocks, block_time)),
    })
}

fn line(
    info: &CampaignInfo,
    quote: Option<&Quote>,
    data: Option<String>,
    misfit: Option<Misfit>,
    now: BlockNumber,
) -> Line {
    Line {
        id: info.summary.id,
        title: info.summary.title.as_str().into(),
        metric: info.terms.metric,
        best: info.summary.best,
        best_node: info.best,
        target: info.summary.target,
        minimum_step: info.terms.minimum_step,
        bounty: Amount(info.summary.bounty),
        pays: quote.map(|quote| Amount(quote.pays)),
        deposit: quote.map(|quote| Amount(quote.deposit)),
        assay_price: quote.map(|quote| Amount(quote.assay_price)),
        deadline: info.terms.deadline,
        blocks_left: info.terms.deadline.saturating_sub(now),
        data,
        misfit: misfit.map(|misfit| misfit.to_string()),
    }
}

fn describe(lines: &[Line], time: impl Fn(BlockNumber) -> String) -> String {
    let money = |value: Option<Amount>| value.map_or("-".into(), |value| amount(value.0));
    let rows = lines
        .iter()
        .map(|line| {
            vec![
                line.id.to_string(),
                clean(&line.title),
                error(line.metric, line.best),
                error(line.metric, line.target),
                amount(line.bounty.0),
                money(line.pays),
                money(line.deposit),
                time(line.blocks_left),
                line.data.clone().unwrap_or("-".into()),
            ]
        })
        .collect();
    let header = [
        "id",
        "title",
        "best",
        "target",
        "bounty",
        "target pays",
        "deposit",
        "left",
        "data",
    ];
    let mut text = table(&header, rows);
    for line in lines {
        if let Some(misfit) = &line.misfit {
            text += &format!("\ncampaign {} is left alone: {}", line.id, clean(misfit));
        }
    }
    text
}
