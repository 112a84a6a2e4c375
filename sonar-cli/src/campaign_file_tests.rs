#![allow(clippy::unwrap_used)]

use super::*;
use sonar_primitives::{campaign::Members, SNR};
use sp_runtime::Permill;
use std::fs;

fn read(text: &str) -> Result<CampaignFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("campaign.toml");
    fs::write(&path, text).unwrap();
    CampaignFile::read(&path)
}

fn refused(text: &str) -> String {
    format!("{:#}", read(text).unwrap_err())
}

#[test]
fn the_examples_are_read() {
    for name in ["digits", "breast-cancer", "messages"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(name);
        let file = CampaignFile::read(&folder.join("campaign.toml")).unwrap();
        assert!(file.validation.unwrap().starts_with(&folder));
        let schema = files::schema(file.schema.unwrap()).unwrap();
        let architecture = files::architecture(file.architecture.unwrap()).unwrap();
        schema.fits(&architecture, Metric::ErrorRate).unwrap();
    }
}

#[test]
fn everything_can_be_said_in_place() {
    let file = read(
        r#"
        title = "Line"
        description = "A line"
        metric = "mean_squared_error"
        seed = 7
        starting_error = 12.5
        target = "0.1"
        minimum_step = "1000 units"
        deadline = 300
        bounty = 1_000
        tolerance = "1 %"
        open_proposals = true
        round_blocks = "60s"
        reveal_window = 40
        seats = 2
        steepness = 3
        members = "admitted"
        admit = ["//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"]
        split = { data = "90 %", expertise = 0.1 }

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
        "#,
    )
    .unwrap();
    let metric = Metric::MeanSquaredError;
    assert_eq!(file.metric, Some(metric));
    assert_eq!(file.bounty, Some(Amount(1_000 * SNR)));
    assert_eq!(file.deadline, Some(Span::Blocks(300)));
    assert_eq!(file.target.unwrap().measured(metric), Ok(100_000));
    assert_eq!(file.minimum_step.unwrap().measured(metric), Ok(1_000));
    assert_eq!(file.starting_error, Some("12.5".parse().unwrap()));
    assert_eq!(file.split.unwrap().0.expertise, Permill::from_percent(10));
    assert_eq!(file.round_blocks, Some("60s".parse().unwrap()));
    assert_eq!(file.reveal_window, Some(Span::Blocks(40)));
    assert_eq!((file.seats, file.steepness), (Some(2), Some(3)));
    assert_eq!(file.members, Some(MembersRule(Members::Admitted)));
    assert_eq!(file.admit.len(), 2);
    let schema = files::schema(file.schema.unwrap()).unwrap();
    let architecture = files::architecture(file.architecture.unwrap()).unwrap();
    schema.fits(&architecture, metric).unwrap();
}

#[test]
fn mistakes_name_the_line() {
    assert!(refused("title = \"a\"\nbunty = 3\n").contains("line 2: unknown field `bunty`"));
    assert!(refused("\ntarget = \"much\"").contains("line 2: \"much\" is not a number"));
    assert!(refused("members = \"friends\"").contains("write everybody, admitted or reputation=3"));
    assert!(refused("members = { reputation = -1 }").contains("{ reputation = 3 }"));
    assert!(refused("admit = [\"not a name\"]").contains("line 1"));
    assert!(refused("seats = 300").contains("line 1"));
    assert!(refused("deadline = \"soon\"").contains("write 90s, 10m, 2h, 3d"));
    assert!(refused("bounty = -5").contains("line 1"));
    assert!(refused("split = { data = \"90 %\" }").contains("sum to 100 %"));
    assert!(refused("metric = \"accuracy\"").contains("error_rate"));
    assert!(refused("seed = 1\nmodel = \"m.safetensors\"").contains("either model or seed"));
    assert!(refused("[architecture]\ninput = [1]\nlayer = []").contains("unknown field `layer`"));
}

#[test]
fn splits_are_written_in_one_line_too() {
    let split: Split = "data=90%, expertise=0.1".parse().unwrap();
    assert_eq!(split.0.data, Permill::from_percent(90));
    assert_eq!(split.0.expertise, Permill::from_percent(10));
    for text in [
        "",
        "data",
        "data=90%",
        "data=90%,owner=10%",
        "data=60%,expertise=60%",
    ] {
        assert!(text.parse::<Split>().is_err(), "{text}");
    }
}

#[test]
fn members_are_written_in_one_word_too() {
    let members = |text: &str| text.parse::<MembersRule>().map(|rule| rule.0);
    assert_eq!(members("everybody"), Ok(Members::Everybody));
    assert_eq!(members(" admitted"), Ok(Members::Admitted));
    assert_eq!(
        members("reputation = 3"),
        Ok(Members::Reputation { contributions: 3 })
    );
    for text in ["", "reputation", "reputation=", "reputation=-1", "me=3"] {
        assert!(members(text).is_err(), "{text}");
    }
}

#[test]
fn flags_win_over_the_file() {
    let file = CampaignFile {
        title: Some("file".into()),
        description: Some("file".into()),
        seed: Some(7),
        seats: Some(2),
        admit: vec!["//Alice".parse().unwrap()],
        ..CampaignFile::default()
    };
    let flags = CampaignFile {
        title: Some("flag".into()),
        model: Some("m.safetensors".into()),
        admit: vec!["//Bob".parse().unwrap()],
        ..CampaignFile::default()
    };
    let both = flags.over(file);
    assert_eq!(both.title.as_deref(), Some("flag"));
    assert_eq!(both.description.as_deref(), Some("file"));
    assert_eq!(
        (both.model, both.seed),
        (Some("m.safetensors".into()), None)
    );
    assert_eq!(both.seats, Some(2));
    assert_eq!(both.admit, ["//Bob".parse().unwrap()]);
}
