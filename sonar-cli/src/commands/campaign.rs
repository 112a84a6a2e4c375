//! `sonar campaign`.

mod blobs;
mod claim;
mod create;
mod entitlements;
mod list;
mod money;
mod propose;
mod show;
mod steps;
mod watch;

use crate::context::{Context, SignerArgs};
use anyhow::Result;
use clap::{Args, Subcommand};
use sonar_primitives::CampaignId;

/// What to do with campaigns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stores model and validation set, puts the bounty in escrow and opens the campaign.
    Create(Box<create::Create>),
    /// Lists campaigns.
    List(list::List),
    /// Shows a campaign with its money and its model tree.
    Show(Id),
    /// Shows what happens to a campaign, line by line, until it is settled.
    Watch(Id),
    /// Adds to a campaign's bounty.
    Fund(money::Payment),
    /// Adds to the reserve that pays for assays; for the campaign's owner.
    TopUp(money::Payment),
    /// Ends a campaign before any gradient was accepted; for its owner.
    Cancel(Signed),
    /// Closes a campaign whose deadline has passed; for anyone.
    Close(Signed),
    /// Splits the bounty of a closed campaign; for anyone.
    Settle(Signed),
    /// Pays out what an account has earned or gets back; for anyone.
    Claim(claim::Claim),
    /// Shows who gets what from a settled campaign.
    Entitlements(Id),
    /// Adds another model to start from.
    Propose(propose::Propose),
    /// Removes a campaign of which everything was claimed, once its time is over; for anyone.
    Remove(Signed),
}

/// A campaign.
#[derive(Args, Clone, Copy, Debug)]
pub struct Id {
    /// The campaign's number.
    #[arg(value_name = "CAMPAIGN")]
    pub id: CampaignId,
}

/// A campaign and who signs.
#[derive(Args, Debug)]
pub struct Signed {
    #[command(flatten)]
    pub campaign: Id,
    #[command(flatten)]
    pub signer: SignerArgs,
}

/// Runs the command.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Create(create) => create::run(context, *create).await,
        Command::List(list) => list::run(context, list).await,
        Command::Show(Id { id }) => show::run(context, id).await,
        Command::Watch(Id { id }) => watch::run(context, id).await,
        Command::Fund(payment) => money::fund(context, payment).await,
        Command::TopUp(payment) => money::top_up(context, payment).await,
        Command::Cancel(signed) => steps::cancel(context, signed).await,
        Command::Close(signed) => steps::close(context, signed).await,
        Command::Settle(signed) => steps::settle(context, signed).await,
        Command::Claim(claim) => claim::run(context, claim).await,
        Command::Entitlements(Id { id }) => entitlements::run(context, id).await,
        Command::Propose(propose) => propose::run(context, propose).await,
        Command::Remove(signed) => steps::remove(context, signed).await,
    }
}
