//! Programs that meet the wrong node, no node, or a wrong password.

use crate::{node::Node, program::Desk, two_nodes::NODE_KEYS};

const SCHEMA: &str = r#"
    [[inputs]]
    name = "x"
    kind = { number = {} }
    [output]
    name = "y"
    kind = { category = { classes = ["no", "yes"] } }
"#;

fn check(failure: &str, parts: &[&str]) {
    for part in parts {
        assert!(failure.contains(part), "{part:?} expected: {failure}");
    }
}

#[test]
fn programs_say_what_is_wrong_with_node_or_password() {
    let mut dev = Node::launch(&["--dev"]);
    let local = ["--chain", "local", "--alice", "--validator", "--node-key"];
    let mut local = Node::launch(&[&local[..], &NODE_KEYS[..1]].concat());
    dev.wait();
    local.wait();
    let desk = Desk::new();

    // A home belongs to the chain that it was used on first.
    desk.write(
        "rows.csv",
        &(0..40).fold("x,y\n".to_owned(), |rows, x| {
            rows + &format!("{x},{}\n", ["no", "yes"][x % 2])
        }),
    );
    desk.write("schema.toml", SCHEMA);
    let add = ["data", "add", "rows", "rows.csv", "--schema", "schema.toml"];
    desk.mine(&dev.url(), &add).text();
    let run = ["run", "--account", "//Bob", "--exit-when-idle"];
    let once = ["once", "--account", "//Bob"];
    let status = ["status", "--account", "//Bob"];
    desk.mine(&dev.url(), &run).text();
    for command in [&run[..], &once, &status] {
        let failure = desk.mine(&local.url(), command).failure();
        check(&failure, &["this home belongs to another chain", "genesis"]);
    }
    // Those who keep no journal may go wherever they want.
    let list = ["campaign", "list"];
    desk.sonar(&local.url(), &list).text();
    desk.mine(&dev.url(), &status).text();

    // A wrong password sends nothing.
    desk.write("right", "correct horse\n");
    desk.write("wrong", "battery staple\n");
    let url = dev.url();
    let sonar = |password: &str, arguments: &[&str]| {
        let password = ["--password-file", password];
        desk.sonar(&url, &[&password[..], arguments].concat())
    };
    sonar("right", &["account", "new", "ada"]).text();
    let paid = [
        "account",
        "transfer",
        "ada",
        "10 SNR",
        "--account",
        "//Alice",
    ];
    sonar("right", &paid).text();
    let pay = ["account", "transfer", "//Bob", "1 SNR", "--account", "ada"];
    let balance = ["--output", "json", "account", "balance", "ada"];
    let wrong = ["--password-file", "wrong", "once", "--account", "ada"];
    for failure in [
        sonar("wrong", &pay).failure(),
        desk.mine(&dev.url(), &wrong).failure(),
    ] {
        check(&failure, &["wrong password for account \"ada\""]);
        assert!(!failure.contains("battery"), "{failure}");
    }
    let has = sonar("right", &balance).json();
    assert_eq!(has["free"], "10000000000000");
    sonar("right", &pay).text();

    // Something listens there, but it is no node.
    let failure = desk.sonar(&dev.metrics_url(), &list).failure();
    check(&failure, &["no node answers at", &dev.metrics_url()]);

    dev.kill();
    let nobody = ["no node answers at", &url, "sonar-node --dev"];
    check(&desk.sonar(&url, &list).failure(), &nobody);
    check(&sonar("right", &pay).failure(), &nobody);
    check(&desk.mine(&url, &once).failure(), &nobody);
    check(&desk.mine(&url, &status).failure(), &nobody);
}
