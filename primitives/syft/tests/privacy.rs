//! Privacy: the accountant against published numbers, ledgers, and learning under noise.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use std::fs::File;
use std::ops::ControlFlow;
use syft::{
    evaluate, train, train_privately, Architecture, Budget, Dataset, Ledger, Metric, Model,
    NoiseKey, Optimiser, Parameters, Privacy, PrivacyError, SampledGaussian, Spending, TrainError,
    TrainOptions, MAX_ORDER, MAX_SPENDINGS,
};
use syft_data::load_csv;

fn mechanism(noise_multiplier: f64, sampling_rate: f64) -> SampledGaussian {
    SampledGaussian::new(noise_multiplier, sampling_rate).unwrap()
}

/// Noise, rate, steps, delta; then what Google's `dp-accounting` 0.6.0 finds with the orders 2, 3, ..., 256: epsilon, and
/// the divergences of all steps for orders 2, 8, 64 and 256.
const PUBLISHED: [(f64, f64, u64, f64, f64, [f64; 4]); 7] = [
    // The tutorials' case: 60,000 rows, batches of 256, 60 epochs.
    (
        1.1,
        256.0 / 60_000.0,
        14_100,
        1e-5,
        2.600_718_138_942_519_4,
        [
            0.329_880_441_740_341_8,
            1.386_608_971_096_986,
            294_728.644_986_576_63,
            1_414_325.906_430_910_8,
        ],
    ),
    (
        1.0,
        0.01,
        1_000,
        1e-5,
        2.107_753_075_451_574_5,
        [
            0.171_813_422_074_551_64,
            0.893_643_907_606_041,
            27_321.731_877_554_78,
            123_376.770_323_087_47,
        ],
    ),
    (
        0.6,
        0.05,
        500,
        1e-6,
        30.936_482_667_810_87,
        [
            18.507_266_470_966_485,
            3_843.708_581_099_507,
            42_922.802_654_702_726,
            176_274.037_656_150_67,
        ],
    ),
    (
        4.0,
        1.0,
        10,
        1e-5,
        3.627_851_872_825_227_4,
        [0.625, 2.5, 20.0, 80.0],
    ),
    (
        2.0,
        0.001,
        100_000,
        1e-7,
        0.834_269_525_815_394_7,
        [
            0.028_402_537_635_208_332,
            0.113_822_371_771_579_6,
            98_274.463_596_303_89,
            2_506_515.548_462_969_7,
        ],
    ),
    (
        30.0,
        0.5,
        50,
        1e-5,
        0.450_465_748_016_347_76,
        [
            0.013_894_676_997_525_113,
            0.055_671_515_208_500_55,
            0.452_422_738_127_520_26,
            1.913_418_534_879_054_7,
        ],
    ),
    (
        1.3,
        32.0 / 1_437.0,
        900,
        1e-4,
        2.483_818_730_796_141_2,
        [
            0.360_132_414_604_779_46,
            1.681_711_803_538_299,
            13_562.949_733_630_694,
            64_728.133_269_656_88,
        ],
    ),
];

fn assert_near(found: f64, expected: f64, within: f64) {
    assert!(
        (found / expected - 1.0).abs() <= within,
        "{found} for {expected}"
    );
}

#[test]
fn epsilons_are_the_published_ones() {
    for (noise, rate, steps, delta, epsilon, divergences) in PUBLISHED {
        let mechanism = mechanism(noise, rate);
        assert_near(mechanism.epsilon(steps, delta), epsilon, 1e-9);
        for (order, expected) in [2, 8, 64, 256].into_iter().zip(divergences) {
            assert_near(mechanism.divergence(order) * steps as f64, expected, 1e-9);
        }
    }
}

/// By the older, weaker conversion the tutorials' case comes to the 3.0 that they name.
#[test]
fn the_tutorials_case_by_the_older_conversion() {
    let mechanism = mechanism(1.1, 256.0 / 60_000.0);
    let epsilon = (2..=64)
        .map(|order| {
            let divergence = 14_100.0 * mechanism.divergence(order);
            divergence + (1e5f64).ln() / f64::from(order - 1)
        })
        .fold(f64::INFINITY, f64::min);
    assert!((2.9..3.1).contains(&epsilon), "{epsilon}");
}

#[test]
fn without_sampling_it_is_the_plain_gaussian() {
    for noise in [0.5, 1.0, 7.0] {
        for order in 2..=MAX_ORDER {
            let plain = f64::from(order) / (2.0 * noise * noise);
            assert_eq!(mechanism(noise, 1.0).divergence(order), plain);
            // And the sum comes to the same as the rate comes to 1.
            let almost = mechanism(noise, 1.0 - 1e-12).divergence(order);
            assert_near(almost, plain, 1e-6);
        }
    }
    // Orders out of range count as the nearest.
    let mechanism = mechanism(1.0, 0.1);
    assert_eq!(mechanism.divergence(0), mechanism.divergence(2));
    assert_eq!(
        mechanism.divergence(u32::MAX),
        mechanism.divergence(MAX_ORDER)
    );
}

#[test]
fn extremes_are_numbers() {
    for noise in [0.01, 1.0, 1e6] {
        for rate in [f64::MIN_POSITIVE, 1e-9, 0.5, 1.0] {
            let mechanism = mechanism(noise, rate);
            for steps in [0, 1, u64::MAX] {
                let epsilon = mechanism.epsilon(steps, 1e-5);
                assert!(epsilon >= 0.0, "{mechanism:?} {steps}: {epsilon}");
            }
            assert_eq!(mechanism.epsilon(0, 1e-5), 0.0);
        }
    }
    for (noise, rate) in [(0.0, 0.5), (f64::NAN, 0.5), (f64::INFINITY, 0.5)] {
        assert_eq!(SampledGaussian::new(noise, rate), Err(PrivacyError::Noise));
    }
    for rate in [0.0, -0.1, 1.1, f64::NAN] {
        assert_eq!(SampledGaussian::new(1.0, rate), Err(PrivacyError::Rate));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn more_noise_and_less_of_all_else_is_more_private(
        noise in 0.3f64..10.0,
        rate in 1e-4f64..0.9,
        steps in 1u64..10_000,
        delta in 1e-9f64..1e-3,
        more in 1.01f64..2.0,
    ) {
        let epsilon = mechanism(noise, rate).epsilon(steps, delta);
        prop_assert!(mechanism(noise * more, rate).epsilon(steps, delta) <= epsilon);
        prop_assert!(mechanism(noise, rate / more).epsilon(steps, delta) <= epsilon);
        prop_assert!(mechanism(noise, rate).epsilon(steps * 2, delta) >= epsilon);
        prop_assert!(mechanism(noise, rate).epsilon(steps, delta / more) >= epsilon);
    }

    #[test]
    fn the_noise_for_a_budget_is_just_enough(
        epsilon in 0.2f64..20.0,
        rate in 1e-3f64..0.5,
        steps in 1u64..5_000,
    ) {
        let budget = Budget { epsilon, delta: 1e-5 };
        let found = SampledGaussian::for_budget(budget, rate, steps).unwrap();
        prop_assert!(found.epsilon(steps, 1e-5) <= epsilon);
        let less = mechanism(found.noise_multiplier() * 0.999_99, rate);
        prop_assert!(less.epsilon(steps, 1e-5) > epsilon);
    }
}

#[test]
fn the_noise_for_the_tutorials_case() {
    let budget = Budget {
        epsilon: 2.600_718_138_942_519_4,
        delta: 1e-5,
    };
    let found = SampledGaussian::for_budget(budget, 256.0 / 60_000.0, 14_100).unwrap();
    assert_near(found.noise_multiplier(), 1.1, 2e-6);
}

#[test]
fn budgets_that_cannot_be_kept_are_refused() {
    let budget = |epsilon, delta| Budget { epsilon, delta };
    for bad in [
        budget(0.0, 1e-5),
        budget(f64::NAN, 1e-5),
        budget(f64::INFINITY, 1e-5),
        budget(1.0, 0.0),
        budget(1.0, 1.0),
        budget(1.0, f64::NAN),
    ] {
        assert_eq!(bad.check(), Err(PrivacyError::Budget));
        assert_eq!(Ledger::new(bad), Err(PrivacyError::Budget));
        let refused = SampledGaussian::for_budget(bad, 0.1, 1);
        assert_eq!(refused, Err(PrivacyError::Budget));
    }
    let tiny = SampledGaussian::for_budget(budget(1e-4, 1e-9), 1.0, u64::MAX);
    assert_eq!(tiny, Err(PrivacyError::NoNoiseIsEnough));
    // The least noise of all is enough for no step.
    let none = SampledGaussian::for_budget(budget(1.0, 1e-5), 0.1, 0).unwrap();
    assert_eq!(none.noise_multiplier(), 0.01);
}

#[test]
fn ledgers_keep_count_of_different_mechanisms() {
    let budget = Budget {
        epsilon: 3.0,
        delta: 1e-5,
    };
    let mut ledger = Ledger::new(budget).unwrap();
    assert_eq!((ledger.epsilon(), ledger.spent().len()), (0.0, 0));
    let (a, b) = (mechanism(1.1, 0.01), mechanism(2.0, 32.0 / 1_437.0));
    // Alone, the ledger and the accountant agree.
    let left = ledger.steps_left(&a);
    assert!(a.epsilon(left, 1e-5) <= 3.0 && a.epsilon(left + 1, 1e-5) > 3.0);
    let spend = |mechanism, steps| Spending { mechanism, steps };
    ledger.spend(spend(a, 500)).unwrap();
    assert_near(ledger.epsilon(), a.epsilon(500, 1e-5), 1e-12);

    // Together they cost more than each, and less than both in a row.
    ledger.spend(spend(b, 700)).unwrap();
    let each = [a.epsilon(500, 1e-5), b.epsilon(700, 1e-5)];
    assert!(ledger.epsilon() > each[0].max(each[1]) && ledger.epsilon() < each[0] + each[1]);

    // To the last step.
    let left = ledger.steps_left(&a);
    let too_many = ledger.clone().spend(spend(a, left + 1));
    assert_eq!(too_many, Err(PrivacyError::Exhausted { left }));
    ledger.spend(spend(a, left)).unwrap();
    assert!(ledger.epsilon() <= 3.0 + 1e-12, "{}", ledger.epsilon());
    assert_eq!(ledger.steps_left(&a), 0);
    assert_eq!(ledger.spent(), [spend(a, 500 + left), spend(b, 700)]);
}

#[test]
fn ledgers_are_stored_and_read() {
    let budget = Budget {
        epsilon: 3.0,
        delta: 1e-5,
    };
    let mut ledger = Ledger::new(budget).unwrap();
    let one = |rows: u32| Spending {
        mechanism: mechanism(1.1, 32.0 / f64::from(rows)),
        steps: 1,
    };
    // However often it is stored and read in between, the same mechanism is one entry.
    for _ in 0..10 {
        for rows in [1_437, 1_001, 77_777] {
            ledger.spend(one(rows)).unwrap();
        }
        let json = serde_json::to_string(&ledger).unwrap();
        let read: Ledger = serde_json::from_str(&json).unwrap();
        assert_near(read.epsilon(), ledger.epsilon(), 1e-12);
        ledger = read;
    }
    assert_eq!(ledger.spent().len(), 3);
    assert!(ledger.spent().iter().all(|spending| spending.steps == 10));

    let json = r#"{"budget":{"epsilon":3.0,"delta":1e-5},"spent":[{"mechanism":{"noise_multiplier":1.1,"sampling_rate":0.01},"steps":500}]}"#;
    let read: Ledger = serde_json::from_str(json).unwrap();
    assert_eq!(read.spent()[0].steps, 500);
    for (from, to) in [
        ("3.0", "-3.0"),
        ("1e-5", "1.0"),
        ("0.01", "0.0"),
        ("0.01", "1.5"),
        ("1.1", "0.0"),
        ("500", "-1"),
        ("\"steps\"", "\"curve\":[],\"steps\""),
    ] {
        let changed = json.replace(from, to);
        assert!(
            serde_json::from_str::<Ledger>(&changed).is_err(),
            "{changed}"
        );
    }
    // Spent beyond the budget: nothing is left, not even with overflowing numbers.
    let beyond = json.replace("500", "18446744073709551615");
    let beyond: Ledger = serde_json::from_str(&beyond).unwrap();
    assert_eq!(beyond.steps_left(&mechanism(1.1, 0.01)), 0);
    assert!(beyond.epsilon() > 3.0);

    let many: Vec<_> = (0..=MAX_SPENDINGS).map(|n| one(100 + n as u32)).collect();
    let large = Budget {
        epsilon: 1e3,
        ..budget
    };
    let json =
        |spent: &[Spending]| serde_json::json!({ "budget": large, "spent": spent }).to_string();
    let mut full: Ledger = serde_json::from_str(&json(&many[1..])).unwrap();
    assert!(serde_json::from_str::<Ledger>(&json(&many)).is_err());
    assert_eq!(full.spend(many[0]), Err(PrivacyError::TooManySpendings));
    full.spend(many[1]).unwrap();
}

fn digits() -> (Model, Dataset, Dataset) {
    let schema = r#"{
        "inputs": [{"name": "pixels", "kind": {"vector": {"length": 64, "range": {"low": 0, "high": 16000000}}}}],
        "output": {"name": "digit", "kind": {"category": {"classes": ["0","1","2","3","4","5","6","7","8","9"]}}}
    }"#;
    let architecture =
        r#"{"input":[64],"layers":[{"dense":{"units":10}}],"head":"softmax_cross_entropy"}"#;
    let architecture: Architecture = serde_json::from_str(architecture).unwrap();
    let path = format!("{}/../../data/digits.csv", env!("CARGO_MANIFEST_DIR"));
    let data = load_csv(
        File::open(path).unwrap(),
        &serde_json::from_str(schema).unwrap(),
    )
    .unwrap();
    let (training, validation) = data.split(0.8, 1).unwrap();
    let parameters = Parameters::initialise(&architecture, 1).unwrap();
    let model = Model::new(architecture, parameters).unwrap();
    (model, training, validation)
}

fn private_options() -> TrainOptions {
    let sgd = Optimiser::Sgd {
        learning_rate: 1.0,
        momentum: 0.0,
    };
    TrainOptions {
        privacy: Some(Privacy {
            clip_norm: 1.0,
            noise_multiplier: 2.0,
        }),
        ..TrainOptions::new(sgd, 128, 20, 3)
    }
}

#[test]
fn digits_are_learned_privately() {
    let (model, training, validation) = digits();
    let options = private_options();
    let spending = options.spending(training.rows()).unwrap();
    assert_eq!(spending.steps, 20 * 12);
    let epsilon = spending.mechanism.epsilon(spending.steps, 1e-4);
    assert!((3.0..3.6).contains(&epsilon), "{epsilon}");

    let run = |key| {
        let key = NoiseKey::new([key; 32]);
        let go_on = |_| ControlFlow::Continue(());
        train_privately(&model, &training, &options, key, go_on).unwrap()
    };
    let trained = run(1);
    let error = evaluate(&trained.model, &validation, Metric::ErrorRate).unwrap();
    assert!(error <= 150_000_000, "{}", Metric::ErrorRate.show(error));
    assert!(trained.progress.loss > 0.0 && trained.progress.held_out.is_none());
    // The same for the same key only.
    assert_eq!(run(1), trained);
    assert_ne!(run(2).model, trained.model);
}

#[test]
fn keys_and_privacy_belong_together() {
    let (model, training, _) = digits();
    let options = private_options();
    let refused = train(&model, &training, &options, |_| ControlFlow::Continue(()));
    assert_eq!(refused, Err(TrainError::NoNoiseKey));
    let plain = TrainOptions {
        privacy: None,
        ..options
    };
    assert_eq!(plain.spending(100), None);
    let refused = train_privately(&model, &training, &plain, NoiseKey::new([1; 32]), |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(refused, Err(TrainError::NoPrivacy));
}

#[test]
fn batches_larger_than_the_data_take_every_row() {
    let (model, training, _) = digits();
    let few = training.select(&[0, 1, 2]).unwrap();
    let options = TrainOptions {
        batch_size: 64,
        epochs: 2,
        ..private_options()
    };
    let spending = options.spending(3).unwrap();
    assert_eq!(spending.mechanism.sampling_rate(), 1.0);
    assert_eq!(spending.steps, 2);
    let key = NoiseKey::new([1; 32]);
    let trained = train_privately(&model, &few, &options, key, |_| ControlFlow::Continue(()));
    assert!(trained.unwrap().progress.loss > 0.0);
}
