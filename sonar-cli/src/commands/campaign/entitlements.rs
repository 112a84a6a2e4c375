//! `sonar campaign entitlements`.

mod so_far;

use crate::{
    context::{self, Context},
    output, view, words,
};
use anyhow::{bail, Context as _, Result};
use serde_json::json;
use sonar_client::format::{self, Amount};
use sonar_primitives::{
    api::{EntitlementInfo, ModelInfo},
    campaign::State,
    AccountId, Balance, CampaignId,
};
use std::collections::BTreeMap;

/// What an account did for a campaign, and what it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Share {
    /// Gradients with a share in a record.
    gradients: u32,
    earned: Balance,
    expertise: Balance,
    refund: Balance,
    /// `None` if there is nothing to claim.
    claimed: Option<bool>,
}

/// Shows who gets what: for good if the campaign is settled, otherwise by its record so far.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let state = info.summary.state;
    let tree = client.tree(id).await?;
    let (entitlements, is_final) = match state {
        State::Settled { .. } | State::Rejected { .. } => (client.entitlements(id).await?, true),
        State::Proposed => {
            bail!("campaign {id} is proposed: nobody can earn before its initial model is assayed")
        }
        State::Open | State::Closing { .. } => {
            let so_far = so_far::entitlements(&info, &tree).with_context(|| {
                format!("the record of campaign {id} does not fit its bounty: report this")
            })?;
            (so_far, false)
        }
    };
    let mut shares = shares(&entitlements, &tree);
    if !is_final {
        for (_, share) in &mut shares {
            share.claimed = None;
        }
    }
    let sum = sum(&shares);
    let total = entitlements
        .iter()
        .fold(0, |sum: Balance, one| sum.saturating_add(one.total()));
    let bounty = info.summary.bounty;
    if total != bounty {
        bail!(
            "the shares sum to {}, not to the bounty of {}: report this",
            format::amount(total),
            format::amount(bounty)
        );
    }
    let value = json!({
        "campaign": id,
        "state": view::state_name(&state),
        "final": is_final,
        "entitlements": shares.iter().map(|(account, share)| {
            let mut value = json(share);
            value["account"] = json!(account);
            value["claimed"] = json!(share.claimed);
            value
        }).collect::<Vec<_>>(),
        "sum": json(&sum),
        "bounty": Amount(bounty),
    });
    context.output.result(&value, || {
        let table = table(&shares, &sum, bounty);
        match is_final {
            true => table,
            false => format!(
                "campaign {id} is {}: by its record so far, {}, they would get\n\n{table}",
                view::state_name(&state),
                format::error(info.terms.metric, info.summary.best)
            ),
        }
    })
}

fn table(shares: &[(AccountId, Share)], sum: &Share, bounty: Balance) -> String {
    let row = |name: String, share: &Share, claimed: &str| {
        vec![
            name,
            share.gradients.to_string(),
            format::amount(share.earned),
            words::share(share.earned, bounty),
            format::amount(share.expertise),
            format::amount(share.refund),
            claimed.into(),
        ]
    };
    let claimed = |share: &Share| match share.claimed {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    let rows = shares
        .iter()
        .map(|(account, share)| row(format::address(account), share, claimed(share)));
    let rows = rows.chain([row("sum".into(), sum, "")]).collect();
    let header = [
        "account",
        "gradients paid",
        "earned",
        "of the bounty",
        "expertise",
        "back",
        "claimed",
    ];
    output::table(&header, rows, &[1, 2, 3, 4, 5])
}

fn json(share: &Share) -> serde_json::Value {
    json!({
        "gradients": share.gradients,
        "earned": Amount(share.earned),
        "expertise": Amount(share.expertise),
        "refund": Amount(share.refund),
    })
}

/// Everybody who gets something or has a share in a record, those who earn most first.
fn shares(entitlements: &[EntitlementInfo], tree: &[ModelInfo]) -> Vec<(AccountId, Share)> {
    let mut shares: BTreeMap<AccountId, Share> = BTreeMap::new();
    let records = tree
        .iter()
        .filter(|info| info.model.former_record.is_some());
    for contributor in records.flat_map(|info| info.model.contributors()) {
        if contributor.share > 0 {
            let share = shares.entry(contributor.account.clone()).or_default();
            share.gradients = share.gradients.saturating_add(1);
        }
    }
    for entitlement in entitlements {
        let share = shares.entry(entitlement.account.clone()).or_default();
        share.earned = entitlement.earned;
        share.expertise = entitlement.expertise;
        share.refund = entitlement.refund;
        share.claimed = Some(entitlement.claimed);
    }
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by_key(|(_, share)| std::cmp::Reverse(share.earned));
    shares
}

fn sum(shares: &[(AccountId, Share)]) -> Share {
    shares
        .iter()
        .fold(Share::default(), |sum, (_, share)| Share {
            gradients: sum.gradients.saturating_add(share.gradients),
            earned: sum.earned.saturating_add(share.earned),
            expertise: sum.expertise.saturating_add(share.expertise),
            refund: sum.refund.saturating_add(share.refund),
            claimed: None,
        })
}

#[cfg(test)]
#[path = "entitlements_tests.rs"]
mod tests;
