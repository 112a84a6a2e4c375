//! `sonar campaign fund`.

use super::Id;
use crate::context::{self, check_affordable, Context, SignerArgs};
use anyhow::{bail, Result};
use clap::Args;
use sonar_client::{
    format::{self, Amount},
    Call,
};

/// What to pay into which campaign.
#[derive(Args, Debug)]
pub struct Payment {
    #[command(flatten)]
    campaign: Id,
    /// How much, such as 50 SNR.
    amount: Amount,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Adds to the bounty.
pub async fn fund(context: &Context, payment: Payment) -> Result<()> {
    let (id, amount) = (payment.campaign.id, payment.amount);
    let signer = context.signer(&payment.signer)?;
    let client = context.connect().await?;
    context::campaign(&client, id).await?;
    let least = client.constants().minimum_contribution;
    if amount.0 < least {
        bail!("a contribution must be at least {}", format::amount(least));
    }
    let call = Call::Fund {
        campaign: id,
        amount: amount.0,
    };
    check_affordable(&client, signer.account(), amount.0, &[call]).await?;
    context
        .confirm(&format!("Add {amount} to the bounty of campaign {id}?"))
        .await?;
    let receipt = context
        .send("funding", client.fund(&signer, id, amount.0))
        .await?;
    context.sent(
        &receipt,
        format!("campaign {id}: {amount} added to the bounty"),
    )
}
