//! The JSON that programs read. The chain's own types write amounts as strings that count the
//! smallest unit of SNR, because JavaScript's numbers cannot hold them, and errors as whole numbers
//! in the chain's unit; this adds what the types do not say.

use crate::words;
use serde_json::{json, Value};
use sonar_client::{cid, format::Amount};
use sonar_primitives::{
    api::{CampaignInfo, CampaignSummary, ModelInfo, RoundInfo},
    campaign::{CampaignCost, State},
    AccountId, Balance, BlobHash, BlockNumber,
};

/// The one word for a state, as `campaign list --state` takes it.
pub fn state_name(state: &State<BlockNumber>) -> &'static str {
    match state {
        State::Proposed => "proposed",
        State::Open => "open",
        State::Closing { .. } => "closing",
        State::Settled { .. } => "settled",
        State::Rejected { .. } => "rejected",
    }
}

/// A campaign in a list, with its state in one word as `status`.
pub fn summary(summary: &CampaignSummary) -> Value {
    let mut value = json!(summary);
    value["status"] = json!(state_name(&summary.state));
    value
}

/// Everything about a campaign but its tree: with the rounds that are not decided, and whom its owner
/// admitted.
pub fn campaign(
    info: &CampaignInfo,
    undecided: &[RoundInfo],
    admitted: &[AccountId],
    now: BlockNumber,
) -> Value {
    let mut value = json!(info);
    value["summary"] = summary(&info.summary);
    value["rounds"] = undecided.iter().map(|info| round(info, now)).collect();
    value["admitted"] = json!(admitted);
    value
}

/// A round, with its state in one word as `status`.
pub fn round(info: &RoundInfo, now: BlockNumber) -> Value {
    let mut value = json!(info);
    value["status"] = json!(words::round_phase(info, now));
    value
}

/// A model of a tree, with the CID of its parameters (which may not be stored).
pub fn model(info: &ModelInfo) -> Value {
    let mut value = json!(info);
    value["cid"] = json!(cid::cid_of(info.model.parameters));
    value
}

/// What a campaign costs, with what else its creation takes.
pub fn cost(cost: &CampaignCost<Balance>, blob_deposits: Balance, fees: Balance) -> Value {
    let mut value = json!(cost);
    value["blob_deposits"] = json!(Amount(blob_deposits));
    value["fees"] = json!(Amount(fees));
    value
}

/// A blob by hash and CID, with what else there is to say.
pub fn blob(hash: BlobHash, mut more: Value) -> Value {
    more["blob"] = json!(hash);
    more["cid"] = json!(cid::cid_of(hash));
    more
}
