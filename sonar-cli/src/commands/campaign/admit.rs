//! `sonar campaign admit`.

use super::Id;
use crate::{
    context::{self, check_affordable, Context, SignerArgs},
    output,
    words::count,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{
    format,
    keys::{AccountRef, Signer},
    Call, Client, Receipt,
};
use sonar_primitives::{campaign::Members, AccountId, CampaignId};

/// Whom to admit to which campaign.
#[derive(Args, Debug)]
pub struct Admit {
    #[command(flatten)]
    campaign: Id,
    /// Who may commit to gradients: names, development URIs or addresses.
    #[arg(value_name = "MEMBER", required = true)]
    members: Vec<AccountRef>,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Admits those who are not admitted yet.
pub async fn run(context: &Context, admit: Admit) -> Result<()> {
    let id = admit.campaign.id;
    let wanted = accounts(context, &admit.members)?;
    let signer = context.signer(&admit.signer)?;
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    if info.summary.owner != *signer.account() {
        bail!(
            "only the owner of campaign {id}, {}, may admit accounts",
            format::address(&info.summary.owner)
        );
    }
    if info.terms.members != Members::Admitted {
        bail!(
            "campaign {id} takes everybody, or everybody with a reputation: nobody has to be admitted"
        );
    }
    let present = client.admitted(id).await?;
    let missing: Vec<AccountId> = wanted
        .into_iter()
        .filter(|account| !present.contains(account))
        .collect();
    let calls: Vec<Call> = missing.iter().map(|account| call(id, account)).collect();
    check_affordable(&client, signer.account(), 0, &calls).await?;
    let receipts = send(context, &client, &signer, id, &missing).await?;
    let value = json!({
        "campaign": id,
        "admitted": missing,
        "receipts": receipts,
    });
    context.output.result(&value, || match missing.len() {
        0 => format!("campaign {id}: all of them were admitted before"),
        more => format!("campaign {id}: admitted {}", count(more as u64, "account")),
    })
}

/// Who the names stand for, each once.
pub fn accounts(context: &Context, names: &[AccountRef]) -> Result<Vec<AccountId>> {
    let mut accounts = Vec::with_capacity(names.len());
    for name in names {
        let account = context.account(name)?;
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

/// The call that admits an account.
pub fn call(campaign: CampaignId, account: &AccountId) -> Call {
    Call::Admit {
        campaign,
        account: account.clone(),
    }
}

/// Admits the accounts, one after the other.
pub async fn send(
    context: &Context,
    client: &Client,
    signer: &Signer,
    id: CampaignId,
    accounts: &[AccountId],
) -> Result<Vec<Receipt>> {
    let mut receipts = Vec::with_capacity(accounts.len());
    for account in accounts {
        let address = format::address(account);
        let receipt = context
            .send(
                &format!("admitting {address}"),
                client.admit(signer, id, account),
            )
            .await
            .with_context(|| {
                format!(
                    "{address} is not admitted; admit it with sonar campaign admit {id} {address}"
                )
            })?;
        if context.output == output::Output::Text {
            output::note(&format!(
                "admitted {address} in block {}",
                receipt.block.number
            ));
        }
        receipts.push(receipt);
    }
    Ok(receipts)
}
