//! What everybody would get if a campaign were settled now: the protocol's "Payout: by record", from
//! what the chain tells of the campaign.

use sonar_primitives::{
    api::{CampaignInfo, EntitlementInfo, ModelInfo},
    payout::{divide_by_shares, pro_rata, PayoutRule},
    tree::ModelOrigin,
    AccountId, Balance, ModelId,
};
use std::collections::BTreeMap;

/// What everybody would get, by account.
pub fn entitlements(info: &CampaignInfo, tree: &[ModelInfo]) -> Vec<EntitlementInfo> {
    let bounty = info.summary.bounty;
    let split = info.terms.split.parts(bounty);
    let rule = |bounty| PayoutRule {
        bounty,
        start: info.summary.start,
        target: info.summary.target,
        steepness: info.terms.rounds.steepness,
    };
    let authors: BTreeMap<ModelId, &AccountId> = tree
        .iter()
        .filter_map(|model| match &model.model.origin {
            ModelOrigin::Proposed { author } => Some((model.id, author)),
            ModelOrigin::Merged { .. } => None,
        })
        .collect();

    let mut parts = Parts::default();
    for model in tree {
        let Some(from) = model.model.former_record else {
            continue;
        };
        let to = model.model.error;
        let contributors = model.model.contributors();
        let shares: Vec<u128> = contributors.iter().map(|one| one.share).collect();
        let earned = divide_by_shares(rule(split.data).step_pays(from, to), &shares);
        for (contributor, amount) in contributors.iter().zip(earned) {
            parts.add(&contributor.account, amount, |part| &mut part.earned);
        }
        if let Some(author) = authors.get(&model.model.root) {
            let amount = rule(split.expertise).step_pays(from, to);
            parts.add(author, amount, |part| &mut part.expertise);
        }
    }
    let rest = bounty.saturating_sub(parts.paid);
    let contributions: Vec<Balance> = info.sponsors.iter().map(|one| one.contribution).collect();
    for (sponsor, amount) in info.sponsors.iter().zip(pro_rata(rest, &contributions)) {
        parts.add(&sponsor.account, amount, |part| &mut part.refund);
    }
    let campaign = info.summary.id;
    let entitlements = parts.of.into_iter().map(|(account, part)| EntitlementInfo {
        campaign,
        account,
        earned: part.earned,
        expertise: part.expertise,
        refund: part.refund,
        claimed: false,
    });
    entitlements.collect()
}

/// What has been given to whom.
#[derive(Default)]
struct Parts {
    of: BTreeMap<AccountId, Part>,
    paid: Balance,
}

#[derive(Default)]
struct Part {
    earned: Balance,
    expertise: Balance,
    refund: Balance,
}

impl Parts {
    fn add(
        &mut self,
        account: &AccountId,
        amount: Balance,
        kind: impl FnOnce(&mut Part) -> &mut Balance,
    ) {
        if amount == 0 {
            return;
        }
        let sum = kind(self.of.entry(account.clone()).or_default());
        *sum = sum.saturating_add(amount);
        self.paid = self.paid.saturating_add(amount);
    }
}
