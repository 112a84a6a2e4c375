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
    campaign::{InitialModel, Terms},
    submission::Salt,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, ModelId, RoundId, SubmissionId,
};
use sp_core::H256;
use syft::Architecture;

/// A campaign that was just made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Created {
    /// Its number.
    pub campaign: CampaignId,
    /// The number of its first proposal.
    pub root: ModelId,
}

/// A gradient that was just committed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Committed {
    /// Its number.
    pub submission: SubmissionId,
    /// The round that it takes part in.
    pub round: RoundId,
    /// What was held for it, in the smallest unit of SNR.
    #[serde(with = "sonar_primitives::amount")]
    pub hold: Balance,
}

/// A proposal that was just committed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CommittedProposal {
    /// Its number as a submission.
    pub submission: SubmissionId,
    /// The last block in which it may be revealed.
    pub reveal_by: BlockNumber,
    /// What was held for it, in the smallest unit of SNR.
    #[serde(with = "sonar_primitives::amount")]
    pub hold: Balance,
}

/// All of these wait until the transaction is in a block, and fail if the chain refuses it. Several at once from one
/// account are fine.
impl Client {
    /// Opens a campaign: the bounty and the deposit move to its own account, and the price of the first assay is held.
    pub async fn create_campaign(
        &self,
        signer: &Signer,
        terms: Terms<Balance, BlockNumber>,
        model: InitialModel,
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

    /// Adds to a campaign's bounty.
    pub async fn fund(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        amount: Balance,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::Fund { campaign, amount }).await
    }

    /// Lets an account commit to gradients of a campaign for admitted accounts; its owner only.
    pub async fn admit(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        account: &AccountId,
    ) -> Result<Receipt, SubmitError> {
        let account = account.clone();
        self.simply(signer, Call::Admit { campaign, account }).await
    }

    /// Has another's proposal measured; the campaign's owner only.
    pub async fn accept_proposal(
        &self,
        signer: &Signer,
        root: ModelId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::AcceptProposal { root }).await
    }

    /// Refuses another's proposal; the campaign's owner only.
    pub async fn reject_proposal(
        &self,
        signer: &Signer,
        root: ModelId,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::RejectProposal { root }).await
    }

    /// Ends a campaign of which no round was accepted yet; its owner only.
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

    /// Splits the bounty of a campaign that is closing, or the next part of it; anybody.
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

    /// Commits to a gradient for the open round of the branch of `root`, or opens one. It was trained on `base`, a model
    /// of that branch; see [`sonar_primitives::submission::commitment`]. Refused if more than `max_hold` would be held.
    pub async fn commit(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        root: ModelId,
        base: ModelId,
        commitment: H256,
        max_hold: Balance,
    ) -> Result<Included<Committed>, SubmitError> {
        let call = Call::Commit {
            campaign,
            root,
            base,
            commitment,
            max_hold,
        };
        let done = self.submit(signer, &call).await?;
        let event: gradients::Committed = done.event("Gradients.Committed")?;
        let value = Committed {
            submission: event.submission,
            round: event.round,
            hold: event.hold,
        };
        Ok(Included {
            receipt: done.receipt,
            value,
        })
    }

    /// Reveals a gradient, whose bytes are stored with it.
    pub async fn reveal(
        &self,
        signer: &Signer,
        submission: SubmissionId,
        salt: Salt,
        gradient: Vec<u8>,
    ) -> Result<Receipt, SubmitError> {
        let call = Call::Reveal {
            submission,
            salt,
            gradient,
        };
        self.simply(signer, call).await
    }

    /// Commits to another model to start from; see [`sonar_primitives::submission::proposal_hash`]. Refused if more than
    /// `max_hold` would be held.
    pub async fn commit_proposal(
        &self,
        signer: &Signer,
        campaign: CampaignId,
        commitment: H256,
        max_hold: Balance,
    ) -> Result<Included<CommittedProposal>, SubmitError> {
        let call = Call::CommitProposal {
            campaign,
            commitment,
            max_hold,
        };
        let done = self.submit(signer, &call).await?;
        let event: gradients::ProposalCommitted = done.event("Gradients.ProposalCommitted")?;
        let value = CommittedProposal {
            submission: event.submission,
            reveal_by: event.reveal_by,
            hold: event.hold,
        };
        Ok(Included {
            receipt: done.receipt,
            value,
        })
    }

    /// Reveals another model to start from, whose parameters are stored with it, in a later block than that of its
    /// commitment. The proposal's number is returned.
    pub async fn reveal_proposal(
        &self,
        signer: &Signer,
        submission: SubmissionId,
        salt: Salt,
        architecture: Architecture,
        parameters: Vec<u8>,
    ) -> Result<Included<ModelId>, SubmitError> {
        let call = Call::RevealProposal {
            submission,
            salt,
            architecture,
            parameters,
        };
        let done = self.submit(signer, &call).await?;
        let event: campaigns::Proposed = done.event("Campaigns.Proposed")?;
        Ok(Included {
            receipt: done.receipt,
            value: event.root,
        })
    }

    /// Stores the parameters of a model of a tree (canonical safetensors), so that nobody has to rebuild it; anybody. The
    /// signer's deposit is held for them.
    pub async fn store_model(
        &self,
        signer: &Signer,
        model: ModelId,
        parameters: Vec<u8>,
    ) -> Result<Receipt, SubmitError> {
        self.simply(signer, Call::StoreModel { model, parameters })
            .await
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
