//! `sonar campaign show`.

use super::{rounds, tree};
use crate::{
    commands::data::kind,
    context::{self, Context},
    output::{clean, facts, table},
    view,
    words::{self, Clock},
};
use anyhow::Result;
use sonar_client::{cid, format};
use sonar_primitives::{
    api::{CampaignInfo, ModelInfo, RoundInfo},
    campaign::{Members, ProposalState, State},
    AccountId, CampaignId,
};

/// Shows a campaign.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let models = client.tree(id).await?;
    let mut undecided = client.rounds(id).await?;
    undecided.retain(|info| !info.round.state.is_decided());
    let admitted = match info.terms.members {
        Members::Admitted => client.admitted(id).await?,
        _ => Vec::new(),
    };
    let clock = Clock::of(&client).await?;
    let value = view::campaign(&info, &undecided, &admitted, clock.now);
    context.output.result(&value, || {
        [
            about(&info, &admitted, clock),
            money(&info),
            branches(&info, &models),
            rounds(&info, &undecided, clock),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
    })
}

fn about(info: &CampaignInfo, admitted: &[AccountId], clock: Clock) -> String {
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
        ("members", members(terms.members, admitted)),
        ("rounds", words::rounds(terms.rounds, clock)),
        (
            "so far",
            format!(
                "{} accepted, {} not decided",
                words::count(summary.accepted, "round"),
                summary.pending
            ),
        ),
    ]);
    facts(&lines)
}

fn members(members: Members, admitted: &[AccountId]) -> String {
    let rule = words::members(members);
    match (members, admitted) {
        (Members::Admitted, []) => format!("{rule}: nobody yet"),
        (Members::Admitted, admitted) => {
            let accounts: Vec<_> = admitted.iter().map(format::short_address).collect();
            format!("{rule}: {}", accounts.join(", "))
        }
        _ => rule,
    }
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
                words::split(&info.terms.split)
            ),
        ),
        ("sponsors", sponsors.collect::<Vec<_>>().join(", ")),
        ("escrow", format::address(&info.escrow)),
    ])
}

/// A line for each proposal that is no root, then a row for each branch with its best model.
fn branches(info: &CampaignInfo, models: &[ModelInfo]) -> String {
    let metric = info.terms.metric;
    let proposals = info.proposals.iter().filter_map(|proposal| {
        let state = words::proposal(proposal.state, metric);
        match proposal.state {
            ProposalState::Accepted { .. } => None,
            _ => Some(format!(
                "proposal {} by {} {state}\n",
                proposal.root,
                format::short_address(&proposal.author)
            )),
        }
    });
    let mut text: String = proposals.collect();
    let branches = tree::branches(models);
    let rows = branches.iter().filter_map(|(root, models)| {
        let (first, last) = (models.first()?, models.last()?);
        let best = match info.best == Some(last.id) {
            true => " ← best",
            false => "",
        };
        Some(vec![
            root.to_string(),
            models.len().to_string(),
            format!("{}{best}", last.id),
            format::error(metric, first.model.error),
            format::error(metric, last.model.error),
            format::accuracy(metric, last.model.error).unwrap_or_else(|| "-".into()),
            cid::cid_of(last.model.parameters),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let header = [
            "branch",
            "models",
            "best model",
            "start",
            "error",
            "accuracy",
            "parameters",
        ];
        text += &table(&header, rows, &[0, 1, 3, 4, 5]);
        text += &format!("\nwho made what: sonar campaign tree {}\n", info.summary.id);
    }
    text
}

fn rounds(info: &CampaignInfo, undecided: &[RoundInfo], clock: Clock) -> String {
    let lines = rounds::undecided(undecided, clock);
    let is_open = matches!(info.summary.state, State::Open);
    match lines.is_empty() && is_open {
        true => "no round is open: the next commitment to a gradient opens one\n".into(),
        false => lines,
    }
}
