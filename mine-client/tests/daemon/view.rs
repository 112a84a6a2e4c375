//! What one mine sees of the world, and what goes wrong on the way.

use crate::world::{Call, Queued, World, BLOB_DEPOSIT, CAMPAIGN};
use mine_client::chain::{Chain, ChainError, TreeModel};
use sonar_primitives::{
    api::{
        CampaignInfo, CampaignSummary, EntitlementInfo, ModelInfo, Quote, QuoteRefused, RoundInfo,
        SubmissionInfo,
    },
    reputation::Reputation,
    submission::Salt,
    AccountId, Balance, BlockNumber, CampaignId, Hash, MeasuredError, ModelId, RoundId,
    SubmissionId,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::{pending, poll_fn, Future},
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

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
    /// An account's view without faults.
    pub fn of(world: &Rc<RefCell<World>>, who: AccountId) -> Self {
        Self::with_faults(world, who, Faults::default())
    }

    pub fn with_faults(world: &Rc<RefCell<World>>, who: AccountId, faults: Faults) -> Self {
        Self {
            world: world.clone(),
            account: who,
            faults,
        }
    }

    async fn read<T>(&self, read: impl FnOnce(&World) -> T) -> Result<T, ChainError> {
        self.world.borrow_mut().training.remove(&self.account);
        self.faults.point().await?;
        Ok(read(&self.world.borrow()))
    }

    async fn send<T>(
        &self,
        call: Call,
        send: impl FnOnce(&mut World) -> Result<T, ChainError> + 'static,
    ) -> Result<T, ChainError> {
        self.world.borrow_mut().training.remove(&self.account);
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
            let trouble = world.trouble.get_mut(&call).and_then(VecDeque::pop_front);
            match trouble {
                Some(error) => Err(error),
                None => send(&mut world),
            }
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
        BLOB_DEPOSIT
    }

    async fn now(&self) -> Result<BlockNumber, ChainError> {
        self.read(|world| world.now).await
    }

    async fn next_block(&self, after: BlockNumber) -> Result<BlockNumber, ChainError> {
        tokio::task::yield_now().await;
        while !self.world.borrow().training.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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

    async fn tree(&self, _: CampaignId) -> Result<Vec<ModelInfo>, ChainError> {
        self.read(World::tree).await
    }

    async fn model(&self, id: ModelId) -> Result<TreeModel, ChainError> {
        let missing = self.world.borrow().missing_models;
        if let Some(left) = missing.checked_sub(1) {
            self.world.borrow_mut().missing_models = left;
            return Err(ChainError::Failed("a blob is missing".into()));
        }
        while self.world.borrow().now < self.world.borrow().models_from {
            tokio::task::yield_now().await;
        }
        self.read(|world| {
            let (model, parameters) = &world.models[&id];
            TreeModel {
                architecture: world.architectures[&model.root].clone(),
                parameters: parameters.clone(),
            }
        })
        .await
    }

    async fn rounds(&self, _: CampaignId) -> Result<Vec<RoundInfo>, ChainError> {
        self.read(|world| {
            let rounds = world.rounds.iter();
            rounds
                .map(|(id, round)| RoundInfo {
                    id: *id,
                    round: round.clone(),
                })
                .collect()
        })
        .await
    }

    async fn round(&self, id: RoundId) -> Result<Option<RoundInfo>, ChainError> {
        self.read(|world| {
            let round = world.rounds.get(&id).cloned();
            round.map(|round| RoundInfo { id, round })
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
        root: ModelId,
        error: MeasuredError,
    ) -> Result<Result<Quote, QuoteRefused>, ChainError> {
        self.read(|world| world.quote(&self.account, root, error))
            .await
    }

    async fn reputation(&self, _: &AccountId) -> Result<Reputation, ChainError> {
        self.read(|_| Reputation::default()).await
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

    async fn commit(
        &self,
        _: CampaignId,
        root: ModelId,
        base: ModelId,
        hash: Hash,
        max_hold: Balance,
    ) -> Result<(), ChainError> {
        let who = self.account.clone();
        self.send(Call::Commit, move |world| {
            world.commit(&who, (root, base), hash, max_hold)
        })
        .await
    }

    async fn reveal(
        &self,
        submission: SubmissionId,
        salt: Salt,
        gradient: Vec<u8>,
    ) -> Result<(), ChainError> {
        let who = self.account.clone();
        self.send(Call::Reveal, move |world| {
            world.reveal(&who, submission, &salt, gradient)
        })
        .await
    }

    async fn store_model(&self, model: ModelId, parameters: Vec<u8>) -> Result<(), ChainError> {
        let who = self.account.clone();
        self.send(Call::StoreModel, move |world| {
            world.store_model(&who, model, &parameters)
        })
        .await
    }

    async fn claim(&self, _: CampaignId) -> Result<Balance, ChainError> {
        let who = self.account.clone();
        self.send(Call::Claim, move |world| world.claim(&who)).await
    }
}
