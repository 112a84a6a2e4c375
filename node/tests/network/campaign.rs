//! A campaign for the [task](crate::task), its owner and its mines.

use crate::{task, until};
use sonar_client::{
    blob_hash,
    keys::{KeySource, Keyring, PasswordSource},
    Client, Receipt, Signer, SubmitError,
};
use sonar_primitives::{
    campaign::{BountySplit, Model, Privacy, State, Terms, ValidationSet, DEFAULT_TOLERANCE},
    tree::{commitment, Salt, SubmissionState},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, NodeId,
};
use sonar_runtime::SNR;
use syft::Metric;

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
    /// The node of the initial model.
    pub root: NodeId,
    /// The price of one assay.
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
            minimum_reputation: 0,
        };
        let model = Model {
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

/// A gradient that was committed to.
#[derive(Clone, Copy, Debug)]
pub struct Submission {
    pub id: NodeId,
    pub deposit: Balance,
    pub gradient: BlobHash,
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

    /// Commits to a gradient on a node, as the protocol says.
    pub async fn commit(&self, campaign: Campaign, parent: NodeId, gradient: &[u8]) -> Submission {
        let hash = blob_hash(gradient);
        let hidden = commitment(self.account(), campaign.id, parent, hash, &self.salt());
        self.commit_to(campaign, parent, hash, hidden).await
    }

    /// Commits to anything.
    pub async fn commit_to(
        &self,
        campaign: Campaign,
        parent: NodeId,
        gradient: BlobHash,
        commitment: sp_core::H256,
    ) -> Submission {
        let committed = self
            .client
            .commit(&self.signer, campaign.id, parent, commitment)
            .await
            .unwrap()
            .value;
        Submission {
            id: committed.submission,
            deposit: committed.deposit,
            gradient,
        }
    }

    /// Stores a gradient; what is held for it.
    pub async fn store(&self, gradient: &[u8]) -> Balance {
        let stored = self
            .client
            .store_blob(&self.signer, gradient.to_vec())
            .await
            .unwrap();
        assert!(stored.receipt.is_some(), "it was stored already");
        self.client.constants().blob_deposit(gradient.len() as u64)
    }

    /// Reveals a submission.
    pub async fn reveal(&self, submission: Submission) -> Result<Receipt, SubmitError> {
        self.client
            .reveal(
                &self.signer,
                submission.id,
                submission.gradient,
                self.salt(),
            )
            .await
    }

    /// What a submission came to, once it is decided.
    pub async fn decision(&self, submission: Submission) -> SubmissionState<BlockNumber> {
        decision(self.client, submission.id).await
    }
}

/// What a submission came to, once it is decided.
pub async fn decision(client: &Client, submission: NodeId) -> SubmissionState<BlockNumber> {
    until("decision", || async {
        let state = state(client, submission).await;
        (!state.is_pending()).then_some(state)
    })
    .await
}

/// How far a submission has come.
pub async fn state(client: &Client, submission: NodeId) -> SubmissionState<BlockNumber> {
    let info = client.submission(submission).await.unwrap().unwrap();
    info.submission.state
}
