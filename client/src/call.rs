//! The calls that the client can make.

use crate::{
    api::chain,
    connection::{At, ChainConfig},
};
use sonar_primitives::{
    campaign::{InitialModel, Terms},
    submission::Salt,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, ModelId, SubmissionId,
};
use sp_core::H256;
use subxt::{
    client::OnlineClientAtBlockImpl,
    error::ExtrinsicError,
    ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
    transactions::{Payload, TransactionsClient},
    utils::{MultiAddress, Static},
};
use syft::Architecture;

/// A call to the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Call {
    /// Opens a campaign.
    CreateCampaign {
        /// What is asked for.
        terms: Box<Terms<Balance, BlockNumber>>,
        /// The model to start from.
        model: InitialModel,
    },
    /// Adds to a bounty.
    Fund {
        /// The campaign.
        campaign: CampaignId,
        /// How much, in the smallest unit of SNR.
        amount: Balance,
    },
    /// Lets an account commit to gradients.
    Admit {
        /// The campaign.
        campaign: CampaignId,
        /// Who is admitted.
        account: AccountId,
    },
    /// Has another's proposal measured.
    AcceptProposal {
        /// The proposal's number.
        root: ModelId,
    },
    /// Refuses another's proposal.
    RejectProposal {
        /// The proposal's number.
        root: ModelId,
    },
    /// Ends a campaign of which no round was accepted yet.
    Cancel {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Ends commitments to a campaign whose deadline has passed.
    Close {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Splits a bounty.
    Settle {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Forgets a campaign that is over.
    Remove {
        /// The campaign.
        campaign: CampaignId,
        /// The most models, rounds, submissions and entitlements to forget at once.
        limit: u32,
    },
    /// Pays an account what a settled campaign owes it.
    Claim {
        /// The campaign.
        campaign: CampaignId,
        /// Who is paid.
        account: AccountId,
    },
    /// Commits to a gradient.
    Commit {
        /// The campaign.
        campaign: CampaignId,
        /// The root of the branch that it is for.
        root: ModelId,
        /// The model of that branch that it was trained on.
        base: ModelId,
        /// See [`sonar_primitives::submission::commitment`].
        commitment: H256,
        /// The most that may be held for it, in the smallest unit of SNR.
        max_hold: Balance,
    },
    /// Reveals a gradient.
    Reveal {
        /// The commitment's number.
        submission: SubmissionId,
        /// What hid it.
        salt: Salt,
        /// The gradient's bytes.
        gradient: Vec<u8>,
    },
    /// Commits to another model to start from.
    CommitProposal {
        /// The campaign.
        campaign: CampaignId,
        /// See [`sonar_primitives::submission::commitment`].
        commitment: H256,
        /// The most that may be held for it, in the smallest unit of SNR.
        max_hold: Balance,
    },
    /// Reveals another model to start from.
    RevealProposal {
        /// The commitment's number.
        submission: SubmissionId,
        /// What hid it.
        salt: Salt,
        /// The shape of the model.
        architecture: Architecture,
        /// The bytes of its initial parameters (safetensors).
        parameters: Vec<u8>,
    },
    /// Stores the parameters of a model of a tree, so that nobody has to rebuild it.
    StoreModel {
        /// The model.
        model: ModelId,
        /// Its parameters as canonical safetensors.
        parameters: Vec<u8>,
    },
    /// Stores a blob.
    Store {
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Removes a blob.
    RemoveBlob {
        /// Its hash.
        blob: BlobHash,
    },
    /// Sends SNR.
    Transfer {
        /// To whom.
        to: AccountId,
        /// How much, in the smallest unit of SNR.
        amount: Balance,
    },
}

impl Call {
    /// Checks the call against the node's metadata and encodes it.
    pub(crate) fn encode(&self, at: &At) -> Result<EncodedCall, ExtrinsicError> {
        let api = chain::tx();
        let node = at.transactions();
        match self.clone() {
            Self::CreateCampaign { terms, model } => {
                EncodedCall::new(&node, api.campaigns().create(Static(*terms), Static(model)))
            }
            Self::Fund { campaign, amount } => {
                EncodedCall::new(&node, api.campaigns().fund(campaign, amount))
            }
            Self::Admit { campaign, account } => {
                EncodedCall::new(&node, api.campaigns().admit(campaign, Static(account)))
            }
            Self::AcceptProposal { root } => {
                EncodedCall::new(&node, api.campaigns().accept_proposal(root))
            }
            Self::RejectProposal { root } => {
                EncodedCall::new(&node, api.campaigns().reject_proposal(root))
            }
            Self::Cancel { campaign } => EncodedCall::new(&node, api.campaigns().cancel(campaign)),
            Self::Close { campaign } => EncodedCall::new(&node, api.campaigns().close(campaign)),
            Self::Settle { campaign } => EncodedCall::new(&node, api.campaigns().settle(campaign)),
            Self::Remove { campaign, limit } => {
                EncodedCall::new(&node, api.campaigns().remove(campaign, limit))
            }
            Self::Claim { campaign, account } => {
                EncodedCall::new(&node, api.payouts().claim_for(campaign, Static(account)))
            }
            Self::Commit {
                campaign,
                root,
                base,
                commitment,
                max_hold,
            } => EncodedCall::new(
                &node,
                api.gradients()
                    .commit(campaign, root, base, commitment, max_hold),
            ),
            Self::Reveal {
                submission,
                salt,
                gradient,
            } => EncodedCall::new(&node, api.gradients().reveal(submission, salt, gradient)),
            Self::CommitProposal {
                campaign,
                commitment,
                max_hold,
            } => EncodedCall::new(
                &node,
                api.gradients()
                    .commit_proposal(campaign, commitment, max_hold),
            ),
            Self::RevealProposal {
                submission,
                salt,
                architecture,
                parameters,
            } => EncodedCall::new(
                &node,
                api.gradients()
                    .reveal_proposal(submission, salt, Static(architecture), parameters),
            ),
            Self::StoreModel { model, parameters } => {
                EncodedCall::new(&node, api.gradients().store_model(model, parameters))
            }
            Self::Store { data } => EncodedCall::new(&node, api.model_repository().store(data)),
            Self::RemoveBlob { blob } => {
                EncodedCall::new(&node, api.model_repository().remove(blob))
            }
            Self::Transfer { to, amount } => EncodedCall::new(
                &node,
                api.balances()
                    .transfer_keep_alive(MultiAddress::Id(Static(to)), amount),
            ),
        }
    }
}

/// A call whose arguments are SCALE-encoded, so that all calls are of one type.
pub(crate) struct EncodedCall {
    pallet: String,
    name: String,
    arguments: Arguments,
}

impl EncodedCall {
    fn new<P: Payload>(
        node: &TransactionsClient<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>,
        call: P,
    ) -> Result<Self, ExtrinsicError> {
        node.validate(&call)?;
        let mut bytes = node.call_data(&call)?;
        // The pallet's and the call's index are written again from their names.
        let arguments = Arguments(bytes.split_off(2.min(bytes.len())));
        Ok(Self {
            pallet: call.pallet_name().into(),
            name: call.call_name().into(),
            arguments,
        })
    }
}

impl Payload for EncodedCall {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        &self.pallet
    }

    fn call_name(&self) -> &str {
        &self.name
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}

/// A call's arguments, encoded.
pub(crate) struct Arguments(Vec<u8>);

impl EncodeAsFields for Arguments {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        _fields: &mut dyn FieldIter<'_, R::TypeId>,
        _types: &R,
        out: &mut Vec<u8>,
    ) -> Result<(), scale_encode::Error> {
        out.extend(&self.0);
        Ok(())
    }
}
