//! What the owner of the data lets this program do by itself: `policy.toml` in the home.
//!
//! Every key is explained in `policy.example.toml`, whose values are the defaults. Unknown keys are
//! refused, so that a misspelt limit is not silently without effect.

use serde::{Deserialize, Deserializer};
use sonar_client::format::Amount;
use sonar_primitives::{Balance, CampaignId};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The longest policy that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// The most submissions on one branch that may be pending at once.
const MAX_PENDING: u32 = 16;
/// The most attempts at one model; keeps `epochs * 2^attempts` within what training allows.
const MAX_ATTEMPTS: u32 = 16;
/// The most passes that a first attempt may take.
const MAX_FIRST_EPOCHS: u32 = 10_000;

/// Limits on what is done without asking.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Only these campaigns; `None`: any.
    pub campaigns: Option<Vec<CampaignId>>,
    /// Only this data set; `None`: any.
    pub data: Option<String>,
    /// The least bounty, in the smallest unit of SNR.
    #[serde(deserialize_with = "amount")]
    pub minimum_bounty: Balance,
    /// What a round must be expected to earn beyond this mine's part of its assay, in the smallest unit of SNR.
    #[serde(deserialize_with = "amount")]
    pub minimum_pay: Balance,
    /// The most that may be held for one commitment and its gradient together, or for a model that is stored, in the
    /// smallest unit of SNR; `None`: any.
    #[serde(deserialize_with = "some_amount")]
    pub maximum_hold: Option<Balance>,
    /// Campaigns that the owner of a campaign must have seen settled.
    pub minimum_owner_settled: u32,
    /// Submissions on one branch that wait for a reveal or a verdict at the same time, 1 to 16.
    pub maximum_pending: u32,
    /// Submissions to a branch that may bring nothing, one after another. After each further one the mine leaves one
    /// more of the branch's models alone.
    pub maximum_failures: u32,
    /// Whether the parameters of models that this mine has a part in are stored on the chain.
    pub store_models: bool,
    /// The part of the rows that is never trained on, above 0 and below 1.
    pub held_out: f64,
    /// How to train.
    pub training: Training,
}

/// How to train.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// How parameters follow derivatives.
    pub optimiser: OptimiserKind,
    /// Step size of the first attempt, above 0.
    pub learning_rate: f32,
    /// Of stochastic gradient descent, 0 to below 1.
    pub momentum: f32,
    /// Rows per step, at least 1.
    pub batch_size: u32,
    /// Passes over the rows in the first attempt, 1 to 10,000.
    pub epochs: u32,
    /// Passes between two looks at the held-out rows, 1 to `epochs`.
    pub look_every: u32,
    /// Looks without improvement that end an attempt, at least 1.
    pub patience: u32,
    /// Attempts at one model, 1 to 16.
    pub attempts: u32,
    /// The most multiply-adds that one pass over the rows may take: what a campaign may cost in time.
    pub maximum_work: u64,
    /// Determines the order of rows.
    pub seed: u64,
}

/// An optimiser by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimiserKind {
    /// Adam with the usual constants.
    Adam,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("cannot read the policy {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is too long.
    #[error("the policy {} is longer than {MAX_FILE} bytes", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a policy.
    #[error("the policy {}: {message}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A value is out of range.
    #[error("the policy's {key} is out of range: {range}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it may be.
        range: &'static str,
    },
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            campaigns: None,
            data: None,
            minimum_bounty: 0,
            minimum_pay: 0,
            maximum_hold: None,
            minimum_owner_settled: 0,
            maximum_pending: 1,
            maximum_failures: 5,
            store_models: true,
            held_out: 0.2,
            training: Training::default(),
        }
    }
}

impl Default for Training {
    fn default() -> Self {
        Self {
            optimiser: OptimiserKind::Adam,
            learning_rate: 0.002,
            momentum: 0.9,
            batch_size: 8,
            epochs: 8,
            look_every: 1,
            patience: 8,
            attempts: 8,
            maximum_work: 1_000_000_000_000,
            seed: 0,
        }
    }
}

impl Policy {
    /// Reads a policy; without the file, the default one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, has an unknown key, or a value that makes no sense.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        let io_error = |source| PolicyError::Io {
            path: path.to_owned(),
            source,
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(io_error(error)),
        };
        let mut text = String::new();
        file.take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .map_err(io_error)?;
        if text.len() as u64 > MAX_FILE {
            return Err(PolicyError::TooLong {
                path: path.to_owned(),
            });
        }
        let policy: Self = toml::from_str(&text).map_err(|error| PolicyError::Format {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        policy.check()?;
        Ok(policy)
    }

    /// Checks that every value makes sense.
    ///
    /// # Errors
    ///
    /// The first that does not.
    pub fn check(&self) -> Result<(), PolicyError> {
        let ensure = |holds: bool, key, range| match holds {
            true => Ok(()),
            false => Err(PolicyError::Range { key, range }),
        };
        ensure(
            (1..=MAX_PENDING).contains(&self.maximum_pending),
            "maximum_pending",
            "1 to 16",
        )?;
        ensure(self.maximum_failures > 0, "maximum_failures", "at least 1")?;
        ensure(
            self.held_out > 0.0 && self.held_out < 1.0,
            "held_out",
            "above 0 and below 1",
        )?;
        let training = &self.training;
        ensure(
            training.learning_rate > 0.0 && training.learning_rate.is_finite(),
            "training.learning_rate",
            "above 0",
        )?;
        ensure(
            (0.0..1.0).contains(&training.momentum),
            "training.momentum",
            "0 to below 1",
        )?;
        ensure(training.batch_size > 0, "training.batch_size", "at least 1")?;
        ensure(
            (1..=MAX_FIRST_EPOCHS).contains(&training.epochs),
            "training.epochs",
            "1 to 10,000",
        )?;
        ensure(
            (1..=training.epochs).contains(&training.look_every),
            "training.look_every",
            "1 to training.epochs",
        )?;
        ensure(training.patience > 0, "training.patience", "at least 1")?;
        ensure(
            training.maximum_work > 0,
            "training.maximum_work",
            "at least 1",
        )?;
        ensure(
            (1..=MAX_ATTEMPTS).contains(&training.attempts),
            "training.attempts",
            "1 to 16",
        )
    }
}

impl Training {
    /// How often an attempt (counted from 0) looks at the held-out rows, at most.
    pub fn looks(&self, attempt: u32) -> u32 {
        // At most 10,000 * 2^15, within u32 for every policy that was checked.
        let epochs = self
            .epochs
            .saturating_mul(1 << attempt.min(MAX_ATTEMPTS - 1));
        epochs.div_ceil(self.look_every.max(1))
    }
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Balance, D::Error> {
    let text = String::deserialize(deserializer)?;
    let amount: Amount = text.parse().map_err(serde::de::Error::custom)?;
    Ok(amount.0)
}

fn some_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Balance>, D::Error> {
    amount(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use sonar_primitives::SNR;
    use std::fs;

    fn read(text: &str) -> Result<Policy, PolicyError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        fs::write(&path, text).unwrap();
        Policy::load(&path)
    }

    #[test]
    fn the_example_holds_the_defaults() {
        let example = include_str!("../policy.example.toml");
        assert_eq!(read(example).unwrap(), Policy::default());
        // What is commented out is legal too, and every key is there.
        let commented = ["campaigns", "data", "maximum_hold"];
        let full = commented.iter().fold(example.to_owned(), |text, key| {
            text.replace(&format!("# {key} ="), &format!("{key} ="))
        });
        let policy = read(&full).unwrap();
        assert_eq!(policy.campaigns, Some(vec![1, 2]));
        assert_eq!(policy.data.as_deref(), Some("digits"));
        assert_eq!(policy.maximum_hold, Some(20 * SNR));
    }

    #[test]
    fn without_a_file_the_defaults_count() {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::load(&folder.path().join("policy.toml")).unwrap();
        assert_eq!(policy, Policy::default());
        assert!(policy.check().is_ok());
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = read("minimum_pays = \"1 SNR\"").unwrap_err().to_string();
        assert!(error.contains("minimum_pays"), "{error}");
        let error = read("[training]\nepoch = 3").unwrap_err().to_string();
        assert!(error.contains("epoch"), "{error}");
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for (text, key) in [
            ("held_out = 1.0", "held_out"),
            ("held_out = nan", "held_out"),
            ("maximum_pending = 0", "maximum_pending"),
            ("maximum_pending = 17", "maximum_pending"),
            ("maximum_failures = 0", "maximum_failures"),
            ("store_models = 1", "store_models"),
            ("maximum_deposit = \"5 SNR\"", "maximum_deposit"),
            ("[training]\nlearning_rate = inf", "learning_rate"),
            ("[training]\nmomentum = 1", "momentum"),
            ("[training]\nbatch_size = 0", "batch_size"),
            ("[training]\nepochs = 10001", "epochs"),
            ("[training]\nlook_every = 9", "look_every"),
            ("[training]\npatience = 0", "patience"),
            ("[training]\nattempts = 17", "attempts"),
            ("[training]\nmaximum_work = 0", "maximum_work"),
            ("minimum_pay = \"one\"", "not an amount"),
            ("minimum_pay = 1", "minimum_pay"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
        let long = format!("# {}", "x".repeat(MAX_FILE as usize));
        assert!(matches!(read(&long), Err(PolicyError::TooLong { .. })));
    }

    #[test]
    fn attempts_take_longer_and_longer() {
        let training = Training {
            epochs: 5,
            look_every: 2,
            ..Training::default()
        };
        assert_eq!(training.looks(0), 3);
        assert_eq!(training.looks(1), 5);
        assert_eq!(training.looks(15), (5 << 15) / 2);
        assert_eq!(training.looks(u32::MAX), training.looks(15));
    }
}
