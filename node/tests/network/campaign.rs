//! A campaign for the [task](crate::task), its owner and its mines.

use crate::{task, until};
use sonar_client::{
    blob_hash,
    keys::{KeySource, Keyring, PasswordSource},
    Client, Receipt, Signer, SubmitError,
};
use sonar_primitives::{
    campaign::{
        BountySplit, InitialModel, Members, Privacy, RoundTerms, State, Terms, ValidationSet,
        DEFAULT_TOLERANCE,
    },
    round::{part, Round},
    submission::{commitment, Salt, SubmissionState},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, ModelId, RoundId, SubmissionId,
};
use sonar_runtime::SNR;
use syft::Metric;

/// How long rounds take commitments, in blocks.
const ROUND_BLOCKS: u32 = 4;
/// What the owner gives.
pub const BOUNTY: Balance = 100 * SNR;

/// The key of a development account, such as `//Alice`.
pub fn signer(uri: &str) -> Signer {
    let source: KeySource = uri.parse().unwrap();
    source
        .signer(&Keyring::at("no-such-folder"), &PasswordSource::default())
        .unwrap()
}

/// What a campaign needs in the model repository.
#[derive(Clone, Copy, Debug)]
pub struct Blobs {
    pub parameters: BlobHash,
    pub validation: BlobHash,
}

impl Blobs {
    /// Stores them.
    pub async fn store(client: &Client, owner: &Signer) -> Self {
        let (parameters, validation) = tokio::join!(
            client.store_blob(owner, task::parameters(task::START)),
            client.store_blob(owner, task::validation().encode()),
        );
        Self {
            parameters: parameters.unwrap().hash,
            validation: validation.unwrap().hash,
        }
    }
}

/// A campaign that takes gradients.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    pub id: CampaignId,
    /// The number of the initial model.
    pub root: ModelId,
    /// The price of measuring one set.
    pub price: Balance,
}

impl Campaign {
    /// Opens a campaign, from its blobs on.
    pub async fn open(client: &Client, owner: &Signer) -> Self {
        let blobs = Blobs::store(client, owner).await;
        Self::create(client, owner, &blobs).await
    }

    /// Creates a campaign whose blobs are stored, and waits until it is open.
    pub async fn create(client: &Client, owner: &Signer, blobs: &Blobs) -> Self {
        let terms = Terms {
            title: "Left or right".try_into().unwrap(),
            description: "Which side of the middle is a point on?"
                .try_into()
                .unwrap(),
            schema: task::schema(),
            metric: Metric::ErrorRate,
            validation: ValidationSet {
                blob: blobs.validation,
                rows: task::validation().rows() as u32,
            },
            starting_error: task::STARTING_ERROR,
            target_error: task::FINAL_ERROR,
            tolerance: DEFAULT_TOLERANCE,
            minimum_step: 1_000_000,
            deadline: client.best_block().await.unwrap().number + 1_000,
            privacy: Privacy::Open,
            bounty: BOUNTY,
            split: BountySplit::default(),
            open_proposals: false,
            members: Members::Everybody,
            rounds: RoundTerms {
                round_blocks: ROUND_BLOCKS,
                ..Default::default()
            },
        };
        let model = InitialModel {
            architecture: task::architecture(),
            parameters: blobs.parameters,
        };
        let created = client
            .create_campaign(owner, terms, model)
            .await
            .unwrap()
            .value;
        let info = until("open campaign", || async {
            let info = client.campaign(created.campaign).await.unwrap()?;
            (info.summary.state == State::Open).then_some(info)
        })
        .await;
        Self {
            id: created.campaign,
            root: created.root,
            price: info.proposals[0].assay_price,
        }
    }
}

impl Campaign {
    /// What each of so many reveals of a round pays.
    pub fn part(&self, reveals: u32) -> Balance {
        part(self.price, reveals, RoundTerms::default().seats)
    }
}

/// A gradient that was committed to.
#[derive(Clone, Debug)]
pub struct Submission {
    pub id: SubmissionId,
    pub round: RoundId,
    /// What is held for it.
    pub hold: Balance,
    pub gradient: Vec<u8>,
}

/// An account that submits gradients through a client.
pub struct Mine<'a> {
    pub client: &'a Client,
    pub signer: Signer,
}

impl<'a> Mine<'a> {
    pub fn new(client: &'a Client, uri: &str) -> Self {
        Self {
            client,
            signer: signer(uri),
        }
    }

    pub fn account(&self) -> &AccountId {
        self.signer.account()
    }

    /// What hides this account's commitments.
    pub fn salt(&self) -> Salt {
        (*self.account()).clone().into()
    }

    /// What this account commits to, as the protocol says.
    pub fn commitment(
        &self,
        campaign: CampaignId,
        base: ModelId,
        gradient: &[u8],
    ) -> sp_core::H256 {
        let hash = blob_hash(gradient);
        commitment(self.account(), campaign, Some(base), hash, &self.salt())
    }

    /// Commits to a gradient on a model.
    pub async fn commit(&self, campaign: Campaign, base: ModelId, gradient: &[u8]) -> Submission {
        let hidden = self.commitment(campaign.id, base, gradient);
        self.commit_to(campaign, base, gradient, hidden)
            .await
            .unwrap()
    }

    /// Commits to anything.
    pub async fn commit_to(
        &self,
        campaign: Campaign,
        base: ModelId,
        gradient: &[u8],
        commitment: sp_core::H256,
    ) -> Result<Submission, SubmitError> {
        let committed = self
            .client
            .commit(
                &self.signer,
                campaign.id,
                campaign.root,
                base,
                commitment,
                100 * SNR,
            )
            .await?
            .value;
        Ok(Submission {
            id: committed.submission,
            round: committed.round,
            hold: committed.hold,
            gradient: gradient.to_vec(),
        })
    }

    /// Reveals a submission now.
    pub async fn reveal_now(&self, submission: &Submission) -> Result<Receipt, SubmitError> {
        let gradient = submission.gradient.clone();
        self.client
            .reveal(&self.signer, submission.id, self.salt(), gradient)
            .await
    }

    /// Reveals a submission as soon as its round is closed.
    pub async fn reveal(&self, submission: &Submission) -> Result<Receipt, SubmitError> {
        closed(self.client, submission.round).await;
        self.reveal_now(submission).await
    }

    /// What is held for a gradient as long as it is stored.
    pub fn held_for(&self, gradient: &[u8]) -> Balance {
        self.client.constants().blob_deposit(gradient.len() as u64)
    }

    /// What a submission came to, once it is decided.
    pub async fn decision(&self, submission: &Submission) -> SubmissionState {
        decision(self.client, submission.id).await
    }
}

/// A round as it is now.
pub async fn round(client: &Client, id: RoundId) -> Round<Balance, BlockNumber> {
    client.round(id).await.unwrap().unwrap().round
}

/// Waits until a round takes no more commitments, and transactions of the next block reveal.
pub async fn closed(client: &Client, id: RoundId) {
    until("closed round", || async {
        let round = round(client, id).await;
        let now = client.best_block().await.unwrap().number;
        (now + 1 >= round.closes).then_some(())
    })
    .await
}

/// What a submission came to, once it is decided.
pub async fn decision(client: &Client, submission: SubmissionId) -> SubmissionState {
    until("decision", || async {
        let state = state(client, submission).await;
        (!state.is_pending()).then_some(state)
    })
    .await
}

/// How far a submission has come.
pub async fn state(client: &Client, submission: SubmissionId) -> SubmissionState {
    let info = client.submission(submission).await.unwrap().unwrap();
    info.submission.state
}
