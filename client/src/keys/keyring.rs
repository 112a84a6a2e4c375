//! A folder of key files.

use super::{
    encrypted::{EncryptedKey, MAX_FILE},
    KeyError, Mnemonic, Password, Signer,
};
use serde::Serialize;
use sonar_primitives::AccountId;
use sp_core::{sr25519::Pair, Pair as _};
use std::{
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The longest name of an account: shorter than any address, so that the two are never confused.
pub const MAX_NAME: usize = 32;

/// The accounts of a folder: one encrypted file each, `<name>.json`, readable only by its owner.
#[derive(Clone, Debug)]
pub struct Keyring {
    folder: PathBuf,
}

/// An account that was just made.
pub struct NewAccount {
    /// Who it is.
    pub account: AccountId,
    /// The words from which it can be restored, kept nowhere: show them once.
    pub mnemonic: Mnemonic,
}

/// An account of a keyring.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StoredAccount {
    /// Its name here.
    pub name: String,
    /// Who it is, as its file says.
    pub account: AccountId,
    /// Its file, which Polkadot.js imports.
    pub path: PathBuf,
}

impl Keyring {
    /// `$XDG_DATA_HOME/sonar/keys`, or `~/.local/share/sonar/keys`.
    pub fn default_folder() -> Result<PathBuf, KeyError> {
        let absolute = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
            .map(|data| data.join("sonar/keys"))
            .ok_or(KeyError::NoHome)
    }

    /// The accounts of this folder, which is made when the first one is kept.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a new account. The name must be free.
    pub fn create(&self, name: &str, password: &Password) -> Result<NewAccount, KeyError> {
        let path = self.free_path(name)?;
        let (pair, words, seed) = Pair::generate_with_phrase(None);
        let (mnemonic, _seed) = (Mnemonic::new(words), Zeroizing::new(seed));
        self.keep(name, &path, &EncryptedKey::new(name, &pair, password)?)?;
        Ok(NewAccount {
            account: pair.public().into(),
            mnemonic,
        })
    }

    /// Restores an account from its mnemonic. The name must be free.
    pub fn import_mnemonic(
        &self,
        name: &str,
        words: &str,
        password: &Password,
    ) -> Result<AccountId, KeyError> {
        let path = self.free_path(name)?;
        let (pair, seed) =
            Pair::from_phrase(words.trim(), None).map_err(|_| KeyError::BadMnemonic)?;
        let _seed = Zeroizing::new(seed);
        self.keep(name, &path, &EncryptedKey::new(name, &pair, password)?)?;
        Ok(pair.public().into())
    }

    /// Keeps an account that Polkadot.js exported, under its own password. The name must be free.
    pub fn import_json(
        &self,
        name: &str,
        json: &str,
        password: &Password,
    ) -> Result<AccountId, KeyError> {
        let path = self.free_path(name)?;
        let mut key = EncryptedKey::from_json(name, json)?;
        let signer = Signer::new(key.decrypt(name, password)?);
        key.rename(name);
        self.keep(name, &path, &key)?;
        Ok(signer.account().clone())
    }

    /// All accounts, by name. Files that are no key files are left out.
    pub fn list(&self) -> Result<Vec<StoredAccount>, KeyError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(KeyError::io(&self.folder)(error)),
        };
        let mut accounts = Vec::new();
        for entry in entries {
            let path = entry.map_err(KeyError::io(&self.folder))?.path();
            let Some(name) = name_of(&path) else { continue };
            if let Ok(account) = self.account(&name) {
                accounts.push(StoredAccount {
                    name,
                    account,
                    path,
                });
            }
        }
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(accounts)
    }

    /// Who the account is; needs no password.
    pub fn account(&self, name: &str) -> Result<AccountId, KeyError> {
        self.read(name)?.account(name)
    }

    /// The account's key.
    pub fn open(&self, name: &str, password: &Password) -> Result<Signer, KeyError> {
        self.read(name)?.decrypt(name, password).map(Signer::new)
    }

    fn path(&self, name: &str) -> Result<PathBuf, KeyError> {
        check_name(name)?;
        Ok(self.folder.join(format!("{name}.json")))
    }

    fn free_path(&self, name: &str) -> Result<PathBuf, KeyError> {
        let path = self.path(name)?;
        if path.exists() {
            return Err(KeyError::NameTaken(name.into()));
        }
        Ok(path)
    }

    fn read(&self, name: &str) -> Result<EncryptedKey, KeyError> {
        let path = self.path(name)?;
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::UnknownAccount {
                    name: name.into(),
                    folder: self.folder.clone(),
                })
            }
            Err(error) => return Err(KeyError::io(path)(error)),
        };
        let mut json = String::new();
        file.take(MAX_FILE + 1)
            .read_to_string(&mut json)
            .map_err(KeyError::io(&path))?;
        if json.len() as u64 > MAX_FILE {
            let reason = format!("it has more than {MAX_FILE} bytes");
            return Err(KeyError::NotAKeyFile {
                name: path.display().to_string(),
                reason,
            });
        }
        EncryptedKey::from_json(name, &json)
    }

    /// Writes the whole file or nothing, and never over another.
    fn keep(&self, name: &str, path: &Path, key: &EncryptedKey) -> Result<(), KeyError> {
        let io = |error| KeyError::io(path)(error);
        make_private(&self.folder)?;
        // Made readable only by its owner.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(io)?;
        file.write_all(key.to_json()?.as_bytes()).map_err(io)?;
        file.as_file().sync_all().map_err(io)?;
        file.persist_noclobber(path)
            .map_err(|failed| match failed.error.kind() {
                io::ErrorKind::AlreadyExists => KeyError::NameTaken(name.into()),
                _ => io(failed.error),
            })?;
        sync_folder(&self.folder)
    }
}

/// Makes the folder, for its owner alone; leaves one that exists as it is.
fn make_private(folder: &Path) -> Result<(), KeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(KeyError::io(folder))
}

/// Makes a new file's name outlive a power failure. Only Unix can, and needs to.
fn sync_folder(folder: &Path) -> Result<(), KeyError> {
    if cfg!(unix) {
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(KeyError::io(folder))?;
    }
    Ok(())
}

pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let starts_well = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_well && name.len() <= MAX_NAME && name.bytes().all(plain) {
        return Ok(());
    }
    // Whatever it is, enough of it to be recognised.
    Err(KeyError::BadName(name.chars().take(2 * MAX_NAME).collect()))
}

fn name_of(path: &Path) -> Option<String> {
    if path.extension()? != "json" {
        return None;
    }
    let name = path.file_stem()?.to_str()?;
    check_name(name).is_ok().then(|| name.to_owned())
}
