use super::Desk;

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

fn refused(desk: &Desk, flags: &[&str]) -> String {
    desk.run(&[&CREATE[..], flags].concat()).failure()
}

#[test]
fn a_good_campaign_gets_as_far_as_the_node() {
    let desk = Desk::with_digits();
    assert!(refused(&desk, &[]).contains("no node answers"));
    assert!(refused(
        &desk,
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
    assert!(refused(&desk, &rounds).contains("no node answers"));
    let members = ["--members", "admitted", "--admit", "//Bob", "//Charlie"];
    assert!(refused(&desk, &members).contains("no node answers"));
    assert!(refused(&desk, &["--members", "reputation=3"]).contains("no node answers"));
}

#[test]
fn impossible_terms_are_refused_before_anything_is_sent() {
    let desk = Desk::with_digits();
    let failure = refused(&desk, &["--starting-error", "5%", "--target", "5%"]);
    assert_eq!(
        failure,
        "the target (5.00 %) must be below the starting error (5.00 %): choose a lower target"
    );
    assert!(refused(&desk, &["--minimum-step", "99 %"]).contains("choose a smaller one"));
    assert!(refused(&desk, &["--minimum-step", "0.01 %"]).contains("1/1,024 of the way"));
    assert_eq!(refused(&desk, &["--seats", "7"]), "seats must be 1 to 6");
    assert_eq!(
        refused(&desk, &["--steepness", "0"]),
        "steepness must be 1 to 3"
    );
    assert!(refused(&desk, &["--admit", "//Bob"]).contains("members = \"admitted\""));
    let unknown = ["--members", "admitted", "--admit", "nobody-here"];
    assert!(refused(&desk, &unknown).contains("nobody-here"));
    assert!(refused(&desk, &["--target", "5"]).contains("write 5 % or 0.05"));
    assert!(refused(&desk, &["--metric", "mean_squared_error"]).contains("metric"));
    assert!(refused(&desk, &["--title", ""]).contains("title"));
    assert!(refused(&desk, &["--title", &"x".repeat(65)]).contains("at most 64"));
}

#[test]
fn bad_files_are_named() {
    let desk = Desk::with_digits();
    assert!(refused(&desk, &["--validation", "none.csv"]).contains("none.csv"));
    assert!(refused(&desk, &["--model", "validation.csv"]).contains("validation.csv"));
    desk.write("wide.json", "{\"input\": [65], \"layers\": [{\"dense\": {\"units\": 10}}], \"head\": \"softmax_cross_entropy\"}");
    assert!(refused(&desk, &["--architecture", "wide.json"]).contains("64 values per row"));
    desk.write("campaign.toml", "title = \"a\"\nbounty = \"lots\"\n");
    assert!(refused(&desk, &[]).contains("campaign.toml line 2"));
    desk.write("campaign.toml", "title = \"a\"\n");
    assert!(refused(&desk, &[]).contains("validation"));
}
