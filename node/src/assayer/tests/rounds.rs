//! Rounds: models `y = w x + b` on the single row `x = 1, y = 1`, so with `b = 0` their error is
//! `(w - 1)^2`.

use super::*;
use sonar_primitives::{
    assay::{AcceptedRound, RoundVerdict, RoundWork, SeatShare},
    recipe::{Point, Recipe, RecipeStep},
};
use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

fn line() -> Architecture {
    let json = r#"{"input":[1],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#;
    serde_json::from_str(json).unwrap()
}

/// The model with this weight and no bias.
fn weight(w: f32) -> Parameters {
    parameters_of(&line(), &[w, 0.0])
}

/// A blob of the gradient that adds this to the weight.
fn step(blobs: &MemoryBlobs, by: f32) -> BlobHash {
    let gradient = Gradient::between(&weight(0.0), &weight(by)).unwrap();
    blobs.put(gradient.encode(Encoding::DenseF32))
}

/// A gradient on the model in this place of the recipe.
fn on(base: u32, gradient: BlobHash) -> Point {
    Point { base, gradient }
}

fn stored(blobs: &MemoryBlobs, model: &Parameters) -> RecipeStep {
    RecipeStep::Stored {
        parameters: blobs.put(model.to_safetensors()),
    }
}

/// A round whose best model is the last one of the recipe.
fn round(
    blobs: &MemoryBlobs,
    recipe: Recipe,
    best_error: u64,
    gradients: Vec<Point>,
) -> AssayRequest {
    let json = r#"{
        "inputs": [{"name": "x", "kind": {"number": {}}}],
        "output": {"name": "y", "kind": {"number": {}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    let set = load_csv("x,y\n1,1\n".as_bytes(), &schema).unwrap();
    AssayRequest {
        architecture: line(),
        metric: Metric::MeanSquaredError,
        validation: blobs.put(set.encode()),
        rows: 1,
        work: AssayWork::Round(RoundWork {
            best: recipe.len() as u32 - 1,
            recipe,
            best_error,
            target: 0,
            minimum_step: 1,
            seats: 4,
            gradients,
        }),
    }
}

fn work(request: &mut AssayRequest) -> &mut RoundWork {
    match &mut request.work {
        AssayWork::Round(work) => work,
        AssayWork::Root { .. } => panic!("not a round's"),
    }
}

/// The verdict on a round with these malformed gradients, if it was accepted with this error, model,
/// best set and seats.
fn verdict(malformed: &[u8], accepted: Option<AcceptedRound>) -> AssayOutcome {
    AssayOutcome::Verdict(Verdict::Round(RoundVerdict {
        malformed: malformed.to_vec().try_into().unwrap(),
        accepted,
    }))
}

fn accepted(
    error: u64,
    model: &Parameters,
    best_set: &[u8],
    with_previous: bool,
    seats: &[(u8, u128)],
) -> Option<AcceptedRound> {
    let seats = seats
        .iter()
        .map(|&(place, share)| SeatShare { place, share });
    Some(AcceptedRound {
        error,
        parameters: H256(model.hash()),
        best_set: best_set.to_vec().try_into().unwrap(),
        with_previous,
        seats: seats.collect::<Vec<_>>().try_into().unwrap(),
    })
}

/// From weight 0 to 0.5, to 1.5, and nowhere.
fn three(blobs: &MemoryBlobs) -> AssayRequest {
    let recipe = vec![stored(blobs, &weight(0.0))];
    let gradients = [0.5, 1.5, 0.0].map(|by| on(0, step(blobs, by)));
    round(blobs, recipe, 1_000_000, gradients.to_vec())
}

/// The first two meet at 1, where the error is 0; alone they come to 0.25 and, with the model that
/// was the best, to 0.0625. Worth 0.75 and 0.9375 alone and 1 together, times 3!.
fn three_accepted() -> Option<AcceptedRound> {
    accepted(
        0,
        &weight(1.0),
        &[0, 1],
        false,
        &[(0, 2_437_500), (1, 3_562_500), (2, 0)],
    )
}

#[test]
fn a_round_of_three_is_measured() {
    let blobs = MemoryBlobs::default();
    assert_eq!(
        evaluate(&assayer(&blobs), &three(&blobs)),
        verdict(&[], three_accepted())
    );
}

#[test]
fn the_rules_of_the_request_count() {
    let blobs = MemoryBlobs::default();
    let with = |change: &dyn Fn(&mut RoundWork)| {
        let mut request = three(&blobs);
        change(work(&mut request));
        evaluate(&assayer(&blobs), &request)
    };
    // What is below the target is worth no more than it.
    assert_eq!(
        with(&|work| work.target = 62_500),
        verdict(
            &[],
            accepted(
                0,
                &weight(1.0),
                &[0, 1],
                false,
                &[(0, 2_250_000), (1, 3_375_000), (2, 0)]
            )
        )
    );
    // One seat: the least error alone is that of the mean of 1.5 and 0.
    assert_eq!(
        with(&|work| work.seats = 1),
        verdict(
            &[],
            accepted(62_500, &weight(0.75), &[1], true, &[(1, 937_500)])
        )
    );
    // Nothing is said of a round that is not accepted.
    assert_eq!(
        with(&|work| work.minimum_step = 1_000_001),
        verdict(&[], None)
    );
    assert_ne!(
        with(&|work| work.minimum_step = 1_000_000),
        verdict(&[], None)
    );
}

/// Gradients that lead nowhere: no gradient, one with an infinity, one that is too large for its base.
fn malformed_gradients(blobs: &MemoryBlobs) -> [BlobHash; 3] {
    let gradient = Gradient::between(&weight(0.0), &weight(1.0)).unwrap();
    let bytes = gradient.encode(Encoding::DenseF32);
    let mut infinite = bytes[..bytes.len() - 4].to_vec();
    infinite.extend(f32::INFINITY.to_le_bytes());
    [
        blobs.put(b"garbage".to_vec()),
        blobs.put(infinite),
        step(blobs, f32::MAX),
    ]
}

#[test]
fn malformed_gradients_keep_their_places_and_change_nothing_else() {
    let blobs = MemoryBlobs::default();
    let mut request = three(&blobs);
    let large = stored(&blobs, &weight(f32::MAX));
    let [garbage, infinite, too_large] = malformed_gradients(&blobs);
    let work = work(&mut request);
    // The large model comes first, the best one remains the last.
    work.recipe.insert(0, large);
    work.best = 1;
    let [first, second, third] = [0, 1, 2].map(|place| on(1, work.gradients[place].gradient));
    work.gradients = vec![
        on(1, garbage),
        first,
        on(0, too_large),
        on(1, infinite),
        second,
        third,
    ];
    assert_eq!(
        evaluate(&assayer(&blobs), &request),
        verdict(
            &[0, 2, 3],
            accepted(
                0,
                &weight(1.0),
                &[1, 4],
                false,
                &[(1, 2_437_500), (4, 3_562_500), (5, 0)],
            )
        )
    );
}

#[test]
fn a_round_of_malformed_gradients_only_is_not_accepted() {
    let blobs = MemoryBlobs::default();
    let mut request = three(&blobs);
    let [garbage, infinite, _] = malformed_gradients(&blobs);
    work(&mut request).gradients = vec![on(0, infinite), on(0, garbage)];
    assert_eq!(evaluate(&assayer(&blobs), &request), verdict(&[0, 1], None));
}

/// A model that computes no number is worth nothing, and spoils no other's.
#[test]
fn a_point_that_overflows_is_not_malformed() {
    let blobs = MemoryBlobs::default();
    let mut request = three(&blobs);
    let large = parameters_of(&line(), &[f32::MAX, f32::MAX]);
    let large = Gradient::between(&weight(0.0), &large).unwrap();
    let large = blobs.put(large.encode(Encoding::DenseF32));
    work(&mut request).gradients[2] = on(0, large);
    assert_eq!(
        evaluate(&assayer(&blobs), &request),
        verdict(&[], three_accepted())
    );
}

/// A branch of three models, of which only the first is stored, and a round on all three of them.
struct Branch {
    recipe: Recipe,
    models: [Parameters; 3],
    gradients: Vec<Point>,
}

fn branch(blobs: &MemoryBlobs) -> Branch {
    let [one, two, three, four] = [0.5, 0.25, -0.375, 0.0625].map(|by| step(blobs, by));
    let root = weight(-1.0);
    let add = |model: &Parameters, by: f32| {
        let gradient = Gradient::between(&weight(0.0), &weight(by)).unwrap();
        gradient.apply(model).unwrap()
    };
    // Without the previous best model, and with it; of members with one base, and with several.
    let second = Parameters::mean(&[&add(&root, 0.5), &add(&root, 0.25)]).unwrap();
    let third = Parameters::mean(&[&add(&root, -0.375), &add(&second, 0.0625), &second]).unwrap();
    Branch {
        recipe: vec![
            stored(blobs, &root),
            RecipeStep::Merged {
                members: vec![on(0, one), on(0, two)],
                previous: None,
                parameters: H256(second.hash()),
            },
            RecipeStep::Merged {
                members: vec![on(0, three), on(1, four)],
                previous: Some(1),
                parameters: H256(third.hash()),
            },
        ],
        models: [root, second, third],
        gradients: [1.5, 2.0, 1.75]
            .into_iter()
            .enumerate()
            .map(|(base, by)| on(base as u32, step(blobs, by)))
            .collect(),
    }
}

#[test]
fn bases_are_built_again() {
    let blobs = MemoryBlobs::default();
    let Branch {
        recipe,
        models,
        gradients,
    } = branch(&blobs);
    let built = round(&blobs, recipe, 4_000_000, gradients.clone());
    let all_stored = models.iter().map(|model| stored(&blobs, model)).collect();
    let read = round(&blobs, all_stored, 4_000_000, gradients);
    let outcome = evaluate(&assayer(&blobs), &built);
    assert_eq!(outcome, evaluate(&assayer(&blobs), &read));
    let AssayOutcome::Verdict(Verdict::Round(verdict)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(verdict.accepted.is_some());
}

#[test]
fn what_was_built_before_is_not_built_again() {
    let blobs = MemoryBlobs::default();
    let Branch {
        recipe, gradients, ..
    } = branch(&blobs);
    let assayer = assayer(&blobs);
    let first = round(&blobs, recipe.clone(), 4_000_000, gradients[..1].to_vec());
    evaluate(&assayer, &first);
    blobs.asked();
    let next = round(&blobs, recipe, 4_000_000, gradients[1..].to_vec());
    let outcome = evaluate(&assayer, &next);
    let mut asked = blobs.asked();
    asked.sort();
    let mut new: Vec<_> = gradients[1..].iter().map(|point| point.gradient).collect();
    new.sort();
    assert_eq!(asked, new);
    // Who knows nothing comes to the same.
    assert_eq!(evaluate(&self::assayer(&blobs), &next), outcome);
}

#[test]
fn the_accepted_model_is_known_in_the_next_round() {
    let blobs = MemoryBlobs::default();
    let first = three(&blobs);
    let assayer = assayer(&blobs);
    evaluate(&assayer, &first);
    blobs.asked();
    let AssayWork::Round(RoundWork {
        mut recipe,
        gradients,
        ..
    }) = first.work
    else {
        panic!("not a round's");
    };
    recipe.push(RecipeStep::Merged {
        members: gradients[..2].to_vec(),
        previous: None,
        parameters: H256(weight(1.0).hash()),
    });
    let gradient = step(&blobs, 0.125);
    let next = round(&blobs, recipe, 1_000_000, vec![on(1, gradient)]);
    let outcome = evaluate(&assayer, &next);
    assert_eq!(blobs.asked(), [gradient]);
    // Half way between 1 and 1.125: 0.0625^2, in millionths.
    assert_eq!(
        outcome,
        verdict(
            &[],
            accepted(3_906, &weight(1.0625), &[0], true, &[(0, 996_094)])
        )
    );
}

#[test]
fn what_is_not_here_is_waited_for() {
    let blobs = MemoryBlobs::default();
    let Branch {
        recipe, gradients, ..
    } = branch(&blobs);
    let RecipeStep::Merged { members, .. } = &recipe[2] else {
        panic!("not merged");
    };
    let missing = [members[0].gradient, gradients[1].gradient];
    let request = round(&blobs, recipe.clone(), 4_000_000, gradients.clone());
    let expected = evaluate(&assayer(&blobs), &request);
    for blob in missing {
        let bytes = blobs.blobs.lock().unwrap().remove(&blob).unwrap();
        let assayer = assayer(&blobs);
        for _ in 0..2 {
            assert_eq!(
                evaluate(&assayer, &request),
                AssayOutcome::Unavailable(blob)
            );
        }
        blobs.put(bytes);
        assert_eq!(evaluate(&assayer, &request), expected);
    }
}

/// The chain asks for none of these; a node that is asked nevertheless says nothing of the round.
#[test]
fn what_cannot_be_is_a_failure_of_the_node() {
    let blobs = MemoryBlobs::default();
    let good = three(&blobs);
    let garbage = blobs.put(b"garbage".to_vec());
    let root = blobs.put(parameters(PERFECT).to_safetensors());
    let changes: [&dyn Fn(&mut AssayRequest); 10] = [
        &|r| r.rows = 2,
        &|r| r.validation = garbage,
        &|r| r.metric = Metric::ErrorRate,
        &|r| r.architecture = architecture(2),
        &|r| work(r).best = 1,
        &|r| work(r).gradients[1].base = 1,
        &|r| work(r).recipe = vec![],
        &|r| work(r).recipe = vec![RecipeStep::Stored { parameters: root }],
        &|r| {
            let members = work(r).gradients.clone();
            work(r).recipe.push(RecipeStep::Merged {
                members,
                previous: None,
                parameters: H256::repeat_byte(9),
            })
        },
        &|r| work(r).gradients = vec![work(r).gradients[0]; 257],
    ];
    let assayer = assayer(&blobs);
    for (position, change) in changes.into_iter().enumerate() {
        let mut request = good.clone();
        change(&mut request);
        assert_eq!(
            evaluate(&assayer, &request),
            AssayOutcome::Failed,
            "change {position}"
        );
    }
    assert_eq!(evaluate(&assayer, &good), verdict(&[], three_accepted()));
}

/// A round large enough for several threads: 300 rows of 64 values in layers of 64 and 10.
fn large(blobs: &MemoryBlobs, count: u64) -> AssayRequest {
    let json = r#"{
        "inputs": [{"name": "x", "kind": {"vector": {"length": 64}}}],
        "output": {"name": "y", "kind": {"category": {"classes": ["a", "b", "c"]}}}
    }"#;
    let schema: Schema = serde_json::from_str(json).unwrap();
    let header: Vec<_> = (0..64).map(|column| format!("x_{column}")).collect();
    let mut csv = format!("{},y\n", header.join(","));
    for row in 0..300u32 {
        for column in 0..64 {
            csv.push_str(&format!("{},", (row * 31 + column * column * 7) % 17));
        }
        csv.push_str(&format!("{}\n", ["a", "b", "c"][row as usize % 3]));
    }
    let set = load_csv(csv.as_bytes(), &schema).unwrap();
    let json = r#"{
        "input": [64],
        "layers": [{"dense": {"units": 64}}, "relu", {"dense": {"units": 3}}],
        "head": "softmax_cross_entropy"
    }"#;
    let architecture: Architecture = serde_json::from_str(json).unwrap();
    let start = |seed| Parameters::initialise(&architecture, seed).unwrap();
    let recipe = vec![stored(blobs, &start(0))];
    let gradients = (1..=count).map(|seed| {
        let gradient = Gradient::between(&start(0), &start(seed)).unwrap();
        on(0, blobs.put(gradient.encode(Encoding::Int8Blocks)))
    });
    AssayRequest {
        architecture: architecture.clone(),
        metric: Metric::ErrorRate,
        validation: blobs.put(set.encode()),
        rows: 300,
        ..round(blobs, recipe, 1_000_000_000, gradients.collect())
    }
}

#[test]
fn threads_and_caches_change_nothing() {
    let blobs = MemoryBlobs::default();
    let mut requests = vec![three(&blobs), large(&blobs, 7), large(&blobs, 12)];
    let Branch {
        recipe, gradients, ..
    } = branch(&blobs);
    requests.push(round(&blobs, recipe, 4_000_000, gradients));
    let cold = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let evaluate_each = || -> Vec<_> {
            let each = requests.iter();
            each.map(|request| evaluate(&assayer_with(&blobs, threads), request))
                .collect()
        };
        pool.build().unwrap().install(evaluate_each)
    };
    let one = cold(1);
    for outcome in &one {
        let AssayOutcome::Verdict(Verdict::Round(verdict)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(verdict.accepted.is_some());
    }
    assert_eq!(cold(2), one);
    // Warm: what one round has built, others find.
    let assayer = assayer(&blobs);
    assert_eq!(assayer.evaluate_all(&requests), one);
    let again: Vec<_> = requests
        .iter()
        .map(|request| {
            let mut request = request.clone();
            work(&mut request).minimum_step = 2;
            evaluate(&assayer, &request)
        })
        .collect();
    assert_eq!(again, one);
}

/// Blobs that keep whoever asks for one of them waiting.
struct SlowBlobs<'a> {
    blobs: &'a MemoryBlobs,
    slow: BlobHash,
    asked: mpsc::Sender<()>,
    answer: Mutex<mpsc::Receiver<()>>,
}

impl BlobSource for SlowBlobs<'_> {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        if hash == self.slow {
            self.asked.send(()).unwrap();
            let _ = self.answer.lock().unwrap().recv();
        }
        self.blobs.blob(hash)
    }
}

#[test]
fn no_root_waits_for_a_round() {
    let blobs = MemoryBlobs::default();
    let round = three(&blobs);
    let root = request(&blobs);
    let AssayWork::Round(work) = &round.work else {
        panic!("not a round's");
    };
    let (asked, is_asked) = mpsc::channel();
    let (answers, answer) = mpsc::channel();
    let slow = SlowBlobs {
        blobs: &blobs,
        slow: work.gradients[0].gradient,
        asked,
        answer: Mutex::new(answer),
    };
    let assayer = assayer_with(slow, 1);
    thread::scope(|scope| {
        let measured_round = scope.spawn(|| evaluate(&assayer, &round));
        is_asked.recv().unwrap();
        let measured_root = evaluate(&assayer, &root);
        answers.send(()).unwrap();
        assert_eq!(measured_root, measured(500_000_000));
        assert_eq!(
            measured_round.join().unwrap(),
            verdict(&[], three_accepted())
        );
    });
}

/// Blobs that count how many ask at a time.
struct CountingBlobs<'a> {
    blobs: &'a MemoryBlobs,
    asking: AtomicUsize,
    most: AtomicUsize,
}

impl BlobSource for &CountingBlobs<'_> {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        let asking = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(asking, Ordering::SeqCst);
        // Long enough for others to come.
        thread::sleep(Duration::from_millis(5));
        self.asking.fetch_sub(1, Ordering::SeqCst);
        self.blobs.blob(hash)
    }
}

#[test]
fn one_round_is_measured_at_a_time() {
    let blobs = MemoryBlobs::default();
    let request = three(&blobs);
    let rounds: Vec<_> = (0..4)
        .map(|target| {
            let mut request = request.clone();
            work(&mut request).target = target;
            request
        })
        .collect();
    let counting = CountingBlobs {
        blobs: &blobs,
        asking: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    };
    // One thread for the points of each.
    let assayer = assayer_with(&counting, 1);
    thread::scope(|scope| {
        for round in &rounds {
            scope.spawn(|| evaluate(&assayer, round));
        }
    });
    assert_eq!(counting.most.load(Ordering::SeqCst), 1);
}
