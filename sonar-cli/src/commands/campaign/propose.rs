//! `sonar campaign propose`.

mod state;

use super::Id;
use crate::{
    context::{self, check_affordable, Context, SignerArgs},
    files::{self, FileOr},
    output::{self, Working},
    preparation::{initial_parameters, Blob},
    run_blocking, view,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use futures::StreamExt;
use serde_json::json;
use sonar_client::{format, keys::Signer, Call, Client};
use sonar_primitives::{
    api::CampaignInfo,
    campaign::{ProposalState, State},
    submission::{proposal_hash, SubmissionState},
    AccountId, Balance, BlockNumber, Hash, ModelId, SubmissionId,
};
use state::Unrevealed;
use std::path::{Path, PathBuf};
use syft::Architecture;

/// What to propose.
#[derive(Args, Debug)]
pub struct Propose {
    #[command(flatten)]
    campaign: Id,
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    architecture: FileOr<Architecture>,
    /// Initial parameters (safetensors).
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "seed",
        required_unless_present = "seed"
    )]
    model: Option<PathBuf>,
    /// Draw the initial parameters at random from this seed instead.
    #[arg(long)]
    seed: Option<u64>,
    /// Goes on with a proposal that was interrupted; everything else is said as it was then.
    #[arg(long)]
    resume: bool,
    /// Where what is needed for --resume is kept until the proposal is revealed [default: proposals/
    /// in the folder of the keys].
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Checks, asks, commits, reveals.
pub async fn run(context: &Context, propose: Propose) -> Result<()> {
    let id = propose.campaign.id;
    let (source, file, seed) = (propose.architecture, propose.model, propose.seed);
    let model = run_blocking(move || -> Result<_> {
        let architecture = files::architecture(source)?;
        let parameters = initial_parameters(&architecture, file.as_deref(), seed)?;
        let parameters = Blob::new("parameters", parameters.to_safetensors());
        Ok((architecture, parameters))
    })
    .await??;
    let (architecture, parameters) = model;
    let signer = context.signer(&propose.signer)?;
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    info.terms.schema.fits(&architecture, info.terms.metric)?;

    let account = signer.account().clone();
    let path = propose
        .state
        .unwrap_or_else(|| Unrevealed::default_path(context.keyring.folder(), id, &account));
    let mut proposal = Unrevealed {
        chain: client.genesis_hash(),
        campaign: id,
        account,
        content: proposal_hash(&architecture, parameters.hash),
        salt: Hash::zero(),
    };
    let mut submission = None;
    if propose.resume {
        let kept = Unrevealed::read(&path)?;
        kept.check(&proposal)?;
        proposal = kept;
        match sought(&client, &proposal).await? {
            Some((_, SubmissionState::Proposed { root })) => {
                Unrevealed::forget(&path)?;
                return tell(context, &info, &proposal.account, &parameters, root, None);
            }
            Some((id, SubmissionState::Committed)) => submission = Some(id),
            Some(_) => bail!(
                "the proposal was not revealed in time: delete {} and propose it again",
                path.display()
            ),
            // It was never sent, or never taken.
            None => {}
        }
    } else {
        let mut salt = [0u8; 32];
        getrandom::fill(&mut salt).context("the system gives no random numbers")?;
        proposal.salt = salt.into();
    }
    let steps = Steps {
        context,
        client: &client,
        signer: &signer,
        info: &info,
        proposal: &proposal,
        path: &path,
    };
    let submission = match submission {
        Some(submission) => submission,
        None => {
            let deposit = steps.plan(&architecture, &parameters).await?;
            steps.commit(deposit, propose.resume).await?
        }
    };
    let (root, receipt) = steps
        .reveal(submission, architecture, parameters.bytes.clone())
        .await?;
    Unrevealed::forget(&path)?;
    tell(
        context,
        &info,
        &proposal.account,
        &parameters,
        root,
        Some(receipt),
    )
}

/// Blocks within which a transaction that was sent is in one, unless the chain is very busy.
const ON_ITS_WAY: u32 = 4;

/// The submission with a proposal's commitment, if it is on the chain or comes in the next blocks: a
/// second commitment would cost a second deposit.
async fn sought(
    client: &Client,
    proposal: &Unrevealed,
) -> Result<Option<(SubmissionId, SubmissionState)>> {
    let _working = Working::on("looking for the interrupted proposal");
    let mut blocks = client.blocks().await?;
    let mut found = committed(client, proposal).await?;
    for _ in 0..ON_ITS_WAY {
        if found.is_some() {
            break;
        }
        let next = blocks.next().await;
        next.context("the node reports no blocks any more")??;
        found = committed(client, proposal).await?;
    }
    Ok(found)
}

/// The submission with a proposal's commitment, if it is on the chain.
async fn committed(
    client: &Client,
    proposal: &Unrevealed,
) -> Result<Option<(SubmissionId, SubmissionState)>> {
    let commitment = proposal.commitment();
    let mine = client.submissions_of(&proposal.account).await?;
    let found = mine
        .into_iter()
        .rfind(|info| info.submission.commitment == commitment);
    Ok(found.map(|info| (info.id, info.submission.state)))
}

fn tell(
    context: &Context,
    info: &CampaignInfo,
    account: &AccountId,
    parameters: &Blob,
    root: ModelId,
    receipt: Option<sonar_client::Receipt>,
) -> Result<()> {
    let id = info.summary.id;
    let is_owner = info.summary.owner == *account;
    let value = json!({
        "campaign": id,
        "root": root,
        "parameters": view::blob(parameters.hash, json!({})),
        "receipt": receipt,
    });
    context.output.result(&value, || {
        let accept = match is_owner {
            true => String::new(),
            false => {
                format!(", after its owner has accepted it: sonar campaign accept-proposal {root}")
            }
        };
        format!(
            "campaign {id}: proposal {root} is revealed, and will be assayed{accept}; follow it with sonar \
             campaign show {id}"
        )
    })
}

/// The transactions of a proposal.
struct Steps<'a> {
    context: &'a Context,
    client: &'a Client,
    signer: &'a Signer,
    info: &'a CampaignInfo,
    proposal: &'a Unrevealed,
    /// Where the proposal is kept.
    path: &'a Path,
}

impl Steps<'_> {
    /// Says what it costs and asks. Returns the most that is held for the commitment.
    async fn plan(&self, architecture: &Architecture, parameters: &Blob) -> Result<Balance> {
        let (client, info) = (self.client, self.info);
        let id = info.summary.id;
        if info.summary.state != State::Open {
            let state = view::state_name(&info.summary.state);
            bail!("campaign {id} is {state}: proposals are taken while it is open");
        }
        let is_owner = info.summary.owner == self.proposal.account;
        if !info.terms.open_proposals && !is_owner {
            bail!("campaign {id} takes proposals of its owner only");
        }
        let same = info.proposals.iter().find(|proposal| {
            proposal.model.architecture == *architecture
                && !matches!(proposal.state, ProposalState::Rejected(_))
        });
        if let Some(same) = same {
            bail!(
                "campaign {id} has a proposal of this architecture already, {}: on its branch your \
                 parameters can be submitted as a gradient",
                same.root
            );
        }
        let validation = client.blob(info.terms.validation.blob).await?;
        let validation = validation.context("the validation set is gone: the campaign is over")?;
        let bytes = (parameters.bytes.len() as u64).saturating_add(validation.size.into());
        let cost = client
            .cost(
                info.summary.bounty,
                architecture,
                info.terms.validation.rows,
                bytes,
                info.terms.rounds.seats,
            )
            .await?
            .context("the chain does not take this architecture: use a smaller one")?;
        let missing = super::blobs::missing(client, &[parameters]).await?;
        let calls = [
            Call::CommitProposal {
                campaign: id,
                commitment: self.proposal.commitment(),
                max_hold: cost.base_deposit,
            },
            Call::RevealProposal {
                submission: 0,
                salt: self.proposal.salt(),
                architecture: architecture.clone(),
                parameters: parameters.bytes.clone(),
            },
        ];
        let amount = [cost.base_deposit, cost.assay_price, missing.deposit]
            .into_iter()
            .fold(0u128, Balance::saturating_add);
        let fees = check_affordable(client, self.signer.account(), amount, &calls).await?;
        let deposit = format::amount(cost.base_deposit);
        output::note(&output::facts(&[
            (
                "deposit",
                format!("{deposit} at most, comes back with the reveal, which follows at once"),
            ),
            (
                "assay",
                format!(
                    "{}, paid whatever it says",
                    format::amount(cost.assay_price)
                ),
            ),
            ("storage deposit", format::amount(missing.deposit)),
            ("fees, about", format::amount(fees)),
        ]));
        if !is_owner {
            output::note("the owner must accept the proposal before it is assayed");
        }
        self.context
            .confirm(&format!("Propose this model to campaign {id}?"))
            .await?;
        Ok(cost.base_deposit)
    }

    /// Keeps what the reveal needs (it is kept already if the proposal is resumed), commits, and waits
    /// until the next block, as a reveal must be in a later one.
    async fn commit(&self, max_hold: Balance, is_kept: bool) -> Result<SubmissionId> {
        if !is_kept {
            self.proposal.keep(self.path)?;
        }
        let sending = self.client.commit_proposal(
            self.signer,
            self.info.summary.id,
            self.proposal.commitment(),
            max_hold,
        );
        let made = self
            .context
            .send("committing to the proposal", sending)
            .await;
        let made = made.with_context(|| {
            format!(
                "{} keeps what is needed to go on with --resume",
                self.path.display()
            )
        })?;
        let _working = Working::on("waiting for the next block");
        self.pass(made.receipt.block.number)
            .await
            .with_context(|| self.unrevealed())?;
        Ok(made.value.submission)
    }

    /// Waits for a block after this one.
    async fn pass(&self, block: BlockNumber) -> Result<()> {
        let mut blocks = self.client.blocks().await?;
        loop {
            let next = blocks.next().await;
            let next = next.context("the node reports no blocks any more")??;
            if next.number > block {
                return Ok(());
            }
        }
    }

    async fn reveal(
        &self,
        submission: SubmissionId,
        architecture: Architecture,
        parameters: Vec<u8>,
    ) -> Result<(ModelId, sonar_client::Receipt)> {
        let salt = self.proposal.salt();
        let sending =
            self.client
                .reveal_proposal(self.signer, submission, salt, architecture, parameters);
        let made = self
            .context
            .send("revealing the proposal", sending)
            .await
            .with_context(|| self.unrevealed())?;
        Ok((made.value, made.receipt))
    }

    fn unrevealed(&self) -> &'static str {
        "the proposal is committed to, but not revealed: run the same command with --resume soon, or \
         its deposit is lost"
    }
}
