use super::Folder;

#[test]
fn data_are_imported_and_shown() {
    let folder = Folder::with_digits();
    let import = [
        "data",
        "import",
        "validation.csv",
        "--schema",
        "schema.toml",
        "--out",
        "v.sonar",
    ];
    assert!(folder
        .run(&import)
        .text()
        .starts_with("wrote 20 rows to v.sonar\n"));
    let shown = folder
        .run(&["data", "show", "v.sonar", "--output", "json"])
        .json();
    assert_eq!(shown["rows"], 20);
    assert_eq!(shown["bytes"], folder.read("v.sonar").len());
    assert_eq!(shown["schema"]["output"]["name"], "digit");
    assert!(shown["cid"].as_str().unwrap().starts_with("bafk2bza"));
    assert!(shown["blob"].as_str().unwrap().starts_with("0x"));
    let text = folder.run(&["data", "show", "v.sonar"]).text();
    assert!(
        text.contains("pixels  input   vector of 64    0 to 16"),
        "{text}"
    );

    // The same again is fine; something else in its place is not.
    folder.run(&import).text();
    folder.write("v.sonar", "mine");
    assert!(folder.run(&import).failure().contains("--force"));
    folder.run(&[&import[..], &["--force"]].concat()).text();
}

#[test]
fn bad_data_are_refused() {
    let folder = Folder::with_digits();
    let text = String::from_utf8(folder.read("validation.csv")).unwrap();
    let import = |name: &str| {
        let run = folder.run(&[
            "data",
            "import",
            name,
            "--schema",
            "schema.toml",
            "--out",
            "v.sonar",
        ]);
        let failure = run.failure();
        assert!(!folder.path().join("v.sonar").exists());
        failure
    };
    assert!(import("none.csv").contains("there is no file none.csv"));
    folder.write("column.csv", &text.replace("pixels_7,", "pixel_7,"));
    assert!(import("column.csv").contains("pixels_7"));
    folder.write("text.csv", &text.replacen("\n0,", "\nzero,", 1));
    let failure = import("text.csv");
    assert!(
        failure.contains("zero") && failure.contains("line 2"),
        "{failure}"
    );
    folder.write("empty.csv", "");
    import("empty.csv");

    folder.write("schema.toml", "inputs = []\n[output]\nname = 3");
    assert!(import("validation.csv").contains("schema.toml line 3"));
    assert!(folder
        .run(&["data", "show", "validation.csv"])
        .failure()
        .contains("no canonical data set"));
}

#[test]
fn models_are_initialised_and_evaluated() {
    let folder = Folder::with_digits();
    let init = |seed: &str, out: &str| {
        let arguments = [
            "model",
            "init",
            "--architecture",
            "architecture.json",
            "--output",
            "json",
        ];
        folder
            .run(&[&arguments[..], &["--seed", seed, "--out", out]].concat())
            .json()
    };
    let made = init("7", "m.safetensors");
    assert_eq!(made["parameters"], 64 * 64 + 64 + 64 * 10 + 10);
    assert_eq!(init("7", "again.safetensors")["hash"], made["hash"]);
    assert_eq!(
        folder.read("again.safetensors"),
        folder.read("m.safetensors")
    );
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
    let measured = folder
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
    let text = folder.run(&on_csv).text();
    assert!(text.contains(&format!("({error} units)")), "{text}");

    folder
        .run(&[
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
    assert_eq!(folder.run(&canonical).json()["error"], error);
}

#[test]
fn bad_models_are_refused() {
    let folder = Folder::with_digits();
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
    folder.run(&arguments).text();
    let good = folder.read("m.safetensors");
    let evaluate = || {
        folder
            .run(&[
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
    let put = |bytes: &[u8]| std::fs::write(folder.path().join("bad.safetensors"), bytes).unwrap();
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

    folder.write(
        "architecture.json",
        "{\"input\": [64], \"layers\": [\"relu\"], \"head\": \"squared_error\"}",
    );
    assert!(evaluate().contains("nothing to learn"));
}

#[test]
fn the_example_is_written_once() {
    let folder = Folder::new();
    assert!(folder
        .run(&["init", "mine"])
        .text()
        .contains("sonar campaign create --file mine/campaign.toml"));
    folder.run(&["init", "mine"]).text();
    folder.write("mine/campaign.toml", "title = \"Mine\"\n");
    assert!(folder.run(&["init", "mine"]).failure().contains("exists"));
    assert_eq!(folder.read("mine/campaign.toml"), b"title = \"Mine\"\n");
}
