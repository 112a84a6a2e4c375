//! A chain in memory: one campaign, judged with Syft exactly as the real chain judges.

use mine_client::chain::{worth, Base, Chain, ChainError};
use sonar_primitives::{
    api::{
        CampaignInfo, CampaignSummary, EntitlementInfo, ProposalInfo, Quote, SponsorInfo,
        SubmissionInfo,
    },
    assay::Baseline,
    campaign::{
        BountySplit, Closed, Model as Proposed, Privacy, ProposalState, State, Terms, ValidationSet,
    },
    payout::{split_path, step_pays},
    reputation::{Deed, Reputation},
    tree::{commitment, Node, Salt, Submission, SubmissionState},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, Hash, MeasuredError, NodeId,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::{pending, poll_fn, Future},
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};
use syft::{content_hash, evaluate, Architecture, Dataset, Gradient, Model, Parameters};

/// The only campaign.
pub const CAMPAIGN: CampaignId = 5;
pub const BOUNTY: Balance = 1_000;
pub const DEPOSIT: Balance = 10;
pub const ASSAY_PRICE: Balance = 1;
/// What every mine starts with.
pub const FUNDS: Balance = 100;
const REVEAL_WINDOW: BlockNumber = 30;
const ROOT: NodeId = 1;

pub fn account(number: u8) -> AccountId {
    AccountId::new([number; 32])
}

type Queued = Box<dyn FnOnce(&mut World) -> Result<(), ChainError>>;

pub struct World {
    pub now: BlockNumber,
    pub state: State<BlockNumber>,
    pub genesis: Hash,
    pub nodes: BTreeMap<NodeId, (Node<AccountId>, Parameters)>,
    pub submissions: BTreeMap<NodeId, Submission<AccountId, Balance, BlockNumber>>,
    pub entitlements: Vec<EntitlementInfo>,
    /// Commitments and reveals that the chain took, and those that it refused.
    pub commits: Vec<Hash>,
    pub reveals: Vec<NodeId>,
    pub claims: Vec<AccountId>,
    pub refused: u32,
    /// Transactions that the node has, and that are in no block yet.
    queued: Vec<Queued>,
    terms: Terms<Balance, BlockNumber>,
    architecture: Architecture,
    validation: Dataset,
    pub blobs: BTreeMap<BlobHash, Vec<u8>>,
    balances: BTreeMap<AccountId, Balance>,
    reputations: BTreeMap<AccountId, Reputation>,
    next: NodeId,
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
        let parameters = Parameters::initialise(&architecture, seed).unwrap();
        let model = Model::new(architecture.clone(), parameters.clone()).unwrap();
        let start = evaluate(&model, &validation, schema.metric()).unwrap();
        let root = Node {
            campaign: CAMPAIGN,
            parent: None,
            root: ROOT,
            author: account(0),
            blob: content_hash(&parameters.to_safetensors()).into(),
            candidate: parameters.hash().into(),
            error: start,
            depth: 0,
            committed: ROOT,
        };
        let terms = Terms {
            title: "test".try_into().unwrap(),
            description: "".try_into().unwrap(),
            metric: schema.metric(),
            schema,
            validation: ValidationSet {
                blob: validation.hash().into(),
                rows: validation.rows() as u32,
            },
            starting_error: start,
            target_error: target,
            tolerance: Default::default(),
            minimum_step,
            deadline: 1_000_000,
            privacy: Privacy::Open,
            bounty: BOUNTY,
            split: BountySplit::default(),
            open_proposals: false,
            minimum_reputation: 0,
        };
        Rc::new(RefCell::new(Self {
            now: 10,
            state: State::Open,
            genesis: Hash::repeat_byte(0xaa),
            nodes: [(ROOT, (root, parameters))].into(),
            submissions: BTreeMap::new(),
            entitlements: Vec::new(),
            commits: Vec::new(),
            reveals: Vec::new(),
            claims: Vec::new(),
            refused: 0,
            queued: Vec::new(),
            terms,
            architecture,
            validation,
            blobs: BTreeMap::new(),
            balances: BTreeMap::new(),
            reputations: BTreeMap::new(),
            next: ROOT + 1,
        }))
    }

    /// The least error and the node that has it.
    pub fn best(&self) -> (MeasuredError, NodeId) {
        let nodes = self.nodes.iter();
        nodes
            .map(|(id, (node, _))| (node.error, *id))
            .min()
            .unwrap()
    }

    /// Errors from the root to the best node.
    pub fn path(&self) -> Vec<(AccountId, MeasuredError)> {
        let mut path = Vec::new();
        let mut at = Some(self.best().1);
        while let Some(id) = at {
            let node = &self.nodes[&id].0;
            path.push((node.author.clone(), node.error));
            at = node.parent;
        }
        path.reverse();
        path
    }

    pub fn balance(&self, who: &AccountId) -> Balance {
        self.balances.get(who).copied().unwrap_or(FUNDS)
    }

    fn pay(&mut self, who: &AccountId, amount: Balance) {
        let balance = self.balance(who) + amount;
        self.balances.insert(who.clone(), balance);
    }

    /// Whether something waits for a block.
    pub fn has_pending(&self) -> bool {
        self.submissions.values().any(|one| one.state.is_pending())
    }

    /// The next block: verdicts, lost deposits, settlement.
    pub fn block(&mut self) {
        self.now += 1;
        for queued in std::mem::take(&mut self.queued) {
            // Nobody is left to hear the answer.
            let _ = queued(self);
        }
        let pending: Vec<NodeId> = self
            .submissions
            .iter()
            .filter(|(_, one)| one.state.is_pending())
            .map(|(id, _)| *id)
            .collect();
        for id in pending {
            match self.submissions[&id].state {
                SubmissionState::Revealed { gradient } => self.judge(id, gradient),
                SubmissionState::Committed { reveal_by } if self.now > reveal_by => {
                    self.decide(id, SubmissionState::NotRevealed, 0, Deed::DepositLost);
                }
                _ => {}
            }
        }
        if self.state == State::Open && self.best().0 <= self.terms.target_error {
            self.state = State::Closing {
                reason: Closed::TargetReached,
                grace_ends: self.now + 100,
            };
        }
        if matches!(self.state, State::Closing { .. }) && !self.has_pending() {
            self.settle();
        }
    }

    fn judge(&mut self, id: NodeId, gradient: BlobHash) {
        let submission = self.submissions[&id].clone();
        let (parent, base) = self.nodes[&submission.parent].clone();
        let decoded = Gradient::decode(&self.architecture, &self.blobs[&gradient]).unwrap();
        let parameters = decoded.apply(&base).unwrap();
        let model = Model::new(self.architecture.clone(), parameters.clone()).unwrap();
        let error = evaluate(&model, &self.validation, self.terms.metric).unwrap();
        let baseline = Baseline {
            error: parent.error,
            minimum_step: self.terms.minimum_step,
        };
        let candidate: Hash = parameters.hash().into();
        let same = self
            .nodes
            .iter()
            .find(|(_, (node, _))| node.candidate == candidate);
        let (charged, deposit) = (ASSAY_PRICE, submission.deposit);
        if let Some((of, _)) = same {
            let of = *of;
            let duplicate = SubmissionState::Duplicate { of };
            self.decide(id, duplicate, deposit - charged, Deed::Rejected);
        } else if baseline.is_beaten_by(error) {
            let node = Node {
                campaign: CAMPAIGN,
                parent: Some(submission.parent),
                root: ROOT,
                author: submission.account.clone(),
                blob: gradient,
                candidate,
                error,
                depth: parent.depth + 1,
                committed: id,
            };
            self.nodes.insert(id, (node, parameters));
            let deed = Deed::Accepted(parent.error - error);
            self.decide(id, SubmissionState::Accepted { node: id }, deposit, deed);
        } else {
            let state = SubmissionState::NotImproved;
            self.decide(id, state, deposit - charged, Deed::Rejected);
        }
    }

    fn decide(
        &mut self,
        id: NodeId,
        state: SubmissionState<BlockNumber>,
        back: Balance,
        deed: Deed,
    ) {
        let submission = self.submissions.get_mut(&id).unwrap();
        submission.state = state;
        let who = submission.account.clone();
        self.pay(&who, back);
        self.reputations.entry(who).or_default().note(deed);
    }

    fn settle(&mut self) {
        let path = self.path();
        let errors: Vec<_> = path[1..].iter().map(|(_, error)| *error).collect();
        let shares = split_path(BOUNTY, path[0].1, self.terms.target_error, &errors);
        let mut earned: BTreeMap<AccountId, Balance> = BTreeMap::new();
        for ((who, _), share) in path[1..].iter().zip(shares) {
            *earned.entry(who.clone()).or_default() += share;
        }
        let refund = BOUNTY - earned.values().sum::<Balance>();
        self.entitlements = earned
            .into_iter()
            .map(|(account, earned)| (account, earned, 0))
            .chain([(account(0), 0, refund)])
            .map(|(account, earned, refund)| EntitlementInfo {
                campaign: CAMPAIGN,
                account,
                earned,
                expertise: 0,
                refund,
                claimed: false,
            })
            .collect();
        self.state = State::Settled { at: self.now };
    }

    fn summary(&self) -> CampaignSummary {
        CampaignSummary {
            id: CAMPAIGN,
            title: self.terms.title.clone(),
            owner: account(0),
            state: self.state,
            bounty: BOUNTY,
            metric: self.terms.metric,
            start: self.nodes[&ROOT].0.error,
            best: self.best().0,
            target: self.terms.target_error,
            deadline: self.terms.deadline,
            accepted: self.nodes.len() as u32 - 1,
            pending: 0,
        }
    }

    fn info(&self) -> CampaignInfo {
        CampaignInfo {
            summary: self.summary(),
            terms: self.terms.clone(),
            proposals: vec![ProposalInfo {
                node: ROOT,
                author: account(0),
                model: Proposed {
                    architecture: self.architecture.clone(),
                    parameters: self.nodes[&ROOT].0.blob,
                },
                assay_price: ASSAY_PRICE,
                state: ProposalState::Accepted {
                    error: self.nodes[&ROOT].0.error,
                },
            }],
            sponsors: vec![SponsorInfo {
                account: account(0),
                contribution: BOUNTY,
            }],
            reserve: 0,
            escrow: account(255),
            best: Some(self.best().1),
        }
    }

    fn refuse<T>(&mut self, why: &str) -> Result<T, ChainError> {
        self.refused += 1;
        Err(ChainError::Refused(why.into()))
    }

    fn commit(&mut self, who: &AccountId, parent: NodeId, hash: Hash) -> Result<(), ChainError> {
        let known = |one: &Submission<_, _, _>| one.commitment == hash && one.state.is_pending();
        if self.submissions.values().any(known) {
            return self.refuse("CommitmentReused");
        }
        if self.state != State::Open {
            return self.refuse("NotOpen");
        }
        if self.balance(who) < DEPOSIT || !self.nodes.contains_key(&parent) {
            return self.refuse("unaffordable or unknown parent");
        }
        self.balances
            .insert(who.clone(), self.balance(who) - DEPOSIT);
        let submission = Submission {
            campaign: CAMPAIGN,
            parent,
            account: who.clone(),
            commitment: hash,
            deposit: DEPOSIT,
            assay_price: ASSAY_PRICE,
            committed_at: self.now,
            state: SubmissionState::Committed {
                reveal_by: self.now + REVEAL_WINDOW,
            },
        };
        self.submissions.insert(self.next, submission);
        self.next += 1;
        self.commits.push(hash);
        Ok(())
    }

    fn reveal(
        &mut self,
        who: &AccountId,
        id: NodeId,
        gradient: BlobHash,
        salt: &Salt,
    ) -> Result<(), ChainError> {
        let submission = self.submissions[&id].clone();
        let expected = commitment(who, CAMPAIGN, submission.parent, gradient, salt);
        let SubmissionState::Committed { reveal_by } = submission.state else {
            return self.refuse("AlreadyRevealed");
        };
        if self.now <= submission.committed_at
            || self.now > reveal_by
            || submission.account != *who
            || submission.commitment != expected
            || !self.blobs.contains_key(&gradient)
        {
            return self.refuse("reveal");
        }
        let submission = self.submissions.get_mut(&id).unwrap();
        submission.state = SubmissionState::Revealed { gradient };
        self.reveals.push(id);
        Ok(())
    }

    fn claim(&mut self, who: &AccountId) -> Result<Balance, ChainError> {
        let due = |one: &&mut EntitlementInfo| one.account == *who && !one.claimed;
        let Some(entitlement) = self.entitlements.iter_mut().find(due) else {
            return self.refuse("NothingToClaim");
        };
        entitlement.claimed = true;
        let amount = worth(entitlement);
        self.pay(who, amount);
        self.claims.push(who.clone());
        Ok(amount)
    }
}

/// What happens to a mine's calls: each is a point before and, if it sends, another after its effect.
#[derive(Clone, Default)]
pub struct Faults {
    /// Points until the mine is killed; `None`: never.
    pub kill_in: Rc<Cell<Option<u32>>>,
    /// Whether it was.
    pub killed: Rc<Cell<bool>>,
    /// Whether a transaction that is just being sent when the mine is killed gets into the next block.
    pub in_flight: bool,
    /// Points between two lost connections; 0: none.
    pub disconnect_every: u32,
    points: Rc<Cell<u32>>,
}

impl Faults {
    pub fn kill_after(points: u32) -> Self {
        let faults = Self::default();
        faults.kill_in.set(Some(points));
        faults
    }

    pub fn disconnect_every(points: u32) -> Self {
        Self {
            disconnect_every: points,
            ..Self::default()
        }
    }

    async fn point(&self) -> Result<(), ChainError> {
        self.points.set(self.points.get() + 1);
        if let Some(left) = self.kill_in.get() {
            self.kill_in.set(Some(left.saturating_sub(1)));
            if left == 0 {
                self.killed.set(true);
                return pending().await;
            }
        }
        match self.disconnect_every {
            0 => Ok(()),
            every if !self.points.get().is_multiple_of(every) => Ok(()),
            _ => Err(ChainError::Disconnected("the node is gone".into())),
        }
    }

    /// Runs `work` until it ends, or until it is killed: then it is dropped where it is, and there is
    /// no result.
    pub async fn run<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if self.killed.get() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// One account's view of the world.
#[derive(Clone)]
pub struct View {
    pub world: Rc<RefCell<World>>,
    pub account: AccountId,
    pub faults: Faults,
}

impl View {
    async fn read<T>(&self, read: impl FnOnce(&World) -> T) -> Result<T, ChainError> {
        self.faults.point().await?;
        Ok(read(&self.world.borrow()))
    }

    async fn send<T>(
        &self,
        send: impl FnOnce(&mut World) -> Result<T, ChainError> + 'static,
    ) -> Result<T, ChainError> {
        if self.faults.in_flight && self.faults.kill_in.get() == Some(0) {
            let queued: Queued = Box::new(|world| send(world).map(drop));
            self.world.borrow_mut().queued.push(queued);
            self.faults.point().await?;
            unreachable!("it was killed");
        }
        self.faults.point().await?;
        let sent = {
            let mut world = self.world.borrow_mut();
            world.block();
            send(&mut world)
        };
        self.faults.point().await?;
        sent
    }
}

impl Chain for View {
    fn account(&self) -> &AccountId {
        &self.account
    }

    fn genesis(&self) -> Hash {
        self.world.borrow().genesis
    }

    fn blob_deposit(&self, _: u64) -> Balance {
        0
    }

    async fn now(&self) -> Result<BlockNumber, ChainError> {
        self.read(|world| world.now).await
    }

    async fn next_block(&self, after: BlockNumber) -> Result<BlockNumber, ChainError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut world = self.world.borrow_mut();
        if world.now == after {
            world.block();
        }
        Ok(world.now)
    }

    async fn campaigns(&self) -> Result<Vec<CampaignSummary>, ChainError> {
        self.read(|world| vec![world.summary()]).await
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignInfo>, ChainError> {
        self.read(|world| (id == CAMPAIGN).then(|| world.info()))
            .await
    }

    async fn model(&self, node: NodeId) -> Result<Base, ChainError> {
        self.read(|world| Base {
            architecture: world.architecture.clone(),
            parameters: world.nodes[&node].1.clone(),
        })
        .await
    }

    async fn submissions(&self) -> Result<Vec<SubmissionInfo>, ChainError> {
        self.read(|world| {
            let own = world.submissions.iter();
            own.filter(|(_, one)| one.account == self.account)
                .map(|(id, one)| SubmissionInfo {
                    id: *id,
                    submission: one.clone(),
                })
                .collect()
        })
        .await
    }

    async fn quote(
        &self,
        parent: NodeId,
        error: MeasuredError,
    ) -> Result<Option<Quote>, ChainError> {
        self.read(|world| {
            let node = &world.nodes.get(&parent)?.0;
            let start = world.nodes[&ROOT].0.error;
            (world.state == State::Open).then(|| Quote {
                pays: step_pays(BOUNTY, start, world.terms.target_error, node.error, error),
                deposit: DEPOSIT,
                assay_price: ASSAY_PRICE,
                accepted_up_to: node.error.checked_sub(world.terms.minimum_step),
            })
        })
        .await
    }

    async fn is_stored(&self, blob: BlobHash) -> Result<bool, ChainError> {
        self.read(|world| world.blobs.contains_key(&blob)).await
    }

    async fn reputation(&self, of: &AccountId) -> Result<Reputation, ChainError> {
        self.read(|world| world.reputations.get(of).cloned().unwrap_or_default())
            .await
    }

    async fn spendable(&self) -> Result<Balance, ChainError> {
        self.read(|world| world.balance(&self.account)).await
    }

    async fn entitlement(&self, _: CampaignId) -> Result<Option<EntitlementInfo>, ChainError> {
        self.read(|world| {
            let mut all = world.entitlements.iter();
            all.find(|one| one.account == self.account).cloned()
        })
        .await
    }

    async fn claimable(&self) -> Result<Vec<EntitlementInfo>, ChainError> {
        self.read(|world| {
            let all = world.entitlements.iter();
            all.filter(|one| one.account == self.account && !one.claimed)
                .cloned()
                .collect()
        })
        .await
    }

    async fn commit(&self, _: CampaignId, parent: NodeId, hash: Hash) -> Result<(), ChainError> {
        let who = self.account.clone();
        self.send(move |world| world.commit(&who, parent, hash))
            .await
    }

    async fn store(&self, blob: Vec<u8>) -> Result<(), ChainError> {
        self.send(|world| {
            world.blobs.insert(content_hash(&blob).into(), blob);
            Ok(())
        })
        .await
    }

    async fn reveal(
        &self,
        submission: NodeId,
        gradient: BlobHash,
        salt: Salt,
    ) -> Result<(), ChainError> {
        let who = self.account.clone();
        self.send(move |world| world.reveal(&who, submission, gradient, &salt))
            .await
    }

    async fn claim(&self, _: CampaignId) -> Result<Balance, ChainError> {
        let who = self.account.clone();
        self.send(move |world| world.claim(&who)).await
    }
}
