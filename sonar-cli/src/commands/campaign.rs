//! `sonar campaign`.

mod admit;
mod blobs;
mod claim;
mod create;
mod entitlements;
mod list;
mod money;
mod proposals;
mod propose;
mod rounds;
mod show;
mod steps;
mod tree;
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
    /// Shows a campaign: its terms, its money, its branches, and the rounds that are under way.
    Show(Id),
    /// Shows the models of a campaign branch by branch, with who contributed what.
    Tree(Id),
    /// Lists the rounds of a campaign: how far they have come and what they brought.
    Rounds(Id),
    /// Shows what happens to a campaign, line by line, until it is settled.
    Watch(Id),
    /// Adds to a campaign's bounty.
    Fund(money::Payment),
    /// Lets accounts commit to gradients, where members = "admitted"; for the campaign's owner.
    Admit(admit::Admit),
    /// Ends a campaign before any round was accepted; for its owner.
    Cancel(Signed),
    /// Closes a campaign whose deadline has passed; for anyone.
    Close(Signed),
    /// Splits the bounty of a closed campaign; for anyone.
    Settle(Signed),
    /// Pays out what an account has earned or gets back; for anyone.
    Claim(claim::Claim),
    /// Shows who gets what from a settled campaign, or would get by the record so far.
    Entitlements(Id),
    /// Adds another model to start from. It opens a branch of its own and earns the expertise part of
    /// what that branch takes off the record.
    Propose(propose::Propose),
    /// Has another's proposal measured, so that it can become a root; for the campaign's owner.
    AcceptProposal(proposals::Proposal),
    /// Refuses another's proposal; for the campaign's owner.
    RejectProposal(proposals::Proposal),
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
        Command::Tree(Id { id }) => tree::run(context, id).await,
        Command::Rounds(Id { id }) => rounds::run(context, id).await,
        Command::Watch(Id { id }) => watch::run(context, id).await,
        Command::Fund(payment) => money::fund(context, payment).await,
        Command::Admit(admit) => admit::run(context, admit).await,
        Command::Cancel(signed) => steps::cancel(context, signed).await,
        Command::Close(signed) => steps::close(context, signed).await,
        Command::Settle(signed) => steps::settle(context, signed).await,
        Command::Claim(claim) => claim::run(context, claim).await,
        Command::Entitlements(Id { id }) => entitlements::run(context, id).await,
        Command::Propose(propose) => propose::run(context, propose).await,
        Command::AcceptProposal(proposal) => proposals::accept(context, proposal).await,
        Command::RejectProposal(proposal) => proposals::reject(context, proposal).await,
        Command::Remove(signed) => steps::remove(context, signed).await,
    }
}
