//! The JSON that programs read. The chain's own types write amounts as strings that count the
//! smallest unit of SNR, because JavaScript's numbers cannot hold them, and errors as whole numbers
//! in the chain's unit; this adds what the types do not say.

use serde_json::{json, Value};
use sonar_client::{cid, format::Amount};
use sonar_primitives::{
    api::{CampaignInfo, CampaignSummary, NodeInfo, SubmissionInfo},
    campaign::{CampaignCost, State},
    Balance, BlobHash, BlockNumber,
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

/// Everything about a campaign, with its tree and what is pending.
pub fn campaign(info: &CampaignInfo, tree: &[NodeInfo], pending: &[SubmissionInfo]) -> Value {
    let mut value = json!(info);
    value["summary"] = summary(&info.summary);
    value["tree"] = tree.iter().map(node).collect();
    value["pending"] = json!(pending);
    value
}

/// A node of a tree, with its blob's CID.
fn node(info: &NodeInfo) -> Value {
    let mut value = json!(info);
    value["cid"] = json!(cid::cid_of(info.node.blob));
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
