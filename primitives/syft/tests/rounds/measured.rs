//! Rounds of models, beside a reference that measures every set by itself.

use crate::memory::peak;
use crate::reference;
use crate::table::Table;
use crate::world::{parameters, World};
use ndarray::Array2;
use rayon::ThreadPoolBuilder;
use syft::round::{measure_round, Decision, RoundRules};
use syft::{
    Architecture, Column, Dataset, EvaluateError, Limits, Metric, ModelError, Parameters, Random,
    ValidationSet,
};

/// The decision, and the hash of the next model.
type Verdict = Option<(Decision, [u8; 32])>;

/// Each set's models are made and measured one by one.
fn expected(world: &World) -> Verdict {
    let mean = |set: &[u32], with_best: bool| {
        let members = set.iter().map(|&member| &world.points[member as usize]);
        let points: Vec<_> = members.chain(with_best.then_some(&world.best)).collect();
        Parameters::mean(&points)
    };
    let table = Table::new(world.points.len() as u32, |set| {
        [false, true].map(|with_best| match mean(set, with_best) {
            Some(mean) => world.error_of(&mean),
            None => world.metric.worst(),
        })
    });
    let (_, decision) = reference::decide(&table, &world.rules);
    decision.map(|decision| {
        let next = mean(&decision.best_set, decision.with_best).unwrap();
        (decision, next.hash())
    })
}

fn on<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(run)
}

#[test]
fn agree_with_the_reference_on_any_number_of_threads() {
    let (mut accepted, mut merged, mut spoiled) = (0, 0, 0);
    for seed in 0..300 {
        let world = World::random(seed);
        let found = on(1, || world.measure());
        assert_eq!(found, expected(&world), "{seed}");
        for threads in [2, 5, 16] {
            assert_eq!(
                on(threads, || world.measure()),
                found,
                "{seed} on {threads}"
            );
        }
        let huge = |point: &Parameters| point.values().iter().any(|value| value.abs() > 1e20);
        spoiled += u32::from(found.is_some() && world.points.iter().any(huge));
        let Some((decision, _)) = found else { continue };
        accepted += 1;
        merged += u32::from(decision.best_set.len() > 1);
    }
    assert!(
        accepted > 100 && merged > 30 && spoiled > 20,
        "{accepted} {merged} {spoiled}"
    );
}
/// With more threads than models, so that the rows of each are spread.
#[test]
fn agree_on_one_member_and_many_threads() {
    let mut spread = 0;
    for seed in 0..300 {
        let mut world = World::random(seed);
        let work = world.architecture.plan().unwrap().multiply_adds * world.set.rows() as u64;
        if work < 10_000_000 || world.points.is_empty() {
            continue;
        }
        world.points.truncate(1);
        assert_eq!(on(16, || world.measure()), expected(&world), "{seed}");
        spread += 1;
    }
    assert!(spread > 3, "{spread}");
}

/// `y = w x + b` for `y = 8 x` on `x = 1, 2`, with these `w` for members; the best model has 0.
fn line(members: &[f32]) -> World {
    let schema = serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"number":{}}}],"output":{"name":"y","kind":{"number":{}}}}"#,
    );
    let column =
        |values: [f32; 2]| Column::Numbers(Array2::from_shape_fn((2, 1), |(row, _)| values[row]));
    let columns = vec![column([1.0, 2.0]), column([8.0, 16.0])];
    let data = Dataset::new(schema.unwrap(), columns, Limits::default()).unwrap();
    let architecture: Architecture = serde_json::from_str(
        r#"{"input":[1],"layers":[{"dense":{"units":1}}],"head":"squared_error"}"#,
    )
    .unwrap();
    let point = |w: &f32| parameters(&architecture, &[*w, 0.0]);
    World {
        metric: Metric::MeanSquaredError,
        set: ValidationSet::new(&data),
        best: point(&0.0),
        points: members.iter().map(point).collect(),
        rules: RoundRules {
            // (8^2 + 16^2) / 2
            best_error: 160_000_000,
            target: 0,
            minimum_step: 1,
            seats: 6,
        },
        architecture,
    }
}

/// The shares of all members, of whom there are no more than seats, and the best set.
fn shares(world: &World) -> (Vec<u128>, Vec<u32>) {
    let (decision, _) = world.measure().unwrap();
    assert_eq!(decision.seats.len(), world.points.len());
    let shares = decision.seats.iter().map(|seat| seat.share);
    (shares.collect(), decision.best_set)
}

#[test]
fn pay_by_contribution() {
    // Half of the way leaves a quarter of the error; all of it none.
    let (found, best) = shares(&line(&[4.0, 8.0]));
    assert_eq!(found, [120_000_000, 120_000_000 + 2 * 40_000_000]);
    assert_eq!(best, [1]);
    // Too far each, in different directions, and right in the middle.
    let mut world = line(&[18.0, -2.0]);
    let (found, best) = shares(&world);
    assert_eq!(best, [0, 1]);
    assert_eq!(found.iter().sum::<u128>(), 2 * 160_000_000);
    // Together with the best model they are worse, 18 alone is better with it.
    let (decision, next) = world.measure().unwrap();
    assert_eq!((decision.error, decision.with_best), (0, false));
    assert_eq!(next, parameters(&world.architecture, &[8.0, 0.0]).hash());
    world.points.pop();
    let (decision, next) = world.measure().unwrap();
    assert_eq!((decision.error, decision.with_best), (2_500_000, true));
    assert_eq!(next, parameters(&world.architecture, &[9.0, 0.0]).hash());
}

#[test]
fn copies_of_the_best_zero_gradients_and_noise_earn_nothing() {
    // Two honest members; a zero gradient; what leads away; and what is not finite in means or outputs.
    let (found, best) = shares(&line(&[4.0, 0.0, 6.0, -0.5, f32::MAX, -3e38]));
    let (alone, _) = shares(&line(&[4.0, 6.0]));
    assert_eq!(best, [2]);
    // Times 6! rather than 2!.
    assert_eq!(found, [alone[0] * 360, 0, alone[1] * 360, 0, 0, 0]);
}

/// Only one part of the best model is free. 24 is three times too far: with one part of 0 it comes to 12, with two to 8.
#[test]
fn a_second_part_of_the_best_earns_where_others_go_too_far() {
    let (found, best) = shares(&line(&[24.0, 0.0]));
    assert_eq!(best, [0, 1]);
    assert_eq!(found, [120_000_000 + 160_000_000, 40_000_000]);
}

#[test]
fn nothing_is_accepted_without_the_minimum_step() {
    assert_eq!(line(&[]).measure(), None);
    assert_eq!(line(&[0.0, -1.0]).measure(), None);
    assert_eq!(line(&[f32::MAX, f32::MAX]).measure(), None);
    let mut world = line(&[4.0]);
    world.rules.minimum_step = 120_000_000;
    assert!(world.measure().is_some());
    world.rules.minimum_step = 120_000_001;
    assert_eq!(world.measure(), None);
    world.rules.minimum_step = u64::MAX;
    assert_eq!(world.measure(), None);
}

#[test]
fn what_does_not_fit_is_refused() {
    let world = line(&[4.0]);
    let other = line(&[4.0]).architecture;
    let wide: Architecture = serde_json::from_str(
        r#"{"input":[1],"layers":[{"dense":{"units":2}}],"head":"squared_error"}"#,
    )
    .unwrap();
    let stranger = Parameters::initialise(&wide, 1).unwrap();
    let measure = |architecture, metric, best, point| {
        measure_round(
            &world.set,
            architecture,
            metric,
            best,
            &[point],
            &world.rules,
        )
    };
    let (best, point) = (&world.best, &world.points[0]);
    assert!(measure(&other, world.metric, best, point)
        .unwrap()
        .is_some());
    let mismatch = Err(EvaluateError::Malformed(ModelError::Mismatch));
    assert_eq!(measure(&other, world.metric, best, &stranger), mismatch);
    assert_eq!(measure(&other, world.metric, &stranger, point), mismatch);
    for (architecture, metric) in [(&wide, world.metric), (&other, Metric::ErrorRate)] {
        let found = measure(architecture, metric, best, point);
        assert!(matches!(found, Err(EvaluateError::Fit(_))), "{found:?}");
    }
}

#[test]
fn a_mean_is_a_sum_in_order_and_one_division() {
    let world = line(&[]);
    let mean = |values: &[f32]| {
        let points: Vec<_> = values
            .iter()
            .map(|w| parameters(&world.architecture, &[*w, 0.0]))
            .collect();
        let points: Vec<_> = points.iter().collect();
        Parameters::mean(&points).map(|mean| mean.values()[0])
    };
    assert_eq!(mean(&[]), None);
    assert_eq!(mean(&[0.1]), Some(0.1));
    assert_eq!(mean(&[0.1, 0.2, 0.4]), Some((0.1f32 + 0.2 + 0.4) / 3.0));
    // The order shows.
    assert_eq!(mean(&[1e8, 1.0, -1e8]), Some(0.0));
    assert_eq!(mean(&[1e8, -1e8, 1.0]), Some(1.0 / 3.0));
    // A sum that is not finite stays so.
    assert_eq!(mean(&[f32::MAX, f32::MAX]), None);
    assert_eq!(mean(&[f32::MAX, f32::MAX, f32::MIN]), None);
    let other = Architecture {
        input: vec![2].try_into().unwrap(),
        ..world.architecture.clone()
    };
    let other = Parameters::initialise(&other, 1).unwrap();
    assert_eq!(Parameters::mean(&[&world.best, &other]), None);
}

/// Many sums of large models on few rows.
#[test]
fn memory_is_bounded() {
    let architecture: Architecture = serde_json::from_str(
        r#"{"input":[1000],"layers":[{"dense":{"units":500}},{"dense":{"units":1}}],"head":"squared_error"}"#,
    )
    .unwrap();
    let schema = serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"vector":{"length":1000}}}],"output":{"name":"y","kind":{"number":{}}}}"#,
    );
    let mut random = Random::new(1, 0);
    let mut numbers = |columns| {
        Column::Numbers(Array2::from_shape_simple_fn((3, columns), || {
            random.normal()
        }))
    };
    let data = Dataset::new(
        schema.unwrap(),
        vec![numbers(1000), numbers(1)],
        Limits::default(),
    );
    let set = ValidationSet::new(&data.unwrap());
    let points: Vec<_> = (0..8)
        .map(|seed| Parameters::initialise(&architecture, seed).unwrap())
        .collect();
    let (best, points) = points.split_last().unwrap();
    let points: Vec<_> = points.iter().collect();
    let rules = RoundRules {
        best_error: u64::MAX,
        target: 0,
        minimum_step: 0,
        seats: 6,
    };
    let measure = || {
        measure_round(
            &set,
            &architecture,
            Metric::MeanSquaredError,
            best,
            &points,
            &rules,
        )
    };
    // The counter sees one thread.
    let (bytes, found) = on(1, || peak(measure));
    assert_eq!(found.unwrap().unwrap().0.seats.len(), 6);
    // Six for sums and a mean, one packed, the best model's, the next model's, and a little.
    let most = 9 * size_of_val(best.values()) + (1 << 20);
    assert!(bytes < most, "{bytes} bytes");
}
