use super::Folder;
use serde_json::Value;

/// How the digits model of these tests is trained.
const OPTIONS: &str = r#"{
    "optimiser": {"adam": {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}},
    "batch_size": 5, "epochs": 6, "seed": 3, "clip_norm": 1.0, "weight_decay": 0.01,
    "schedule": {"warm_up_steps": 4, "decay": {"cosine": {"last": 0.1}}}
}"#;

const TRAIN: [&str; 12] = [
    "model",
    "train",
    "--architecture",
    "architecture.json",
    "--schema",
    "schema.toml",
    "--data",
    "validation.csv",
    "--options",
    "options.json",
    "--out",
    "m.safetensors",
];

const VERIFY: [&str; 9] = [
    "receipt",
    "verify",
    "m.safetensors",
    "--architecture",
    "architecture.json",
    "--schema",
    "schema.toml",
    "--data",
    "validation.csv",
];

/// With a model trained on 20 digits.
fn trained() -> (Folder, Value) {
    let folder = Folder::with_digits();
    folder.write("options.json", OPTIONS);
    let made = folder.run(&[&TRAIN[..], &["--output", "json"]].concat());
    let made = made.json();
    (folder, made)
}

/// Changes the receipt in the model's file; the new text must be as long as the old.
fn tamper(folder: &Folder, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = folder.read("m.safetensors");
    let at = bytes
        .windows(from.len())
        .position(|part| part == from.as_bytes())
        .unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    std::fs::write(folder.path().join("m.safetensors"), bytes).unwrap();
}

#[test]
fn models_are_trained_and_verified() {
    let (folder, made) = trained();
    assert_eq!(made["epochs"], 6);
    assert!(made["loss"].as_f64().unwrap() < 2.0, "{made}");
    let receipt = &made["receipt"];
    assert_eq!(receipt["version"], "syft-receipt-1");
    assert_eq!(receipt["checkpoints"].as_array().unwrap().len(), 6);

    let shown = folder.run(&["receipt", "show", "m.safetensors", "--output", "json"]);
    assert_eq!(&shown.json(), receipt);
    let text = folder.run(&["receipt", "show", "m.safetensors"]).text();
    assert!(
        text.contains("\"seed\":3") && text.contains("checkpoints   6"),
        "{text}"
    );

    let text = folder.run(&VERIFY).text();
    assert!(
        text.starts_with("verified     the run repeats to the last bit\n"),
        "{text}"
    );
    for threads in ["1", "2"] {
        let mut command = folder.command(&[&VERIFY[..], &["--output", "json"]].concat());
        let verified = super::Run::of(command.env("RAYON_NUM_THREADS", threads)).json();
        assert_eq!(verified["verified"], true);
        assert_eq!(verified["result"], made["hash"]);
    }

    // The model is one like any other.
    let evaluate = [
        &["model", "evaluate", "--model", "m.safetensors"],
        &VERIFY[3..],
    ]
    .concat();
    assert!(folder.run(&evaluate).text().contains("accuracy"));

    // Not written over, and the same again by the same options.
    assert!(folder.run(&TRAIN).failure().contains("--force"));
    let before = folder.read("m.safetensors");
    folder.run(&[&TRAIN[..], &["--force"]].concat()).text();
    assert_eq!(folder.read("m.safetensors"), before);
}

#[test]
fn training_goes_on_from_a_start_and_stops_early() {
    let folder = Folder::with_digits();
    let common = &TRAIN[2..8];
    let first = [
        &["model", "train"],
        common,
        &["--epochs", "2", "--out", "a.safetensors"],
    ];
    folder.run(&first.concat()).text();
    let stopping = OPTIONS.replacen(
        "\"seed\"",
        "\"early_stopping\": {\"held_out\": 0.25, \"patience\": 2}, \"seed\"",
        1,
    );
    folder.write(
        "options.json",
        &stopping.replace("\"epochs\": 6", "\"epochs\": 500"),
    );
    let second = [
        &TRAIN[..],
        &["--start", "a.safetensors", "--output", "json"],
    ]
    .concat();
    let made = folder.run(&second).json();
    let (epochs, held_out) = (made["epochs"].as_u64().unwrap(), &made["held_out"]);
    assert!(epochs < 500);
    assert_eq!(held_out["best_epoch"].as_u64().unwrap() + 2, epochs);

    folder
        .run(&[&VERIFY[..], &["--start", "a.safetensors"]].concat())
        .text();
    // By the seed it would start elsewhere.
    let failure = folder.run(&VERIFY).failure();
    assert_eq!(
        failure,
        "m.safetensors: the parameters to start with are not those of the receipt"
    );
    let text = folder.run(&[&TRAIN[..], &["--force"]].concat()).text();
    assert!(
        text.contains("in the last epoch, best after epoch"),
        "{text}"
    );
}

#[test]
fn what_was_tampered_with_is_named() {
    let (folder, made) = trained();
    let failure = || folder.run(&VERIFY).failure();
    let original = folder.read("m.safetensors");
    let restore = || std::fs::write(folder.path().join("m.safetensors"), &original).unwrap();

    tamper(&folder, "\\\"seed\\\":3", "\\\"seed\\\":4");
    let start = folder.run(&[
        "model",
        "init",
        "--architecture",
        "architecture.json",
        "--seed",
        "3",
        "--out",
        "start.safetensors",
    ]);
    start.text();
    // The same start, but rows in another order.
    let from = [&VERIFY[..], &["--start", "start.safetensors"]].concat();
    assert_eq!(
        folder.run(&from).failure(),
        "m.safetensors: the run diverges from the receipt between epochs 0 and 1"
    );
    restore();
    folder.run(&from).text();

    let fourth = made["receipt"]["checkpoints"][3].as_str().unwrap();
    tamper(&folder, fourth, &"0".repeat(64));
    let between = "the run diverges from the receipt between epochs 3 and 4";
    assert!(failure().ends_with(between));
    let run = folder.run(&[&VERIFY[..], &["--output", "json"]].concat());
    assert_eq!(run.code, 1);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert!(told["error"].as_str().unwrap().ends_with(between));
    restore();

    // Parameters that are not what the receipt says, with a receipt that says so or not.
    let mut other = original.clone();
    let last = other.len() - 4;
    other[last] ^= 1;
    std::fs::write(folder.path().join("m.safetensors"), &other).unwrap();
    assert!(failure().ends_with("the parameters are not the receipt's result"));
    let result = made["receipt"]["result"].as_str().unwrap();
    restore();
    tamper(
        &folder,
        &format!("\\\"result\\\":\\\"{result}"),
        &format!("\\\"result\\\":\\\"{}", "0".repeat(64)),
    );
    assert!(failure().ends_with("the parameters are not the receipt's result"));
    restore();

    let text = String::from_utf8(folder.read("validation.csv")).unwrap();
    let (head, tail) = text.split_at(text.len() - 40);
    folder.write(
        "validation.csv",
        &(head.to_owned() + &tail.replacen(",0", ",1", 1)),
    );
    assert!(failure().ends_with("the data are not those of the receipt"));
    folder.write("validation.csv", &text);

    folder.write(
        "architecture.json",
        &String::from_utf8(folder.read("architecture.json"))
            .unwrap()
            .replace("relu", "relu\", \"relu"),
    );
    assert!(failure().contains("architecture"));
}

#[test]
fn models_without_a_good_receipt_are_told() {
    let (folder, _) = trained();
    let show = |name: &str| folder.run(&["receipt", "show", name]).failure();
    assert!(show("none.safetensors").contains("there is no file"));
    let init = [
        "model",
        "init",
        "--architecture",
        "architecture.json",
        "--seed",
        "3",
        "--out",
        "start.safetensors",
    ];
    folder.run(&init).text();
    assert!(show("start.safetensors").contains("has no receipt"));
    folder.write("text.safetensors", "this is no file of parameters");
    assert!(show("text.safetensors").contains("header"));
    tamper(&folder, "syft-receipt-1", "syft-receipt-7");
    assert!(show("m.safetensors").contains("version"));
}

#[test]
fn bad_options_are_refused() {
    let folder = Folder::with_digits();
    let failure = |options: &str| {
        folder.write("options.json", options);
        let failure = folder.run(&TRAIN).failure();
        assert!(!folder.path().join("m.safetensors").exists());
        failure
    };
    assert!(failure(&OPTIONS.replace("\"epochs\": 6", "\"epochs\": 0"))
        .contains("epochs is out of range"));
    assert!(failure(&OPTIONS.replace("clip_norm", "clip")).contains("unknown field `clip`"));
    let private = OPTIONS.replace(
        "\"seed\": 3",
        "\"seed\": 3, \"privacy\": {\"clip_norm\": 1.0, \"noise_multiplier\": 1.0}",
    );
    assert!(failure(&private).contains("cannot have a receipt"));
    let wild = OPTIONS
        .replace("0.01, \"beta1\"", "1e30, \"beta1\"")
        .replace("\"weight_decay\": 0.01,", "");
    assert!(failure(&wild).contains("diverged"));
    // A file of options or flags, not both.
    assert_eq!(
        folder.run(&[&TRAIN[..], &["--epochs", "3"]].concat()).code,
        2
    );
}
