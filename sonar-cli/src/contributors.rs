//! Who has which part in the models of a tree.

use crate::words;
use sonar_client::format::short_address;
use sonar_primitives::{
    api::ModelInfo,
    tree::{Contributor, ModelOrigin},
    AccountId,
};

/// The contributors to a model, in the order of commitments; nobody for a root.
pub fn of(info: &ModelInfo) -> &[Contributor<AccountId>] {
    match &info.model.origin {
        ModelOrigin::Proposed { .. } => &[],
        ModelOrigin::Merged { contributors, .. } => contributors,
    }
}

/// The shares of a round, summed up.
pub fn total_share(contributors: &[Contributor<AccountId>]) -> u128 {
    contributors.iter().fold(0u128, |sum, contributor| {
        sum.saturating_add(contributor.share)
    })
}

/// Who has which share in a round: `5Grwva…GKutQY 62.50 %, 5FHneW…M694ty 37.50 %`.
pub fn in_words(contributors: &[Contributor<AccountId>]) -> String {
    let whole = total_share(contributors);
    let parts = contributors.iter().map(|contributor| {
        format!(
            "{} {}",
            short_address(&contributor.account),
            words::share(contributor.share, whole)
        )
    });
    parts.collect::<Vec<_>>().join(", ")
}
