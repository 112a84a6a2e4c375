//! How people name an account.

use super::{keyring::check_name, KeyError, Keyring, PasswordSource, Signer};
use crate::format;
use sonar_primitives::AccountId;
use std::{fmt, str::FromStr};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// An account whose secret key everybody knows, such as `//Alice`: for development chains only.
///
/// Derived from the development phrase by the junctions after `//` or `/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DevelopmentUri(String);

impl DevelopmentUri {
    /// The longest one that is read, in bytes.
    const MAX: usize = 64;

    fn signer(&self) -> Result<Signer, KeyError> {
        let bad = || KeyError::BadUri(self.0.clone());
        let uri: SecretUri = self.0.parse().map_err(|_| bad())?;
        Keypair::from_uri(&uri).map(Signer::new).map_err(|_| bad())
    }
}

impl FromStr for DevelopmentUri {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
        // `///` would start a password: a secret, which does not belong here.
        let well_formed = text.len() <= Self::MAX
            && text.starts_with("//")
            && !text.contains("///")
            && !text.ends_with('/')
            && text.bytes().all(plain);
        if !well_formed {
            return Err(KeyError::BadUri(text.chars().take(Self::MAX).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for DevelopmentUri {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An account that can sign: the name of one in the keyring, or a development URI.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeySource {
    /// An account of the keyring.
    Name(String),
    /// A development account.
    Uri(DevelopmentUri),
}

impl KeySource {
    /// Who it is; needs no password.
    pub fn account(&self, keyring: &Keyring) -> Result<AccountId, KeyError> {
        match self {
            Self::Name(name) => keyring.account(name),
            Self::Uri(uri) => uri.signer().map(|signer| signer.account().clone()),
        }
    }

    /// Its key. Asks for the password if the account needs one and `password` does not say otherwise.
    pub fn signer(&self, keyring: &Keyring, password: &PasswordSource) -> Result<Signer, KeyError> {
        match self {
            Self::Name(name) => {
                // An account that does not exist is said before a password is asked for.
                keyring.account(name)?;
                keyring.open(name, &password.get(&format!("Password of {name}: "))?)
            }
            Self::Uri(uri) => uri.signer(),
        }
    }
}

impl FromStr for KeySource {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.starts_with('/') {
            return text.parse().map(Self::Uri);
        }
        check_name(text)?;
        Ok(Self::Name(text.into()))
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Name(name) => f.pad(name),
            Self::Uri(uri) => uri.fmt(f),
        }
    }
}

/// Any account: one that can sign, or the address of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccountRef {
    /// One that can sign.
    Key(KeySource),
    /// An SS58 address or public key.
    Address(AccountId),
}

impl AccountRef {
    /// Who it is; needs no password.
    pub fn account(&self, keyring: &Keyring) -> Result<AccountId, KeyError> {
        match self {
            Self::Key(key) => key.account(keyring),
            Self::Address(account) => Ok(account.clone()),
        }
    }
}

impl FromStr for AccountRef {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Names are shorter than addresses, so neither can be taken for the other.
        match format::parse_address(text) {
            Ok(account) => Ok(Self::Address(account)),
            Err(_) => text.parse().map(Self::Key),
        }
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Address(account) => f.pad(&format::address(account)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn development_accounts_need_no_file() {
        let keyring = Keyring::at("/nowhere");
        let source: KeySource = "//Alice".parse().unwrap();
        assert_eq!(format::address(&source.account(&keyring).unwrap()), ALICE);
        let signer = source.signer(&keyring, &PasswordSource::default()).unwrap();
        assert_eq!(format::address(signer.account()), ALICE);
        assert!("//Alice//1/soft"
            .parse::<KeySource>()
            .unwrap()
            .account(&keyring)
            .is_ok());
    }

    #[test]
    fn accounts_are_told_apart() {
        let alice = format::parse_address(ALICE).unwrap();
        assert_eq!(
            ALICE.parse::<AccountRef>().unwrap(),
            AccountRef::Address(alice)
        );
        assert_eq!(
            "bob".parse::<AccountRef>().unwrap(),
            AccountRef::Key(KeySource::Name("bob".into()))
        );
        for text in ["bob", "//Alice", ALICE] {
            assert_eq!(text.parse::<AccountRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn bad_uris_and_names_are_refused() {
        for wrong in [
            "/",
            "//",
            "/Alice",
            "//Alice///password",
            "//Alice/",
            "//Al ice",
            &format!("//{}", "a".repeat(80)),
        ] {
            assert!(
                matches!(wrong.parse::<KeySource>(), Err(KeyError::BadUri(_))),
                "{wrong:?}"
            );
        }
        for wrong in [
            "",
            "-a",
            ".hidden",
            "a/b",
            "../a",
            "a b",
            "ä",
            &"a".repeat(33),
        ] {
            assert!(
                matches!(wrong.parse::<KeySource>(), Err(KeyError::BadName(_))),
                "{wrong:?}"
            );
        }
    }
}
