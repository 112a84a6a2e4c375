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
    let terms = ready.terms(42);
    assert_eq!(terms.deadline, 42);
    assert_eq!(terms.metric, Metric::MeanSquaredError);
    assert_eq!(terms.validation.rows, 2);
    assert_eq!(terms.validation.blob, ready.validation.hash);
    assert_eq!((terms.target_error, terms.minimum_step), (1_000, 1));
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
    assert!(refused(&with("minimum_step = 0")).contains("above 0"));
    assert!(refused(&with("metric = \"error_rate\"")).contains("the metric does not fit"));
    assert!(refused(&CAMPAIGN.replace("\"Line\"", "\"\"")).contains("title is empty"));
    let long = format!("\"{}\"", "x".repeat(65));
    assert!(refused(&CAMPAIGN.replace("\"Line\"", &long)).contains("title: text of 65 bytes"));
    assert!(refused(&CAMPAIGN.replace("input = [1]", "input = [2]")).contains("make them equal"));
    assert!(refused(&CAMPAIGN.replace("v.csv", "w.csv")).contains("there is no file"));
}
