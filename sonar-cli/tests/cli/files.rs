use super::Desk;

#[test]
fn data_are_imported_and_shown() {
    let desk = Desk::with_digits();
    let import = [
        "data",
        "import",
        "validation.csv",
        "--schema",
        "schema.toml",
        "--out",
        "v.sonar",
    ];
    assert!(desk
        .run(&import)
        .text()
        .starts_with("wrote 20 rows to v.sonar\n"));
    let shown = desk
        .run(&["data", "show", "v.sonar", "--output", "json"])
        .json();
    assert_eq!(shown["rows"], 20);
    assert_eq!(shown["bytes"], desk.read("v.sonar").len());
    assert_eq!(shown["schema"]["output"]["name"], "digit");
    assert!(shown["cid"].as_str().unwrap().starts_with("bafk2bza"));
    assert!(shown["blob"].as_str().unwrap().starts_with("0x"));
    let text = desk.run(&["data", "show", "v.sonar"]).text();
    assert!(
        text.contains("pixels  input   vector of 64    0 to 16"),
        "{text}"
    );

    // The same again is fine; something else in its place is not.
    desk.run(&import).text();
    desk.write("v.sonar", "mine");
    assert!(desk.run(&import).failure().contains("--force"));
    desk.run(&[&import[..], &["--force"]].concat()).text();
}

#[test]
fn bad_data_are_refused() {
    let desk = Desk::with_digits();
    let text = String::from_utf8(desk.read("validation.csv")).unwrap();
    let import = |name: &str| {
        let run = desk.run(&[
            "data",
            "import",
            name,
            "--schema",
            "schema.toml",
            "--out",
            "v.sonar",
        ]);
        let failure = run.failure();
        assert!(!desk.path().join("v.sonar").exists());
        failure
    };
    assert!(import("none.csv").contains("there is no file none.csv"));
    desk.write("column.csv", &text.replace("pixels_7,", "pixel_7,"));
    assert!(import("column.csv").contains("pixels_7"));
    desk.write("text.csv", &text.replacen("\n0,", "\nzero,", 1));
    let failure = import("text.csv");
    assert!(
        failure.contains("zero") && failure.contains("line 2"),
        "{failure}"
    );
    desk.write("empty.csv", "");
    import("empty.csv");

    desk.write("schema.toml", "inputs = []\n[output]\nname = 3");
    assert!(import("validation.csv").contains("schema.toml line 3"));
    assert!(desk
        .run(&["data", "show", "validation.csv"])
        .failure()
        .contains("no canonical data set"));
}

#[test]
fn models_are_initialised_and_evaluated() {
    let desk = Desk::with_digits();
    let init = |seed: &str, out: &str| {
        let arguments = [
            "model",
            "init",
            "--architecture",
            "architecture.json",
            "--output",
            "json",
        ];
        desk.run(&[&arguments[..], &["--seed", seed, "--out", out]].concat())
            .json()
    };
    let made = init("7", "m.safetensors");
    assert_eq!(made["parameters"], 64 * 64 + 64 + 64 * 10 + 10);
    assert_eq!(init("7", "again.safetensors")["hash"], made["hash"]);
    assert_eq!(desk.read("again.safetensors"), desk.read("m.safetensors"));
    assert_ne!(init("8", "other.safetensors")["hash"], made["hash"]);

    let evaluate = [
        "model",
        "evaluate",
        "--architecture",
        "architecture.json",
        "--model",
        "m.safetensors",
    ];
    let on_csv = [
        &evaluate[..],
        &["--data", "validation.csv", "--schema", "schema.toml"],
    ]
    .concat();
    let measured = desk
        .run(&[&on_csv[..], &["--output", "json"]].concat())
        .json();
    assert_eq!(measured["rows"], 20);
    assert_eq!(measured["metric"], "error_rate");
    let error = measured["error"].as_u64().unwrap();
    // Some of 20 rows are wrong.
    assert!(
        error <= 1_000_000_000 && error.is_multiple_of(50_000_000),
        "{error}"
    );
    let text = desk.run(&on_csv).text();
    assert!(text.contains(&format!("({error} units)")), "{text}");

    desk.run(&[
        "data",
        "import",
        "validation.csv",
        "--schema",
        "schema.toml",
        "--out",
        "v.sonar",
    ])
    .text();
    let canonical = [&evaluate[..], &["--data", "v.sonar", "--output", "json"]].concat();
    assert_eq!(desk.run(&canonical).json()["error"], error);
}

#[test]
fn bad_models_are_refused() {
    let desk = Desk::with_digits();
    let arguments = [
        "model",
        "init",
        "--architecture",
        "architecture.json",
        "--seed",
        "1",
        "--out",
        "m.safetensors",
    ];
    desk.run(&arguments).text();
    let good = desk.read("m.safetensors");
    let evaluate = || {
        desk.run(&[
            "model",
            "evaluate",
            "--architecture",
            "architecture.json",
            "--model",
            "bad.safetensors",
            "--data",
            "validation.csv",
            "--schema",
            "schema.toml",
        ])
        .failure()
    };
    let put = |bytes: &[u8]| std::fs::write(desk.path().join("bad.safetensors"), bytes).unwrap();
    assert!(evaluate().contains("there is no file bad.safetensors"));
    put(&good[..good.len() - 1]);
    assert!(evaluate().contains("bad.safetensors does not hold this architecture's parameters"));
    put(&[&u64::MAX.to_le_bytes(), &good[8..]].concat());
    assert!(evaluate().contains("header"));
    let mut infinite = good.clone();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    put(&infinite);
    assert!(evaluate().contains("layers.2.bias"));
    put(&vec![0; 1 << 20]);
    assert!(evaluate().contains("larger than"));

    desk.write(
        "architecture.json",
        "{\"input\": [64], \"layers\": [\"relu\"], \"head\": \"squared_error\"}",
    );
    assert!(evaluate().contains("nothing to learn"));
}

#[test]
fn the_example_is_written_once() {
    let desk = Desk::new();
    assert!(desk
        .run(&["init", "mine"])
        .text()
        .contains("sonar campaign create --file mine/campaign.toml"));
    desk.run(&["init", "mine"]).text();
    desk.write("mine/campaign.toml", "title = \"Mine\"\n");
    assert!(desk.run(&["init", "mine"]).failure().contains("exists"));
    assert_eq!(desk.read("mine/campaign.toml"), b"title = \"Mine\"\n");
}
