//! What must be known to go on with a proposal that was interrupted between its two transactions.

use crate::{files, private_file};
use anyhow::{bail, Context as _, Result};
use serde::{Deserialize, Serialize};
use sonar_client::format;
use sonar_primitives::{
    submission::{commitment, Salt},
    AccountId, CampaignId, Hash,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A proposal that is not revealed yet. The file is private: whoever knows the salt can tell what is
/// proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unrevealed {
    /// The first block's hash of the chain that it is for.
    pub chain: Hash,
    /// The campaign.
    pub campaign: CampaignId,
    /// Who proposes.
    pub account: AccountId,
    /// The hash of architecture and parameters, see
    /// [`proposal_hash`](sonar_primitives::submission::proposal_hash).
    pub content: Hash,
    /// What hides it.
    pub salt: Hash,
}

impl Unrevealed {
    /// Where the state of a proposal is kept if the user does not say: beside the keys.
    pub fn default_path(keys: &Path, campaign: CampaignId, account: &AccountId) -> PathBuf {
        let name = format!("campaign-{campaign}-{}.json", format::address(account));
        keys.join("proposals").join(name)
    }

    /// Reads the state of an interrupted proposal.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            bail!(
                "there is no interrupted proposal to go on with: it was revealed, or {} was elsewhere",
                path.display()
            );
        }
        files::load(path).context("the interrupted proposal cannot be read")
    }

    /// Keeps it, where nothing is yet.
    pub fn keep(&self, path: &Path) -> Result<()> {
        if path.exists() {
            bail!(
                "{} holds a proposal that was interrupted: go on with it by --resume, or delete the \
                 file if its deposit is lost anyway",
                path.display()
            );
        }
        private_file::create(path, &serde_json::to_vec_pretty(self)?)
    }

    /// Forgets a proposal that is revealed.
    pub fn forget(path: &Path) -> Result<()> {
        fs::remove_file(path).with_context(|| format!("cannot delete {}", path.display()))
    }

    /// Fails if `other`, what is proposed now, is not what was interrupted.
    pub fn check(&self, other: &Self) -> Result<()> {
        let expected = Self {
            salt: self.salt,
            ..other.clone()
        };
        if *self != expected {
            bail!(
                "the interrupted proposal was for campaign {} by {} with other files, or on another \
                 chain: run the command as it was then, with --resume",
                self.campaign,
                format::address(&self.account)
            );
        }
        Ok(())
    }

    /// What is committed to.
    pub fn commitment(&self) -> Hash {
        commitment(
            &self.account,
            self.campaign,
            None,
            self.content,
            &self.salt(),
        )
    }

    /// What hides it.
    pub fn salt(&self) -> Salt {
        self.salt.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn unrevealed() -> Unrevealed {
        Unrevealed {
            chain: Hash::repeat_byte(1),
            campaign: 3,
            account: AccountId::new([2; 32]),
            content: Hash::repeat_byte(4),
            salt: Hash::repeat_byte(5),
        }
    }

    #[test]
    fn an_interrupted_proposal_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = unrevealed();
        let path = Unrevealed::default_path(folder.path(), kept.campaign, &kept.account);
        assert!(Unrevealed::read(&path).is_err());
        kept.keep(&path).unwrap();
        assert_eq!(Unrevealed::read(&path).unwrap(), kept);
        // Its salt is not lost to a second attempt.
        let second = Unrevealed {
            salt: Hash::repeat_byte(6),
            ..kept.clone()
        };
        let refused = second.keep(&path).unwrap_err().to_string();
        assert!(refused.contains("--resume"), "{refused}");
        assert_eq!(Unrevealed::read(&path).unwrap(), kept);
        Unrevealed::forget(&path).unwrap();
        second.keep(&path).unwrap();
    }

    #[test]
    fn it_goes_on_with_the_same_files_only() {
        let kept = unrevealed();
        let again = Unrevealed {
            salt: Hash::zero(),
            ..kept.clone()
        };
        kept.check(&again).unwrap();
        let other = Unrevealed {
            content: Hash::zero(),
            ..again
        };
        let refused = kept.check(&other).unwrap_err().to_string();
        assert!(refused.contains("other files"), "{refused}");
    }
}
