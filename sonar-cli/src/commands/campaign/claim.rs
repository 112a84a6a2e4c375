//! `sonar campaign claim`.

use super::Id;
use crate::{
    context::{self, Context, SignerArgs},
    view,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{
    format::{self, Amount},
    keys::AccountRef,
};

/// What to claim for whom.
#[derive(Args, Debug)]
pub struct Claim {
    #[command(flatten)]
    campaign: Id,
    /// Who gets the money: a name, a development URI or an address [default: the account that
    /// signs].
    #[arg(long = "for", value_name = "ACCOUNT")]
    beneficiary: Option<AccountRef>,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Pays out.
pub async fn run(context: &Context, claim: Claim) -> Result<()> {
    let id = claim.campaign.id;
    let signer = context.signer(&claim.signer)?;
    let account = match &claim.beneficiary {
        Some(account) => context.account(account)?,
        None => signer.account().clone(),
    };
    let client = context.connect().await?;
    let state = context::campaign(&client, id).await?.summary.state;
    if !state.is_over() {
        bail!(
            "campaign {id} is {}: there is something to claim when it is settled",
            view::state_name(&state)
        );
    }
    let entitlements = client.entitlements(id).await?;
    let own = entitlements
        .iter()
        .find(|entitlement| entitlement.account == account)
        .with_context(|| {
            format!(
                "{} gets nothing from campaign {id}",
                format::address(&account)
            )
        })?;
    if own.claimed {
        bail!(
            "{} has claimed from campaign {id} already",
            format::address(&account)
        );
    }
    let paid = context
        .send("claiming", client.claim(&signer, id, &account))
        .await?;
    let value = json!({
        "campaign": id,
        "account": account,
        "amount": Amount(paid.value),
        "receipt": paid.receipt,
    });
    context.output.result(&value, || {
        format!(
            "campaign {id}: {} paid to {} in block {} (fee {})",
            format::amount(paid.value),
            format::address(&account),
            paid.receipt.block.number,
            format::amount(paid.receipt.fee)
        )
    })
}
