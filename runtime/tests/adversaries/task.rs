//! Small tasks, drawn at random, on which every gradient can be measured at once.

use syft::{
    train, Architecture, Dataset, Metric, Model, Optimiser, Parameters, Random, Schema,
    TrainOptions,
};
use syft_data::load_csv;

/// Points of the validation set.
pub const ROWS: u32 = 20;

/// What there is to learn: a number, or a side, that follows from `x` and `y`, with some noise.
pub struct Task {
    pub architecture: Architecture,
    pub schema: Schema,
    pub metric: Metric,
    pub validation: Dataset,
    /// The model that the campaign starts from.
    pub initial: Parameters,
    /// Its error.
    pub start: u64,
    /// The error of a model that was fitted to the validation set itself: hardly anybody gets there.
    pub floor: u64,
    truth: [f32; 3],
    noise: f32,
}

/// A number below one.
pub fn unit(random: &mut Random) -> f32 {
    random.below(1_000_000) as f32 / 1e6
}

impl Task {
    /// A task on which the initial model is far from the best.
    pub fn random(random: &mut Random) -> Self {
        loop {
            let task = Self::any(random);
            let worst = task.metric.worst() - task.metric.worst() / 10;
            if (task.floor.saturating_mul(2).max(100_000)..worst).contains(&task.start) {
                return task;
            }
        }
    }

    fn any(random: &mut Random) -> Self {
        let sides = random.below(3) == 0;
        let (head, units, metric, output) = match sides {
            true => (
                "softmax_cross_entropy",
                2,
                Metric::ErrorRate,
                r#"{"category":{"classes":["left","right"]}}"#,
            ),
            false => (
                "squared_error",
                1,
                Metric::MeanSquaredError,
                r#"{"number":{}}"#,
            ),
        };
        let architecture: Architecture = serde_json::from_str(&format!(
            r#"{{"input":[2],"layers":[{{"dense":{{"units":{units}}}}}],"head":"{head}"}}"#
        ))
        .unwrap();
        let schema: Schema = serde_json::from_str(&format!(
            r#"{{"inputs":[{{"name":"x","kind":{{"number":{{}}}}}},{{"name":"y","kind":{{"number":{{}}}}}}],
                "output":{{"name":"z","kind":{output}}}}}"#
        ))
        .unwrap();
        let initial = Parameters::initialise(&architecture, random.bits().into()).unwrap();
        let truth = [random.normal(), random.normal(), random.normal() / 2.0];
        let noise = unit(random) * 0.6;
        let mut task = Self {
            validation: load_csv("x,y,z\n".as_bytes(), &schema)
                .unwrap_or_else(|_| rows(&schema, metric, truth, noise, random, ROWS)),
            architecture,
            schema,
            metric,
            initial,
            start: 0,
            floor: 0,
            truth,
            noise,
        };
        task.validation = task.rows(random, ROWS);
        task.start = task.error(&task.initial);
        let fitted = task.learn(&task.initial, &task.validation, 0.05, 60, 1);
        task.floor = task.error(&fitted);
        task
    }

    /// Rows that somebody has.
    pub fn rows(&self, random: &mut Random, count: u32) -> Dataset {
        rows(
            &self.schema,
            self.metric,
            self.truth,
            self.noise,
            random,
            count,
        )
    }

    /// What training on these rows makes of a model; the model itself if training diverges.
    pub fn learn(
        &self,
        from: &Parameters,
        rows: &Dataset,
        rate: f32,
        epochs: u32,
        seed: u64,
    ) -> Parameters {
        let model = Model::new(self.architecture.clone(), from.clone()).unwrap();
        let optimiser = Optimiser::Sgd {
            learning_rate: rate,
            momentum: 0.0,
        };
        let options = TrainOptions::new(optimiser, 4, epochs, seed);
        train(&model, rows, &options, |_| {
            std::ops::ControlFlow::Continue(())
        })
        .map_or_else(
            |_| from.clone(),
            |trained| trained.model.parameters().clone(),
        )
    }

    /// A model's error on the validation set.
    pub fn error(&self, parameters: &Parameters) -> u64 {
        self.error_on(parameters, &self.validation)
    }

    /// A model's error on these rows.
    pub fn error_on(&self, parameters: &Parameters, rows: &Dataset) -> u64 {
        Model::new(self.architecture.clone(), parameters.clone())
            .ok()
            .and_then(|model| syft::evaluate(&model, rows, self.metric).ok())
            .unwrap_or(u64::MAX)
    }
}

fn rows(
    schema: &Schema,
    metric: Metric,
    truth: [f32; 3],
    noise: f32,
    random: &mut Random,
    count: u32,
) -> Dataset {
    let mut csv = String::from("x,y,z\n");
    for _ in 0..count {
        let [x, y] = [(); 2].map(|()| (unit(random) - 0.5) * 4.0);
        let z = truth[0] * x + truth[1] * y + truth[2] + noise * random.normal();
        let z = match metric {
            Metric::ErrorRate if z < 0.0 => "left".into(),
            Metric::ErrorRate => "right".into(),
            _ => format!("{z}"),
        };
        csv += &format!("{x},{y},{z}\n");
    }
    load_csv(csv.as_bytes(), schema).unwrap()
}
