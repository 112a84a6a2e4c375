//! `sonar campaign show`.

use crate::{
    commands::data::kind,
    context::{self, Context},
    output::{clean, facts, table},
    tree, view, words,
    words::Clock,
};
use anyhow::Result;
use sonar_client::{cid, format};
use sonar_primitives::{
    api::{CampaignInfo, NodeInfo, SubmissionInfo},
    campaign::{BountySplit, ProposalState},
    tree::SubmissionState,
    CampaignId, NodeId,
};
use std::collections::BTreeMap;

/// Shows a campaign.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let nodes = client.tree(id).await?;
    let pending = client.pending_submissions(id).await?;
    let clock = Clock {
        now: client.best_block().await?.number,
        block_time: client.constants().block_time,
    };
    context
        .output
        .result(&view::campaign(&info, &nodes, &pending), || {
            [
                about(&info, clock),
                money(&info),
                model_tree(&info, &nodes),
                waiting(&info, &pending, clock),
            ]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
        })
}

fn about(info: &CampaignInfo, clock: Clock) -> String {
    let (summary, terms) = (&info.summary, &info.terms);
    let metric = terms.metric;
    let error = |error| format::error(metric, error);
    let schema = &terms.schema;
    let inputs = schema
        .inputs
        .iter()
        .map(|field| format!("{} ({})", clean(field.name.as_str()), kind(field)));
    let inputs: Vec<_> = inputs.collect();
    let inputs = match inputs.as_slice() {
        [first, .., last] if inputs.len() > 4 => {
            format!("{first} … {last}, {} in all", inputs.len())
        }
        _ => inputs.join(", "),
    };
    let output = format!(
        "{} ({})",
        clean(schema.output.name.as_str()),
        kind(&schema.output)
    );
    let mut lines = vec![
        (
            "campaign",
            format!("{}: {}", summary.id, clean(terms.title.as_str())),
        ),
        (
            "state",
            words::state(&summary.state, metric, summary.deadline, clock),
        ),
        ("owner", format::address(&summary.owner)),
    ];
    if !terms.description.is_empty() {
        lines.push(("description", clean(terms.description.as_str())));
    }
    lines.extend([
        ("reads", inputs),
        ("tells", output),
        (
            "validation",
            format!(
                "{} rows, {}",
                terms.validation.rows,
                cid::cid_of(terms.validation.blob)
            ),
        ),
        (
            "error",
            format!(
                "start {}, best {}, target {}",
                error(summary.start),
                error(summary.best),
                error(summary.target)
            ),
        ),
        ("minimum step", error(terms.minimum_step)),
        (
            "gradients",
            format!("{} accepted, {} pending", summary.accepted, summary.pending),
        ),
    ]);
    if terms.minimum_reputation > 0 {
        lines.push((
            "takes part",
            format!("who has {} accepted gradients", terms.minimum_reputation),
        ));
    }
    facts(&lines)
}

fn money(info: &CampaignInfo) -> String {
    let sponsors = info.sponsors.iter().map(|sponsor| {
        format!(
            "{} {}",
            format::short_address(&sponsor.account),
            format::amount(sponsor.contribution)
        )
    });
    facts(&[
        (
            "bounty",
            format!(
                "{}, {}",
                format::amount(info.summary.bounty),
                split(&info.terms.split)
            ),
        ),
        ("sponsors", sponsors.collect::<Vec<_>>().join(", ")),
        ("reserve", format::amount(info.reserve)),
        ("escrow", format::address(&info.escrow)),
    ])
}

fn split(split: &BountySplit) -> String {
    let parts = [
        ("data", split.data),
        ("expertise", split.expertise),
        ("compute", split.compute),
    ];
    let parts = parts.iter().filter(|(_, share)| !share.is_zero());
    let parts = parts
        .map(|(name, share)| format!("{} % to {name}", f64::from(share.deconstruct()) / 10_000.0));
    parts.collect::<Vec<_>>().join(", ")
}

/// The tree, drawn, with what there is to say of each node.
fn model_tree(info: &CampaignInfo, nodes: &[NodeInfo]) -> String {
    let metric = info.terms.metric;
    let by_id: BTreeMap<NodeId, &NodeInfo> = nodes.iter().map(|node| (node.id, node)).collect();
    let edges: Vec<_> = nodes
        .iter()
        .map(|node| (node.id, node.node.parent))
        .collect();
    let rows: Vec<Vec<String>> = tree::draw(&edges)
        .into_iter()
        .filter_map(|(drawing, id)| {
            let node = &by_id.get(&id)?.node;
            let best = if info.best == Some(id) {
                " ← best"
            } else {
                ""
            };
            Some(vec![
                format!("{drawing}{best}"),
                format::error(metric, node.error),
                format::accuracy(metric, node.error).unwrap_or_else(|| "-".into()),
                node.depth.to_string(),
                format::short_address(&node.author),
                cid::cid_of(node.blob),
            ])
        })
        .collect();
    let waiting = info
        .proposals
        .iter()
        .filter_map(|proposal| match proposal.state {
            ProposalState::Accepted { .. } => None,
            ProposalState::Pending => {
                Some(format!("proposal {} waits for its assay\n", proposal.node))
            }
            ProposalState::Rejected(reason) => Some(format!(
                "proposal {} was rejected: {}\n",
                proposal.node,
                words::rejected(reason, metric)
            )),
        });
    let mut text: String = waiting.collect();
    if !rows.is_empty() {
        text += &table(
            &["node", "error", "accuracy", "depth", "author", "blob"],
            rows,
            &[1, 2, 3],
        );
        text.push('\n');
    }
    text
}

fn waiting(info: &CampaignInfo, pending: &[SubmissionInfo], clock: Clock) -> String {
    if pending.is_empty() {
        return String::new();
    }
    let rows = pending.iter().map(|SubmissionInfo { id, submission }| {
        let state = match submission.state {
            SubmissionState::Committed { reveal_by } => {
                format!("committed, to be revealed by {}", clock.until(reveal_by))
            }
            SubmissionState::Revealed { .. } => "revealed, waits for its assay".into(),
            // The chain lists only what is pending; this is what it said.
            ref other => format!("{other:?}"),
        };
        vec![
            id.to_string(),
            submission.parent.to_string(),
            format::short_address(&submission.account),
            state,
        ]
    });
    let header = ["submission", "parent", "account", "state"];
    format!(
        "pending in campaign {}\n{}\n",
        info.summary.id,
        table(&header, rows.collect(), &[0, 1])
    )
}
