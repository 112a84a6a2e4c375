//! A chain in memory: one campaign, whose rounds are held, judged and paid as on the real chain.

#[path = "world/answers.rs"]
mod answers;
#[path = "world/calls.rs"]
mod calls;
#[path = "world/verdicts.rs"]
mod verdicts;

use mine_client::chain::ChainError;
use sonar_primitives::{
    api::EntitlementInfo,
    campaign::{BountySplit, Closed, Members, Privacy, RoundTerms, State, Terms, ValidationSet},
    round::Round,
    submission::{Submission, SubmissionKind},
    tree::{Contributor, Model, ModelOrigin},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, Hash, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};
use syft::{evaluate, Architecture, Dataset, Gradient, Parameters};

/// The only campaign.
pub const CAMPAIGN: CampaignId = 5;
pub const BOUNTY: Balance = 1_000_000;
/// The base deposit.
pub const DEPOSIT: Balance = 100;
/// Of one measured set.
const PRICE: Balance = 1;
/// Held for any blob.
pub const BLOB_DEPOSIT: Balance = 7;
/// What every mine starts with.
pub const FUNDS: Balance = 10_000;
/// Commitments of a round, at most.
const MAX_COMMITMENTS: u32 = 32;
/// The root of the owner's branch.
pub const ROOT: ModelId = 1;

pub fn account(number: u8) -> AccountId {
    AccountId::new([number; 32])
}

/// A transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Call {
    Commit,
    Reveal,
    StoreModel,
    Claim,
}

pub type Queued = Box<dyn FnOnce(&mut World) -> Result<(), ChainError>>;

pub struct World {
    pub now: BlockNumber,
    pub state: State<BlockNumber>,
    pub genesis: Hash,
    pub terms: Terms<Balance, BlockNumber>,
    pub models: BTreeMap<ModelId, (Model<AccountId>, Parameters)>,
    pub rounds: BTreeMap<RoundId, Round<Balance, BlockNumber>>,
    pub submissions: BTreeMap<SubmissionId, Submission<AccountId, Balance, BlockNumber>>,
    pub entitlements: Vec<EntitlementInfo>,
    /// Accounts that the owner has admitted.
    pub admitted: BTreeSet<AccountId>,
    /// What the chain took.
    pub commits: Vec<Hash>,
    pub reveals: Vec<SubmissionId>,
    pub stored: Vec<(AccountId, ModelId)>,
    pub claims: Vec<AccountId>,
    /// Transactions that it refused.
    pub refused: u32,
    /// Accounts whose mines train. Meanwhile there is no next block: a training takes no time here, unless a test makes
    /// blocks itself.
    pub training: BTreeSet<AccountId>,
    /// What happens to the next transactions of a kind, instead of what should.
    pub trouble: BTreeMap<Call, VecDeque<ChainError>>,
    /// How often the node has no blob of a model that is asked for.
    pub missing_models: u32,
    /// The block until which the node fetches a model's blobs.
    pub models_from: BlockNumber,
    /// Transactions that the node has, and that are in no block yet.
    pub queued: Vec<Queued>,
    pub architectures: BTreeMap<ModelId, Architecture>,
    validation: Dataset,
    pub blobs: BTreeMap<BlobHash, Vec<u8>>,
    balances: BTreeMap<AccountId, Balance>,
    /// Parts of assays, and lost deposits, that accounts have paid.
    paid: BTreeMap<AccountId, Balance>,
    /// Blobs whose deposits are held from accounts.
    blobs_held: BTreeMap<AccountId, u32>,
    next_model: ModelId,
    next_submission: SubmissionId,
}

impl World {
    pub fn new(
        validation: Dataset,
        architecture: Architecture,
        seed: u64,
        target: MeasuredError,
        minimum_step: MeasuredError,
    ) -> Rc<RefCell<Self>> {
        let schema = validation.schema().clone();
        let terms = Terms {
            title: "test".try_into().unwrap(),
            description: "".try_into().unwrap(),
            metric: schema.metric(),
            schema,
            validation: ValidationSet {
                blob: validation.hash().into(),
                rows: validation.rows() as u32,
            },
            starting_error: 0,
            target_error: target,
            tolerance: Default::default(),
            minimum_step,
            deadline: 1_000_000,
            privacy: Privacy::Open,
            bounty: BOUNTY,
            split: BountySplit::default(),
            open_proposals: false,
            members: Members::Everybody,
            rounds: RoundTerms {
                round_blocks: 6,
                ..Default::default()
            },
        };
        let mut world = Self {
            now: 10,
            state: State::Open,
            genesis: Hash::repeat_byte(0xaa),
            terms,
            models: BTreeMap::new(),
            rounds: BTreeMap::new(),
            submissions: BTreeMap::new(),
            entitlements: Vec::new(),
            admitted: BTreeSet::new(),
            commits: Vec::new(),
            reveals: Vec::new(),
            stored: Vec::new(),
            claims: Vec::new(),
            refused: 0,
            training: BTreeSet::new(),
            trouble: BTreeMap::new(),
            missing_models: 0,
            models_from: 0,
            queued: Vec::new(),
            architectures: BTreeMap::new(),
            validation,
            blobs: BTreeMap::new(),
            balances: BTreeMap::new(),
            paid: BTreeMap::new(),
            blobs_held: BTreeMap::new(),
            next_model: ROOT,
            next_submission: 1,
        };
        world.propose(architecture, seed);
        Rc::new(RefCell::new(world))
    }

    /// Adds a root with random parameters.
    pub fn propose(&mut self, architecture: Architecture, seed: u64) -> ModelId {
        let root = self.new_model();
        let parameters = Parameters::initialise(&architecture, seed).unwrap();
        let model = syft::Model::new(architecture.clone(), parameters.clone()).unwrap();
        let error = evaluate(&model, &self.validation, self.terms.metric).unwrap();
        let model = Model {
            campaign: CAMPAIGN,
            root,
            parameters: parameters.hash().into(),
            stored: true,
            error,
            former_record: None,
            origin: ModelOrigin::Proposed { author: account(0) },
        };
        self.architectures.insert(root, architecture);
        self.models.insert(root, (model, parameters));
        root
    }

    /// Adds models to the owner's branch that somebody else has made, each a little better; nobody has stored them.
    pub fn grow(&mut self, models: u32) {
        for _ in 0..models {
            let (best, parameters) = self.best_of(ROOT);
            let error = self.models[&best].0.error - self.terms.minimum_step;
            let contributor = Contributor {
                submission: self.new_submission(),
                account: account(99),
                base: best,
                gradient: Hash::zero(),
                share: 1,
                in_best_set: true,
            };
            let id = self.new_model();
            let values = Gradient::between(&parameters, &parameters).unwrap();
            let parameters = values.apply(&parameters).unwrap();
            self.add_model(id, ROOT, error, false, vec![contributor], parameters);
        }
    }

    fn new_model(&mut self) -> ModelId {
        self.next_model += 1;
        self.next_model - 1
    }

    fn new_submission(&mut self) -> SubmissionId {
        self.next_submission += 1;
        self.next_submission - 1
    }

    fn add_model(
        &mut self,
        id: ModelId,
        root: ModelId,
        error: MeasuredError,
        with_previous: bool,
        contributors: Vec<Contributor<AccountId>>,
        parameters: Parameters,
    ) {
        let record = self.best().0;
        let model = Model {
            campaign: CAMPAIGN,
            root,
            parameters: parameters.hash().into(),
            stored: false,
            error,
            former_record: (error < record).then_some(record),
            origin: ModelOrigin::Merged {
                previous: self.best_of(root).0,
                with_previous,
                contributors: contributors.try_into().unwrap(),
            },
        };
        self.models.insert(id, (model, parameters));
    }

    fn pay(&mut self, who: &AccountId, amount: Balance) {
        let balance = self.balance(who) + amount;
        self.balances.insert(who.clone(), balance);
    }

    fn take(&mut self, who: &AccountId, amount: Balance) -> Result<(), ChainError> {
        match self.balance(who).checked_sub(amount) {
            Some(balance) => _ = self.balances.insert(who.clone(), balance),
            None => return self.refuse("FundsUnavailable"),
        }
        Ok(())
    }

    /// An account spends money elsewhere.
    pub fn spend(&mut self, who: &AccountId, amount: Balance) {
        self.take(who, amount).unwrap();
    }

    /// The next block: verdicts, lost deposits, settlement.
    pub fn block(&mut self) {
        self.now += 1;
        for queued in std::mem::take(&mut self.queued) {
            // Nobody is left to hear the answer.
            let _ = queued(self);
        }
        let ids: Vec<RoundId> = self.rounds.keys().copied().collect();
        for id in ids {
            self.advance(id);
            // A round is judged after all that came before it.
            if !self.rounds[&id].state.is_decided() {
                break;
            }
        }
        if self.state == State::Open && self.best().0 <= self.terms.target_error {
            self.close(Closed::TargetReached);
            self.dissolve();
        }
        if self.state == State::Open && self.now > self.terms.deadline {
            self.close(Closed::DeadlinePassed);
        }
        if matches!(self.state, State::Closing { .. }) && !self.has_pending() {
            self.settle();
        }
    }

    fn close(&mut self, reason: Closed) {
        self.state = State::Closing {
            reason,
            grace_ends: self.now + 100,
        };
    }

    /// The owner wants no more gradients: rounds that take commitments close with the next block.
    pub fn cancel(&mut self) {
        self.close(Closed::Cancelled);
        let next = self.now + 1;
        for round in self.rounds.values_mut() {
            if !round.state.is_decided() && round.closes > next {
                round.closes = next;
                round.reveals_end = next + self.terms.rounds.reveal_window;
            }
        }
    }

    fn in_round(&self, round: RoundId) -> Vec<SubmissionId> {
        let all = self.submissions.iter();
        all.filter(|(_, one)| round_of(one) == round)
            .map(|(id, _)| *id)
            .collect()
    }
}

/// The round that a gradient takes part in.
pub fn round_of(submission: &Submission<AccountId, Balance, BlockNumber>) -> RoundId {
    match submission.kind {
        SubmissionKind::Gradient { round, .. } => round,
        SubmissionKind::Proposal { .. } => unreachable!("there are no proposals"),
    }
}
