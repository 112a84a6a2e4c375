//! `sonar campaign rounds`.

use crate::{
    context::{self, Context},
    contributors,
    output::table,
    view, words,
    words::Clock,
};
use anyhow::Result;
use serde_json::json;
use sonar_client::format;
use sonar_primitives::{
    api::{ModelInfo, RoundInfo},
    CampaignId, ModelId,
};
use std::collections::BTreeMap;
use syft::Metric;

/// Lists the rounds of a campaign.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let rounds = client.rounds(id).await?;
    let tree = client.tree(id).await?;
    let clock = Clock::of(&client).await?;
    let models: BTreeMap<ModelId, &ModelInfo> = tree.iter().map(|info| (info.id, info)).collect();
    let value = json!({
        "campaign": id,
        "rounds": rounds.iter().map(|round| {
            let mut value = view::round(round, clock.now);
            let model = models.get(&round.id);
            value["error"] = json!(model.map(|info| info.model.error));
            value["contributors"] = json!(model.map(|info| info.model.contributors()));
            value
        }).collect::<Vec<_>>(),
    });
    context.output.result(&value, || {
        if rounds.is_empty() {
            return format!(
                "campaign {id} has no rounds yet: the first commitment to a gradient opens one"
            );
        }
        list(&rounds, &models, info.terms.metric, clock)
    })
}

/// A row for each round, then what happens in those that are not decided.
fn list(
    rounds: &[RoundInfo],
    models: &BTreeMap<ModelId, &ModelInfo>,
    metric: Metric,
    clock: Clock,
) -> String {
    let rows = rounds.iter().map(|info| {
        let model = models.get(&info.id);
        let error = model.map(|model| format::error(metric, model.model.error));
        let shares = model.map(|model| contributors::in_words(model.model.contributors()));
        vec![
            info.id.to_string(),
            info.round.root.to_string(),
            words::round_phase(info, clock.now).into(),
            info.round.opened_at.to_string(),
            info.round.commitments.to_string(),
            info.round.reveals.to_string(),
            error.unwrap_or_else(|| "-".into()),
            shares.unwrap_or_else(|| "-".into()),
        ]
    });
    let header = [
        "round",
        "branch",
        "state",
        "opened in block",
        "commitments",
        "reveals",
        "error",
        "shares",
    ];
    let table = table(&header, rows.collect(), &[0, 1, 3, 4, 5, 6]);
    match undecided(rounds, clock) {
        lines if lines.is_empty() => table,
        lines => format!("{table}\n\n{lines}"),
    }
}

/// A line for each round that is not decided.
pub fn undecided(rounds: &[RoundInfo], clock: Clock) -> String {
    rounds
        .iter()
        .filter(|info| !info.round.state.is_decided())
        .map(|info| words::named_round(info, clock) + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::{
        round::{Round, RoundState},
        tree::{Contributor, Model, ModelOrigin},
        AccountId,
    };
    use std::time::Duration;

    fn round(id: ModelId, opened_at: u32, reveals: u32, state: RoundState) -> RoundInfo {
        RoundInfo {
            id,
            round: Round {
                campaign: 0,
                root: 0,
                opened_at,
                closes: opened_at + 10,
                reveals_end: opened_at + 40,
                price: 1,
                seats: 4,
                commitments: 2,
                reveals,
                state,
            },
        }
    }

    #[test]
    fn rounds_are_listed_with_what_they_brought() {
        let account = AccountId::new([1; 32]);
        let contributor = Contributor {
            submission: 0,
            account: account.clone(),
            base: 0,
            gradient: Default::default(),
            share: 3,
            in_best_set: true,
        };
        let model = Model {
            campaign: 0,
            root: 0,
            parameters: Default::default(),
            stored: false,
            error: 50_000_000,
            former_record: None,
            origin: ModelOrigin::Merged {
                previous: 0,
                with_previous: false,
                contributors: sp_runtime::BoundedVec::truncate_from(vec![contributor]),
            },
        };
        let model = ModelInfo { id: 1, model };
        let rounds = [
            round(1, 10, 2, RoundState::Accepted),
            round(2, 22, 0, RoundState::Empty),
            round(3, 95, 0, RoundState::Pending),
        ];
        let clock = Clock {
            now: 100,
            block_time: Duration::from_secs(2),
        };
        let text = list(
            &rounds,
            &BTreeMap::from([(1, &model)]),
            Metric::ErrorRate,
            clock,
        );
        let short = format::short_address(&account);
        assert_eq!(
            text,
            format!(
                "round  branch  state     opened in block  commitments  reveals   error  shares
    1       0  accepted               10            2        2  5.00 %  {short} 100.00 %
    2       0  empty                  22            2        0       -  -
    3       0  open                   95            2        0       -  -

round 3 on branch 0: 2 commitments, closes in 5 blocks (about 10 s)
"
            )
        );
    }
}
