//! A campaign as its owner describes it: a TOML file, flags, or both.

mod members;
mod split;

pub use members::MembersRule;
pub use split::Split;

use crate::{
    files::{self, FileOr},
    units::{text_or_number, ErrorLevel, Share, Span, Start},
};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Deserializer};
use sonar_client::{format::Amount, keys::AccountRef};
use std::path::{Path, PathBuf};
use syft::{Architecture, Metric, Schema};

/// What a campaign's owner may say. In a file the names are the same with `_` for `-`, and paths
/// start at the file's folder.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// One line for people, at most 64 bytes.
    #[arg(long)]
    pub title: Option<String>,
    /// What the model is for, at most 1,024 bytes.
    #[arg(long)]
    pub description: Option<String>,
    /// What a row of data looks like (TOML or JSON). Not needed if the validation set is a canonical
    /// data set.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<FileOr<Schema>>,
    /// error_rate or mean_squared_error [default: what fits the schema's output].
    #[arg(long, value_parser = parse_metric)]
    pub metric: Option<Metric>,
    /// Rows on which models are measured: a canonical data set, or rows as `data import` reads them.
    #[arg(long, value_name = "FILE")]
    pub validation: Option<PathBuf>,
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE")]
    pub architecture: Option<FileOr<Architecture>>,
    /// Initial parameters (safetensors).
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub model: Option<PathBuf>,
    /// Draw the initial parameters at random from this seed instead.
    #[arg(long)]
    pub seed: Option<u64>,
    /// "measure" measures the initial model here; or claim an error such as 90 %
    /// [default: measure].
    #[arg(long, value_name = "ERROR")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub starting_error: Option<Start>,
    /// The error at which the whole bounty is earned, such as 5 % [default: 0].
    #[arg(long, value_name = "ERROR")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub target: Option<ErrorLevel>,
    /// Rounds that improve their branch by less do not count [default: 1/500 of the way from start to
    /// target].
    #[arg(long, value_name = "ERROR")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub minimum_step: Option<ErrorLevel>,
    /// When it ends, from now: 90s, 10m, 2h, 3d, or a number of blocks.
    #[arg(long, value_name = "TIME")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub deadline: Option<Span>,
    /// How long a round takes gradients: 60s, 10m, or a number of blocks. At least as long as a
    /// training takes, so that everybody who hears of the round can still join it [default: 30
    /// blocks].
    #[arg(long, value_name = "TIME")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub round_blocks: Option<Span>,
    /// How long they may be revealed after that, at most; a round of which everything is revealed goes
    /// on at once. 30 to 150 blocks [default: 30 blocks].
    #[arg(long, value_name = "TIME")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub reveal_window: Option<Span>,
    /// How many gradients of a round are paid, at most: 1 to 6. Each more makes a round dearer to
    /// measure, for which its miners pay [default: 4].
    #[arg(long)]
    pub seats: Option<u8>,
    /// How much more the last part of the way to the target earns than the first: 1 (the same), 2 or
    /// 3 [default: 1].
    #[arg(long)]
    pub steepness: Option<u8>,
    /// Who may commit to gradients: everybody, reputation=3 (accounts with 3 paid contributions in any
    /// campaign) or admitted (accounts that you admit; only that limits how many accounts one miner
    /// has). In a file: members = "everybody", { reputation = 3 } or "admitted" [default: everybody].
    #[arg(long, value_name = "RULE")]
    pub members: Option<MembersRule>,
    /// Accounts to admit when the campaign is created: names, development URIs or addresses; needs
    /// members = "admitted". More can be admitted later with campaign admit.
    #[arg(long, value_name = "ACCOUNT", num_args = 1..)]
    #[serde(default, deserialize_with = "accounts")]
    pub admit: Vec<AccountRef>,
    /// Your part of the bounty, such as 1000 SNR.
    #[arg(long, value_name = "AMOUNT")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub bounty: Option<Amount>,
    /// How the bounty is shared [default: data=100%]. In a file: split = { data = "90 %",
    /// expertise = "10 %" }.
    #[arg(long, value_name = "SHARES")]
    pub split: Option<Split>,
    /// By how much the measured start may exceed the claim [default: 0.5 %].
    #[arg(long, value_name = "SHARE")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub tolerance: Option<Share>,
    /// Whether others may propose models to start from too, of which you accept what you like
    /// [default: false].
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub open_proposals: Option<bool>,
}

impl CampaignFile {
    /// Reads a file; its paths start at its folder from then on.
    pub fn read(path: &Path) -> Result<Self> {
        let mut file: Self = files::load(path)?;
        if file.model.is_some() && file.seed.is_some() {
            anyhow::bail!("{}: give either model or seed", path.display());
        }
        let folder = path.parent().context("a file has a folder")?;
        for own in [&mut file.validation, &mut file.model]
            .into_iter()
            .flatten()
        {
            *own = folder.join(&own);
        }
        if let Some(FileOr::File(own)) = &mut file.schema {
            *own = folder.join(&own);
        }
        if let Some(FileOr::File(own)) = &mut file.architecture {
            *own = folder.join(&own);
        }
        Ok(file)
    }

    /// What is said here, and what `base` says where nothing is said here.
    pub fn over(self, base: Self) -> Self {
        // A model and a seed are two answers to one question.
        let (model, seed) = match (&self.model, self.seed) {
            (None, None) => (base.model, base.seed),
            _ => (self.model, self.seed),
        };
        Self {
            title: self.title.or(base.title),
            description: self.description.or(base.description),
            schema: self.schema.or(base.schema),
            metric: self.metric.or(base.metric),
            validation: self.validation.or(base.validation),
            architecture: self.architecture.or(base.architecture),
            model,
            seed,
            starting_error: self.starting_error.or(base.starting_error),
            target: self.target.or(base.target),
            minimum_step: self.minimum_step.or(base.minimum_step),
            deadline: self.deadline.or(base.deadline),
            round_blocks: self.round_blocks.or(base.round_blocks),
            reveal_window: self.reveal_window.or(base.reveal_window),
            seats: self.seats.or(base.seats),
            steepness: self.steepness.or(base.steepness),
            members: self.members.or(base.members),
            admit: match self.admit.is_empty() {
                true => base.admit,
                false => self.admit,
            },
            bounty: self.bounty.or(base.bounty),
            split: self.split.or(base.split),
            tolerance: self.tolerance.or(base.tolerance),
            open_proposals: self.open_proposals.or(base.open_proposals),
        }
    }
}

/// Reads a list of accounts.
fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccountRef>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|name| name.parse().map_err(serde::de::Error::custom))
        .collect()
}

/// Reads the name of a metric.
pub fn parse_metric(name: &str) -> Result<Metric, String> {
    match name {
        "error_rate" => Ok(Metric::ErrorRate),
        "mean_squared_error" => Ok(Metric::MeanSquaredError),
        _ => Err("choose error_rate or mean_squared_error".into()),
    }
}

#[cfg(test)]
#[path = "campaign_file_tests.rs"]
mod tests;
