use super::Folder;

const CREATE: [&str; 8] = [
    "campaign",
    "create",
    "--file",
    "campaign.toml",
    "--account",
    "//Alice",
    "--node",
    "ws://127.0.0.1:1",
];

fn refused(folder: &Folder, flags: &[&str]) -> String {
    folder.run(&[&CREATE[..], flags].concat()).failure()
}

#[test]
fn a_good_campaign_gets_as_far_as_the_node() {
    let folder = Folder::with_digits();
    assert!(refused(&folder, &[]).contains("no node answers"));
    assert!(refused(
        &folder,
        &["--target", "1%", "--bounty", "5.5", "--open-proposals"]
    )
    .contains("no node answers"));
    let rounds = [
        "--round-blocks",
        "60s",
        "--reveal-window",
        "40",
        "--seats",
        "6",
        "--steepness",
        "3",
    ];
    assert!(refused(&folder, &rounds).contains("no node answers"));
    let members = ["--members", "admitted", "--admit", "//Bob", "//Charlie"];
    assert!(refused(&folder, &members).contains("no node answers"));
    assert!(refused(&folder, &["--members", "reputation=3"]).contains("no node answers"));
}

#[test]
fn impossible_terms_are_refused_before_anything_is_sent() {
    let folder = Folder::with_digits();
    let failure = refused(&folder, &["--starting-error", "5%", "--target", "5%"]);
    assert_eq!(
        failure,
        "the target (5.00 %) must be below the starting error (5.00 %): choose a lower target"
    );
    assert!(refused(&folder, &["--minimum-step", "99 %"]).contains("choose a smaller one"));
    assert!(refused(&folder, &["--minimum-step", "0.01 %"]).contains("1/1,024 of the way"));
    assert_eq!(refused(&folder, &["--seats", "7"]), "seats must be 1 to 6");
    assert_eq!(
        refused(&folder, &["--steepness", "0"]),
        "steepness must be 1 to 3"
    );
    assert!(refused(&folder, &["--admit", "//Bob"]).contains("members = \"admitted\""));
    let unknown = ["--members", "admitted", "--admit", "nobody-here"];
    assert!(refused(&folder, &unknown).contains("nobody-here"));
    assert!(refused(&folder, &["--target", "5"]).contains("write 5 % or 0.05"));
    assert!(refused(&folder, &["--metric", "mean_squared_error"]).contains("metric"));
    assert!(refused(&folder, &["--title", ""]).contains("title"));
    assert!(refused(&folder, &["--title", &"x".repeat(65)]).contains("at most 64"));
}

#[test]
fn bad_files_are_named() {
    let folder = Folder::with_digits();
    assert!(refused(&folder, &["--validation", "none.csv"]).contains("none.csv"));
    assert!(refused(&folder, &["--model", "validation.csv"]).contains("validation.csv"));
    folder.write("wide.json", "{\"input\": [65], \"layers\": [{\"dense\": {\"units\": 10}}], \"head\": \"softmax_cross_entropy\"}");
    assert!(refused(&folder, &["--architecture", "wide.json"]).contains("64 values per row"));
    folder.write("campaign.toml", "title = \"a\"\nbounty = \"lots\"\n");
    assert!(refused(&folder, &[]).contains("campaign.toml line 2"));
    folder.write("campaign.toml", "title = \"a\"\n");
    assert!(refused(&folder, &[]).contains("validation"));
}
