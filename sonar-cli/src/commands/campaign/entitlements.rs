//! `sonar campaign entitlements`.

use crate::{
    context::{self, Context},
    output, view,
};
use anyhow::{bail, Result};
use serde_json::json;
use sonar_client::format::{self, Amount};
use sonar_primitives::{
    api::{EntitlementInfo, NodeInfo},
    campaign::State,
    AccountId, Balance, CampaignId, MeasuredError, NodeId,
};
use std::collections::BTreeMap;

/// What an account did for a campaign, and what it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Share {
    accepted: u32,
    improvement: MeasuredError,
    earned: Balance,
    expertise: Balance,
    refund: Balance,
    /// `None` if there is nothing to claim.
    claimed: Option<bool>,
}

/// Shows who gets what.
pub async fn run(context: &Context, id: CampaignId) -> Result<()> {
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let state = info.summary.state;
    if !matches!(state, State::Settled { .. } | State::Rejected { .. }) {
        bail!(
            "campaign {id} is {}: who gets what is known when it is settled; sonar quote tells what a \
             gradient would earn",
            view::state_name(&state)
        );
    }
    let shares = shares(&client.entitlements(id).await?, &client.tree(id).await?);
    let sum = sum(&shares);
    let total = sum
        .earned
        .saturating_add(sum.expertise)
        .saturating_add(sum.refund);
    let bounty = info.summary.bounty;
    let Some(reserve) = total.checked_sub(bounty) else {
        bail!(
            "the shares sum to {}, less than the bounty of {}: report this",
            format::amount(total),
            format::amount(bounty)
        );
    };
    let value = json!({
        "campaign": id,
        "state": view::state_name(&state),
        "entitlements": shares.iter().map(|(account, share)| {
            let mut value = json(share);
            value["account"] = json!(account);
            value["claimed"] = json!(share.claimed);
            value
        }).collect::<Vec<_>>(),
        "sum": json(&sum),
        "total": Amount(total),
        "bounty": Amount(bounty),
        "unused_reserve": Amount(reserve),
    });
    context.output.result(&value, || {
        let improvement = |share: &Share| match share.accepted {
            0 => "-".into(),
            _ => format::error(info.terms.metric, share.improvement),
        };
        let row = |name: String, improvement: String, share: &Share, claimed: &str| {
            vec![
                name,
                share.accepted.to_string(),
                improvement,
                format::amount(share.earned),
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
        let rows = shares.iter().map(|(account, share)| {
            row(
                format::address(account),
                improvement(share),
                share,
                claimed(share),
            )
        });
        // Improvements on different branches do not add up to anything.
        let rows = rows
            .chain([row("sum".into(), String::new(), &sum, "")])
            .collect();
        let header = [
            "account",
            "accepted",
            "improvement",
            "earned",
            "expertise",
            "refund",
            "claimed",
        ];
        format!(
            "{}\n\n{} = bounty {} + unused reserve {}",
            output::table(&header, rows, &[1, 2, 3, 4, 5]),
            format::amount(total),
            format::amount(bounty),
            format::amount(reserve)
        )
    })
}

fn json(share: &Share) -> serde_json::Value {
    json!({
        "accepted": share.accepted,
        "improvement": share.improvement,
        "earned": Amount(share.earned),
        "expertise": Amount(share.expertise),
        "refund": Amount(share.refund),
    })
}

/// Everybody who gets something or has an accepted gradient, those who earn most first.
fn shares(entitlements: &[EntitlementInfo], tree: &[NodeInfo]) -> Vec<(AccountId, Share)> {
    let mut shares: BTreeMap<AccountId, Share> = BTreeMap::new();
    let errors: BTreeMap<NodeId, MeasuredError> =
        tree.iter().map(|node| (node.id, node.node.error)).collect();
    for NodeInfo { node, .. } in tree {
        let before = node.parent.and_then(|parent| errors.get(&parent));
        if let Some(before) = before {
            let share = shares.entry(node.author.clone()).or_default();
            share.accepted = share.accepted.saturating_add(1);
            let improvement = before.saturating_sub(node.error);
            share.improvement = share.improvement.saturating_add(improvement);
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
    shares.sort_by_key(|(_, share)| std::cmp::Reverse((share.earned, share.improvement)));
    shares
}

fn sum(shares: &[(AccountId, Share)]) -> Share {
    shares
        .iter()
        .fold(Share::default(), |sum, (_, share)| Share {
            accepted: sum.accepted.saturating_add(share.accepted),
            improvement: sum.improvement.saturating_add(share.improvement),
            earned: sum.earned.saturating_add(share.earned),
            expertise: sum.expertise.saturating_add(share.expertise),
            refund: sum.refund.saturating_add(share.refund),
            claimed: None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::{tree::Node, BlobHash};

    fn account(byte: u8) -> AccountId {
        AccountId::new([byte; 32])
    }

    fn node(id: NodeId, parent: Option<NodeId>, author: u8, error: MeasuredError) -> NodeInfo {
        let node = Node {
            campaign: 0,
            parent,
            root: 0,
            author: account(author),
            blob: BlobHash::zero(),
            candidate: BlobHash::zero(),
            error,
            depth: 0,
            committed: id,
        };
        NodeInfo { id, node }
    }

    fn entitlement(byte: u8, earned: Balance, refund: Balance) -> EntitlementInfo {
        EntitlementInfo {
            campaign: 0,
            account: account(byte),
            earned,
            expertise: 0,
            refund,
            claimed: byte == 1,
        }
    }

    #[test]
    fn gradients_and_money_meet_by_account() {
        let tree = [
            node(0, None, 9, 900),
            node(1, Some(0), 1, 500),
            node(2, Some(0), 3, 800),
            node(4, Some(1), 1, 300),
            node(5, Some(4), 2, 100),
        ];
        let entitlements = [
            entitlement(9, 0, 20),
            entitlement(1, 60, 0),
            entitlement(2, 25, 0),
        ];
        let shares = shares(&entitlements, &tree);
        let accounts: Vec<_> = shares.iter().map(|(account, _)| account.clone()).collect();
        assert_eq!(accounts, [account(1), account(2), account(3), account(9)]);
        let first = &shares[0].1;
        assert_eq!(
            (first.accepted, first.improvement, first.earned),
            (2, 600, 60)
        );
        assert_eq!(first.claimed, Some(true));
        // Accepted, but not on the winning path: nothing to claim.
        assert_eq!((shares[2].1.accepted, shares[2].1.claimed), (1, None));
        let sum = sum(&shares);
        assert_eq!(
            (sum.accepted, sum.improvement, sum.earned, sum.refund),
            (4, 900, 85, 20)
        );
    }
}
