//! A campaign as its owner describes it: a TOML file, flags, or both.

use crate::{
    files::{self, FileOr},
    units::{text_or_number, Deadline, ErrorLevel, Share, Start, UnitError},
};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Deserializer};
use sonar_client::format::Amount;
use sonar_primitives::campaign::BountySplit;
use sp_runtime::Permill;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};
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
    /// Smaller improvements do not count [default: any improvement counts].
    #[arg(long, value_name = "ERROR")]
    #[serde(default, deserialize_with = "text_or_number")]
    pub minimum_step: Option<ErrorLevel>,
    /// When it ends, from now: 90s, 10m, 2h, 3d, or a number of blocks.
    #[arg(long)]
    #[serde(default, deserialize_with = "text_or_number")]
    pub deadline: Option<Deadline>,
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
    /// Whether others may propose models too [default: false].
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub open_proposals: Option<bool>,
    /// Accepted gradients that an account must have to take part [default: 0].
    #[arg(long, value_name = "GRADIENTS")]
    pub minimum_reputation: Option<u32>,
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
            bounty: self.bounty.or(base.bounty),
            split: self.split.or(base.split),
            tolerance: self.tolerance.or(base.tolerance),
            open_proposals: self.open_proposals.or(base.open_proposals),
            minimum_reputation: self.minimum_reputation.or(base.minimum_reputation),
        }
    }
}

/// Reads the name of a metric.
pub fn parse_metric(name: &str) -> Result<Metric, String> {
    match name {
        "error_rate" => Ok(Metric::ErrorRate),
        "mean_squared_error" => Ok(Metric::MeanSquaredError),
        _ => Err("choose error_rate or mean_squared_error".into()),
    }
}

/// How a bounty is shared: `data=90%,expertise=10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split(pub BountySplit);

impl FromStr for Split {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::NotASplit(text.into());
        let mut split = nothing();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(refused)?;
            let share: Share = share.parse()?;
            match name.trim() {
                "data" => split.data = share.0,
                "expertise" => split.expertise = share.0,
                "compute" => split.compute = share.0,
                _ => return Err(refused()),
            }
        }
        whole(split).ok_or_else(refused)
    }
}

impl<'de> Deserialize<'de> for Split {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            #[serde(default, deserialize_with = "text_or_number")]
            data: Option<Share>,
            #[serde(default, deserialize_with = "text_or_number")]
            expertise: Option<Share>,
            #[serde(default, deserialize_with = "text_or_number")]
            compute: Option<Share>,
        }
        let parts = Parts::deserialize(deserializer)?;
        let share = |part: Option<Share>| part.map_or(Permill::zero(), |share| share.0);
        whole(BountySplit {
            data: share(parts.data),
            expertise: share(parts.expertise),
            compute: share(parts.compute),
        })
        .ok_or_else(|| serde::de::Error::custom("the shares of a split must sum to 100 %"))
    }
}

fn nothing() -> BountySplit {
    BountySplit {
        data: Permill::zero(),
        ..BountySplit::default()
    }
}

fn whole(split: BountySplit) -> Option<Split> {
    split.is_whole().then_some(Split(split))
}

#[cfg(test)]
#[path = "campaign_file_tests.rs"]
mod tests;
