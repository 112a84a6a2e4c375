use super::{hands, Adversary};
use crate::{
    door::SecretProposal,
    game::Game,
    person::{Account, Hand},
};
use sonar_primitives::submission::SubmissionState;
use sonar_runtime::Runtime;
use std::sync::Arc;
use syft::{Architecture, Gradient, Parameters};

/// Attack: the owner proposes a model made of what miners have just revealed, in another architecture that computes the
/// same, to have the step, and the part for expertise, for himself.
pub struct OwnersProposal {
    hand: Hand,
    secret: Option<SecretProposal>,
    /// Units of the layer that he adds.
    hidden: u32,
}

impl OwnersProposal {
    pub fn new() -> Self {
        Self {
            hand: hands(1).remove(0),
            secret: None,
            hidden: 2,
        }
    }

    fn account(&self) -> &Account {
        &self.hand.account
    }
}

impl Adversary for OwnersProposal {
    fn owns_the_campaign(&self) -> bool {
        true
    }

    fn act(&mut self, game: &mut Game) {
        if let Some(secret) = self.secret.take() {
            let _ = game.chain.reveal_proposal(self.account(), secret);
            return;
        }
        if !game.is_open() || self.hidden > 6 {
            return;
        }
        let Some(model) = best_of_revealed(game) else {
            return;
        };
        let (architecture, parameters) = deeper(game, &model, self.hidden);
        let salt = game.salt();
        let parameters = parameters.to_safetensors();
        self.secret = game
            .chain
            .commit_proposal(
                self.account(),
                game.campaign,
                architecture,
                parameters,
                salt,
            )
            .ok();
        self.hidden += 1;
    }
}

/// The best model that one of the gradients which wait for their verdict leads to.
fn best_of_revealed(game: &Game) -> Option<Parameters> {
    let revealed = pallet_gradients::Submissions::<Runtime>::iter_values().filter_map(|one| {
        let SubmissionState::Revealed { gradient } = one.state else {
            return None;
        };
        let bytes = &game.chain.blobs[&gradient];
        let base: Arc<Parameters> = game.parameters(game.best());
        Gradient::decode(&game.task.architecture, bytes)
            .ok()?
            .apply(&base)
            .ok()
    });
    revealed.min_by_key(|model| game.task.error(model))
}

/// A network with a layer more that computes the same: its first units are the model's, the next layer takes them as
/// they are.
fn deeper(game: &Game, model: &Parameters, hidden: u32) -> (Architecture, Parameters) {
    let json = serde_json::to_string(&game.task.architecture).unwrap();
    let layer = format!(r#""layers":[{{"dense":{{"units":{hidden}}}}},"#);
    let architecture: Architecture =
        serde_json::from_str(&json.replacen(r#""layers":["#, &layer, 1)).unwrap();
    let start = Parameters::initialise(&architecture, 0).unwrap();
    let units = model.values().len() / 3;
    let hidden = hidden as usize;
    let mut tensors: Vec<Vec<f32>> = start
        .tensors()
        .map(|(_, values)| vec![0.0; values.len()])
        .collect();
    let own: Vec<Vec<f32>> = model
        .tensors()
        .map(|(_, values)| values.iter().copied().collect())
        .collect();
    for unit in 0..units {
        tensors[0][2 * unit..][..2].copy_from_slice(&own[0][2 * unit..][..2]);
        tensors[1][unit] = own[1][unit];
        tensors[2][hidden * unit + unit] = 1.0;
    }
    let values: Vec<f32> = tensors.concat();
    let mut file = start.to_safetensors();
    let begin = file.len() - 4 * values.len();
    for (at, value) in values.iter().enumerate() {
        file[begin + 4 * at..][..4].copy_from_slice(&value.to_le_bytes());
    }
    let parameters = Parameters::from_safetensors(&architecture, &file).unwrap();
    (architecture, parameters)
}
