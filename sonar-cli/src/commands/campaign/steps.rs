//! `sonar campaign cancel`, `close`, `settle` and `remove`.

use super::{Id, Signed};
use crate::{
    context::{self, Context},
    output,
    words::Clock,
};
use anyhow::{bail, Context as _, Result};
use sonar_client::{cid::cid_of, Client};
use sonar_primitives::{api::CampaignInfo, campaign::State, AccountId, BlobHash};
use std::collections::BTreeSet;

/// Items that one transaction of `remove` forgets, at most.
const REMOVED_AT_ONCE: u32 = 100;

/// Ends a campaign without accepted rounds.
pub async fn cancel(
    context: &Context,
    Signed {
        campaign: Id { id },
        signer,
    }: Signed,
) -> Result<()> {
    let signer = context.signer(&signer)?;
    let client = context.connect().await?;
    context::campaign(&client, id).await?;
    context.confirm(&format!("Cancel campaign {id}?")).await?;
    let receipt = context
        .send("cancelling", client.cancel(&signer, id))
        .await?;
    context.sent(&receipt, format!("campaign {id} is cancelled"))
}

/// Closes a campaign whose deadline has passed.
pub async fn close(
    context: &Context,
    Signed {
        campaign: Id { id },
        signer,
    }: Signed,
) -> Result<()> {
    let signer = context.signer(&signer)?;
    let client = context.connect().await?;
    context::campaign(&client, id).await?;
    let receipt = context.send("closing", client.close(&signer, id)).await?;
    context.sent(&receipt, format!("campaign {id} is closing"))
}

/// Splits the bounty, in as many steps as it takes.
pub async fn settle(
    context: &Context,
    Signed {
        campaign: Id { id },
        signer,
    }: Signed,
) -> Result<()> {
    let signer = context.signer(&signer)?;
    let client = context.connect().await?;
    let summary = context::campaign(&client, id).await?.summary;
    if let State::Closing { grace_ends, .. } = summary.state {
        let clock = Clock::of(&client).await?;
        if summary.pending > 0 && clock.now < grace_ends {
            bail!(
                "campaign {id} has rounds that are not decided ({}): the chain goes on with them and then \
                 settles it by itself",
                summary.pending
            );
        }
    }
    let mut receipt = context.send("settling", client.settle(&signer, id)).await?;
    while let State::Closing { .. } = context::campaign(&client, id).await?.summary.state {
        receipt = context.send("settling", client.settle(&signer, id)).await?;
    }
    context.sent(&receipt, format!("campaign {id} is settled"))
}

/// Removes a campaign that is over, in as many steps as it takes.
pub async fn remove(
    context: &Context,
    Signed {
        campaign: Id { id },
        signer,
    }: Signed,
) -> Result<()> {
    let signer = context.signer(&signer)?;
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let mut last = None;
    while client.campaign(id).await?.is_some() {
        let step = client.remove(&signer, id, REMOVED_AT_ONCE);
        last = Some(context.send("removing", step).await?);
    }
    let receipt = last.with_context(|| format!("campaign {id} was removed by somebody else"))?;
    for blob in left_by(&client, signer.account(), &info).await? {
        let cid = cid_of(blob);
        output::note(&format!(
            "nobody needs {cid} any more: get its deposit back with sonar data remove {cid}"
        ));
    }
    context.sent(&receipt, format!("campaign {id} is removed"))
}

/// What an account stored for a campaign and nobody needs any more.
async fn left_by(
    client: &Client,
    account: &AccountId,
    info: &CampaignInfo,
) -> Result<Vec<BlobHash>> {
    let parameters = info
        .proposals
        .iter()
        .map(|proposal| proposal.model.parameters);
    let blobs: BTreeSet<_> = parameters.chain([info.terms.validation.blob]).collect();
    let mut left = Vec::new();
    for hash in blobs {
        let blob = client.blob(hash).await?;
        if blob.is_some_and(|blob| blob.pins == 0 && blob.depositor == *account) {
            left.push(hash);
        }
    }
    Ok(left)
}
