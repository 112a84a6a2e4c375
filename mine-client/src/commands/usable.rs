//! The data sets that can be trained on.

use crate::{home::Home, output::note};
use anyhow::{Context as _, Result};
use mine_client::{miner::MineData, policy::Policy, training::Split};
use std::sync::Arc;

/// The data sets that the policy allows, split into rows to train on and rows held out. One that is too small for that is
/// left out with a word, unless the policy names it.
pub fn usable_data(home: &Home, policy: &Policy) -> Result<Vec<MineData>> {
    let store = home.store();
    let names = match &policy.data {
        Some(name) => vec![name.clone()],
        None => store.names()?,
    };
    let mut all = Vec::new();
    for name in names {
        let (info, rows) = store.get(&name)?;
        let split = Split::of(&rows, policy.held_out);
        let too_small = || {
            format!(
                "data set {name} cannot hold out rows: add rows, or change held_out in the policy"
            )
        };
        if split.is_err() && policy.data.is_none() {
            note(&format!("{}; it is left out", too_small()));
            continue;
        }
        let split = split.with_context(too_small)?;
        all.push(MineData {
            name,
            schema: info.schema,
            split: Arc::new(split),
        });
    }
    Ok(all)
}
