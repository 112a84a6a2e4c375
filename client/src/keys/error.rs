//! What can go wrong with keys.

use std::{io, path::PathBuf};

/// Why a key cannot be made, kept or used. No message holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither `XDG_DATA_HOME` nor `HOME` says where keys are kept.
    #[error("no home folder: set HOME or XDG_DATA_HOME")]
    NoHome,
    /// A name that cannot be a file's.
    #[error("\"{0}\" cannot name an account: use 1 to {max} letters, digits, - or _, a letter or digit first", max = super::MAX_NAME)]
    BadName(String),
    /// Not a development URI.
    #[error("\"{0}\" is not a development URI: expected for example //Alice or //Alice//1")]
    BadUri(String),
    /// The name is taken.
    #[error(
        "there is an account \"{0}\" already: choose another name, or move its file away first"
    )]
    NameTaken(String),
    /// No file of that name.
    #[error("there is no account \"{name}\" in {folder}: see the list of accounts, or make one")]
    UnknownAccount {
        /// The name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The password is not the file's, or the file was changed.
    #[error("wrong password for account \"{0}\" (or its file is damaged)")]
    WrongPassword(String),
    /// Not a key file that is understood.
    #[error("{name} is not a Polkadot.js key file of an sr25519 account: {reason}")]
    NotAKeyFile {
        /// The file or account.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not a mnemonic.
    #[error(
        "not a valid mnemonic: expected 12 to 24 English words of BIP 39 with the right last one"
    )]
    BadMnemonic,
    /// A password of no length protects nothing.
    #[error("the password is empty")]
    EmptyPassword,
    /// The two passwords typed differ.
    #[error("the passwords differ: try again")]
    PasswordsDiffer,
    /// Nobody can be asked.
    #[error("cannot ask for the password ({0}): use --password-file or the environment variable SONAR_PASSWORD")]
    CannotAsk(io::Error),
    /// The password's file is not one.
    #[error("{path} cannot be a password's file: {reason}")]
    BadPasswordFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
    /// A file or folder cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl KeyError {
    /// Names the file or folder that an error of the system is about.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
