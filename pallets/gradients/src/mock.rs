//! A runtime to test the pallet in. What other pallets do is faked in storage, so that a call that
//! fails undoes it as it would theirs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate as pallet_gradients;
use codec::{Decode, Encode};
use frame_support::{
    derive_impl, parameter_types, storage_alias,
    traits::{
        fungible::{Inspect, InspectHold, Mutate},
        tokens::Preservation,
        ConstU128, ConstU32, ConstU64, Hooks,
    },
    Blake2_128Concat, Twox64Concat,
};
use pallet_gradients::{HoldReason, Nodes, Submissions};
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    reputation::{Deed, Reputation},
    traits,
    tree::{commitment, SubmissionState},
    Balance, BlobHash, CampaignId, MeasuredError, NodeId,
};
use sp_core::H256;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::collections::BTreeMap;
use syft::{Architecture, Head, Layer, Metric};

pub type AccountId = u64;
pub type Submission = pallet_gradients::SubmissionOf<Test>;
pub type Event = pallet_gradients::Event<Test>;
pub type Error = pallet_gradients::Error<Test>;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Has too little for any deposit.
pub const POOR: AccountId = 4;
/// Proposed the roots.
pub const OWNER: AccountId = 5;
/// Gave the deciding verdicts.
pub const ASSAYERS: [AccountId; 3] = [11, 12, 13];
/// Gets deposits that are lost.
pub const TREASURY: AccountId = 20;

/// What each account has at first.
pub const BALANCE: Balance = 10_000;
pub const EXISTENTIAL_DEPOSIT: Balance = 5;
/// The base deposit of an account without a reputation.
pub const BASE: Balance = 100;
/// Not divisible by the number of assayers.
pub const ASSAY_PRICE: Balance = 32;
pub const DEPOSIT: Balance = BASE + ASSAY_PRICE;
pub const REVEAL_WINDOW: u64 = 5;
pub const MAX_PENDING_PER_ACCOUNT: u32 = 4;
pub const MAX_PENDING_PER_CAMPAIGN: u32 = 6;
pub const MAX_DEPTH: u32 = 3;
const MAX_DUES: u32 = 4;
const MAX_ASSAYS: usize = 100;

/// The campaign of most tests, and its root.
pub const CAMPAIGN: CampaignId = 1;
pub const ROOT: NodeId = 0;
/// Another one.
pub const OTHER_CAMPAIGN: CampaignId = 2;
pub const OTHER_ROOT: NodeId = 1;
/// The number of the first submission.
pub const FIRST: NodeId = 2;
pub const START: MeasuredError = 1_000;
pub const MINIMUM_STEP: MeasuredError = 10;
pub const SALT: [u8; 32] = [7; 32];

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type Gradients = pallet_gradients::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
}

parameter_types! {
    pub const LostDeposits: AccountId = TREASURY;
    pub static BaseDeposit: Balance = BASE;
    pub static MaxDuePerBlock: u32 = MAX_DUES;
    /// How many assays can be pending.
    pub static AssayQueueLength: usize = MAX_ASSAYS;
    /// Accepted gradients that an account must have.
    pub static MinimumReputation: u32 = 0;
}

impl pallet_gradients::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Blobs = FakeBlobs;
    type Campaigns = FakeCampaigns;
    type Assays = FakeAssays;
    type Reputations = FakeReputations;
    type BaseDeposit = BaseDeposit;
    type RevealWindow = ConstU64<REVEAL_WINDOW>;
    type MaxPendingPerAccount = ConstU32<MAX_PENDING_PER_ACCOUNT>;
    type MaxPendingPerCampaign = ConstU32<MAX_PENDING_PER_CAMPAIGN>;
    type MaxDepth = ConstU32<MAX_DEPTH>;
    type MaxDuePerBlock = MaxDuePerBlock;
    type LostDeposits = LostDeposits;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = FakeCampaigns;
}

/// Sizes of stored blobs.
#[storage_alias]
type Sizes = StorageMap<Fakes, Blake2_128Concat, BlobHash, u32>;
/// How often each blob is pinned.
#[storage_alias]
pub type Pins = StorageMap<Fakes, Blake2_128Concat, BlobHash, u32>;

pub struct FakeBlobs;

impl traits::Blobs for FakeBlobs {
    fn size(blob: BlobHash) -> Option<u32> {
        Sizes::get(blob)
    }

    fn pin(blob: BlobHash) -> DispatchResult {
        assert!(Sizes::contains_key(blob));
        Pins::mutate(blob, |pins| *pins = Some(pins.unwrap_or_default() + 1));
        Ok(())
    }

    fn unpin(blob: BlobHash) {
        Pins::mutate_exists(blob, |pins| {
            let left = pins.unwrap() - 1;
            *pins = (left > 0).then_some(left);
        });
    }
}

/// What a campaign was told.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Told {
    Accepted(CampaignId, MeasuredError),
    NothingPending(CampaignId),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Reserve {
    pub free: Balance,
    pub set_aside: Balance,
}

/// The reserves of existing campaigns.
#[storage_alias]
pub type Reserves = StorageMap<Fakes, Twox64Concat, CampaignId, Reserve>;
/// Campaigns that take no commitments.
#[storage_alias]
pub type Closing = StorageMap<Fakes, Twox64Concat, CampaignId, ()>;
#[storage_alias]
type Messages = StorageValue<Fakes, Vec<Told>>;

pub struct FakeCampaigns;

/// The account that holds a campaign's reserve.
pub fn escrow(campaign: CampaignId) -> AccountId {
    1_000 + AccountId::from(campaign)
}

/// The shape of all models: three parameters.
pub fn architecture() -> Architecture {
    Architecture {
        input: vec![2].try_into().unwrap(),
        layers: vec![Layer::Dense { units: 1 }].try_into().unwrap(),
        head: Head::SquaredError,
    }
}

impl traits::Campaigns<AccountId, Balance> for FakeCampaigns {
    fn commit_terms(
        campaign: CampaignId,
        root: NodeId,
    ) -> Result<traits::CommitTerms<Balance>, DispatchError> {
        if Closing::contains_key(campaign) {
            return Err("closed".into());
        }
        Self::terms(campaign, root).ok_or("unknown".into())
    }

    fn terms(campaign: CampaignId, _: NodeId) -> Option<traits::CommitTerms<Balance>> {
        Reserves::contains_key(campaign).then(|| traits::CommitTerms {
            assay_price: ASSAY_PRICE,
            minimum_step: MINIMUM_STEP,
            minimum_reputation: MinimumReputation::get(),
            plan: architecture().plan().unwrap(),
        })
    }

    fn assay_base(campaign: CampaignId, root: NodeId) -> Option<traits::AssayBase> {
        Reserves::contains_key(campaign).then(|| traits::AssayBase {
            architecture: architecture(),
            metric: Metric::MeanSquaredError,
            validation: H256::repeat_byte(0xee),
            rows: 9,
            root: parameters(root),
        })
    }

    fn set_assay_aside(campaign: CampaignId, price: Balance) -> DispatchResult {
        Reserves::try_mutate(campaign, |reserve| {
            let reserve = reserve.as_mut().unwrap();
            reserve.free = reserve.free.checked_sub(price).ok_or("reserve exhausted")?;
            reserve.set_aside += price;
            Ok(())
        })
    }

    fn put_assay_back(campaign: CampaignId, price: Balance) {
        Reserves::mutate(campaign, |reserve| {
            let reserve = reserve.as_mut().unwrap();
            reserve.set_aside -= price;
            reserve.free += price;
        });
    }

    fn pay_assay(campaign: CampaignId, price: Balance, payees: &[AccountId]) {
        // Whole, to the first: how it is split is the campaigns' affair.
        Reserves::mutate(campaign, |reserve| {
            reserve.as_mut().unwrap().set_aside -= price
        });
        let keep = Preservation::Expendable;
        Balances::transfer(&escrow(campaign), &payees[0], price, keep).unwrap();
    }

    fn accepted(campaign: CampaignId, error: MeasuredError) {
        Messages::append(Told::Accepted(campaign, error));
    }

    fn nothing_pending(campaign: CampaignId) {
        Messages::append(Told::NothingPending(campaign));
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for FakeCampaigns {
    fn open_campaign() -> (CampaignId, NodeId) {
        (CAMPAIGN, ROOT)
    }

    fn store_gradient(_: CampaignId) -> BlobHash {
        gradient(1)
    }
}

/// What campaigns were told since this was asked last.
pub fn told() -> Vec<Told> {
    Messages::take().unwrap_or_default()
}

/// Blocks in which verdicts count: more than any test takes.
const WINDOW: u64 = 1_000;

/// The assays that are asked for.
#[storage_alias]
pub type Tasks = StorageMap<Fakes, Twox64Concat, NodeId, AssayTask<AccountId, u64>>;

pub struct FakeAssays;

impl traits::AssayQueue<AccountId, u64> for FakeAssays {
    fn request(
        node: NodeId,
        campaign: CampaignId,
        account: AccountId,
        subject: BlobHash,
        kind: AssayKind,
    ) -> DispatchResult {
        if Tasks::iter().count() >= AssayQueueLength::get() {
            return Err("queue full".into());
        }
        let task = AssayTask {
            node,
            campaign,
            account,
            subject,
            kind,
            deadline: System::block_number() + WINDOW,
        };
        Tasks::insert(node, task);
        Ok(())
    }

    fn withdraw(node: NodeId) -> Vec<AccountId> {
        let task = Tasks::take(node).expect("it was asked for");
        if task.deadline < System::block_number() + WINDOW {
            ASSAYERS.to_vec()
        } else {
            vec![]
        }
    }
}

#[storage_alias]
type Reputations = StorageMap<Fakes, Twox64Concat, AccountId, Reputation>;

pub struct FakeReputations;

impl traits::Reputations<AccountId> for FakeReputations {
    fn note(account: &AccountId, deed: Deed) {
        Reputations::mutate(account, |reputation| {
            reputation.get_or_insert_default().note(deed)
        });
    }

    fn of(account: &AccountId) -> Reputation {
        Reputations::get(account).unwrap_or_default()
    }
}

/// What an account has done.
pub fn reputation(account: AccountId) -> Reputation {
    <FakeReputations as traits::Reputations<_>>::of(&account)
}

/// The state in block 1: two campaigns with a root each.
pub fn new_test_ext() -> TestExternalities {
    // Tests may share a thread.
    BaseDeposit::set(BASE);
    MaxDuePerBlock::set(MAX_DUES);
    AssayQueueLength::set(MAX_ASSAYS);
    MinimumReputation::set(0);
    let holders = [
        ALICE,
        BOB,
        CAROL,
        OWNER,
        TREASURY,
        escrow(CAMPAIGN),
        escrow(OTHER_CAMPAIGN),
    ];
    let balances = holders
        .into_iter()
        .chain(ASSAYERS)
        .map(|account| (account, BALANCE))
        .chain([(POOR, 50)])
        .collect();
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut ext = TestExternalities::from(genesis.build_storage().unwrap());
    ext.execute_with(|| {
        System::set_block_number(1);
        for (campaign, root) in [(CAMPAIGN, ROOT), (OTHER_CAMPAIGN, OTHER_ROOT)] {
            Reserves::insert(
                campaign,
                Reserve {
                    free: 5_000,
                    set_aside: 0,
                },
            );
            assert_eq!(allocate(), root);
            plant(campaign, root, OWNER, START);
        }
        for seed in 0..=255 {
            Sizes::insert(gradient(seed), 100);
        }
    });
    // Benchmarks start every repetition from what is committed.
    ext.commit_all().unwrap();
    ext
}

/// Runs a test in block 1, then checks what must hold between blocks.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        check();
    });
}

/// Checks what must hold between blocks, also in what is faked.
pub fn check() {
    Gradients::do_try_state().unwrap();
    let mut pins = BTreeMap::new();
    let mut set_aside = BTreeMap::<CampaignId, Balance>::new();
    let mut tasks = 0;
    for (id, submission) in Submissions::<Test>::iter() {
        if let SubmissionState::Revealed { gradient } = submission.state {
            *pins.entry(gradient).or_insert(0) += 1;
            assert_eq!(Tasks::get(id).unwrap().subject, gradient);
            tasks += 1;
        }
        if submission.state.is_pending() {
            *set_aside.entry(submission.campaign).or_default() += submission.assay_price;
        }
    }
    for node in Nodes::<Test>::iter_values().filter(|node| node.parent.is_some()) {
        *pins.entry(node.blob).or_insert(0) += 1;
    }
    assert_eq!(Pins::iter().collect::<BTreeMap<_, _>>(), pins);
    assert_eq!(Tasks::iter().count(), tasks);
    for (campaign, reserve) in Reserves::iter() {
        assert_eq!(
            reserve.set_aside,
            set_aside.remove(&campaign).unwrap_or_default()
        );
        // At first the escrow has twice as much as the reserve.
        let other = BALANCE - 5_000;
        assert_eq!(
            Balances::balance(&escrow(campaign)),
            other + reserve.free + reserve.set_aside
        );
    }
    assert!(set_aside.is_empty());
}

/// Begins blocks until that of the given height.
pub fn run_to(number: u64) {
    while System::block_number() < number {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Gradients::on_initialize(next);
        check();
    }
}

/// Begins the next block.
pub fn next_block() {
    run_to(System::block_number() + 1);
}

/// A stored gradient.
pub fn gradient(seed: u8) -> BlobHash {
    H256::repeat_byte(seed)
}

/// Changes the size of a stored blob, or removes it.
pub fn resize(blob: BlobHash, size: Option<u32>) {
    Sizes::set(blob, size);
}

/// The parameters of a root.
pub fn parameters(root: NodeId) -> BlobHash {
    H256::from_low_u64_be(0xa000 + root)
}

/// The hash of a measured model.
pub fn model(seed: u64) -> H256 {
    H256::from_low_u64_be(0xb000 + seed)
}

pub fn allocate() -> NodeId {
    <Gradients as traits::ModelTree<_>>::allocate()
}

pub fn plant(campaign: CampaignId, root: NodeId, author: AccountId, error: MeasuredError) {
    <Gradients as traits::ModelTree<_>>::plant(campaign, root, author, parameters(root), error);
}

/// Commits to a gradient in [`CAMPAIGN`]. Returns the submission.
pub fn commit(who: AccountId, parent: NodeId, gradient: BlobHash) -> Result<NodeId, DispatchError> {
    let id = pallet_gradients::NextNode::<Test>::get();
    let commitment = commitment(&who, CAMPAIGN, parent, gradient, &SALT);
    Gradients::commit(RuntimeOrigin::signed(who), CAMPAIGN, parent, commitment)?;
    Ok(id)
}

pub fn reveal(who: AccountId, submission: NodeId, gradient: BlobHash) -> DispatchResult {
    Gradients::reveal(RuntimeOrigin::signed(who), submission, gradient, SALT)
}

/// Commits, and reveals in the next block. Returns the submission.
pub fn submit(who: AccountId, parent: NodeId, gradient: BlobHash) -> NodeId {
    let id = commit(who, parent, gradient).unwrap();
    next_block();
    reveal(who, id, gradient).unwrap();
    id
}

/// A quorum gives its verdict.
pub fn decide(submission: NodeId, verdict: Verdict) {
    let task = Tasks::take(submission).unwrap();
    <Gradients as traits::AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
}

/// A quorum measures an improvement.
pub fn improve(submission: NodeId, error: MeasuredError, candidate: H256) {
    decide(submission, Verdict::Improved { error, candidate });
}

/// Submits a gradient that is accepted as a model of its own. Returns the node.
pub fn accepted(
    who: AccountId,
    parent: NodeId,
    gradient: BlobHash,
    error: MeasuredError,
) -> NodeId {
    let id = submit(who, parent, gradient);
    improve(id, error, model(id));
    assert_eq!(state(id), SubmissionState::Accepted { node: id });
    id
}

pub fn state(submission: NodeId) -> SubmissionState<u64> {
    Submissions::<Test>::get(submission).unwrap().state
}

pub fn free(account: AccountId) -> Balance {
    Balances::balance(&account)
}

pub fn held(account: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Submission.into(), &account)
}

/// This pallet's events since the last time.
pub fn events() -> Vec<Event> {
    let events = System::read_events_for_pallet::<Event>();
    System::reset_events();
    events
}
