//! What the mine asks of the chain, and nothing more.
//!
//! The daemon is written against [`Chain`]; a running node answers it through [`Node`], and the tests
//! let a chain in memory answer it.

use sonar_client::{keys::Signer, Client, ModelError, ReadError, SubmitError};
use sonar_primitives::{
    api::{
        CampaignInfo, CampaignSummary, EntitlementInfo, ModelInfo, Quote, QuoteRefused, RoundInfo,
        SubmissionInfo,
    },
    reputation::Reputation,
    submission::Salt,
    AccountId, Balance, BlockNumber, CampaignId, Hash, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use std::time::Duration;
use syft::{Architecture, Parameters};

/// Why the chain gives no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The connection is gone, or the node did not answer; what was sent may or may not arrive.
    #[error("{0}")]
    Disconnected(String),
    /// The node does not take the transaction now, or has given it up: its pool is full, the fee or the priority is too
    /// low. This passes; send it again once a look at the chain shows that it did not arrive.
    #[error("{0}")]
    NotIncluded(String),
    /// The chain has the transaction in a block and refused what it asks for; the fee is paid.
    #[error("the chain refused: {0}")]
    Refused(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// A model of the tree, rebuilt.
#[derive(Clone, Debug)]
pub struct TreeModel {
    /// Its shape.
    pub architecture: Architecture,
    /// Its parameters, checked against the hash on the chain.
    pub parameters: Parameters,
}

/// A chain, seen by one account.
///
/// Every answer is about the best block. A method that sends returns once the transaction is in a
/// block, after which the other methods see what it did.
// One thread runs the daemon, so it does not matter that the futures may not be sent to another.
#[allow(async_fn_in_trait)]
pub trait Chain {
    /// The account.
    fn account(&self) -> &AccountId;
    /// The hash of the first block: which chain it is.
    fn genesis(&self) -> Hash;
    /// What is held from who stores a blob of this size, in the smallest unit of SNR.
    fn blob_deposit(&self, bytes: u64) -> Balance;
    /// The best block.
    async fn now(&self) -> Result<BlockNumber, ChainError>;
    /// Returns when the best block is another than `after`.
    async fn next_block(&self, after: BlockNumber) -> Result<BlockNumber, ChainError>;
    /// All campaigns.
    async fn campaigns(&self) -> Result<Vec<CampaignSummary>, ChainError>;
    /// One campaign; `None` if there is none (any more).
    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignInfo>, ChainError>;
    /// A campaign's models, roots included, in the order of their numbers.
    async fn tree(&self, campaign: CampaignId) -> Result<Vec<ModelInfo>, ChainError>;
    /// A model with its parameters.
    async fn model(&self, id: ModelId) -> Result<TreeModel, ChainError>;
    /// A campaign's rounds, decided ones included.
    async fn rounds(&self, campaign: CampaignId) -> Result<Vec<RoundInfo>, ChainError>;
    /// One round; `None` if there is none (any more).
    async fn round(&self, id: RoundId) -> Result<Option<RoundInfo>, ChainError>;
    /// The account's submissions, decided ones included.
    async fn submissions(&self) -> Result<Vec<SubmissionInfo>, ChainError>;
    /// What a round on `root` that reaches `error` would earn, and a commitment of the account cost.
    async fn quote(
        &self,
        root: ModelId,
        error: MeasuredError,
    ) -> Result<Result<Quote, QuoteRefused>, ChainError>;
    /// What an account has done.
    async fn reputation(&self, of: &AccountId) -> Result<Reputation, ChainError>;
    /// What the account can spend or deposit, in the smallest unit of SNR.
    async fn spendable(&self) -> Result<Balance, ChainError>;
    /// What the account gets from a settled campaign, claimed or not; `None` if nothing.
    async fn entitlement(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<EntitlementInfo>, ChainError>;
    /// What the account can claim.
    async fn claimable(&self) -> Result<Vec<EntitlementInfo>, ChainError>;
    /// Commits to a gradient, if no more than `max_hold` is held for it.
    async fn commit(
        &self,
        campaign: CampaignId,
        root: ModelId,
        base: ModelId,
        commitment: Hash,
        max_hold: Balance,
    ) -> Result<(), ChainError>;
    /// Reveals a gradient.
    async fn reveal(
        &self,
        submission: SubmissionId,
        salt: Salt,
        gradient: Vec<u8>,
    ) -> Result<(), ChainError>;
    /// Stores a model's parameters, as canonical safetensors.
    async fn store_model(&self, model: ModelId, parameters: Vec<u8>) -> Result<(), ChainError>;
    /// Claims what the account gets from a campaign, and says how much it was.
    async fn claim(&self, campaign: CampaignId) -> Result<Balance, ChainError>;
}

/// How often a node is asked for its best block while waiting for the next, per block.
const LOOKS_PER_BLOCK: u32 = 4;
/// Waiting between two looks, at most and at least, whatever the block time is.
const LOOK: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(2);

/// A running node, seen by one account.
#[derive(Clone)]
pub struct Node {
    client: Client,
    signer: Signer,
}

impl Node {
    /// An account's view of the node that `client` is connected to.
    pub fn new(client: Client, signer: Signer) -> Self {
        Self { client, signer }
    }
}

impl Chain for Node {
    fn account(&self) -> &AccountId {
        self.signer.account()
    }

    fn genesis(&self) -> Hash {
        self.client.genesis_hash()
    }

    fn blob_deposit(&self, bytes: u64) -> Balance {
        self.client.constants().blob_deposit(bytes)
    }

    async fn now(&self) -> Result<BlockNumber, ChainError> {
        Ok(self.client.best_block().await?.number)
    }

    async fn next_block(&self, after: BlockNumber) -> Result<BlockNumber, ChainError> {
        let look = self.client.constants().block_time / LOOKS_PER_BLOCK;
        loop {
            tokio::time::sleep(look.clamp(*LOOK.start(), *LOOK.end())).await;
            let now = self.now().await?;
            if now != after {
                return Ok(now);
            }
        }
    }

    async fn campaigns(&self) -> Result<Vec<CampaignSummary>, ChainError> {
        Ok(self.client.all_campaigns().await?)
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignInfo>, ChainError> {
        Ok(self.client.campaign(id).await?)
    }

    async fn tree(&self, campaign: CampaignId) -> Result<Vec<ModelInfo>, ChainError> {
        Ok(self.client.tree(campaign).await?)
    }

    async fn model(&self, id: ModelId) -> Result<TreeModel, ChainError> {
        let model = self.client.fetch_model(id).await?;
        Ok(TreeModel {
            architecture: model.recipe.architecture,
            parameters: model.parameters,
        })
    }

    async fn rounds(&self, campaign: CampaignId) -> Result<Vec<RoundInfo>, ChainError> {
        Ok(self.client.rounds(campaign).await?)
    }

    async fn round(&self, id: RoundId) -> Result<Option<RoundInfo>, ChainError> {
        Ok(self.client.round(id).await?)
    }

    async fn submissions(&self) -> Result<Vec<SubmissionInfo>, ChainError> {
        Ok(self.client.submissions_of(self.account()).await?)
    }

    async fn quote(
        &self,
        root: ModelId,
        error: MeasuredError,
    ) -> Result<Result<Quote, QuoteRefused>, ChainError> {
        Ok(self.client.quote(self.account(), root, error).await?)
    }

    async fn reputation(&self, of: &AccountId) -> Result<Reputation, ChainError> {
        Ok(self.client.reputation(of).await?)
    }

    async fn spendable(&self) -> Result<Balance, ChainError> {
        let balance = self.client.balance(self.account()).await?;
        Ok(balance.transferable(self.client.constants().existential_deposit))
    }

    async fn entitlement(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<EntitlementInfo>, ChainError> {
        let all = self.client.entitlements(campaign).await?;
        Ok(all.into_iter().find(|one| one.account == *self.account()))
    }

    async fn claimable(&self) -> Result<Vec<EntitlementInfo>, ChainError> {
        Ok(self.client.claimable(self.account()).await?)
    }

    async fn commit(
        &self,
        campaign: CampaignId,
        root: ModelId,
        base: ModelId,
        commitment: Hash,
        max_hold: Balance,
    ) -> Result<(), ChainError> {
        let signer = &self.signer;
        let sent = self
            .client
            .commit(signer, campaign, root, base, commitment, max_hold);
        sent.await?;
        Ok(())
    }

    async fn reveal(
        &self,
        submission: SubmissionId,
        salt: Salt,
        gradient: Vec<u8>,
    ) -> Result<(), ChainError> {
        let sent = self.client.reveal(&self.signer, submission, salt, gradient);
        sent.await?;
        Ok(())
    }

    async fn store_model(&self, model: ModelId, parameters: Vec<u8>) -> Result<(), ChainError> {
        let sent = self.client.store_model(&self.signer, model, parameters);
        sent.await?;
        Ok(())
    }

    async fn claim(&self, campaign: CampaignId) -> Result<Balance, ChainError> {
        let sent = self.client.claim(&self.signer, campaign, self.account());
        Ok(sent.await?.value)
    }
}

impl From<ReadError> for ChainError {
    fn from(error: ReadError) -> Self {
        match error.is_disconnected() {
            true => Self::Disconnected(error.to_string()),
            false => Self::Failed(error.to_string()),
        }
    }
}

impl From<ModelError> for ChainError {
    fn from(error: ModelError) -> Self {
        match error.is_disconnected() {
            true => Self::Disconnected(error.to_string()),
            false => Self::Failed(error.to_string()),
        }
    }
}

impl From<SubmitError> for ChainError {
    fn from(error: SubmitError) -> Self {
        let text = error.to_string();
        match error {
            SubmitError::Refused(reason) => Self::Refused(reason.to_string()),
            SubmitError::NotTaken(_)
            | SubmitError::GivenUp(_)
            | SubmitError::Expired { .. }
            | SubmitError::CannotPayFee => Self::NotIncluded(text),
            error if error.is_disconnected() || error.may_be_included() => Self::Disconnected(text),
            _ => Self::Failed(text),
        }
    }
}
