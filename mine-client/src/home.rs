//! The mine's home: where data, policy and journal are.

use crate::cli::{AccountArgs, Global};
use anyhow::{Context as _, Result};
use mine_client::{policy::Policy, store::Store};
use sonar_client::{
    keys::{Keyring, PasswordSource, Signer},
    Client,
};
use sonar_primitives::AccountId;
use std::{
    env,
    path::{Path, PathBuf},
};

/// What every command needs: the home, the keys and the node's address.
pub struct Home {
    folder: PathBuf,
    node: String,
    keyring: Keyring,
    password: PasswordSource,
}

impl Home {
    /// From the command line's options. Creates nothing.
    pub fn new(global: Global) -> Result<Self> {
        let folder = match global.home {
            Some(folder) => folder,
            None => default_folder()?,
        };
        let keys = match global.keys {
            Some(folder) => folder,
            None => Keyring::default_folder()?,
        };
        Ok(Self {
            folder,
            node: global.node,
            keyring: Keyring::at(keys),
            password: PasswordSource {
                file: global.password_file,
            },
        })
    }

    /// The data sets.
    pub fn store(&self) -> Store {
        Store::at(self.folder.join("data"))
    }

    /// The policy in the home.
    pub fn policy(&self) -> Result<Policy> {
        Ok(Policy::load(&self.folder.join("policy.toml"))?)
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal.redb")
    }

    /// Who the account is; needs no password.
    pub fn account(&self, args: &AccountArgs) -> Result<AccountId> {
        Ok(args.account.account(&self.keyring)?)
    }

    /// The account's key; asks for its password if need be.
    pub fn signer(&self, args: &AccountArgs) -> Result<Signer> {
        Ok(args.account.signer(&self.keyring, &self.password)?)
    }

    /// The node's address.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Connects to the node.
    pub async fn connect(&self) -> Result<Client> {
        Ok(Client::connect(&self.node).await?)
    }
}

/// `$XDG_DATA_HOME/sonar/mine`, by default `~/.local/share/sonar/mine`.
fn default_folder() -> Result<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(Path::new(".local/share"))))
        .map(|data| data.join("sonar/mine"))
        .context("there is no home folder: set MINE_HOME, or give --home")
}
