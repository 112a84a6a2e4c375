//! The calls with which people create campaigns, commit, reveal and claim.

use crate::chain::{hash_of, Chain, Signer};
use sonar_primitives::{
    campaign::{InitialModel, Terms},
    submission::{commitment, proposal_hash},
    CampaignId, ModelId, SubmissionId,
};
use sonar_runtime::{AccountId, Balance, BlockNumber, Runtime, RuntimeCall};
use sp_runtime::DispatchError;
use syft::Architecture;

/// What a gradient is for.
#[derive(Clone, Copy)]
pub struct Aim {
    pub campaign: CampaignId,
    pub root: ModelId,
    /// The model that it was trained on.
    pub base: ModelId,
}

/// What whoever committed to a gradient must remember to reveal it.
#[derive(Clone)]
pub struct Secret {
    pub submission: SubmissionId,
    pub gradient: Vec<u8>,
    salt: [u8; 32],
}

/// What whoever committed to a proposal must remember to reveal it.
pub struct SecretProposal {
    submission: SubmissionId,
    salt: [u8; 32],
    architecture: Architecture,
    parameters: Vec<u8>,
}

impl Chain {
    /// Creates a campaign whose blobs are stored.
    pub fn create(
        &mut self,
        who: impl Signer,
        terms: Terms<Balance, BlockNumber>,
        model: InitialModel,
    ) -> Result<CampaignId, DispatchError> {
        let id = pallet_campaigns::NextCampaign::<Runtime>::get();
        self.submit(
            who,
            RuntimeCall::Campaigns(pallet_campaigns::Call::create {
                terms: Box::new(terms),
                model,
            }),
        )?;
        Ok(id)
    }

    /// Commits to a gradient, unless it takes more than `max_hold`.
    pub fn commit(
        &mut self,
        who: impl Signer,
        aim: Aim,
        gradient: Vec<u8>,
        salt: [u8; 32],
        max_hold: Balance,
    ) -> Result<Secret, DispatchError> {
        let Aim {
            campaign,
            root,
            base,
        } = aim;
        let hash = hash_of(&gradient);
        let submission = pallet_gradients::NextSubmission::<Runtime>::get();
        let commitment = commitment(&who.account(), campaign, Some(base), hash, &salt);
        self.submit(
            who,
            RuntimeCall::Gradients(pallet_gradients::Call::commit {
                campaign,
                root,
                base,
                commitment,
                max_hold,
            }),
        )?;
        Ok(Secret {
            submission,
            gradient,
            salt,
        })
    }

    /// Reveals a gradient.
    pub fn reveal(&mut self, who: impl Signer, secret: &Secret) -> Result<(), DispatchError> {
        self.submit(
            who,
            RuntimeCall::Gradients(pallet_gradients::Call::reveal {
                submission: secret.submission,
                salt: secret.salt,
                gradient: secret.gradient.clone(),
            }),
        )
    }

    /// Commits to a proposal.
    pub fn commit_proposal(
        &mut self,
        who: impl Signer,
        campaign: CampaignId,
        architecture: Architecture,
        parameters: Vec<u8>,
        salt: [u8; 32],
    ) -> Result<SecretProposal, DispatchError> {
        let content = proposal_hash(&architecture, hash_of(&parameters));
        let submission = pallet_gradients::NextSubmission::<Runtime>::get();
        let commitment = commitment(&who.account(), campaign, None, content, &salt);
        self.submit(
            who,
            RuntimeCall::Gradients(pallet_gradients::Call::commit_proposal {
                campaign,
                commitment,
                max_hold: Balance::MAX,
            }),
        )?;
        Ok(SecretProposal {
            submission,
            salt,
            architecture,
            parameters,
        })
    }

    /// Reveals a proposal, in a later block than its commitment. Returns its number.
    pub fn reveal_proposal(
        &mut self,
        who: impl Signer,
        secret: SecretProposal,
    ) -> Result<ModelId, DispatchError> {
        let root = pallet_gradients::NextModel::<Runtime>::get();
        self.submit(
            who,
            RuntimeCall::Gradients(pallet_gradients::Call::reveal_proposal {
                submission: secret.submission,
                salt: secret.salt,
                architecture: secret.architecture,
                parameters: secret.parameters,
            }),
        )?;
        Ok(root)
    }

    /// Pays an account what a campaign owes it.
    pub fn claim(
        &mut self,
        by: impl Signer,
        campaign: CampaignId,
        account: AccountId,
    ) -> Result<(), DispatchError> {
        self.submit(
            by,
            RuntimeCall::Payouts(pallet_payouts::Call::claim_for { campaign, account }),
        )
    }
}
