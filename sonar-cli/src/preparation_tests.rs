#![allow(clippy::unwrap_used)]

use super::*;
use sonar_primitives::SNR;
use std::fs;

/// y = x, and a model that is drawn at random.
const CAMPAIGN: &str = r#"
title = "Line"
validation = "v.csv"
seed = 3
deadline = "10m"
bounty = 100
target = 0.001

[[schema.inputs]]
name = "x"
kind = { number = {} }
[schema.output]
name = "y"
kind = { number = {} }

[architecture]
input = [1]
layers = [{ dense = { units = 1 } }]
head = "squared_error"
"#;

const BLOCK_TIME: Duration = Duration::from_secs(2);

fn prepare(campaign: &str) -> Result<Preparation> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v.csv"), "x,y\n1,1\n2,2\n").unwrap();
    let path = folder.path().join("campaign.toml");
    fs::write(&path, campaign).unwrap();
    Preparation::new(CampaignFile::read(&path)?)
}

fn refused(campaign: &str) -> String {
    format!("{:#}", prepare(campaign).unwrap_err())
}

#[test]
fn a_campaign_is_measured_and_filled_in() {
    let ready = prepare(CAMPAIGN).unwrap();
    let terms = ready.terms(42, BLOCK_TIME).unwrap();
    assert_eq!(terms.deadline, 42);
    assert_eq!(terms.metric, Metric::MeanSquaredError);
    assert_eq!(terms.validation.rows, 2);
    assert_eq!(terms.validation.blob, ready.validation.hash);
    assert_eq!(terms.target_error, 1_000);
    // 1/500 of the way, rounded up.
    let way = terms.starting_error - terms.target_error;
    assert!(terms.minimum_step * 500 >= way && (terms.minimum_step - 1) * 500 < way);
    assert_eq!(terms.rounds, RoundTerms::default());
    assert_eq!(terms.members, Members::Everybody);
    assert_eq!(terms.bounty, 100 * SNR);
    assert_eq!(terms.tolerance, DEFAULT_TOLERANCE);
    assert!(terms.split.is_whole());
    // The claim is what the assayers will find.
    let parameters =
        Parameters::from_safetensors(&ready.model.architecture, &ready.parameters.bytes).unwrap();
    let model = syft::Model::new(ready.model.architecture.clone(), parameters).unwrap();
    let data = syft::Dataset::decode(&ready.validation.bytes, syft::Limits::default()).unwrap();
    assert_eq!(
        Ok(terms.starting_error),
        syft::evaluate(&model, &data, terms.metric)
    );
    assert_eq!(ready.model.parameters, blob_hash(&ready.parameters.bytes));
}

#[test]
fn the_same_campaign_has_the_same_blobs() {
    let (once, again) = (prepare(CAMPAIGN).unwrap(), prepare(CAMPAIGN).unwrap());
    assert_eq!(
        once.blobs().map(|blob| blob.hash),
        again.blobs().map(|blob| blob.hash)
    );
}

#[test]
fn what_is_missing_is_named() {
    for (line, name) in [
        ("title = \"Line\"\n", "title"),
        ("validation = \"v.csv\"\n", "validation"),
        ("seed = 3\n", "seed"),
        ("deadline = \"10m\"\n", "deadline"),
        ("bounty = 100\n", "bounty"),
    ] {
        let failure = refused(&CAMPAIGN.replace(line, ""));
        assert!(failure.contains(name), "{failure}");
    }
}

#[test]
fn impossible_campaigns_are_refused() {
    let with = |line: &str| CAMPAIGN.replace("target = 0.001", line);
    let failure = refused(&with("target = 1000000"));
    assert!(
        failure.contains("must be below the starting error"),
        "{failure}"
    );
    let failure = refused(&with("starting_error = 5\ntarget = 5"));
    assert!(
        failure.contains("the target (5.000000) must be below the starting error (5.000000)"),
        "{failure}"
    );
    assert!(refused(&with("minimum_step = 1000000")).contains("choose a smaller one"));
    let failure = refused(&with(
        "target = 0\nstarting_error = 5\nminimum_step = 0.004",
    ));
    assert_eq!(
        failure,
        "the minimum step is 0.004000 (4000 units), and must be at least 0.004883 (4883 units), \
         1/1,024 of the way from start to target"
    );
    assert!(refused(&with("metric = \"error_rate\"")).contains("the metric does not fit"));
    assert!(refused(&CAMPAIGN.replace("\"Line\"", "\"\"")).contains("title is empty"));
    assert!(refused(&with(
        "target = 0.001\nsplit = { data = \"90 %\", compute = \"10 %\" }"
    ))
    .contains("compute is not available"));
    let long = format!("\"{}\"", "x".repeat(65));
    assert!(refused(&CAMPAIGN.replace("\"Line\"", &long)).contains("title: text of 65 bytes"));
    assert!(refused(&CAMPAIGN.replace("input = [1]", "input = [2]")).contains("make them equal"));
    assert!(refused(&CAMPAIGN.replace("v.csv", "w.csv")).contains("there is no file"));
}

#[test]
fn rounds_are_held_as_the_owner_says() {
    let with = |line: &str| prepare(&CAMPAIGN.replace("target = 0.001", line)).unwrap();
    let terms = |line: &str| with(line).terms(42, BLOCK_TIME);
    let said = "round_blocks = \"20s\"\nreveal_window = 40\nseats = 6\nsteepness = 2\nmembers = { reputation = 3 }";
    let said = terms(said).unwrap();
    assert_eq!(
        said.rounds,
        RoundTerms {
            round_blocks: 10,
            reveal_window: 40,
            seats: 6,
            steepness: 2
        }
    );
    assert_eq!(said.members, Members::Reputation { contributions: 3 });
    let failure = |line: &str| terms(line).unwrap_err().to_string();
    assert_eq!(
        failure("round_blocks = \"2d\""),
        "round_blocks, in blocks, must be 1 to 43200"
    );
    assert_eq!(
        failure("reveal_window = \"10s\""),
        "reveal_window, in blocks, must be 30 to 150"
    );
    assert_eq!(
        refused(&CAMPAIGN.replace("target = 0.001", "seats = 7")),
        "seats must be 1 to 6"
    );
    assert_eq!(
        refused(&CAMPAIGN.replace("target = 0.001", "steepness = 0")),
        "steepness must be 1 to 3"
    );
}

#[test]
fn admission_is_said_twice_or_not_at_all() {
    let with = |line: &str| CAMPAIGN.replace("target = 0.001", line);
    let admitted = with("members = \"admitted\"\nadmit = [\"//Alice\", \"ada\"]");
    assert_eq!(prepare(&admitted).unwrap().admit.len(), 2);
    assert!(refused(&with("admit = [\"//Alice\"]")).contains("needs members = \"admitted\""));
}
