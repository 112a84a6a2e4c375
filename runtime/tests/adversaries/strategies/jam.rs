use super::{hands, near, Adversary};
use crate::{
    door::Aim,
    game::{gradient, Game},
    person::Hand,
};
use sonar_primitives::{
    campaign::{InitialModel, RoundTerms, State, Terms, ValidationSet},
    CampaignId, ModelId,
};
use sonar_runtime::{Balance, BlockNumber, Runtime, SNR};
use syft::{Architecture, Parameters};

/// Campaigns of his own, besides the one with large gradients.
const TINY: usize = 4;
/// Rounds in each of them.
const ROUNDS: u32 = 4;

/// Attack: makes every round last as long as it can, has the assayer measure rounds of tiny campaigns of his own, and
/// books the blocks for reveals up with gradients of 4 MB that never come.
pub struct Jam {
    hands: Vec<Hand>,
    tiny: Vec<(CampaignId, u32)>,
    /// Whether to book bytes, and the campaign for it.
    books: bool,
    large: Option<CampaignId>,
}

impl Jam {
    pub fn new(books: bool) -> Self {
        Self {
            hands: hands(12),
            tiny: Vec::new(),
            books,
            large: None,
        }
    }

    /// A campaign with rounds of one block, for the least bounty.
    fn open_tiny(&mut self, game: &mut Game) {
        let terms = Terms {
            bounty: 10 * SNR,
            rounds: RoundTerms {
                round_blocks: 1,
                ..game.terms.rounds
            },
            deadline: game.chain.now() + 40,
            ..game.terms.clone()
        };
        let parameters = game.task.initial.to_safetensors();
        if let Some(id) = self.create(game, terms, game.task.architecture.clone(), parameters) {
            self.tiny.push((id, 0));
        }
    }

    /// One whose gradients are as large as gradients can be.
    fn open_large(&mut self, game: &mut Game) {
        let json = serde_json::to_string(&game.task.architecture).unwrap();
        let layers = r#""layers":[{"dense":{"units":990}},{"dense":{"units":990}},"#;
        let architecture: Architecture =
            serde_json::from_str(&json.replacen(r#""layers":["#, layers, 1)).unwrap();
        let parameters = Parameters::initialise(&architecture, 1).unwrap();
        let model = syft::Model::new(architecture.clone(), parameters.clone()).unwrap();
        let start = syft::evaluate(&model, &game.task.validation, game.task.metric).unwrap();
        let terms = Terms {
            bounty: 10 * SNR,
            starting_error: start,
            target_error: start / 2,
            minimum_step: start / 100 + 1,
            deadline: game.chain.now() + 40,
            validation: ValidationSet {
                ..game.terms.validation.clone()
            },
            ..game.terms.clone()
        };
        self.large = self.create(game, terms, architecture, parameters.to_safetensors());
    }

    fn create(
        &self,
        game: &mut Game,
        terms: Terms<Balance, BlockNumber>,
        architecture: Architecture,
        parameters: Vec<u8>,
    ) -> Option<CampaignId> {
        let account = &self.hands[0].account;
        let parameters = game.chain.store(account, parameters);
        let model = InitialModel {
            architecture,
            parameters,
        };
        game.chain.create(account, terms, model).ok()
    }

    /// Opens round after round in his own campaigns.
    fn play_tiny(&mut self, game: &mut Game) {
        for (campaign, rounds) in &mut self.tiny {
            let Some(aim) = open(*campaign).filter(|_| *rounds < ROUNDS) else {
                continue;
            };
            let best = game.task.initial.clone();
            let to = near(game, &best, 0.01);
            let hand = &mut self.hands[1 + *campaign as usize % 11];
            let committed = hand.commit(game, aim, gradient(&best, &to), Balance::MAX);
            *rounds += u32::from(committed.is_ok());
        }
    }

    /// Commits to gradients of 4 MB from all accounts.
    fn book(&mut self, game: &mut Game) {
        let Some(aim) = self.large.and_then(open) else {
            return;
        };
        for hand in &mut self.hands {
            let salt = game.salt();
            // Nobody can reveal this.
            let _ = game
                .chain
                .commit(&hand.account, aim, vec![1], salt, Balance::MAX);
        }
    }
}

impl Adversary for Jam {
    fn act(&mut self, game: &mut Game) {
        for hand in &mut self.hands {
            hand.reveal(game, |_, to, now| now + 1 == to);
        }
        if game.is_open() {
            if self.tiny.len() < TINY {
                self.open_tiny(game);
            }
            if self.books && self.large.is_none() {
                self.open_large(game);
            }
        }
        self.play_tiny(game);
        self.book(game);
        let last = game
            .round()
            .is_some_and(|(_, round)| game.chain.now() + 1 == round.closes);
        if last && game.is_open() {
            let best = game.parameters(game.best());
            self.hands[0].commit_on_best(game, gradient(&best, &best));
        }
    }
}

/// A commitment on the root of a campaign that takes some.
fn open(campaign: CampaignId) -> Option<Aim> {
    let known = pallet_campaigns::Campaigns::<Runtime>::get(campaign)?;
    let root: ModelId = known.root;
    (known.state == State::Open).then_some(Aim {
        campaign,
        root,
        base: root,
    })
}
