//! Key files: round trips, exchange with Polkadot.js, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use sonar_client::{
    format,
    keys::{KeyError, Keyring, Password},
};
use std::fs;

/// Made by `@polkadot/keyring` 14: `createFromUri("//sonar-fixture").toJson("correct horse")`.
const POLKADOT_JS: &str = include_str!("polkadot-js-account.json");
const POLKADOT_JS_ADDRESS: &str = "5DfW4kYdi7KukA4notRLmzxbCJu59zQanjUkDsoYstBVVbF1";

const MNEMONIC: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
/// Of the mnemonic above, without a derivation.
const MNEMONIC_ADDRESS: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";

fn password(text: &str) -> Password {
    Password::new(text.into())
}

fn keyring() -> (tempfile::TempDir, Keyring) {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::at(folder.path().join("keys"));
    (folder, keyring)
}

#[test]
fn a_new_account_is_kept_opened_and_restored() {
    let (_folder, keyring) = keyring();
    assert!(keyring.list().unwrap().is_empty());
    let made = keyring.create("alice", &password("one")).unwrap();
    assert_eq!(
        keyring.open("alice", &password("one")).unwrap().account(),
        &made.account
    );
    assert_eq!(keyring.account("alice").unwrap(), made.account);
    let restored = keyring
        .import_mnemonic("again", made.mnemonic.reveal(), &password("two"))
        .unwrap();
    assert_eq!(restored, made.account);
    let names: Vec<_> = keyring
        .list()
        .unwrap()
        .into_iter()
        .map(|stored| stored.name)
        .collect();
    assert_eq!(names, ["again", "alice"]);
}

#[test]
fn a_mnemonic_gives_the_known_account() {
    let (_folder, keyring) = keyring();
    let account = keyring
        .import_mnemonic("dev", MNEMONIC, &password("p"))
        .unwrap();
    assert_eq!(format::address(&account), MNEMONIC_ADDRESS);
    assert_eq!(
        keyring.open("dev", &password("p")).unwrap().account(),
        &account
    );
}

#[test]
fn files_of_polkadot_js_are_imported() {
    let (_folder, keyring) = keyring();
    let account = keyring
        .import_json("imported", POLKADOT_JS, &password("correct horse"))
        .unwrap();
    assert_eq!(format::address(&account), POLKADOT_JS_ADDRESS);
    assert_eq!(
        keyring
            .open("imported", &password("correct horse"))
            .unwrap()
            .account(),
        &account
    );
    let wrong = keyring.import_json("other", POLKADOT_JS, &password("wrong"));
    assert!(matches!(wrong, Err(KeyError::WrongPassword(_))));
    assert!(matches!(
        keyring.account("other"),
        Err(KeyError::UnknownAccount { .. })
    ));
}

#[test]
fn files_are_what_polkadot_js_reads() {
    let (_folder, keyring) = keyring();
    keyring.create("alice", &password("secret")).unwrap();
    let stored = keyring.list().unwrap().remove(0);
    let json = fs::read_to_string(&stored.path).unwrap();
    // An independent decoder.
    let pair = subxt_signer::polkadot_js_compat::decrypt_json(&json, "secret").unwrap();
    assert_eq!(pair.public_key().0, <[u8; 32]>::from(stored.account));
    assert!(!json.contains("secret"));
}

#[test]
fn a_wrong_password_is_said_plainly() {
    let (_folder, keyring) = keyring();
    keyring.create("alice", &password("right")).unwrap();
    let error = keyring.open("alice", &password("wrong")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "wrong password for account \"alice\" (or its file is damaged)"
    );
}

#[test]
fn nothing_is_overwritten() {
    let (_folder, keyring) = keyring();
    let made = keyring.create("alice", &password("p")).unwrap();
    assert!(matches!(
        keyring.create("alice", &password("p")),
        Err(KeyError::NameTaken(_))
    ));
    assert!(matches!(
        keyring.import_mnemonic("alice", MNEMONIC, &password("p")),
        Err(KeyError::NameTaken(_))
    ));
    assert_eq!(keyring.account("alice").unwrap(), made.account);
}

#[test]
fn what_is_not_a_key_is_refused() {
    let (_folder, keyring) = keyring();
    assert!(matches!(
        keyring.open("nobody", &password("p")),
        Err(KeyError::UnknownAccount { .. })
    ));
    assert!(matches!(
        keyring.create("../alice", &password("p")),
        Err(KeyError::BadName(_))
    ));
    assert!(matches!(
        keyring.create("alice", &password("")),
        Err(KeyError::EmptyPassword)
    ));
    assert!(matches!(
        keyring.import_mnemonic("a", "bottom drive", &password("p")),
        Err(KeyError::BadMnemonic)
    ));
    let swapped = MNEMONIC.replace("walk", "drive");
    assert!(matches!(
        keyring.import_mnemonic("a", &swapped, &password("p")),
        Err(KeyError::BadMnemonic)
    ));

    let mut value: serde_json::Value = serde_json::from_str(POLKADOT_JS).unwrap();
    let encoded = value["encoded"].as_str().unwrap().to_owned();
    for (field, wrong) in [
        ("encoded", "AAAA".into()),
        ("encoded", "*".into()),
        ("encoded", format!("AAAA{encoded}")),
    ] {
        value[field] = wrong.into();
        let refused = keyring.import_json("a", &value.to_string(), &password("correct horse"));
        assert!(
            matches!(refused, Err(KeyError::NotAKeyFile { .. })),
            "{value}"
        );
    }
    // Parameters of scrypt that would take 64 GiB, where the file says how much.
    let mut bytes = base64_decode(&encoded);
    bytes[32..36].copy_from_slice(&(1u32 << 26).to_le_bytes());
    value["encoded"] = base64_encode(&bytes).into();
    let refused = keyring.import_json("a", &value.to_string(), &password("correct horse"));
    assert!(matches!(refused, Err(KeyError::NotAKeyFile { .. })));
    // Another account's address over this key.
    value["encoded"] = encoded.into();
    value["address"] = MNEMONIC_ADDRESS.into();
    let refused = keyring.import_json("a", &value.to_string(), &password("correct horse"));
    assert!(matches!(refused, Err(KeyError::NotAKeyFile { .. })));
    assert!(keyring.import_json("a", "{}", &password("p")).is_err());
    assert!(keyring.list().unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, keyring) = keyring();
    keyring.create("alice", &password("p")).unwrap();
    let path = keyring.list().unwrap().remove(0).path;
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(path.parent().unwrap())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
}

#[test]
fn a_damaged_or_huge_file_is_refused() {
    let (folder, keyring) = keyring();
    keyring.create("alice", &password("p")).unwrap();
    let keys = folder.path().join("keys");
    fs::write(keys.join("broken.json"), "{\"encoded\":").unwrap();
    fs::write(keys.join("huge.json"), vec![b' '; 100_000]).unwrap();
    fs::write(keys.join("notes.txt"), "not a key").unwrap();
    for name in ["broken", "huge"] {
        assert!(matches!(
            keyring.open(name, &password("p")),
            Err(KeyError::NotAKeyFile { .. })
        ));
    }
    assert_eq!(keyring.list().unwrap().len(), 1);
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn base64_encode(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
