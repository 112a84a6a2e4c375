use super::Folder;

/// A port that nothing listens on.
const NOBODY: &str = "ws://127.0.0.1:1";

#[test]
fn every_command_has_help() {
    let folder = Folder::new();
    let mut waiting = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(command) = waiting.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = folder.run(&arguments).text();
        assert!(help.contains("Usage: sonar"), "{command:?}");
        seen += 1;
        let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
        for line in commands.lines().take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().unwrap();
            // Lines of a longer explanation are indented further.
            if name != "help" && line.starts_with("  ") && !line.starts_with("   ") {
                waiting.push([command.as_slice(), &[name.to_owned()]].concat());
            }
        }
    }
    // sonar; its 7 commands; 6 of account, 5 of model, 2 of receipt, 3 of data and 17 of campaign.
    assert_eq!(seen, 1 + 7 + 6 + 5 + 2 + 3 + 17);
}

#[test]
fn wrong_usage_is_told_apart() {
    let folder = Folder::new();
    for arguments in [
        &["dance"][..],
        &[],
        &["campaign", "fund", "1"],
        &["campaign", "fund", "1", "much", "--account", "//Alice"],
        &["campaign", "show", "one"],
        &["campaign", "admit", "1", "--account", "//Alice"],
        &[
            "campaign",
            "create",
            "--account",
            "//Alice",
            "--members",
            "friends",
        ],
        &["campaign", "list", "--state", "lost"],
        &["quote", "1", "--error", "5 per cent"],
        &[
            "model",
            "init",
            "--architecture",
            "a.json",
            "--out",
            "m.safetensors",
        ],
        &["model", "evaluate", "--model", "m.safetensors"],
        &[
            "campaign",
            "create",
            "--account",
            "//Alice",
            "--seed",
            "1",
            "--model",
            "m.safetensors",
        ],
    ] {
        assert_eq!(folder.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn every_command_says_that_its_node_is_down() {
    let folder = Folder::with_digits();
    for line in [
        "account show //Alice",
        "account balance 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        "account transfer //Bob 1.5 --account //Alice",
        "campaign list --state open --from 3 --limit 7",
        "campaign list --all",
        "campaign show 0",
        "campaign watch 0",
        "campaign fund 0 50 --account //Alice",
        "campaign tree 0",
        "campaign rounds 0",
        "campaign admit 0 //Bob //Charlie --account //Alice",
        "campaign accept-proposal 3 --account //Alice",
        "campaign reject-proposal 3 --account //Alice",
        "campaign cancel 0 --account //Alice",
        "campaign close 0 --account //Alice",
        "campaign settle 0 --account //Alice",
        "campaign claim 0 --account //Alice",
        "campaign claim 0 --for //Bob --account //Alice",
        "campaign entitlements 0",
        "campaign propose 0 --architecture architecture.json --seed 3 --account //Alice",
        "campaign propose 0 --architecture architecture.json --seed 3 --resume --account //Alice",
        "campaign remove 0 --account //Alice",
        "model fetch 0 --model 3 --out m.safetensors",
        "model store 3 --account //Alice",
        "model evaluate --campaign 0 --model m.safetensors",
        "quote 0 --error 5% --root 3 --account //Alice",
    ] {
        let arguments: Vec<&str> = line.split(' ').chain(["--yes", "--node", NOBODY]).collect();
        let failure = folder.run(&arguments).failure();
        assert!(failure.contains(NOBODY), "{failure}");
        assert!(failure.contains("sonar-node"), "{failure}");
    }
}

#[test]
fn a_failure_is_json_too() {
    let run = Folder::new().run(&["--output", "json", "campaign", "list", "--node", NOBODY]);
    assert_eq!(run.code, 1);
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let line = value["error"].as_str().unwrap();
    assert!(line.contains(NOBODY), "{line}");
    assert_eq!(run.err, format!("error: {line}\n"));
}

#[test]
fn a_url_that_is_none_is_said() {
    let failure = Folder::new()
        .run(&["campaign", "list", "--node", "localhost"])
        .failure();
    assert!(failure.contains("ws://"), "{failure}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    use std::{
        io::Read,
        net::TcpListener,
        process::{Command, Stdio},
        time::{Duration, Instant},
    };
    // A node that never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let folder = Folder::new();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("sonar"))
        .args(["campaign", "list", "--node", &url])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let connection = listener.accept().unwrap();
    let start = Instant::now();
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(start.elapsed() < Duration::from_secs(5));
    let mut line = String::new();
    child.stderr.unwrap().read_to_string(&mut line).unwrap();
    assert!(line.starts_with("error: interrupted"), "{line}");
    drop(connection);
}
