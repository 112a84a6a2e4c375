//! Receipts: runs are repeated to the last bit, and what departs from them is found.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use safetensors::SafeTensors;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use syft::{
    max_blob_size, max_header_size, train, train_with_receipt, Architecture, Dataset, Decay,
    Divergence, EarlyStopping, Model, Optimiser, Parameters, Privacy, Progress, Receipt,
    ReceiptError, Schedule, TrainError, TrainOptions, Trained, MAX_CHECKPOINTS, MAX_RECEIPT,
};
use syft_data::load_csv;

static DIGITS: LazyLock<(Model, Dataset)> = LazyLock::new(|| {
    let schema = r#"{
        "inputs": [{"name": "pixels", "kind": {"vector": {"length": 64, "range": {"low": 0, "high": 16000000}}}}],
        "output": {"name": "digit", "kind": {"category": {"classes": ["0","1","2","3","4","5","6","7","8","9"]}}}
    }"#;
    let path = format!("{}/../../data/digits.csv", env!("CARGO_MANIFEST_DIR"));
    let data = load_csv(
        File::open(path).unwrap(),
        &serde_json::from_str(schema).unwrap(),
    )
    .unwrap();
    let few = data.select(&(0..200).collect::<Vec<_>>()).unwrap();
    (model(12, 1), few)
});

fn model(units: u32, seed: u64) -> Model {
    let layers = format!(r#"[{{"dense":{{"units":{units}}}}},"relu",{{"dense":{{"units":10}}}}]"#);
    let architecture =
        format!(r#"{{"input":[64],"layers":{layers},"head":"softmax_cross_entropy"}}"#);
    let architecture: Architecture = serde_json::from_str(&architecture).unwrap();
    let parameters = Parameters::initialise(&architecture, seed).unwrap();
    Model::new(architecture, parameters).unwrap()
}

fn options(epochs: u32) -> TrainOptions {
    let adam = Optimiser::Adam {
        learning_rate: 0.005,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };
    TrainOptions {
        clip_norm: Some(1.0),
        weight_decay: 0.01,
        schedule: Schedule {
            warm_up_steps: 5,
            decay: Decay::Cosine { last: 0.1 },
        },
        ..TrainOptions::new(adam, 32, epochs, 3)
    }
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn stop_after(epoch: u32) -> impl FnMut(Progress) -> ControlFlow<()> {
    move |now| match now.epoch == epoch {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

fn trained(options: &TrainOptions) -> (Trained, Receipt) {
    train_with_receipt(&DIGITS.0, &DIGITS.1, options, go_on).unwrap()
}

fn verify(receipt: &Receipt) -> Result<(), Divergence> {
    receipt.verify(&DIGITS.0, &DIGITS.1, go_on)
}

/// The receipt with one change to its JSON.
fn changed(receipt: &Receipt, from: &str, to: &str) -> Receipt {
    let json = receipt.to_json();
    assert!(json.contains(from), "{json}");
    Receipt::from_json(&json.replacen(from, to, 1)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn runs_are_repeated_from_their_receipts() {
    let (trained, receipt) = trained(&options(5));
    let (model, data) = &*DIGITS;
    // The receipt says what happened, and changes nothing about it.
    let same = train(model, data, &options(5), go_on).unwrap();
    assert_eq!(same, trained);
    assert_eq!(receipt.data, data.hash());
    assert_eq!(receipt.start, model.parameters().hash());
    assert_eq!(receipt.result, trained.model.parameters().hash());
    assert_eq!((&receipt.options, receipt.epochs), (&options(5), 5));
    let epochs: Vec<_> = receipt.checkpoints().map(|(epoch, _)| epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4, 5]);
    assert_eq!(receipt.checkpoints().last().unwrap().1, receipt.result);

    let read = Receipt::from_json(&receipt.to_json()).unwrap();
    assert_eq!(read, receipt);
    let mut looks = 0;
    let repeated = read.verify(model, data, |_| {
        looks += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((repeated, looks), (Ok(()), 5));
}

/// Whatever the machine: the whole receipt is part of the definition.
#[test]
fn a_receipt_to_the_last_bit() {
    let plain = Optimiser::Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    let (_, receipt) = trained(&TrainOptions::new(plain, 32, 2, 3));
    assert_eq!(receipt.to_json(), include_str!("receipt.json").trim_end());
}

#[test]
fn long_runs_have_32_even_checkpoints() {
    let (_, receipt) = trained(&TrainOptions {
        batch_size: 200,
        ..options(50)
    });
    let epochs: Vec<_> = receipt.checkpoints().map(|(epoch, _)| epoch).collect();
    assert_eq!(epochs.len(), MAX_CHECKPOINTS as usize);
    assert_eq!((&epochs[..4], epochs[31]), (&[1, 3, 4, 6][..], 50));
    assert!(epochs
        .windows(2)
        .all(|two| (1..=2).contains(&(two[1] - two[0]))));
    assert_eq!(verify(&receipt), Ok(()));
}

#[test]
fn runs_that_end_early_have_receipts_too() {
    let (model, data) = &*DIGITS;
    // By the one who trains.
    let (stopped, receipt) = train_with_receipt(model, data, &options(40), stop_after(3)).unwrap();
    assert_eq!((stopped.progress.epoch, receipt.epochs), (3, 3));
    assert_eq!(receipt.checkpoints().count(), 3);
    assert_eq!(verify(&receipt), Ok(()));

    // By rows that are held out; the result is then not the last epoch's model.
    let stopping = TrainOptions {
        early_stopping: Some(EarlyStopping {
            held_out: 0.3,
            patience: 2,
        }),
        schedule: Schedule::default(),
        ..options(1_000)
    };
    let (best, receipt) = trained(&stopping);
    let held_out = best.progress.held_out.unwrap();
    assert_eq!(held_out.best_epoch + 2, receipt.epochs);
    assert!(receipt.epochs < 100);
    assert_eq!(verify(&receipt), Ok(()));
    assert_eq!(Receipt::from_json(&receipt.to_json()).unwrap(), receipt);

    // One that claims to have gone on.
    let ended = receipt.epochs;
    let agreed = receipt.checkpoints().last().map_or(0, |(epoch, _)| epoch);
    let longer = changed(
        &receipt,
        &format!(r#""epochs":{ended},"checkpoints""#),
        &format!(r#""epochs":{},"checkpoints""#, ended + 1),
    );
    let gone_on = Divergence::Between {
        agreed,
        differs: ended + 1,
    };
    assert_eq!(verify(&longer), Err(gone_on));
}

#[test]
fn whatever_differs_is_named() {
    let (model, data) = &*DIGITS;
    let (_, receipt) = trained(&options(40));

    let other = data.select(&(1..200).collect::<Vec<_>>()).unwrap();
    assert_eq!(receipt.verify(model, &other, go_on), Err(Divergence::Data));
    let wider = self::model(13, 1);
    assert_eq!(
        receipt.verify(&wider, data, go_on),
        Err(Divergence::Architecture)
    );
    let start = self::model(12, 2);
    assert_eq!(receipt.verify(&start, data, go_on), Err(Divergence::Start));

    let between = |agreed, differs| Err(Divergence::Between { agreed, differs });
    for (from, to) in [
        ("\"seed\":3", "\"seed\":4"),
        ("\"clip_norm\":1.0", "\"clip_norm\":0.1"),
        ("\"learning_rate\":0.005", "\"learning_rate\":0.006"),
        ("\"batch_size\":32", "\"batch_size\":31"),
        ("\"weight_decay\":0.01", "\"weight_decay\":0.02"),
    ] {
        assert_eq!(verify(&changed(&receipt, from, to)), between(0, 1), "{to}");
    }
    // Numbers that run away in the first steps.
    let sgd = Optimiser::Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    let (_, tame) = trained(&TrainOptions::new(sgd, 32, 1, 3));
    let wild = changed(&tame, r#""learning_rate":0.1"#, r#""learning_rate":1e30"#);
    assert!(train(model, data, &wild.options, go_on).is_err());
    assert_eq!(verify(&wild), between(0, 1));

    // One checkpoint: the first that disagrees, and nothing after it is computed.
    let all: Vec<_> = receipt.checkpoints().collect();
    let (at, hash) = all[20];
    let mut last = 0;
    let forged = changed(&receipt, &hex(&hash), &"ab".repeat(32));
    let found = forged.verify(model, data, |now| {
        last = now.epoch;
        ControlFlow::Continue(())
    });
    assert_eq!(found, between(all[19].0, at));
    assert_eq!(last, at - 1);

    let result = changed(
        &receipt,
        &format!("\"result\":\"{}\"", hex(&receipt.result)),
        &format!("\"result\":\"{}\"", "cd".repeat(32)),
    );
    assert_eq!(verify(&result), Err(Divergence::Result));
}

#[test]
fn a_repetition_can_be_stopped() {
    let (model, data) = &*DIGITS;
    let (_, receipt) = trained(&options(40));
    let stopped = receipt.verify(model, data, stop_after(3));
    let expected = Divergence::Stopped {
        epoch: 3,
        agreed: 3,
    };
    assert_eq!(stopped, Err(expected));
    // In the last epoch everything has been seen.
    assert_eq!(receipt.verify(model, data, stop_after(40)), Ok(()));
}

#[test]
fn options_that_cannot_be_run_are_named() {
    let (model, data) = &*DIGITS;
    let (_, receipt) = trained(&options(2));
    // Fine in itself, but not with 200 rows.
    let stopping = changed(
        &receipt,
        "\"seed\":3",
        "\"seed\":3,\"early_stopping\":{\"held_out\":0.0001,\"patience\":1}",
    );
    let refused = stopping.verify(model, data, go_on);
    assert!(
        matches!(
            refused,
            Err(Divergence::Run(TrainError::Option {
                option: "held_out",
                ..
            }))
        ),
        "{refused:?}"
    );
    // Private runs have none.
    let private = TrainOptions {
        privacy: Some(Privacy {
            clip_norm: 1.0,
            noise_multiplier: 1.0,
        }),
        ..options(2)
    };
    let refused = train_with_receipt(model, data, &private, go_on);
    assert_eq!(refused, Err(TrainError::PrivateReceipt));
}

#[test]
fn malformed_receipts_are_refused() {
    let (_, receipt) = trained(&options(40));
    let json = receipt.to_json();
    let hash = hex(&receipt.data);
    for (from, to) in [
        ("syft-receipt-1", "syft-receipt-2".to_string()),
        ("\"data\"", "\"date\"".into()),
        ("\"start\":", "\"more\":1,\"start\":".into()),
        ("\"epochs\":40,\"check", "\"epochs\":0,\"check".into()),
        ("\"epochs\":40,\"check", "\"epochs\":41,\"check".into()),
        ("\"epochs\":40,\"check", "\"epochs\":38,\"check".into()),
        ("\"checkpoints\":[", "\"checkpoints\":[\"\",".into()),
        ("\"batch_size\":32", "\"batch_size\":0".into()),
        (
            "\"seed\":3",
            "\"seed\":3,\"privacy\":{\"clip_norm\":1.0,\"noise_multiplier\":1.0}".into(),
        ),
        (&hash, hash.to_uppercase()),
        (&hash, hash[1..].into()),
        (&hash, format!("{}é", &hash[2..])),
        (&hash, format!("{hash}00")),
    ] {
        assert!(json.contains(from), "{from}");
        let bad = Receipt::from_json(&json.replacen(from, &to, 1));
        assert!(matches!(bad, Err(ReceiptError::Malformed { .. })), "{to}");
    }
    let long = json + &" ".repeat(MAX_RECEIPT);
    assert!(matches!(
        Receipt::from_json(&long),
        Err(ReceiptError::Size { .. })
    ));
}

#[test]
fn receipts_travel_with_the_model() {
    let (trained, receipt) = trained(&options(40));
    let (architecture, parameters) = (trained.model.architecture(), trained.model.parameters());
    let bytes = parameters.to_safetensors_with(&receipt);
    assert!(bytes.len() as u64 <= max_blob_size(&architecture.plan().unwrap()));
    assert_eq!(
        Receipt::read_from(&bytes[..]).unwrap(),
        Some(receipt.clone())
    );

    // The parameters are the same, and so is their hash.
    let read = Parameters::from_safetensors(architecture, &bytes).unwrap();
    assert_eq!(&read, parameters);
    assert_eq!(read.hash(), receipt.result);
    assert_eq!(
        Receipt::read_from(&read.to_safetensors()[..]).unwrap(),
        None
    );

    // The ecosystem's library reads both.
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    assert_eq!(metadata["format"], "pt");
    assert_eq!(metadata["receipt"], receipt.to_json());
    assert_eq!(SafeTensors::deserialize(&bytes).unwrap().len(), 4);
}

/// As many checkpoints, and options as long, as can be: there is still room in the smallest header.
#[test]
fn the_longest_receipt_has_room() {
    let digits = -1.175_494_4e-38f32;
    let longest = TrainOptions {
        optimiser: Optimiser::Adam {
            learning_rate: -digits,
            beta1: -digits,
            beta2: -digits,
            epsilon: -digits,
        },
        batch_size: u32::MAX,
        seed: u64::MAX,
        clip_norm: Some(-digits),
        weight_decay: -digits,
        schedule: Schedule {
            warm_up_steps: u32::MAX,
            decay: Decay::Step {
                every: u32::MAX,
                factor: -digits,
            },
        },
        early_stopping: Some(EarlyStopping {
            held_out: -digits,
            patience: u32::MAX,
        }),
        ..options(1_000_000)
    };
    longest.check().unwrap();
    let hash = "ef".repeat(32);
    let json = format!(
        r#"{{"version":"syft-receipt-1","data":"{hash}","architecture":"{hash}","start":"{hash}","result":"{hash}","options":{},"epochs":1000000,"checkpoints":["{}"]}}"#,
        serde_json::to_string(&longest).unwrap(),
        vec![hash.clone(); 32].join("\",\"")
    );
    assert!(json.len() <= MAX_RECEIPT, "{}", json.len());
    let receipt = Receipt::from_json(&json).unwrap();
    assert_eq!(receipt.to_json(), json);
    let one = r#"{"input":[1],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    let one: Architecture = serde_json::from_str(one).unwrap();
    let bytes = Parameters::initialise(&one, 1)
        .unwrap()
        .to_safetensors_with(&receipt);
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    // Much room is left for other programs' metadata.
    assert!(
        header + 3_000 < max_header_size(&one.plan().unwrap()),
        "{header}"
    );
    assert!(Parameters::from_safetensors(&one, &bytes).is_ok());
}

#[test]
fn hostile_files_are_refused() {
    let file = |length: u64, header: &str| [&length.to_le_bytes(), header.as_bytes()].concat();
    let read = |bytes: &[u8]| Receipt::read_from(bytes);
    assert!(matches!(read(b"short"), Err(ReceiptError::Io(_))));
    for (length, header) in [
        (u64::MAX, "{}"),
        (1 << 20, "{}"),
        (10, "7"),
        (1, "{}"),
        (38, r#"{"__metadata__":{"receipt":{"a":"b"}}}"#),
        (37, r#"{"__metadata__":{},"__metadata__":{}}"#),
        (31, r#"{"__metadata__":{"receipt":""}}"#),
    ] {
        let found = read(&file(length, header));
        assert!(
            matches!(found, Err(ReceiptError::Malformed { .. })),
            "{header}"
        );
    }
    // Other people's files have none; what follows the header is not read.
    for (length, header) in [
        (2, "{}"),
        (2, "{}garbage"),
        (40, r#"{"__metadata__":{"format":"pt"},"a":[1]}"#),
    ] {
        assert!(matches!(read(&file(length, header)), Ok(None)), "{header}");
    }
}

proptest! {
    #[test]
    fn options_keep_every_bit_in_json(bits in proptest::array::uniform4(0u32..0x7f80_0000)) {
        let [learning_rate, epsilon, clip, decay] = bits.map(f32::from_bits);
        let options = TrainOptions {
            clip_norm: Some(clip),
            weight_decay: decay,
            ..TrainOptions::new(
                Optimiser::Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon },
                1,
                1,
                1,
            )
        };
        let json = serde_json::to_string(&options).unwrap();
        prop_assert_eq!(serde_json::from_str::<TrainOptions>(&json).unwrap(), options);
    }

    #[test]
    fn changed_receipts_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let (trained, receipt) = trained(&options(3));
            trained.model.parameters().to_safetensors_with(&receipt)
        });
        let mut bytes = BYTES.clone();
        let at = at.index(1_500);
        bytes[at] = byte;
        let _ = Receipt::read_from(&bytes[..]);
        let _ = Parameters::from_safetensors(DIGITS.0.architecture(), &bytes);
    }
}
