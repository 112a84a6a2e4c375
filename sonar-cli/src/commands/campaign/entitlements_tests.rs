#![allow(clippy::unwrap_used)]

use super::*;
use sonar_primitives::{
    api::{CampaignInfo, CampaignSummary, SponsorInfo},
    campaign::{
        BountySplit, Members, Privacy, RoundTerms, Terms, ValidationSet, DEFAULT_TOLERANCE,
    },
    tree::{Contributor, Model, ModelOrigin},
    MeasuredError, ModelId,
};
use sp_runtime::{BoundedVec, Permill};
use syft::{Metric, Text};

fn account(byte: u8) -> AccountId {
    AccountId::new([byte; 32])
}

fn root(id: ModelId, author: u8, error: MeasuredError) -> ModelInfo {
    let author = account(author);
    model(id, id, error, None, ModelOrigin::Proposed { author })
}

/// A round's model whose contributors have these shares.
fn merged(
    id: ModelId,
    root: ModelId,
    error: MeasuredError,
    former_record: Option<MeasuredError>,
    shares: &[(u8, u128)],
) -> ModelInfo {
    let contributors = shares.iter().map(|(byte, share)| Contributor {
        submission: 0,
        account: account(*byte),
        base: root,
        gradient: Default::default(),
        share: *share,
        in_best_set: true,
    });
    let origin = ModelOrigin::Merged {
        previous: root,
        with_previous: false,
        contributors: BoundedVec::try_from(contributors.collect::<Vec<_>>()).unwrap(),
    };
    model(id, root, error, former_record, origin)
}

fn model(
    id: ModelId,
    root: ModelId,
    error: MeasuredError,
    former_record: Option<MeasuredError>,
    origin: ModelOrigin<AccountId>,
) -> ModelInfo {
    let model = Model {
        campaign: 0,
        root,
        parameters: Default::default(),
        stored: false,
        error,
        former_record,
        origin,
    };
    ModelInfo { id, model }
}

/// A campaign with a bounty of 10,000 that starts at 42 with the target 10.
fn campaign(split: BountySplit, steepness: u8) -> CampaignInfo {
    let schema = serde_json::from_str(
        r#"{"inputs": [{"name": "x", "kind": {"number": {}}}], "output": {"name": "y", "kind": {"number": {}}}}"#,
    )
    .unwrap();
    CampaignInfo {
        summary: CampaignSummary {
            id: 0,
            title: Text::try_from("t").unwrap(),
            owner: account(9),
            state: State::Open,
            bounty: 10_000,
            metric: Metric::MeanSquaredError,
            start: 42,
            best: 10,
            target: 10,
            deadline: 100,
            accepted: 0,
            pending: 0,
        },
        terms: Terms {
            title: Text::try_from("t").unwrap(),
            description: Text::try_from("d").unwrap(),
            schema,
            metric: Metric::MeanSquaredError,
            validation: ValidationSet {
                blob: Default::default(),
                rows: 1,
            },
            starting_error: 42,
            target_error: 10,
            tolerance: DEFAULT_TOLERANCE,
            minimum_step: 1,
            deadline: 100,
            privacy: Privacy::Open,
            bounty: 10_000,
            split,
            open_proposals: true,
            members: Members::Everybody,
            rounds: RoundTerms {
                steepness,
                ..RoundTerms::default()
            },
        },
        proposals: Vec::new(),
        sponsors: vec![
            SponsorInfo {
                account: account(9),
                contribution: 7_500,
            },
            SponsorInfo {
                account: account(8),
                contribution: 2_500,
            },
        ],
        escrow: account(0),
        best: None,
    }
}

fn got(entitlements: &[EntitlementInfo], byte: u8) -> (Balance, Balance, Balance) {
    let found = entitlements
        .iter()
        .find(|entitlement| entitlement.account == account(byte));
    found.map_or((0, 0, 0), |found| {
        (found.earned, found.expertise, found.refund)
    })
}

/// The protocol's worked numbers: 41, 30, 10 on the way from 42 to 10.
#[test]
fn the_record_so_far_pays_as_the_protocol_says() {
    let tree = |reached: usize| -> Vec<ModelInfo> {
        let records = [(41, 42), (30, 41), (10, 30)];
        let records = records.iter().take(reached).enumerate();
        let models = records.map(|(index, (error, former))| {
            let id = index as ModelId + 1;
            merged(id, 0, *error, Some(*former), &[(id as u8, 1)])
        });
        [root(0, 9, 42)].into_iter().chain(models).collect()
    };
    let info = campaign(BountySplit::default(), 1);
    let all = so_far::entitlements(&info, &tree(3)).unwrap();
    assert_eq!([1, 2, 3].map(|byte| got(&all, byte).0), [312, 3_438, 6_250]);
    assert_eq!(got(&all, 9), (0, 0, 0));
    // What is not earned goes back in proportion.
    let some = so_far::entitlements(&info, &tree(2)).unwrap();
    assert_eq!((got(&some, 9).2, got(&some, 8).2), (4_687, 1_563));
    let steep = so_far::entitlements(&campaign(BountySplit::default(), 2), &tree(3)).unwrap();
    assert_eq!([1, 2, 3].map(|byte| got(&steep, byte).0), [9, 1_397, 8_594]);
}

#[test]
fn a_round_is_divided_by_its_shares() {
    let tree = [
        root(0, 9, 42),
        root(1, 7, 50),
        // A better model on another branch, but no record.
        merged(2, 1, 43, None, &[(4, 1)]),
        merged(3, 1, 26, Some(42), &[(1, 60), (2, 36), (3, 0)]),
    ];
    let data = so_far::entitlements(&campaign(BountySplit::default(), 1), &tree).unwrap();
    assert_eq!(
        [1, 2, 3, 4].map(|byte| got(&data, byte).0),
        [3_125, 1_875, 0, 0]
    );
    // A fifth for the author of the branch that set the record.
    let split = BountySplit {
        data: Permill::from_percent(80),
        expertise: Permill::from_percent(20),
        compute: Permill::zero(),
    };
    let both = so_far::entitlements(&campaign(split, 1), &tree).unwrap();
    assert_eq!([1, 2].map(|byte| got(&both, byte).0), [2_500, 1_500]);
    assert_eq!((got(&both, 7).1, got(&both, 9).1), (1_000, 0));
    let total: Balance = both.iter().map(EntitlementInfo::total).sum();
    assert_eq!(total, 10_000);
    // Neither a record whose author is not known nor one that starts elsewhere is an answer.
    let info = campaign(split, 1);
    assert_eq!(so_far::entitlements(&info, &tree[2..]), None);
    let elsewhere = [root(0, 9, 42), merged(1, 0, 26, Some(41), &[(1, 1)])];
    assert_eq!(so_far::entitlements(&info, &elsewhere), None);

    let shares = shares(&both, &tree);
    let accounts: Vec<_> = shares.iter().map(|(account, _)| account.clone()).collect();
    assert_eq!(accounts[..2], [account(1), account(2)]);
    // A share of nothing is no paid gradient.
    assert!(!accounts.contains(&account(3)));
    assert_eq!(shares[0].1.gradients, 1);
    let text = table(&shares, &sum(&shares), 10_000);
    assert!(text.contains("25.00 %"), "{text}");
}
