//! `sonar campaign watch`.

use crate::{
    context::{self, Context},
    events, output, view, words,
    words::Clock,
};
use anyhow::{anyhow, bail, Result};
use futures::StreamExt;
use serde_json::json;
use sonar_client::{CampaignEvent, Client, ReadError};
use sonar_primitives::{
    campaign::{Rejected, State},
    CampaignId,
};
use std::time::Duration;
use syft::Metric;

/// Time between two attempts to reach a node that has gone.
const RETRY: Duration = Duration::from_secs(2);
/// Attempts before it is given up: a node that restarts takes less.
const ATTEMPTS: u32 = 60;

/// How a campaign ended.
enum End {
    Settled,
    Rejected(Rejected),
    Removed,
}

/// What stops the lines.
enum Stop {
    Disconnected(ReadError),
    Failed(anyhow::Error),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        match error.is_disconnected() {
            true => Self::Disconnected(error),
            false => Self::Failed(error.into()),
        }
    }
}

/// Writes a line per event until the campaign is over; goes on when the node restarts.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let mut client = context.connect().await?;
    let metric = context::campaign(&client, id).await?.terms.metric;
    let end = loop {
        match follow(context, &client, id, metric).await {
            Ok(end) => break end,
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Disconnected(error)) => {
                output::note(&format!("the connection is lost ({error}): connecting again; what happens meanwhile is not shown"));
                client = reconnect(context).await?;
            }
        }
    };
    match end {
        End::Settled => Ok(()),
        End::Rejected(reason) => bail!(
            "campaign {id} was rejected: {}; sponsors get their money back with sonar campaign claim {id}",
            words::rejected(reason, metric)
        ),
        End::Removed => bail!("campaign {id} was removed: it is over and everything was claimed"),
    }
}

async fn reconnect(context: &Context) -> Result<Client> {
    for _ in 1..ATTEMPTS {
        tokio::time::sleep(RETRY).await;
        if let Ok(client) = context.connect().await {
            return Ok(client);
        }
    }
    context.connect().await
}

/// Writes where the campaign is, then what happens to it.
async fn follow(
    context: &Context,
    client: &Client,
    id: CampaignId,
    metric: Metric,
) -> Result<End, Stop> {
    // Events first, or the last one could fall between the two.
    let mut happenings = client.watch(id).await?;
    let Some(info) = client.campaign(id).await? else {
        return Ok(End::Removed);
    };
    let clock = Clock::of(client).await?;
    let summary = info.summary;
    let value = json!({ "campaign": view::summary(&summary) });
    let write = context.output.line(&value, || {
        let state = words::state(&summary.state, metric, summary.deadline, clock);
        format!(
            "#{} campaign {id} is {state}; best error {}",
            clock.now,
            metric.show(summary.best)
        )
    });
    write.map_err(Stop::Failed)?;
    match summary.state {
        State::Settled { .. } => return Ok(End::Settled),
        State::Rejected { reason, .. } => return Ok(End::Rejected(reason)),
        State::Proposed | State::Open | State::Closing { .. } => {}
    }
    while let Some(happening) = happenings.next().await {
        let happening = happening?;
        let write = context.output.line(&happening, || {
            format!(
                "#{} {}",
                happening.block.number,
                events::describe(&happening.event, metric)
            )
        });
        write.map_err(Stop::Failed)?;
        match happening.event {
            CampaignEvent::Settled { .. } => return Ok(End::Settled),
            CampaignEvent::Rejected { reason, .. } => return Ok(End::Rejected(reason)),
            CampaignEvent::Removed { .. } => return Ok(End::Removed),
            _ => {}
        }
    }
    Err(Stop::Failed(anyhow!(
        "the node reports no more events: run the command again"
    )))
}
