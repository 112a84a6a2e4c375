//! What every command needs: the node, the keys, the form of output.

use crate::{
    cli::Global,
    output::{self, Output, Working},
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use sonar_client::{
    format,
    keys::{AccountRef, KeySource, Keyring, PasswordSource, Signer},
    Call, Client, Receipt, SubmitError,
};
use sonar_primitives::{api::CampaignInfo, AccountId, Balance, CampaignId};
use std::future::Future;

/// What every command needs.
pub struct Context {
    node: String,
    yes: bool,
    /// Where the accounts' files are.
    pub keyring: Keyring,
    /// Where their passwords come from.
    pub password: PasswordSource,
    /// The form of results.
    pub output: Output,
}

/// Who signs.
#[derive(Args, Clone, Debug)]
pub struct SignerArgs {
    /// The account that signs: a name from `sonar account list`, or a development URI such as
    /// //Alice.
    #[arg(long, env = "SONAR_ACCOUNT", value_name = "NAME")]
    pub account: KeySource,
}

impl Context {
    /// From the command line's options.
    pub fn new(global: Global) -> Result<Self> {
        let keyring = match global.keys {
            Some(folder) => folder,
            None => Keyring::default_folder()?,
        };
        Ok(Self {
            node: global.node,
            yes: global.yes,
            keyring: Keyring::at(keyring),
            password: PasswordSource {
                file: global.password_file,
            },
            output: global.output,
        })
    }

    /// Connects to the node.
    pub async fn connect(&self) -> Result<Client> {
        let _working = Working::on(format!("connecting to {}", self.node));
        Ok(Client::connect(&self.node).await?)
    }

    /// Opens the key that signs; asks for its password if need be.
    pub fn signer(&self, args: &SignerArgs) -> Result<Signer> {
        Ok(args.account.signer(&self.keyring, &self.password)?)
    }

    /// The account that a name, URI or address stands for.
    pub fn account(&self, account: &AccountRef) -> Result<AccountId> {
        Ok(account.account(&self.keyring)?)
    }

    /// Asks before something is sent.
    pub async fn confirm(&self, question: &str) -> Result<()> {
        output::confirm(question, self.yes).await
    }

    /// Sends a transaction, saying so.
    pub async fn send<T>(
        &self,
        what: &str,
        sending: impl Future<Output = Result<T, SubmitError>>,
    ) -> Result<T> {
        let _working = Working::on(what);
        sending.await.map_err(|error| match error.may_be_included() {
            true => anyhow::Error::new(error)
                .context("the transaction may be on the chain all the same: look before sending it again"),
            false => error.into(),
        })
    }

    /// Writes what a transaction did.
    pub fn sent(&self, receipt: &Receipt, text: String) -> Result<()> {
        self.output
            .result(&serde_json::json!({ "receipt": receipt }), || {
                format!(
                    "{text} in block {} (fee {})",
                    receipt.block.number,
                    format::amount(receipt.fee)
                )
            })
    }
}

/// Reads a campaign that must exist.
pub async fn campaign(client: &Client, id: CampaignId) -> Result<CampaignInfo> {
    client.campaign(id).await?.with_context(|| {
        format!("there is no campaign {id} (any more): see sonar campaign list --all")
    })
}

/// Fails, saying how much is missing, if the account cannot pay `amount` and the calls' fees.
/// Returns the fees.
pub async fn check_affordable(
    client: &Client,
    account: &AccountId,
    amount: Balance,
    calls: &[Call],
) -> Result<Balance> {
    let mut fees: Balance = 0;
    for call in calls {
        fees = fees.saturating_add(client.estimate_fee(call).await?);
    }
    let needed = amount.saturating_add(fees);
    let balance = client.balance(account).await?;
    let usable = balance.transferable(client.constants().existential_deposit);
    if needed > usable {
        bail!(
            "{} needs {} and can use {}: {} missing; send it some with sonar account transfer",
            format::address(account),
            format::amount(needed),
            format::amount(usable),
            format::amount(needed - usable),
        );
    }
    Ok(fees)
}
