//! `sonar quote`.

use crate::{
    context::{self, Context},
    output::facts,
    units::ErrorLevel,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{
    format::{self, Amount},
    keys::AccountRef,
};
use sonar_primitives::{api::QuoteRefused, AccountId, CampaignId, NodeId};

/// What to quote.
#[derive(Args, Debug)]
pub struct Quote {
    /// The campaign's number.
    campaign: CampaignId,
    /// The error that the gradient would reach, such as 5 %.
    #[arg(long, value_name = "ERROR")]
    error: ErrorLevel,
    /// The node that the gradient would build on [default: the best].
    #[arg(long, value_name = "NODE")]
    parent: Option<NodeId>,
    /// Whose reputation counts for the deposit: a name, a development URI or an address
    /// [default: somebody new].
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
}

/// Asks the chain and shows the answer.
pub async fn run(context: &Context, quote: Quote) -> Result<()> {
    let account = match &quote.account {
        Some(account) => context.account(account)?,
        // Nobody has this account's key, so it has no reputation.
        None => AccountId::new([0; 32]),
    };
    let client = context.connect().await?;
    let info = context::campaign(&client, quote.campaign).await?;
    let metric = info.terms.metric;
    let error = quote.error.measured(metric)?;
    let parent = quote.parent.or(info.best).with_context(|| {
        format!(
            "campaign {} has no measured model yet: wait until it is open",
            quote.campaign
        )
    })?;
    let in_campaign = client
        .tree(quote.campaign)
        .await?
        .iter()
        .any(|node| node.id == parent);
    if !in_campaign {
        bail!(
            "node {parent} is not one of campaign {}: see sonar campaign show {}",
            quote.campaign,
            quote.campaign
        );
    }
    let answer = match client.quote(&account, parent, error).await? {
        Ok(answer) => answer,
        Err(QuoteRefused::NotOpen) => {
            bail!("campaign {} takes no gradients (any more)", quote.campaign)
        }
        Err(QuoteRefused::UnknownCampaign | QuoteRefused::UnknownNode) => {
            bail!(
                "node {parent} of campaign {} is gone: run the command again",
                quote.campaign
            )
        }
    };
    let value = json!({
        "campaign": quote.campaign,
        "parent": parent,
        "error": error,
        "pays": Amount(answer.pays),
        "deposit": Amount(answer.deposit),
        "assay_price": Amount(answer.assay_price),
        "accepted_up_to": answer.accepted_up_to,
    });
    context.output.result(&value, || {
        let limit = match answer.accepted_up_to {
            Some(limit) => format!("up to {}", format::error(metric, limit)),
            None => "nothing: this node cannot be improved by the minimum step".into(),
        };
        facts(&[
            ("parent", format!("node {parent}")),
            ("error", format::error(metric, error)),
            (
                "pays",
                format!(
                    "{} if it, or one built on it, wins",
                    format::amount(answer.pays)
                ),
            ),
            ("accepted", limit),
            ("deposit", format::amount(answer.deposit)),
            ("lost if not accepted", format::amount(answer.assay_price)),
        ])
    })
}
