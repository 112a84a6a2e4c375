//! `sonar account`: keys and money.

use crate::{
    context::{check_affordable, Context, SignerArgs},
    files, output,
    output::{facts, table},
};
use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use sonar_client::{
    format::{self, Amount},
    keys::AccountRef,
    Call,
};
use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
};

/// Bytes of a Polkadot.js file or a recovery phrase, at most.
const MAX_SECRET_FILE: u64 = 64 << 10;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a new account and shows its recovery phrase once.
    New(Named),
    /// Stores an account from its recovery phrase (asked for, or read from stdin) or a Polkadot.js
    /// file.
    Import(Import),
    /// Lists the accounts stored here.
    List,
    /// Shows an account's address and what it has done on the chain.
    Show(Whose),
    /// Shows an account's money.
    Balance(Whose),
    /// Pays another account.
    Transfer(Transfer),
}

/// Arguments of `new`.
#[derive(Args, Debug)]
pub struct Named {
    /// The name to keep it under.
    name: String,
}

/// Arguments of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// The name to keep it under.
    name: String,
    /// A Polkadot.js account file instead of a phrase; its password stays.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Arguments of `show` and `balance`.
#[derive(Args, Debug)]
pub struct Whose {
    /// A name, a development URI such as //Alice, or an address.
    account: AccountRef,
}

/// Arguments of `transfer`.
#[derive(Args, Debug)]
pub struct Transfer {
    /// Who gets it: a name, a development URI or an address.
    to: AccountRef,
    /// How much, such as 1.5 SNR.
    amount: Amount,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::New(new) => create(context, &new),
        Command::Import(import) => store(context, &import),
        Command::List => list(context),
        Command::Show(whose) => show(context, &whose).await,
        Command::Balance(whose) => balance(context, &whose).await,
        Command::Transfer(transfer) => pay(context, &transfer).await,
    }
}

fn create(context: &Context, new: &Named) -> Result<()> {
    let password = context
        .password
        .get_new(&format!("Password for {}: ", new.name))?;
    let made = context.keyring.create(&new.name, &password)?;
    let address = format::address(&made.account);
    let phrase = made.mnemonic.reveal();
    // The only place where the phrase is ever shown: without it nobody could restore the account.
    context.output.result(
        &json!({ "name": new.name, "address": address, "mnemonic": phrase }),
        || {
            let named = facts(&[("name", new.name.clone()), ("address", address.clone())]);
            format!(
                "{named}\nWrite this phrase down and keep it secret. It is the only way to restore the \
                 account, and it is not shown again:\n\n  {phrase}"
            )
        },
    )
}

fn store(context: &Context, import: &Import) -> Result<()> {
    let account = match &import.json {
        Some(path) => {
            let json = text(files::read(path, MAX_SECRET_FILE)?)?;
            let password = context.password.get("The file's password: ")?;
            context
                .keyring
                .import_json(&import.name, &json, &password)?
        }
        None => {
            let phrase = if io::stdin().is_terminal() {
                rpassword::prompt_password("Recovery phrase (not shown): ")?
            } else {
                let mut bytes = Vec::new();
                io::stdin().take(MAX_SECRET_FILE).read_to_end(&mut bytes)?;
                text(bytes)?
            };
            let password = context
                .password
                .get_new(&format!("Password for {}: ", import.name))?;
            context
                .keyring
                .import_mnemonic(&import.name, phrase.trim(), &password)?
        }
    };
    let address = format::address(&account);
    context
        .output
        .result(&json!({ "name": import.name, "address": address }), || {
            facts(&[("name", import.name.clone()), ("address", address.clone())])
        })
}

fn text(bytes: Vec<u8>) -> Result<String> {
    // What is wrong with the bytes must not be repeated: they may be a secret.
    String::from_utf8(bytes)
        .ok()
        .context("this is not text (UTF-8)")
}

fn list(context: &Context) -> Result<()> {
    let accounts = context.keyring.list()?;
    context.output.result(&accounts, || {
        if accounts.is_empty() {
            return "no accounts yet: make one with sonar account new <name>".into();
        }
        let rows = accounts.iter().map(|account| {
            vec![
                account.name.clone(),
                format::address(&account.account),
                account.path.display().to_string(),
            ]
        });
        table(&["name", "address", "file"], rows.collect(), &[])
    })
}

async fn show(context: &Context, whose: &Whose) -> Result<()> {
    let account = context.account(&whose.account)?;
    let client = context.connect().await?;
    let reputation = client.reputation(&account).await?;
    let claimable = client.claimable(&account).await?;
    let claims: Vec<_> = claimable
        .iter()
        .map(|claim| (claim.campaign, claim.total()))
        .collect();
    let value = json!({
        "address": format::address(&account),
        "public_key": format!("0x{}", hex::encode(&account)),
        "reputation": reputation,
        "claimable": claims.iter().map(|(campaign, amount)| {
            json!({ "campaign": campaign, "amount": Amount(*amount) })
        }).collect::<Vec<_>>(),
    });
    context.output.result(&value, || {
        let waiting = claims.iter().map(|(campaign, amount)| {
            format!("{} from campaign {campaign}", format::amount(*amount))
        });
        let waiting = waiting.collect::<Vec<_>>().join(", ");
        facts(&[
            ("address", format::address(&account)),
            ("public key", format!("0x{}", hex::encode(&account))),
            ("paid gradients", reputation.contributions.to_string()),
            ("deposits lost", reputation.deposits_lost.to_string()),
            ("campaigns sponsored", reputation.sponsored.to_string()),
            ("campaigns settled", reputation.settled.to_string()),
            (
                "can claim",
                if waiting.is_empty() {
                    "nothing".into()
                } else {
                    waiting
                },
            ),
        ])
    })
}

async fn balance(context: &Context, whose: &Whose) -> Result<()> {
    let account = context.account(&whose.account)?;
    let client = context.connect().await?;
    let balance = client.balance(&account).await?;
    let usable = balance.transferable(client.constants().existential_deposit);
    let value = json!({
        "address": format::address(&account),
        "free": Amount(balance.free),
        "held": Amount(balance.held),
        "frozen": Amount(balance.frozen),
        "transferable": Amount(usable),
    });
    context.output.result(&value, || {
        facts(&[
            ("address", format::address(&account)),
            ("free", format::amount(balance.free)),
            ("held", format::amount(balance.held)),
            ("frozen", format::amount(balance.frozen)),
            ("can be used", format::amount(usable)),
        ])
    })
}

async fn pay(context: &Context, transfer: &Transfer) -> Result<()> {
    let to = context.account(&transfer.to)?;
    let amount = transfer.amount.0;
    if amount == 0 {
        bail!("there is nothing to pay: give an amount above 0");
    }
    let signer = context.signer(&transfer.signer)?;
    let client = context.connect().await?;
    let minimum = client.constants().existential_deposit;
    let present = client.balance(&to).await?;
    if present.total() < minimum && amount < minimum {
        bail!(
            "{} has no account on the chain yet: its first payment must be at least {}",
            format::address(&to),
            format::amount(minimum)
        );
    }
    let call = Call::Transfer {
        to: to.clone(),
        amount,
    };
    let fees = check_affordable(&client, signer.account(), amount, &[call]).await?;
    output::note(&format!(
        "{} to {}, fee about {}",
        transfer.amount,
        format::address(&to),
        format::amount(fees)
    ));
    context.confirm("Pay?").await?;
    let receipt = context
        .send("paying", client.transfer(&signer, &to, amount))
        .await?;
    context.sent(
        &receipt,
        format!("paid {} to {}", transfer.amount, format::address(&to)),
    )
}
