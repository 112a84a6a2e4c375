//! `sonar campaign accept-proposal` and `reject-proposal`.

use crate::context::{Context, SignerArgs};
use anyhow::Result;
use clap::Args;
use sonar_primitives::ModelId;

/// Which proposal.
#[derive(Args, Debug)]
pub struct Proposal {
    /// The proposal's number, as `campaign show` tells it.
    #[arg(value_name = "PROPOSAL")]
    root: ModelId,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Has it measured.
pub async fn accept(context: &Context, proposal: Proposal) -> Result<()> {
    let root = proposal.root;
    let signer = context.signer(&proposal.signer)?;
    let client = context.connect().await?;
    let receipt = context
        .send("accepting", client.accept_proposal(&signer, root))
        .await?;
    context.sent(&receipt, format!("proposal {root} goes to its assay"))
}

/// Refuses it; its author gets everything back.
pub async fn reject(context: &Context, proposal: Proposal) -> Result<()> {
    let root = proposal.root;
    let signer = context.signer(&proposal.signer)?;
    let client = context.connect().await?;
    context
        .confirm(&format!("Reject proposal {root} for good?"))
        .await?;
    let receipt = context
        .send("rejecting", client.reject_proposal(&signer, root))
        .await?;
    context.sent(&receipt, format!("proposal {root} is rejected"))
}
