//! Accounts whose secret keys are kept in encrypted files.
//!
//! A key file is what Polkadot.js and its browser extension import and export: JSON, version 3, an sr25519 key in
//! PKCS #8 encrypted with XSalsa20-Poly1305 under scrypt of the password. Where an account is named, a development
//! URI such as `//Alice` may stand instead: its key is known to everybody, so it needs neither file nor password.
//!
//! Passwords come from a file, the environment or the terminal, never from the command line, where every process of
//! the machine can read them.

mod encrypted;
mod error;
mod keyring;
mod password;
mod signer;
mod source;

pub use error::KeyError;
pub use keyring::{Keyring, NewAccount, StoredAccount, MAX_NAME};
pub use password::{Mnemonic, Password, PasswordSource, PASSWORD_VARIABLE};
pub use signer::Signer;
pub use source::{AccountRef, DevelopmentUri, KeySource};
