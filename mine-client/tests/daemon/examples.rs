//! Data, models and mines to test with.

use crate::{
    view::View,
    world::{account, World, CAMPAIGN},
};
use mine_client::{
    daemon::{self, Until},
    event::Event,
    journal::Journal,
    miner::{MineData, MineError, Miner, Tick},
    policy::Policy,
    training::Split,
};
use sonar_primitives::campaign::State;
use std::{cell::RefCell, fs::File, rc::Rc, sync::Arc, time::Duration};
use syft::{Architecture, Dataset, Schema};
use syft_data::load_csv;

/// No test takes longer unless something waits for ever.
const LIMIT: Duration = Duration::from_secs(60);

/// The digits data set of the examples: validation rows, and the rows of each of `mines`.
pub fn digits(mines: usize) -> (Dataset, Vec<Dataset>) {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let schema = std::fs::read_to_string(format!("{project}/examples/digits/schema.toml")).unwrap();
    let schema: Schema = toml::from_str(&schema).unwrap();
    let csv = File::open(format!("{project}/data/digits.csv")).unwrap();
    let all = load_csv(csv, &schema).unwrap();
    let (validation, rest): (Vec<_>, Vec<_>) = (0..all.rows()).partition(|row| row % 5 == 0);
    let part = |mine: usize| {
        let rows: Vec<_> = rest.iter().skip(mine).step_by(mines).copied().collect();
        all.select(&rows).unwrap()
    };
    (
        all.select(&validation).unwrap(),
        (0..mines).map(part).collect(),
    )
}

pub fn digits_model() -> Architecture {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let json = std::fs::read_to_string(format!("{project}/examples/digits/architecture.json"));
    serde_json::from_str(&json.unwrap()).unwrap()
}

/// Points left and right of a line; learned in no time.
pub fn points() -> Dataset {
    points_named(["left", "right"])
}

/// The same points, with these names for their sides.
pub fn points_named([left, right]: [&str; 2]) -> Dataset {
    let schema: Schema = serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"number":{}}},{"name":"y","kind":{"number":{}}}],
            "output":{"name":"side","kind":{"category":{"classes":["left","right"]}}}}"#,
    )
    .unwrap();
    let mut csv = String::from("x,y,side\n");
    for i in 0..120 {
        let (x, y) = ((i % 12) as f32 / 6.0 - 1.0, (i / 12) as f32 / 5.0 - 1.0);
        let side = if x + 0.5 * y < 0.1 { left } else { right };
        csv += &format!("{x},{y},{side}\n");
    }
    load_csv(csv.as_bytes(), &schema).unwrap()
}

pub fn points_model() -> Architecture {
    let json = r#"{"input":[2],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
    serde_json::from_str(json).unwrap()
}

/// A campaign about [`points`] that takes a few gradients.
pub fn points_world() -> Rc<RefCell<World>> {
    World::new(points(), points_model(), 3, 80_000_000, 10_000_000)
}

pub fn points_policy() -> Policy {
    let mut policy = Policy::default();
    policy.training.learning_rate = 0.02;
    policy.training.epochs = 2;
    policy.held_out = 0.5;
    policy
}

pub fn mine_data(name: &str, rows: &Dataset, policy: &Policy) -> Vec<MineData> {
    vec![MineData {
        name: name.into(),
        schema: rows.schema().clone(),
        split: Arc::new(Split::of(rows, policy.held_out).unwrap()),
    }]
}

/// Tells whoever makes blocks that a training has begun, and then `report`.
pub fn reporting<'a>(view: &'a View, mut report: impl FnMut(Event) + 'a) -> impl FnMut(Event) + 'a {
    move |event| {
        if matches!(event, Event::Training { .. }) {
            let mut world = view.world.borrow_mut();
            world.training.insert(view.account.clone());
        }
        report(event);
    }
}

/// Runs a mine until the campaign is settled; `None` if it was killed before.
pub async fn run(
    view: &View,
    journal: &mut Journal,
    policy: &Policy,
    data: &[MineData],
) -> Option<Result<(), MineError>> {
    run_until(
        view,
        journal,
        policy,
        data,
        Until::Settled(CAMPAIGN),
        |_| {},
    )
    .await
}

/// Runs a mine until there is a reason to end; `None` if it was killed before.
pub async fn run_until(
    view: &View,
    journal: &mut Journal,
    policy: &Policy,
    data: &[MineData],
    until: Until,
    report: impl FnMut(Event),
) -> Option<Result<(), MineError>> {
    let mut report = reporting(view, report);
    let mut miner = Miner::new(journal, policy, data, &mut report);
    let connect = async || Ok(view.clone());
    let work = daemon::run(&mut miner, connect, until);
    let limited = tokio::time::timeout(LIMIT, view.faults.run(work));
    match limited.await {
        Ok(ended) => ended,
        Err(_) => panic!("no end in time: {:?}", view.world.borrow().records()),
    }
}

/// Lets a mine do all that it can do in this block, trainings included.
pub async fn work(miner: &mut Miner<'_>, view: &View) -> Tick {
    for _ in 0..1_000 {
        let tick = miner.tick(view).await.unwrap();
        if miner.is_training() {
            miner.training_ended().await;
        } else if tick != Tick::Busy {
            return tick;
        }
    }
    panic!("always busy")
}

/// Lets mines take turns, the one with the number 1 first, until the campaign is settled or nobody can do anything.
pub async fn take_turns(world: &Rc<RefCell<World>>, miners: &mut [Miner<'_>]) {
    for _ in 0..2_000 {
        let mut idle = true;
        for (place, miner) in miners.iter_mut().enumerate() {
            let view = View::of(world, account(place as u8 + 1));
            idle &= work(miner, &view).await == Tick::Idle;
        }
        let mut world = world.borrow_mut();
        if matches!(world.state, State::Settled { .. }) || idle && !world.has_pending() {
            return;
        }
        world.block();
    }
    panic!("no end: {:?}", world.borrow().records());
}
