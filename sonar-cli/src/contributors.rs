//! Who has which part in the models of a tree.

use crate::words;
use sonar_client::format::short_address;
use sonar_primitives::{
    tree::{total_share, Contributor},
    AccountId,
};

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
