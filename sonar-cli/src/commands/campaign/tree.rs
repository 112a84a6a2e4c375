//! `sonar campaign tree`.

use crate::{
    context::{self, Context},
    output::table,
    view, words,
};
use anyhow::Result;
use serde_json::{json, Value};
use sonar_client::format::{self, short_address};
use sonar_primitives::{
    api::ModelInfo,
    tree::{total_share, Contributor, ModelOrigin},
    AccountId, CampaignId, ModelId,
};
use std::collections::BTreeMap;
use syft::Metric;

/// Shows the branches of a campaign.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let models = client.tree(id).await?;
    let best = info.best;
    let branches = branches(&models);
    let value = json!({
        "campaign": id,
        "best": best,
        "branches": branches.iter().map(|(root, models)| json!({
            "root": root,
            "models": models.iter().map(|model| json(model)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    context.output.result(&value, || {
        if branches.is_empty() {
            return format!("campaign {id} has no measured model yet");
        }
        let metric = info.terms.metric;
        let branches = branches.values().map(|models| draw(models, metric, best));
        branches.collect::<Vec<_>>().join("\n\n")
    })
}

/// The models of each branch by its root, in the order in which they were accepted.
pub fn branches(models: &[ModelInfo]) -> BTreeMap<ModelId, Vec<&ModelInfo>> {
    let mut branches: BTreeMap<ModelId, Vec<&ModelInfo>> = BTreeMap::new();
    for info in models {
        branches.entry(info.model.root).or_default().push(info);
    }
    branches
}

/// A model with the parts of its contributors in per cent, in their order.
fn json(info: &ModelInfo) -> Value {
    let mut value = view::model(info);
    let contributors = info.model.contributors();
    let whole = total_share(contributors);
    let parts = contributors
        .iter()
        .map(|contributor| words::share(contributor.share, whole));
    value["parts"] = parts.collect();
    value
}

/// A branch as a table: a row for each model, and below it one for each further member.
fn draw(models: &[&ModelInfo], metric: Metric, best: Option<ModelId>) -> String {
    let mut rows = Vec::new();
    for info in models {
        let mut first = vec![
            info.id.to_string(),
            format::error(metric, info.model.error),
            format::accuracy(metric, info.model.error).unwrap_or_else(|| "-".into()),
            record(info, best).into(),
            if info.model.stored { "yes" } else { "no" }.into(),
        ];
        for member in members(info) {
            rows.push([first, member].concat());
            first = vec![String::new(); 5];
        }
    }
    let root = models.first().map(|info| info.model.root);
    format!(
        "branch {}\n{}",
        root.unwrap_or_default(),
        table(
            &["model", "error", "accuracy", "record", "stored", "share", "account", "made of"],
            rows,
            &[0, 1, 2, 5],
        )
    )
}

/// What a model did to the record: `start`, `new` (the best of all is `best`) or `-`.
fn record(info: &ModelInfo, best: Option<ModelId>) -> &'static str {
    let is_root = matches!(info.model.origin, ModelOrigin::Proposed { .. });
    match info.model.former_record {
        _ if best == Some(info.id) && !is_root => "best",
        Some(_) => "new",
        None if is_root => "start",
        None => "-",
    }
}

/// What a model is made of, and whose it is: share, account and what it is.
fn members(info: &ModelInfo) -> Vec<Vec<String>> {
    match &info.model.origin {
        ModelOrigin::Proposed { author } => vec![vec![
            "-".into(),
            short_address(author),
            "initial parameters".into(),
        ]],
        ModelOrigin::Merged {
            previous,
            with_previous,
            contributors,
        } => {
            let whole = total_share(contributors);
            let rows = contributors
                .iter()
                .map(|one| contribution(one, whole, info.model.former_record.is_some()));
            let previous = with_previous
                .then(|| vec![String::new(), String::new(), format!("model {previous}")]);
            rows.chain(previous).collect()
        }
    }
}

/// `pays`: whether the model set the record; only then does its round earn something.
fn contribution(contributor: &Contributor<AccountId>, whole: u128, pays: bool) -> Vec<String> {
    let gradient = format!(
        "gradient {} on model {}",
        contributor.submission, contributor.base
    );
    vec![
        words::share(contributor.share, whole),
        short_address(&contributor.account),
        match (contributor.in_best_set, pays) {
            (true, _) => gradient,
            (false, true) => format!("({gradient} is paid, but not in the mean)"),
            (false, false) => format!("({gradient} is not in the mean)"),
        },
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use sonar_primitives::{tree::Model, MeasuredError};
    use sp_runtime::BoundedVec;

    fn account(byte: u8) -> AccountId {
        AccountId::new([byte; 32])
    }

    fn model(
        id: ModelId,
        root: ModelId,
        error: MeasuredError,
        former_record: Option<MeasuredError>,
        origin: ModelOrigin<AccountId>,
    ) -> ModelInfo {
        let model = Model {
            campaign: 0,
            root,
            parameters: Default::default(),
            stored: id == root,
            error,
            former_record,
            origin,
        };
        ModelInfo { id, model }
    }

    fn contributor(byte: u8, share: u128, in_best_set: bool) -> Contributor<AccountId> {
        Contributor {
            submission: byte.into(),
            account: account(byte),
            base: 0,
            gradient: Default::default(),
            share,
            in_best_set,
        }
    }

    fn merged(
        previous: ModelId,
        with_previous: bool,
        contributors: Vec<Contributor<AccountId>>,
    ) -> ModelOrigin<AccountId> {
        ModelOrigin::Merged {
            previous,
            with_previous,
            contributors: BoundedVec::try_from(contributors).unwrap(),
        }
    }

    #[test]
    fn branches_tell_who_made_what() {
        let models = [
            model(
                0,
                0,
                900_000_000,
                None,
                ModelOrigin::Proposed { author: account(9) },
            ),
            model(
                1,
                1,
                950_000_000,
                None,
                ModelOrigin::Proposed { author: account(8) },
            ),
            model(
                3,
                0,
                500_000_000,
                Some(900_000_000),
                merged(
                    0,
                    true,
                    vec![contributor(1, 60, true), contributor(2, 36, false)],
                ),
            ),
            model(
                4,
                1,
                700_000_000,
                None,
                merged(1, false, vec![contributor(1, 5, true)]),
            ),
            model(
                5,
                0,
                250_000_000,
                Some(500_000_000),
                merged(3, false, vec![contributor(2, 7, true)]),
            ),
        ];
        let branches = branches(&models);
        let drawn: Vec<String> = branches
            .values()
            .map(|models| draw(models, Metric::ErrorRate, Some(5)))
            .collect();
        let short = |byte| short_address(&account(byte));
        let expected = format!(
            "branch 0
model    error  accuracy  record  stored     share  account        made of
    0  90.00 %   10.00 %  start   yes            -  {nine}  initial parameters
    3  50.00 %   50.00 %  new     no       62.50 %  {one}  gradient 1 on model 0
                                           37.50 %  {two}  (gradient 2 on model 0 is paid, but not in the mean)
                                                                   model 0
    5  25.00 %   75.00 %  best    no      100.00 %  {two}  gradient 2 on model 0",
            nine = short(9),
            one = short(1),
            two = short(2),
        );
        assert_eq!(drawn[0], expected);
        assert!(drawn[1].starts_with("branch 1\n"), "{}", drawn[1]);
        assert!(drawn[1].contains("-       no"), "{}", drawn[1]);
        let value = super::json(&models[2]);
        assert_eq!(value["parts"], json!(["62.50 %", "37.50 %"]));
        let contributors = &value["model"]["origin"]["merged"]["contributors"];
        assert_eq!(contributors[1]["in_best_set"], false);
    }
}
