//! A campaign that honest miners and an adversary play, block by block, until it is settled.

use crate::{
    assayer::Assayer,
    chain::{check_invariants, genesis, Chain},
    door::Aim,
    honest::Honest,
    person::{Account, ACCOUNTS, ENDOWMENT},
    strategies::Adversary,
    task::{unit, Task, ROWS},
};
use sonar_primitives::{
    campaign::{
        BountySplit, InitialModel, Members, Privacy, RoundTerms, State, Terms, ValidationSet,
        DEFAULT_TOLERANCE,
    },
    round::Round,
    CampaignId, ModelId, RoundId,
};
use sonar_runtime::{AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeEvent, SNR};
use sp_runtime::Permill;
use std::sync::Arc;
use syft::{Encoding, Gradient, Parameters, Random};

/// The accounts of the campaign's owner, of honest miners, and of the adversary.
pub const OWNER: u8 = 0;
pub const HONEST: u8 = 1;
pub const ADVERSARY: u8 = 8;

/// What everybody sees while it is played.
pub struct Game {
    pub seed: u64,
    pub chain: Chain,
    pub random: Random,
    pub task: Task,
    pub terms: Terms<Balance, BlockNumber>,
    pub owner: Account,
    pub campaign: CampaignId,
    pub root: ModelId,
    pub assayer: Assayer,
    /// Gradients that honest miners have sent for reveal: whoever listens knows them before they are in a block.
    pub gossip: Vec<Vec<u8>>,
    salts: u64,
}

/// How it ended.
pub struct Outcome {
    pub game: Game,
    pub events: Vec<RuntimeEvent>,
    pub honest: Vec<AccountId>,
    pub adversary: Vec<AccountId>,
    /// What there was of money at the beginning.
    pub issued: Balance,
}

/// The externalities of a chain on which everybody has money.
pub fn world() -> sp_io::TestExternalities {
    let balances: Vec<_> = (0..ACCOUNTS)
        .map(|number| (Account::new(number).id, ENDOWMENT))
        .collect();
    genesis(&balances)
}

impl Game {
    /// A campaign whose owner the adversary may be, and whose terms he may have changed.
    fn new(seed: u64, adversary: &mut dyn Adversary) -> Self {
        let mut random = Random::new(seed, 0);
        let task = adversary.task(&mut random);
        let mut chain = Chain::start(check_invariants);
        let owner = Account::new(match adversary.owns_the_campaign() {
            true => ADVERSARY,
            false => OWNER,
        });
        let validation = chain.store(&owner, task.validation.encode());
        let parameters = chain.store(&owner, task.initial.to_safetensors());
        let mut terms = terms(&task, validation, &mut random);
        adversary.terms(&task, &mut terms);
        let model = InitialModel {
            architecture: task.architecture.clone(),
            parameters,
        };
        let campaign = chain
            .create(&owner, terms.clone(), model)
            .unwrap_or_else(|error| panic!("seed {seed}: {error:?}: {terms:?}"));
        let root = pallet_campaigns::Campaigns::<Runtime>::get(campaign)
            .unwrap()
            .root;
        Self {
            seed,
            chain,
            random,
            task,
            terms,
            owner,
            campaign,
            root,
            assayer: Assayer::default(),
            gossip: Vec::new(),
            salts: 0,
        }
    }

    /// Plays it to the end.
    pub fn play(seed: u64, adversary: &mut dyn Adversary) -> Outcome {
        let issued = Balances::total_issuance();
        let mut game = Self::new(seed, adversary);
        let same = adversary.honest_have_his_rows();
        let count = 1 + game.random.below(4) as u8;
        let mut honest: Vec<Honest> = (0..count)
            .map(|number| Honest::new(Account::new(HONEST + number), &mut game, same))
            .collect();
        // The last block in which anything can be open: each round in the end has its grace.
        let limit = game.terms.deadline + 5_000;
        while !game.is_over() {
            assert!(
                game.chain.now() < limit,
                "seed {seed}: the campaign does not end"
            );
            for at in game.random.permutation(honest.len() as u32 + 1) {
                match honest.get_mut(at) {
                    Some(miner) => miner.act(&mut game),
                    None => adversary.act(&mut game),
                }
            }
            let Game { assayer, chain, .. } = &mut game;
            assayer.work(chain);
            game.chain.advance(1);
        }
        game.pay_out();
        Outcome {
            events: game.chain.take_events(),
            game,
            honest: honest.iter().map(|miner| miner.id()).collect(),
            adversary: (ADVERSARY..ACCOUNTS)
                .map(|number| Account::new(number).id)
                .collect(),
            issued,
        }
    }

    /// Everybody gets what he is owed, by somebody who has nothing to do with it.
    fn pay_out(&mut self) {
        let stranger = sp_keyring::Sr25519Keyring::Bob;
        for campaign in 0..pallet_campaigns::NextCampaign::<Runtime>::get() {
            for (account, _) in sonar_runtime::Payouts::entitlements(campaign) {
                self.chain.claim(stranger, campaign, account).unwrap();
            }
        }
        self.chain.advance(1);
    }

    fn is_over(&self) -> bool {
        pallet_campaigns::Campaigns::<Runtime>::iter_values().all(|campaign| {
            matches!(
                campaign.state,
                State::Settled { .. } | State::Rejected { .. }
            )
        })
    }

    /// How far the campaign has come.
    pub fn state(&self) -> State<BlockNumber> {
        pallet_campaigns::Campaigns::<Runtime>::get(self.campaign)
            .unwrap()
            .state
    }

    /// Whether it takes commitments.
    pub fn is_open(&self) -> bool {
        self.state() == State::Open && self.chain.now() <= self.terms.deadline
    }

    /// The best model of the owner's root.
    pub fn best(&self) -> ModelId {
        pallet_gradients::Branches::<Runtime>::get(self.campaign, self.root)
            .map_or(self.root, |branch| branch.best)
    }

    /// A commitment to a gradient on the best model.
    pub fn aim(&self) -> Aim {
        Aim {
            campaign: self.campaign,
            root: self.root,
            base: self.best(),
        }
    }

    /// A model's parameters: everybody can build it.
    pub fn parameters(&self, model: ModelId) -> Arc<Parameters> {
        let known = pallet_gradients::Models::<Runtime>::get(model).unwrap();
        self.assayer.model(known.parameters).unwrap()
    }

    /// The round that takes commitments.
    pub fn round(&self) -> Option<(RoundId, Round<Balance, BlockNumber>)> {
        let id = pallet_gradients::OpenRound::<Runtime>::get(self.root)?;
        let round = pallet_gradients::Rounds::<Runtime>::get(id)?;
        (self.chain.now() < round.closes).then_some((id, round))
    }

    /// A salt that nobody has used.
    pub fn salt(&mut self) -> [u8; 32] {
        self.salts += 1;
        let mut salt = [0; 32];
        salt[..8].copy_from_slice(&self.salts.to_le_bytes());
        salt
    }
}

/// The way from one model to another, as it is revealed.
pub fn gradient(from: &Parameters, to: &Parameters) -> Vec<u8> {
    Gradient::between(from, to)
        .unwrap()
        .encode(Encoding::DenseF32)
}

/// Terms at random.
fn terms(
    task: &Task,
    validation: sonar_primitives::BlobHash,
    random: &mut Random,
) -> Terms<Balance, BlockNumber> {
    let expertise = Permill::from_percent(random.below(30));
    // Some targets are easy, some out of reach.
    let (start, floor) = (task.start, task.floor);
    let target = match random.below(4) {
        0 => floor / 2,
        _ => floor + ((start - floor) as f32 * unit(random) * 0.15) as u64,
    };
    let way = start - target;
    Terms {
        title: "A game".try_into().unwrap(),
        description: "".try_into().unwrap(),
        schema: task.schema.clone(),
        metric: task.metric,
        validation: ValidationSet {
            blob: validation,
            rows: ROWS,
        },
        starting_error: start,
        target_error: target,
        tolerance: DEFAULT_TOLERANCE,
        minimum_step: (way / (20 + u64::from(random.below(980)))).max(1),
        deadline: 40 + random.below(60),
        privacy: Privacy::Open,
        bounty: Balance::from(10 + random.below(1_000)) * SNR,
        split: BountySplit {
            data: Permill::one() - expertise,
            expertise,
            compute: Permill::zero(),
        },
        open_proposals: random.below(2) == 0,
        members: Members::Everybody,
        rounds: RoundTerms {
            round_blocks: 2 + random.below(5),
            reveal_window: 30,
            seats: 1 + random.below(6) as u8,
            steepness: 1 + random.below(3) as u8,
        },
    }
}
