//! `sonar campaign list`.

use crate::{context::Context, output, view};
use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;
use sonar_client::{format, Client, ReadError};
use sonar_primitives::{
    api::{CampaignSummary, MAX_PAGE},
    CampaignId,
};

/// Which campaigns to list.
#[derive(Args, Debug)]
pub struct List {
    /// Only those in this state [default: proposed, open and closing ones].
    #[arg(long, value_enum)]
    state: Option<StateName>,
    /// Those that are over too.
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// The number to start from.
    #[arg(long, value_name = "CAMPAIGN", default_value_t = 0)]
    from: CampaignId,
    /// How many to show.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// How far a campaign has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StateName {
    Proposed,
    Open,
    Closing,
    Settled,
    Rejected,
}

impl StateName {
    fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Settled => "settled",
            Self::Rejected => "rejected",
        }
    }
}

impl List {
    fn wants(&self, state: &str) -> bool {
        match self.state {
            Some(wanted) => wanted.name() == state,
            None => self.all || ["proposed", "open", "closing"].contains(&state),
        }
    }
}

/// Lists them, page by page.
pub async fn run(context: &Context, list: List) -> Result<()> {
    let client = context.connect().await?;
    let (found, next) = find(&client, &list).await?;
    let value = json!({
        "campaigns": found.iter().map(view::summary).collect::<Vec<_>>(),
        "next": next,
    });
    context.output.result(&value, || {
        if found.is_empty() {
            return match list.all {
                true => "no campaigns".into(),
                false => "no such campaigns: --all shows those that are over too".into(),
            };
        }
        let rows = found.iter().map(row).collect();
        let header = [
            "id",
            "state",
            "title",
            "bounty",
            "start",
            "best",
            "target",
            "rounds accepted",
            "undecided",
            "deadline",
        ];
        let table = output::table(&header, rows, &[0, 3, 4, 5, 6, 7, 8, 9]);
        match next {
            Some(next) => format!("{table}\nmore: add --from {next}"),
            None => table,
        }
    })
}

/// The campaigns that are wanted, and where the next page starts.
async fn find(
    client: &Client,
    list: &List,
) -> Result<(Vec<CampaignSummary>, Option<CampaignId>), ReadError> {
    let mut found = Vec::new();
    let mut from = list.from;
    loop {
        let page = client.campaigns(from, MAX_PAGE).await?;
        let Some(last) = page.last().map(|summary| summary.id) else {
            return Ok((found, None));
        };
        for summary in page {
            if list.wants(view::state_name(&summary.state)) {
                if found.len() == list.limit as usize {
                    return Ok((found, Some(summary.id)));
                }
                found.push(summary);
            }
        }
        match last.checked_add(1) {
            Some(next) => from = next,
            None => return Ok((found, None)),
        }
    }
}

fn row(summary: &CampaignSummary) -> Vec<String> {
    let show = |error| format::error(summary.metric, error);
    vec![
        summary.id.to_string(),
        view::state_name(&summary.state).into(),
        output::clean(summary.title.as_str()),
        format::amount(summary.bounty),
        show(summary.start),
        show(summary.best),
        show(summary.target),
        summary.accepted.to_string(),
        summary.pending.to_string(),
        summary.deadline.to_string(),
    ]
}
