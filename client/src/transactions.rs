//! One method for each call.

use crate::{
    api::chain::{
        campaigns::events as campaigns, gradients::events as gradients, payouts::events as payouts,
    },
    call::Call,
    connection::Client,
    error::SubmitError,
    keys::Signer,
    submit::{Included, Receipt},
};
use serde::Serialize;
use sonar_primitives::{
    campaign::{Model, Terms},
    tree::Salt,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, NodeId,
};
use sp_core::H256;

/// A campaign that was just made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Created {
    /// Its number.
    pub campaign: CampaignId,
    /// The node of its first proposal.
    pub root: NodeId,
}

/// A gradient that was just committed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Committed {
    /// Its number.
    pub submission: NodeId,
    /// The last block in which it may be revealed.
    pub reveal_by: BlockNumber,
    /// What was held for it, in the smallest unit of SNR.
    #[serde(with = "sonar_primitives::amount")]
    pub deposit: Balance,
}

/// All of these wait until the transaction is in a block, and fail if the chain refuses it. Several at once from one
/// account are fine.
impl Client {
    /// Opens a campaign: the bounty, the reserve and the deposit move to its own account.
    pub async fn create_campaign(
        &self,
        signer: &Signer,
        terms: Terms<Balance, BlockNumber>,
        model: Model,
    ) -> Result<Included<Created>, SubmitError> {
        let done = self
            .submit(
                signer,
                &Call::CreateCampaign {
                    terms: Box::new(terms),
                    model,
                },
            )
            .await?;
        let event: campaigns::Created = done.event("Campaigns.Created")?;
        let value = Created {
            campaign: event.campaign,
            root: event.root,
        };
        Ok(Included {
            receipt: done.receipt,
            value,
        })
    }

    /// Adds a model to start from; its node's number is returned.
    pub async fn propose(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        model: Model,
    ) -> Result<Included<NodeId>, SubmitError> {
        let done = self
            .submit(signer, &Call::Propose { campaign, model })
            .await?;
        let event: campaigns::Proposed = done.event("Campaigns.Proposed")?;
        Ok(Included {
            receipt: done.receipt,
            value: event.root,
        })
    }

    /// Adds to a campaign's bounty.
    pub async fn fund(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        amount: Balance,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Fund { campaign, amount }).await
    }

    /// Adds to what pays the assays of accepted gradients; the campaign's owner only.
    pub async fn top_up_reserve(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        amount: Balance,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::TopUpReserve { campaign, amount })
            .await
    }

    /// Ends a campaign of which no gradient was accepted yet; its owner only.
    pub async fn cancel(
        &self,
        signer: &Signer,
        campaign: CampaignId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Cancel { campaign }).await
    }

    /// Ends commitments to a campaign whose deadline has passed; anybody.
    pub async fn close(
        &self,
        signer: &Signer,
        campaign: CampaignId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Close { campaign }).await
    }

    /// Splits the bounty of a campaign that is closing; anybody.
    pub async fn settle(
        &self,
        signer: &Signer,
        campaign: CampaignId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Settle { campaign }).await
    }

    /// Forgets a campaign that is over, at most `limit` items at once; anybody.
    pub async fn remove(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        limit: u32,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Remove { campaign, limit }).await
    }

    /// Pays `account` what a settled campaign owes it, and returns how much that was. Anybody may; the signer pays the
    /// fee.
    pub async fn claim(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        account: &AccountId,
    ) -> Result<Included<Balance>, SubmitError> {
        let done = self
            .submit(
                signer,
                &Call::Claim {
                    campaign,
                    account: account.clone(),
                },
            )
            .await?;
        let event: payouts::Claimed = done.event("Payouts.Claimed")?;
        Ok(Included {
            receipt: done.receipt,
            value: event.amount,
        })
    }

    /// Commits to a gradient; see [`sonar_primitives::tree::commitment`].
    pub async fn commit(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        parent: NodeId,
        commitment: H256,
    ) -> Result<Included<Committed>, SubmitError> {
        let done = self
            .submit(
                signer,
                &Call::Commit {
                    campaign,
                    parent,
                    commitment,
                },
            )
            .await?;
        let event: gradients::Committed = done.event("Gradients.Committed")?;
        let value = Committed {
            submission: event.submission,
            reveal_by: event.reveal_by,
            deposit: event.deposit,
        };
        Ok(Included {
            receipt: done.receipt,
            value,
        })
    }

    /// Reveals a gradient whose blob is stored.
    pub async fn reveal(
        &self,
        signer: &Signer,
        submission: NodeId,
        gradient: BlobHash,
        salt: Salt,
    ) -> Result<Receipt, SubmitError> {
        self.simply(
            signer,
            Call::Reveal {
                submission,
                gradient,
                salt,
            },
        )
        .await
    }

    /// Ends a commitment that was not revealed in time; anybody.
    pub async fn expire(
        &self,
        signer: &Signer,
        submission: NodeId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Expire { submission }).await
    }

    /// Removes a blob that nobody needs; who stored it only.
    pub async fn remove_blob(
        &self,
        signer: &Signer,
        blob: BlobHash,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::RemoveBlob { blob }).await
    }

    /// Sends SNR. Refused if it would leave the signer with less than an account must have.
    pub async fn transfer(
        &self,
        signer: &Signer,
        to: &AccountId,
        amount: Balance,
    ) -> Result<Receipt, SubmitError> {
        self.simply(
            signer,
            Call::Transfer {
                to: to.clone(),
                amount,
            },
        )
        .await
    }

    async fn simply(&self, signer: &Signer, call: Call) -> Result<Receipt, SubmitError> {
        Ok(self.submit(signer, &call).await?.receipt)
    }
}
