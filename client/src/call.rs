//! The calls that the client can make.

use crate::{
    api::chain,
    connection::{At, ChainConfig},
};
use sonar_primitives::{
    campaign::{Model, Terms},
    tree::Salt,
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, NodeId,
};
use sp_core::H256;
use subxt::{
    client::OnlineClientAtBlockImpl,
    error::ExtrinsicError,
    ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
    transactions::{Payload, TransactionsClient},
    utils::{MultiAddress, Static},
};

/// A call to the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Call {
    /// Opens a campaign.
    CreateCampaign {
        /// What is asked for.
        terms: Box<Terms<Balance, BlockNumber>>,
        /// The model to start from.
        model: Model,
    },
    /// Adds a model to start from.
    Propose {
        /// The campaign.
        campaign: CampaignId,
        /// The model.
        model: Model,
    },
    /// Adds to a bounty.
    Fund {
        /// The campaign.
        campaign: CampaignId,
        /// How much, in the smallest unit of SNR.
        amount: Balance,
    },
    /// Adds to what pays the assays of accepted gradients.
    TopUpReserve {
        /// The campaign.
        campaign: CampaignId,
        /// How much, in the smallest unit of SNR.
        amount: Balance,
    },
    /// Ends a campaign of which no gradient was accepted yet.
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
        /// The most nodes, submissions and entitlements to forget at once.
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
        /// The node that it is added to.
        parent: NodeId,
        /// See [`sonar_primitives::tree::commitment`].
        commitment: H256,
    },
    /// Reveals a gradient.
    Reveal {
        /// The commitment's number.
        submission: NodeId,
        /// The gradient's blob.
        gradient: BlobHash,
        /// What hid it.
        salt: Salt,
    },
    /// Ends a commitment that was not revealed in time.
    Expire {
        /// The commitment's number.
        submission: NodeId,
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
            Self::Propose { campaign, model } => {
                EncodedCall::new(&node, api.campaigns().propose(campaign, Static(model)))
            }
            Self::Fund { campaign, amount } => {
                EncodedCall::new(&node, api.campaigns().fund(campaign, amount))
            }
            Self::TopUpReserve { campaign, amount } => {
                EncodedCall::new(&node, api.campaigns().top_up_reserve(campaign, amount))
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
                parent,
                commitment,
            } => EncodedCall::new(&node, api.gradients().commit(campaign, parent, commitment)),
            Self::Reveal {
                submission,
                gradient,
                salt,
            } => EncodedCall::new(&node, api.gradients().reveal(submission, gradient, salt)),
            Self::Expire { submission } => {
                EncodedCall::new(&node, api.gradients().expire(submission))
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
