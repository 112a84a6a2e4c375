//! Secrets that people type, and where they come from.

use super::KeyError;
use std::{env, fs::File, io::Read, path::PathBuf};
use zeroize::Zeroizing;

/// The environment variable that may hold the password.
pub const PASSWORD_VARIABLE: &str = "SONAR_PASSWORD";

/// The longest password that a file may hold, in bytes.
const MAX_PASSWORD: u64 = 1_024;

/// A password; overwritten when it is dropped, and never shown.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over the text.
    pub fn new(password: String) -> Self {
        Self(Zeroizing::new(password))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

/// The words from which an account can be restored; overwritten when dropped, and shown only on demand.
pub struct Mnemonic(Zeroizing<String>);

impl Mnemonic {
    pub(super) fn new(words: String) -> Self {
        Self(Zeroizing::new(words))
    }

    /// The words, to be shown once and written down by their owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Where a password comes from: a file if one is named, else [`PASSWORD_VARIABLE`], else the terminal.
#[derive(Clone, Debug, Default)]
pub struct PasswordSource {
    /// A file whose first line is the password.
    pub file: Option<PathBuf>,
}

impl PasswordSource {
    /// The password of an account that exists; asks once, with this prompt.
    pub fn get(&self, prompt: &str) -> Result<Password, KeyError> {
        match self.without_asking()? {
            Some(password) => Ok(password),
            None => ask(prompt),
        }
    }

    /// A password for a new account; asks twice.
    pub fn get_new(&self, prompt: &str) -> Result<Password, KeyError> {
        let password = match self.without_asking()? {
            Some(password) => password,
            None => {
                let password = ask(prompt)?;
                if *password.0 != *ask("The same again: ")?.0 {
                    return Err(KeyError::PasswordsDiffer);
                }
                password
            }
        };
        if password.0.is_empty() {
            return Err(KeyError::EmptyPassword);
        }
        Ok(password)
    }

    fn without_asking(&self) -> Result<Option<Password>, KeyError> {
        match &self.file {
            Some(path) => from_file(path.clone()).map(Some),
            None => Ok(env::var(PASSWORD_VARIABLE).ok().map(Password::new)),
        }
    }
}

fn ask(prompt: &str) -> Result<Password, KeyError> {
    rpassword::prompt_password(prompt)
        .map(Password::new)
        .map_err(KeyError::CannotAsk)
}

/// The first line of the file.
fn from_file(path: PathBuf) -> Result<Password, KeyError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD as usize + 1));
    File::open(&path)
        .and_then(|file| file.take(MAX_PASSWORD + 1).read_to_end(&mut bytes))
        .map_err(KeyError::io(&path))?;
    let bad = |reason: &str| KeyError::BadPasswordFile {
        path: path.clone(),
        reason: reason.into(),
    };
    if bytes.len() as u64 > MAX_PASSWORD {
        return Err(bad("it holds more than 1 KiB"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("it is not text"))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password::new(line.to_owned())),
        _ => Err(bad("its first line is empty")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn read(content: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, content).unwrap();
        let source = PasswordSource { file: Some(path) };
        source
            .get_new("")
            .map(|p| p.reveal().to_owned())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn the_first_line_of_a_file_is_the_password() {
        assert_eq!(read(b"secret\n"), Ok("secret".into()));
        assert_eq!(read(b"pass phrase \r\nmore"), Ok("pass phrase ".into()));
    }

    #[test]
    fn bad_password_files_are_refused() {
        assert!(read(b"").unwrap_err().contains("first line is empty"));
        assert!(read(b"\nsecret")
            .unwrap_err()
            .contains("first line is empty"));
        assert!(read(&[0xff, 0xfe]).unwrap_err().contains("not text"));
        assert!(read(&[b'a'; 2_000])
            .unwrap_err()
            .contains("more than 1 KiB"));
        let missing = PasswordSource {
            file: Some("/nowhere/at/all".into()),
        };
        assert!(matches!(missing.get(""), Err(KeyError::Io { .. })));
    }
}
