//! Random rounds of small models.

use ndarray::Array2;
use std::sync::Arc;
use syft::round::{measure_round, Decision, RoundRules};
use syft::{
    Architecture, Column, Dataset, EvaluateError, Limits, Metric, Model, Parameters, Random,
    Schema, ValidationSet,
};

/// Layers from `[1, 4, 4]`; the last gives as many outputs as there are classes or numbers.
const BODIES: [&str; 6] = [
    "",
    r#""flatten","relu",{"dense":{"units":5}},"tanh","#,
    r#"{"conv2d":{"channels":3,"kernel":[3,3],"padding":[1,1]}},{"max_pool2d":{"kernel":[2,2],"stride":[2,2]}},"#,
    // So much work that several threads take part.
    r#"{"dense":{"units":40}},"gelu","#,
    r#""layer_norm",{"dense":{"units":17}},"relu",{"dropout":{"rate":500000}},"#,
    r#"{"conv2d":{"channels":2,"kernel":[2,2]}},"gelu",{"average_pool2d":{"kernel":[3,3],"stride":[1,1]}},"#,
];

/// What a round is measured with.
pub struct World {
    pub architecture: Architecture,
    pub metric: Metric,
    pub set: ValidationSet,
    pub best: Parameters,
    pub points: Vec<Parameters>,
    pub rules: RoundRules,
}

impl World {
    /// The world of a seed. In about every third some members are so far away that means or outputs are not finite.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed, 99);
        let body = BODIES[random.below(6) as usize];
        let classes = random.below(2) == 0;
        let rows = 1 + random.below(if body.contains("gelu") { 300 } else { 150 }) as usize;
        let (metric, units, head) = match classes {
            true => (Metric::ErrorRate, 3, "softmax_cross_entropy"),
            false => (Metric::MeanSquaredError, 1, "squared_error"),
        };
        let architecture: Architecture = serde_json::from_str(&format!(
            r#"{{"input":[1,4,4],"layers":[{body}{{"dense":{{"units":{units}}}}}],"head":"{head}"}}"#
        ))
        .unwrap();
        let output = match classes {
            true => r#"{"category":{"classes":["a","b","c"]}}"#,
            false => r#"{"number":{}}"#,
        };
        let schema: Schema = serde_json::from_str(&format!(
            r#"{{"inputs":[{{"name":"x","kind":{{"vector":{{"length":16}}}}}}],"output":{{"name":"y","kind":{output}}}}}"#
        ))
        .unwrap();
        let features = Array2::from_shape_simple_fn((rows, 16), || random.normal());
        // What the best possible model would answer, and with it a direction in which there is something to gain.
        let truth = Parameters::initialise(&architecture, seed).unwrap();
        let model = Model::new(architecture.clone(), truth.clone()).unwrap();
        let answers = model.forward(features.view()).unwrap();
        let truth_column = match classes {
            true => Column::Classes(
                answers
                    .rows()
                    .into_iter()
                    .map(|row| {
                        let best = (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b]));
                        best.unwrap() as u8
                    })
                    .collect(),
            ),
            false => Column::Numbers(answers),
        };
        let columns = vec![Column::Numbers(features), truth_column];
        let data = Dataset::new(schema, columns, Limits::default()).unwrap();
        let set = ValidationSet::new(&data);

        let near = |random: &mut Random, distance: f32| {
            let values = truth
                .values()
                .iter()
                .map(|value| value + distance * random.normal());
            parameters(&architecture, &values.collect::<Vec<_>>())
        };
        let best = near(&mut random, 0.5);
        let wild = random.below(3) == 0;
        let members = random.below(9);
        let points = (0..members)
            .map(|_| match (wild, random.below(6)) {
                (true, 0) => huge(&architecture, &mut random, 3e38),
                (true, 1) => huge(&architecture, &mut random, 1e25),
                (_, 2) => best.clone(),
                (_, 3) => near(&mut random, 2.0),
                _ => near(&mut random, 0.6),
            })
            .collect();
        let seats = 1 + random.below(6) as u8;
        let mut world = Self {
            architecture,
            metric,
            set,
            best,
            points,
            rules: RoundRules {
                best_error: 0,
                target: 0,
                minimum_step: 1,
                seats,
            },
        };
        let best_error = world.error_of(&world.best);
        world.rules.best_error = best_error;
        world.rules.target = best_error / (1 + u64::from(random.below(50)));
        world
    }

    /// The error of a model, the worst if it gives something that is not finite.
    pub fn error_of(&self, parameters: &Parameters) -> u64 {
        let model = Model::new(self.architecture.clone(), Arc::new(parameters.clone())).unwrap();
        match self.set.error_of(&model, self.metric) {
            Err(EvaluateError::Malformed(_)) => self.metric.worst(),
            other => other.unwrap(),
        }
    }

    /// The decision, and the hash of the next model.
    pub fn measure(&self) -> Option<(Decision, [u8; 32])> {
        let points: Vec<&Parameters> = self.points.iter().collect();
        let (set, best) = (&self.set, &self.best);
        let found = measure_round(
            set,
            &self.architecture,
            self.metric,
            best,
            &points,
            &self.rules,
        );
        let (decision, next) = found.unwrap()?;
        Some((decision, next.hash()))
    }
}

/// Parameters with these values.
pub fn parameters(architecture: &Architecture, values: &[f32]) -> Parameters {
    let mut bytes = Parameters::initialise(architecture, 0)
        .unwrap()
        .to_safetensors();
    let start = bytes.len() - size_of_val(values);
    bytes.truncate(start);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    Parameters::from_safetensors(architecture, &bytes).unwrap()
}

/// Values up to this, either way.
fn huge(architecture: &Architecture, random: &mut Random, most: f32) -> Parameters {
    let count = Parameters::initialise(architecture, 0)
        .unwrap()
        .values()
        .len();
    let mut value = || most * (random.bits() as f32 / 2_147_483_648.0 - 1.0).clamp(-1.0, 1.0);
    parameters(
        architecture,
        &(0..count).map(|_| value()).collect::<Vec<_>>(),
    )
}
