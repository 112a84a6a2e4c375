use super::{Folder, Run};

#[test]
fn accounts_are_made_listed_and_restored() {
    let folder = Folder::new();
    assert!(folder
        .run(&["account", "list"])
        .text()
        .contains("sonar account new"));
    let made = folder
        .run_with_password("secret", &["account", "new", "ada", "--output", "json"])
        .json();
    let (address, phrase) = (
        made["address"].as_str().unwrap(),
        made["mnemonic"].as_str().unwrap(),
    );
    assert_eq!(phrase.split(' ').count(), 12);
    let listed = folder.run(&["account", "list", "--output", "json"]).json();
    assert_eq!(
        (&listed[0]["name"], listed[0]["account"].as_str()),
        (&"ada".into(), Some(address))
    );

    let mut import = folder.command(&["account", "import", "copy", "--output", "json"]);
    let import = import
        .env("SONAR_PASSWORD", "other")
        .write_stdin(format!("{phrase}\n"));
    assert_eq!(Run::of(import).json()["address"], address);
    let file = [
        "account",
        "import",
        "third",
        "--json",
        "keys/ada.json",
        "--output",
        "json",
    ];
    assert_eq!(
        folder.run_with_password("secret", &file).json()["address"],
        address
    );
    assert!(folder.run_with_password("wrong", &file).code == 1);

    let taken = folder
        .run_with_password("secret", &["account", "new", "ada"])
        .failure();
    assert!(taken.contains("ada"), "{taken}");
}

#[test]
fn a_wrong_phrase_is_refused_and_not_repeated() {
    let folder = Folder::new();
    let mut import = folder.command(&["account", "import", "ada"]);
    let failure = Run::of(
        import
            .env("SONAR_PASSWORD", "p")
            .write_stdin("tuna tuna secretword"),
    )
    .failure();
    assert!(!failure.contains("secretword"), "{failure}");
    let mut import = folder.command(&["account", "import", "ada"]);
    let failure = Run::of(
        import
            .env("SONAR_PASSWORD", "p")
            .write_stdin(vec![0xffu8; 100]),
    )
    .failure();
    assert!(failure.contains("not text"), "{failure}");
    assert!(folder
        .run(&["account", "list"])
        .text()
        .contains("no accounts yet"));
}

#[test]
fn keys_that_cannot_be_used_are_one_line() {
    let folder = Folder::new();
    folder
        .run_with_password("secret", &["account", "new", "ada"])
        .text();
    let settle = ["campaign", "settle", "0", "--account", "ada"];
    let wrong = folder.run_with_password("wrong", &settle).failure();
    assert!(wrong.contains("wrong password"), "{wrong}");
    let unknown = folder
        .run(&["campaign", "settle", "0", "--account", "bob"])
        .failure();
    assert!(unknown.contains("bob"), "{unknown}");
    folder.write("password", "secret\n");
    // The right password leads on to the node.
    let node = ["--password-file", "password", "--node", "ws://127.0.0.1:1"];
    assert!(folder
        .run(&[&settle[..], &node].concat())
        .failure()
        .contains("no node answers"));
}
