//! What everybody would get if a campaign were settled now, from what the chain tells of it.

use sonar_primitives::{
    api::{CampaignInfo, EntitlementInfo, ModelInfo},
    payout::{split, Progress},
    traits::Settlement,
    tree::{ModelOrigin, RecordStep},
    AccountId, Balance, ModelId,
};
use std::{cmp::Reverse, collections::BTreeMap};

/// What everybody would get, by account. `None` if the chain's answers do not fit together.
pub fn entitlements(info: &CampaignInfo, tree: &[ModelInfo]) -> Option<Vec<EntitlementInfo>> {
    let settlement = settlement(info);
    let from = Progress::from(settlement.start);
    let parts = split(&settlement, from, &record(tree)?, true)?.parts;
    let entitlements = parts.into_iter().map(|(account, part)| EntitlementInfo {
        campaign: settlement.campaign,
        account,
        earned: part.earned,
        expertise: part.expertise,
        refund: part.refund,
        claimed: false,
    });
    Some(entitlements.collect())
}

/// What the campaign would leave to be split.
fn settlement(info: &CampaignInfo) -> Settlement<AccountId, Balance> {
    let parts = info.terms.split.parts(info.summary.bounty);
    let sponsors = info.sponsors.iter();
    Settlement {
        campaign: info.summary.id,
        owner: info.summary.owner.clone(),
        escrow: info.escrow.clone(),
        data: parts.data,
        expertise: parts.expertise,
        unearnable: parts.unearnable,
        sponsors: sponsors
            .map(|one| (one.account.clone(), one.contribution))
            .collect(),
        start: info.summary.start,
        target: info.summary.target,
        steepness: info.terms.rounds.steepness,
        // Reputations are not asked for.
        counts: false,
    }
}

/// The steps of the record, in order. `None` if a root is missing.
fn record(tree: &[ModelInfo]) -> Option<Vec<RecordStep<AccountId>>> {
    let authors: BTreeMap<ModelId, &AccountId> = tree
        .iter()
        .filter_map(|info| match &info.model.origin {
            ModelOrigin::Proposed { author } => Some((info.id, author)),
            ModelOrigin::Merged { .. } => None,
        })
        .collect();
    let records = tree
        .iter()
        .filter_map(|info| Some((info.id, &info.model, info.model.former_record?)));
    let steps = records.map(|(id, model, from)| {
        let contributors = model.contributors().iter();
        Some(RecordStep {
            model: id,
            from,
            to: model.error,
            contributors: contributors
                .map(|one| (one.account.clone(), one.share))
                .collect(),
            proposer: (*authors.get(&model.root)?).clone(),
        })
    });
    let mut steps = steps.collect::<Option<Vec<_>>>()?;
    steps.sort_by_key(|step| Reverse(step.from));
    Some(steps)
}
