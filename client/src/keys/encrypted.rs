//! The encrypted form of a key: the JSON of Polkadot.js, version 3.
//!
//! `encoded` is the base 64 of
//!
//! ```text
//! salt (32) | N, p, r of scrypt (u32 LE each) | nonce (24) | XSalsa20-Poly1305 of the key
//! ```
//!
//! and the key is PKCS #8 as Polkadot.js writes it: a header, the secret (64 bytes, the scalar as in Ed25519), a
//! divider and the public key (32 bytes).

use super::{KeyError, Password};
use crate::format;
use base64::{engine::general_purpose::STANDARD, Engine};
use crypto_secretbox::{
    aead::{rand_core::RngCore, Aead, KeyInit, OsRng},
    Key, Nonce, XSalsa20Poly1305,
};
use serde::{Deserialize, Serialize};
use sonar_primitives::AccountId;
use sp_core::{sr25519::Pair, Pair as _};
use std::time::{SystemTime, UNIX_EPOCH};
use subxt_signer::{polkadot_js_compat, sr25519::Keypair};
use zeroize::Zeroizing;

/// Parameters of scrypt, of those that Polkadot.js accepts: N = 2^15, r = 8, p = 1 (32 MiB, a tenth of a second).
const SCRYPT_LOG_N: u8 = 15;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 1;

const PKCS8_HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const PKCS8_DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];
/// Header, secret, divider, public key.
const PKCS8_SIZE: usize = 16 + 64 + 5 + 32;
/// Salt, parameters, nonce, authentication tag and key.
const ENCODED_SIZE: usize = 32 + 12 + 24 + 16 + PKCS8_SIZE;

/// The largest file that is read, in bytes.
pub(super) const MAX_FILE: u64 = 64 * 1024;

/// A key file.
#[derive(Serialize, Deserialize)]
pub(super) struct EncryptedKey {
    encoded: String,
    encoding: Encoding,
    address: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Serialize, Deserialize)]
struct Encoding {
    content: Vec<String>,
    r#type: Vec<String>,
    version: String,
}

/// What wallets show of the account.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: String,
    /// Milliseconds since 1970.
    when_created: u64,
}

impl EncryptedKey {
    /// Encrypts a key under a password.
    pub(super) fn new(name: &str, pair: &Pair, password: &Password) -> Result<Self, KeyError> {
        if password.reveal().is_empty() {
            return Err(KeyError::EmptyPassword);
        }
        let keys = pair.as_ref();
        let mut plain = Zeroizing::new(Vec::with_capacity(PKCS8_SIZE));
        plain.extend(PKCS8_HEADER);
        plain.extend(Zeroizing::new(keys.secret.to_ed25519_bytes()).iter());
        plain.extend(PKCS8_DIVIDER);
        plain.extend(keys.public.to_bytes());

        let (mut salt, mut nonce) = ([0u8; 32], [0u8; 24]);
        OsRng
            .try_fill_bytes(&mut salt)
            .map_err(|_| KeyError::NoRandomness)?;
        OsRng
            .try_fill_bytes(&mut nonce)
            .map_err(|_| KeyError::NoRandomness)?;
        let unusable = |_| KeyError::NotAKeyFile {
            name: name.into(),
            reason: "it cannot be encrypted".into(),
        };
        let parameters =
            scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P, 32).map_err(|_| unusable(()))?;
        let mut key = Zeroizing::new([0u8; 32]);
        scrypt::scrypt(
            password.reveal().as_bytes(),
            &salt,
            &parameters,
            key.as_mut_slice(),
        )
        .map_err(|_| unusable(()))?;
        let sealed = XSalsa20Poly1305::new(Key::from_slice(key.as_slice()))
            .encrypt(Nonce::from_slice(&nonce), plain.as_slice())
            .map_err(|_| unusable(()))?;

        let mut encoded = Vec::with_capacity(ENCODED_SIZE);
        encoded.extend(salt);
        for parameter in [1 << SCRYPT_LOG_N, SCRYPT_P, SCRYPT_R] {
            encoded.extend(u32::to_le_bytes(parameter));
        }
        encoded.extend(nonce);
        encoded.extend(sealed);
        Ok(Self {
            encoded: STANDARD.encode(encoded),
            encoding: Encoding {
                content: vec!["pkcs8".into(), "sr25519".into()],
                r#type: vec!["scrypt".into(), "xsalsa20-poly1305".into()],
                version: "3".into(),
            },
            address: format::address(&AccountId::from(pair.public())),
            meta: Meta {
                name: name.into(),
                // A clock before 1970 is no reason to refuse.
                when_created: SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .ok()
                    .and_then(|time| u64::try_from(time.as_millis()).ok())
                    .unwrap_or_default(),
            },
        })
    }

    /// Reads a key file; `name` is the file's or account's, for errors.
    pub(super) fn from_json(name: &str, json: &str) -> Result<Self, KeyError> {
        serde_json::from_str(json).map_err(|error| KeyError::NotAKeyFile {
            name: name.into(),
            reason: error.to_string(),
        })
    }

    pub(super) fn to_json(&self) -> Result<String, KeyError> {
        serde_json::to_string_pretty(self).map_err(|error| KeyError::NotAKeyFile {
            name: self.meta.name.clone(),
            reason: error.to_string(),
        })
    }

    /// Gives the account another name.
    pub(super) fn rename(&mut self, name: &str) {
        self.meta.name = name.into();
    }

    /// The account as the file names it; proven only by [`Self::decrypt`].
    pub(super) fn account(&self, name: &str) -> Result<AccountId, KeyError> {
        format::parse_address(&self.address).map_err(|error| KeyError::NotAKeyFile {
            name: name.into(),
            reason: error.to_string(),
        })
    }

    /// The key, if the password is right and the key is that of the file's address.
    pub(super) fn decrypt(&self, name: &str, password: &Password) -> Result<Keypair, KeyError> {
        use polkadot_js_compat::Error;
        let not_a_key_file = |reason: String| KeyError::NotAKeyFile {
            name: name.into(),
            reason,
        };
        // The decoder takes for granted that the parameters are there.
        let encoded = STANDARD
            .decode(&self.encoded)
            .map_err(|error| not_a_key_file(error.to_string()))?;
        if encoded.len() != ENCODED_SIZE {
            return Err(not_a_key_file("its encoded key has a wrong length".into()));
        }
        polkadot_js_compat::decrypt_json(&self.to_json()?, password.reveal()).map_err(|error| {
            match error {
                Error::Secretbox(_) => KeyError::WrongPassword(name.into()),
                error => not_a_key_file(error.to_string()),
            }
        })
    }
}
