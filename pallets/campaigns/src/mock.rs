//! A runtime with balances and this pallet; simple stand-ins for the pallets that it asks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate as pallet_campaigns;
use frame_support::{
    assert_ok, derive_impl, parameter_types,
    storage::with_storage_layer,
    traits::{
        fungible::{InspectHold, Mutate},
        tokens::Preservation,
        Hooks,
    },
    PalletId,
};
use sonar_primitives::{
    assay::{AssayKind, AssayPrice, AssayTask, Verdict},
    campaign::{
        BountySplit, Closed, InitialModel, Members, Privacy, RoundTerms, State, Terms,
        ValidationSet, DEFAULT_TOLERANCE,
    },
    reputation::{Reputation, ReputationChange},
    traits::{
        AssayQueue, AssaySubjects, Blobs, Campaigns as CampaignsTrait, ModelTree, Payouts, Phase,
        Place, Reputations, Settlement,
    },
    tree::RecordStep,
    Balance, BlobHash, CampaignId, Hash, MeasuredError, ModelId,
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::collections::BTreeMap;
use syft::{Architecture, Field, FieldKind, Head, Layer, Metric, Schema};

pub type Block = frame_system::mocking::MockBlock<Test>;
/// Wide enough to hold a campaign's escrow account.
pub type AccountId = u128;
pub type BlockNumber = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeTask,
        RuntimeHoldReason,
        RuntimeFreezeReason
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type Campaigns = pallet_campaigns::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

/// No account holds less than this.
pub const MINIMUM: Balance = 10;
/// The price of an assay of [`model`] on the validation set of [`terms`]: 100 for any assay, 10 for
/// its 800 multiply-adds, 3 for its 2,500 bytes.
pub const PRICE: Balance = 113;
/// What keeps an escrow alive.
pub const DEPOSIT: Balance = 15;

parameter_types! {
    pub const ExistentialDeposit: Balance = MINIMUM;
    pub const CampaignsPalletId: PalletId = PalletId(*b"sonar/ca");
    pub const Price: AssayPrice<Balance> = AssayPrice {
        base: 100,
        per_million_multiply_adds: 10,
        per_kibibyte: 1,
    };
    pub const BaseDeposit: Balance = 8;
    pub const CampaignDeposit: Balance = DEPOSIT;
    pub const MinimumBounty: Balance = 5_000;
    pub const MinimumContribution: Balance = 50;
    pub const MinDuration: BlockNumber = 10;
    pub const MaxDuration: BlockNumber = 1_000;
    pub const GracePeriod: BlockNumber = 20;
    pub const RetentionPeriod: BlockNumber = 50;
    pub const MaxSponsors: u32 = 4;
    pub const MaxProposals: u32 = 3;
    pub const MaxDuePerBlock: u32 = 2;
    pub const MaxRows: u32 = 1_000;
    pub const MaxAdmitted: u32 = 3;
    /// A round of 16 commitments with four seats measures 126 sets.
    pub const MaxRoundWork: u64 = 126 * 20_000;
    pub const MaxGradientSize: u32 = 4_096;

    /// Size and pins of each blob. In storage, so that it is undone with a failing call.
    pub storage StoredBlobs: Vec<(BlobHash, u32, u32)> = Vec::new();
    /// Assays that were booked, and not asked for.
    pub storage BookedAssays: u32 = 0;
    /// Assays that were asked for, and not withdrawn or decided, and the blocks of their requests.
    pub storage Requested: Vec<(ModelId, CampaignId, Hash, BlockNumber)> = Vec::new();
    /// The number of the next model.
    pub storage NextModel: ModelId = 100;
    /// Models that were planted.
    pub storage Planted: Vec<(CampaignId, ModelId, AccountId, BlobHash, MeasuredError)> = Vec::new();
    /// The campaigns of pending rounds.
    pub storage Pending: Vec<CampaignId> = Vec::new();
    /// What is unclaimed of each campaign.
    pub storage Unclaimed: Vec<(CampaignId, Balance)> = Vec::new();

    /// Whether the assay queue is full.
    pub static QueueFull: bool = false;
    /// Whether the payouts refuse to settle.
    pub static PayoutsFail: bool = false;
    /// Whether the tree refuses to stop.
    pub static StopFails: bool = false;
    /// Campaigns that the tree was told to stop.
    pub static Stopped: Vec<(CampaignId, Closed)> = Vec::new();
    /// Errors of accepted rounds, and whose steps of the record they are.
    pub static Accepted: BTreeMap<CampaignId, Vec<(AccountId, MeasuredError)>> = BTreeMap::new();
    /// Items that tree and payouts have to forget.
    pub static ToForget: (u32, u32) = (0, 0);
    /// What was handed over to the payouts: settlement, number of steps, whether they were the last.
    pub static Settlements: Vec<(Settlement<AccountId, Balance>, usize, bool)> = Vec::new();
    /// Contributions of accounts.
    pub static Contributions: BTreeMap<AccountId, u32> = BTreeMap::new();
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

impl pallet_campaigns::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Blobs = FakeBlobs;
    type Tree = FakeTree;
    type Assays = FakeAssays;
    type Payouts = FakePayouts;
    type Reputations = FakeReputations;
    type PalletId = CampaignsPalletId;
    type AssayPrice = Price;
    type BaseDeposit = BaseDeposit;
    type CampaignDeposit = CampaignDeposit;
    type MinimumBounty = MinimumBounty;
    type MinimumContribution = MinimumContribution;
    type MinDuration = MinDuration;
    type MaxDuration = MaxDuration;
    type GracePeriod = GracePeriod;
    type RetentionPeriod = RetentionPeriod;
    type MaxSponsors = MaxSponsors;
    type MaxProposals = MaxProposals;
    type MaxDuePerBlock = MaxDuePerBlock;
    type MaxRows = MaxRows;
    type MaxAdmitted = MaxAdmitted;
    type MaxRoundWork = MaxRoundWork;
    type MaxGradientSize = MaxGradientSize;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = FakeBlobs;
}

/// Blobs of which only size and pins are known.
pub struct FakeBlobs;

impl FakeBlobs {
    /// Stores a blob.
    pub fn insert(blob: BlobHash, size: u32) {
        let mut stored = StoredBlobs::get();
        stored.push((blob, size, 0));
        StoredBlobs::set(&stored);
    }

    /// How often a blob is pinned.
    pub fn pins(blob: BlobHash) -> u32 {
        let stored = StoredBlobs::get();
        stored.iter().find(|(hash, ..)| *hash == blob).unwrap().2
    }

    fn change(blob: BlobHash, change: impl FnOnce(u32) -> Option<u32>) -> DispatchResult {
        let mut stored = StoredBlobs::get();
        let entry = stored
            .iter_mut()
            .find(|(hash, ..)| *hash == blob)
            .ok_or("unknown blob")?;
        entry.2 = change(entry.2).expect("unpinned more often than pinned");
        StoredBlobs::set(&stored);
        Ok(())
    }
}

impl Blobs<AccountId> for FakeBlobs {
    fn size(blob: BlobHash) -> Option<u32> {
        let stored = StoredBlobs::get();
        stored
            .iter()
            .find(|(hash, ..)| *hash == blob)
            .map(|(_, size, _)| *size)
    }
    fn pin(blob: BlobHash) -> DispatchResult {
        Self::change(blob, |pins| Some(pins + 1))
    }
    fn unpin(blob: BlobHash) {
        Self::change(blob, |pins| pins.checked_sub(1)).unwrap();
    }
    fn book() -> Result<Place, DispatchError> {
        Err(DispatchError::Other("the gradients do this"))
    }
    fn unbook(_: Place) {}
    fn put(_: &AccountId, _: &[u8], _: Place) -> Result<BlobHash, DispatchError> {
        Err(DispatchError::Other("the gradients do this"))
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper for FakeBlobs {
    fn store(seed: u8, size: u32) -> BlobHash {
        let hash = BlobHash::repeat_byte(seed);
        Self::insert(hash, size);
        hash
    }
}

/// A tree that counts rounds, each of one miner.
pub struct FakeTree;

impl FakeTree {
    /// All steps of a campaign's record.
    pub fn steps(campaign: CampaignId) -> Vec<RecordStep<AccountId>> {
        let Some((_, first, proposer, _, start)) = Planted::get()
            .into_iter()
            .find(|planted| planted.0 == campaign)
        else {
            return vec![];
        };
        let mut record = start;
        let mut steps = vec![];
        for (miner, error) in Accepted::get().remove(&campaign).unwrap_or_default() {
            if error < record {
                steps.push(RecordStep {
                    model: first + 1_000,
                    from: record,
                    to: error,
                    contributors: vec![(miner, 1)],
                    proposer,
                });
                record = error;
            }
        }
        steps
    }
}

impl ModelTree<AccountId> for FakeTree {
    fn allocate() -> ModelId {
        let model = NextModel::get();
        NextModel::set(&(model + 1));
        model
    }
    fn plant(
        campaign: CampaignId,
        root: ModelId,
        author: AccountId,
        parameters: BlobHash,
        error: MeasuredError,
    ) {
        let mut planted = Planted::get();
        planted.push((campaign, root, author, parameters, error));
        Planted::set(&planted);
    }
    fn record(campaign: CampaignId) -> Option<MeasuredError> {
        let planted = Planted::get();
        let (.., start) = planted.iter().find(|planted| planted.0 == campaign)?;
        Some(Self::steps(campaign).last().map_or(*start, |step| step.to))
    }
    fn accepted(campaign: CampaignId) -> u32 {
        Accepted::get()
            .get(&campaign)
            .map_or(0, |rounds| rounds.len() as u32)
    }
    fn pending(campaign: CampaignId) -> u32 {
        Pending::get().iter().filter(|id| **id == campaign).count() as u32
    }
    fn stop(campaign: CampaignId, reason: Closed) -> DispatchResult {
        if StopFails::get() {
            return Err(DispatchError::Other("no room for the reveals"));
        }
        assert_ne!(Campaigns::phase(campaign), Some(Phase::Open));
        Stopped::mutate(|stopped| stopped.push((campaign, reason)));
        Ok(())
    }
    fn record_steps(campaign: CampaignId, from: u32, limit: u32) -> Vec<RecordStep<AccountId>> {
        let steps = Self::steps(campaign).into_iter();
        steps.skip(from as usize).take(limit as usize).collect()
    }
    fn others_contributed(campaign: CampaignId, account: &AccountId) -> bool {
        Self::steps(campaign)
            .iter()
            .any(|step| step.contributors.iter().any(|(miner, _)| miner != account))
    }
    fn forget(_: CampaignId, limit: u32) -> u32 {
        let (tree, payouts) = ToForget::get();
        let forgotten = tree.min(limit);
        ToForget::set((tree - forgotten, payouts));
        forgotten
    }
}

/// A queue that never decides anything.
pub struct FakeAssays;

impl AssayQueue<AccountId> for FakeAssays {
    fn request(
        id: ModelId,
        campaign: CampaignId,
        kind: AssayKind,
        subject: Hash,
    ) -> DispatchResult {
        assert_eq!(kind, AssayKind::Root);
        if QueueFull::get() {
            return Err(DispatchError::Other("queue full"));
        }
        let mut requested = Requested::get();
        requested.push((id, campaign, subject, System::block_number()));
        Requested::set(&requested);
        Ok(())
    }
    fn withdraw(id: ModelId) -> Vec<AccountId> {
        let mut requested = Requested::get();
        let now = System::block_number();
        let owed = requested
            .iter()
            .any(|(requested, .., at)| *requested == id && *at < now);
        requested.retain(|(requested, ..)| *requested != id);
        Requested::set(&requested);
        if owed {
            ASSAYERS.to_vec()
        } else {
            vec![]
        }
    }
}

/// Payouts that owe everything to everybody together.
pub struct FakePayouts;

impl Payouts<AccountId, Balance> for FakePayouts {
    fn settle(
        settlement: &Settlement<AccountId, Balance>,
        steps: &[RecordStep<AccountId>],
        last: bool,
    ) -> DispatchResult {
        if PayoutsFail::get() {
            return Err(DispatchError::Other("payouts fail"));
        }
        let bounty = settlement.data + settlement.expertise + settlement.unearnable;
        let contributed: Balance = settlement.sponsors.iter().map(|(_, part)| *part).sum();
        assert_eq!(bounty, contributed);
        if last {
            let mut unclaimed = Unclaimed::get();
            unclaimed.push((settlement.campaign, bounty));
            Unclaimed::set(&unclaimed);
        }
        let settlement = settlement.clone();
        Settlements::mutate(|settlements| settlements.push((settlement, steps.len(), last)));
        Ok(())
    }
    fn unclaimed(campaign: CampaignId) -> Balance {
        Unclaimed::get()
            .iter()
            .filter(|(id, _)| *id == campaign)
            .map(|(_, amount)| *amount)
            .sum()
    }
    fn forget(_: CampaignId, limit: u32) -> u32 {
        let (tree, payouts) = ToForget::get();
        let forgotten = payouts.min(limit);
        ToForget::set((tree, payouts - forgotten));
        forgotten
    }
}

/// Knows contributions alone.
pub struct FakeReputations;

impl Reputations<AccountId> for FakeReputations {
    fn note(account: &AccountId, change: ReputationChange) {
        panic!("the payouts count what {account} did: {change:?}");
    }
    fn of(account: &AccountId) -> Reputation {
        Reputation {
            contributions: Contributions::get().remove(account).unwrap_or_default(),
            ..Default::default()
        }
    }
}

/// Creates campaigns.
pub const OWNER: AccountId = 1;
/// Proposes models.
pub const AUTHOR: AccountId = 2;
/// Adds to bounties.
pub const SPONSOR: AccountId = 3;
/// Submits gradients.
pub const MINER: AccountId = 4;
/// Give verdicts.
pub const ASSAYERS: [AccountId; 2] = [10, 11];
/// Gets what is claimed.
pub const CLAIMANT: AccountId = 20;
/// What those named above have at first.
pub const ENDOWMENT: Balance = 1_000_000;
/// What [`terms`] offer.
pub const BOUNTY: Balance = 10_000;
/// The claimed, and in tests measured, start of [`terms`].
pub const START: MeasuredError = 900_000_000;
/// The target of [`terms`].
pub const TARGET: MeasuredError = 50_000_000;
/// The last block in which [`terms`] take gradients.
pub const DEADLINE: BlockNumber = 101;

/// The blob of the n-th model's parameters.
pub fn parameters(n: u8) -> BlobHash {
    BlobHash::repeat_byte(n)
}

/// The blob of the validation set.
pub fn validation() -> BlobHash {
    BlobHash::repeat_byte(0xaa)
}

/// A chain in block 1 (so that events are recorded) with accounts and blobs.
pub fn new_test_ext() -> sp_io::TestExternalities {
    QueueFull::set(false);
    PayoutsFail::set(false);
    StopFails::set(false);
    Stopped::set(Vec::new());
    Accepted::set(BTreeMap::new());
    ToForget::set((0, 0));
    Settlements::set(Vec::new());
    Contributions::set(BTreeMap::new());
    let storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .unwrap();
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| {
        System::set_block_number(1);
        for account in [OWNER, AUTHOR, SPONSOR, MINER, CLAIMANT]
            .iter()
            .chain(&ASSAYERS)
        {
            Balances::mint_into(account, ENDOWMENT).unwrap();
        }
        for n in 0..10 {
            FakeBlobs::insert(parameters(n), 500);
        }
        FakeBlobs::insert(validation(), 2_000);
    });
    externalities
}

/// Runs a test on a fresh chain and then checks the pallet's state.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        check();
    });
}

/// Checks the pallet's state, and that no escrow holds a unit more than it owes.
pub fn check() {
    assert_ok!(Campaigns::do_try_state());
    for (id, campaign) in crate::Campaigns::<Test>::iter() {
        let owed = match campaign.state {
            State::Settled { .. } | State::Rejected { .. } => FakePayouts::unclaimed(id),
            _ => campaign.bounty,
        };
        assert_eq!(escrow_balance(id), owed + campaign.deposit);
    }
    assert_eq!(
        BookedAssays::get(),
        0,
        "what is booked is asked for at once"
    );
}

/// Four numbers in, one of two classes out.
pub fn schema() -> Schema {
    let field = |name: &str, kind| Field {
        name: name.try_into().unwrap(),
        kind,
    };
    let classes: Vec<_> = ["no", "yes"].map(|class| class.try_into().unwrap()).into();
    Schema {
        inputs: vec![field(
            "x",
            FieldKind::Vector {
                length: 4,
                range: None,
            },
        )]
        .try_into()
        .unwrap(),
        output: field(
            "y",
            FieldKind::Category {
                classes: classes.try_into().unwrap(),
            },
        ),
    }
}

/// The n-th model: 10 parameters, 32 multiply-adds per row. They differ in a layer that costs nothing.
pub fn model(n: u8) -> InitialModel {
    let layers = vec![Layer::Dropout { rate: n.into() }, Layer::Dense { units: 2 }];
    InitialModel {
        architecture: Architecture {
            input: vec![4].try_into().unwrap(),
            layers: layers.try_into().unwrap(),
            head: Head::SoftmaxCrossEntropy,
        },
        parameters: parameters(n),
    }
}

/// Terms that are in order.
pub fn terms() -> Terms<Balance, BlockNumber> {
    Terms {
        title: "Yes or no".try_into().unwrap(),
        description: Default::default(),
        schema: schema(),
        metric: Metric::ErrorRate,
        validation: ValidationSet {
            blob: validation(),
            rows: 100,
        },
        starting_error: START,
        target_error: TARGET,
        tolerance: DEFAULT_TOLERANCE,
        minimum_step: 1_000_000,
        deadline: DEADLINE,
        privacy: Privacy::Open,
        bounty: BOUNTY,
        split: BountySplit::default(),
        open_proposals: true,
        members: Members::Everybody,
        rounds: RoundTerms::default(),
    }
}

/// Creates a campaign of [`OWNER`] with the given terms and the first model.
pub fn create_with(terms: Terms<Balance, BlockNumber>) -> CampaignId {
    let id = crate::NextCampaign::<Test>::get();
    assert_ok!(Campaigns::create(
        RuntimeOrigin::signed(OWNER),
        Box::new(terms),
        model(0)
    ));
    id
}

/// Creates a campaign of [`OWNER`] with [`terms`].
pub fn create() -> CampaignId {
    create_with(terms())
}

/// Creates a campaign and opens it with exactly the claimed start.
pub fn open() -> CampaignId {
    let id = create();
    decide(root_of(id), Verdict::Measured { error: START });
    assert_eq!(campaign(id).state, State::Open);
    id
}

/// A campaign.
pub fn campaign(id: CampaignId) -> crate::CampaignOf<Test> {
    crate::Campaigns::<Test>::get(id).unwrap()
}

/// The number of a campaign's first proposal.
pub fn root_of(id: CampaignId) -> ModelId {
    campaign(id).root
}

/// What a campaign's escrow holds.
pub fn escrow_balance(id: CampaignId) -> Balance {
    Balances::free_balance(Campaigns::escrow(id))
}

/// What is held from an account for proposals, all holds together.
pub fn held(account: AccountId) -> Balance {
    Balances::total_balance_on_hold(&account)
}

/// An account reveals the n-th model, whose parameters the gradients have stored and pinned.
pub fn propose(author: AccountId, id: CampaignId, n: u8) -> Result<ModelId, DispatchError> {
    with_storage_layer(|| {
        FakeBlobs::pin(parameters(n))?;
        Campaigns::propose(id, &author, model(n))
    })
}

/// [`AUTHOR`] reveals the n-th model, and the owner has it measured.
pub fn propose_and_accept(id: CampaignId, n: u8) -> ModelId {
    let root = propose(AUTHOR, id, n).unwrap();
    assert_ok!(Campaigns::accept_proposal(
        RuntimeOrigin::signed(OWNER),
        root
    ));
    root
}

/// The task of a pending root assay.
pub fn task(root: ModelId) -> AssayTask<BlockNumber> {
    let (id, campaign, subject, _) = Requested::get()
        .into_iter()
        .find(|(id, ..)| *id == root)
        .expect("the assay was asked for");
    AssayTask {
        id,
        campaign,
        kind: AssayKind::Root,
        subject,
        deadline: 1_000,
    }
}

/// The assayers decide about a proposal.
pub fn decide(root: ModelId, verdict: Verdict) {
    let task = task(root);
    FakeAssays::withdraw(root);
    Campaigns::decided(&task, &verdict, &ASSAYERS);
}

/// No quorum forms about a proposal.
pub fn leave_undecided(root: ModelId) {
    let task = task(root);
    FakeAssays::withdraw(root);
    Campaigns::undecided(&task);
}

/// What the assayers have earned.
pub fn fees() -> Vec<Balance> {
    ASSAYERS
        .iter()
        .map(|assayer| Balances::free_balance(assayer) - ENDOWMENT)
        .collect()
}

/// [`MINER`] commits to a gradient on the first proposal, in a round of its own.
pub fn commit(id: CampaignId) -> DispatchResult {
    Campaigns::commit_terms(id, root_of(id), &MINER)?;
    let mut pending = Pending::get();
    pending.push(id);
    Pending::set(&pending);
    Ok(())
}

/// A pending round is judged, and accepted with this error (`None`: not accepted).
pub fn conclude(id: CampaignId, error: Option<MeasuredError>) {
    assert!(matches!(
        Campaigns::phase(id),
        Some(Phase::Open | Phase::Judging)
    ));
    if let Some(error) = error {
        Accepted::mutate(|accepted| accepted.entry(id).or_default().push((MINER, error)));
    }
    end_round(id);
    Campaigns::round_decided(id, error);
    tell_if_nothing_pending(id);
}

/// The rounds that are pending dissolve.
pub fn dissolve(id: CampaignId) {
    assert_eq!(Campaigns::phase(id), Some(Phase::Dissolving));
    while FakeTree::pending(id) > 0 {
        end_round(id);
        Campaigns::round_decided(id, None);
    }
    tell_if_nothing_pending(id);
}

fn end_round(id: CampaignId) {
    let mut pending = Pending::get();
    let index = pending.iter().position(|campaign| *campaign == id);
    pending.remove(index.expect("a round is pending"));
    Pending::set(&pending);
}

fn tell_if_nothing_pending(id: CampaignId) {
    if FakeTree::pending(id) == 0 {
        Campaigns::nothing_pending(id);
    }
}

/// Everything of a campaign is claimed, by [`CLAIMANT`].
pub fn claim_all(id: CampaignId) {
    let amount = FakePayouts::unclaimed(id);
    assert_ok!(Balances::transfer(
        &Campaigns::escrow(id),
        &CLAIMANT,
        amount,
        Preservation::Preserve
    ));
    let mut unclaimed = Unclaimed::get();
    unclaimed.retain(|(campaign, _)| *campaign != id);
    Unclaimed::set(&unclaimed);
}

/// Begins every block up to `block`.
pub fn run_to(block: BlockNumber) {
    while System::block_number() < block {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Campaigns::on_initialize(next);
    }
}

/// Passes over blocks without the chain doing anything in them.
pub fn skip_to(block: BlockNumber) {
    System::set_block_number(block);
}
