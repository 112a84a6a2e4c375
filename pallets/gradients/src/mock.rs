//! A runtime to test the pallet in. What other pallets do is faked in storage, so that a call that
//! fails undoes it as it would theirs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate as pallet_gradients;
use codec::{Decode, Encode};
use frame_support::{
    derive_impl, parameter_types, storage_alias,
    traits::{
        fungible::{Inspect, InspectHold, Mutate},
        ConstU128, ConstU64, Contains, Hooks,
    },
    weights::{constants::ParityDbWeight, Weight},
    Blake2_128Concat, Twox64Concat,
};
use pallet_gradients::{HoldReason, Models, NextSubmission, PlaceOf, Rounds, Submissions};
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, AssayTask, RoundVerdict, SeatShare, Verdict},
    campaign::{Closed, InitialModel, RoundTerms},
    reputation::{Reputation, ReputationChange},
    round::RoundState,
    submission::{commitment, proposal_hash, Salt, SubmissionState},
    traits::{self, ModelTree, Phase, Place},
    tree::ModelOrigin,
    Balance, BlobHash, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::collections::BTreeMap;
use syft::{Architecture, Encoding, Gradient, Head, Layer, Metric, Parameters};

pub type AccountId = u64;
pub type Round = pallet_gradients::RoundFor<Test>;
pub type Submission = pallet_gradients::SubmissionOf<Test>;
pub type Model = pallet_gradients::ModelOf<Test>;
pub type Event = pallet_gradients::Event<Test>;
pub type Error = pallet_gradients::Error<Test>;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Has too little for any deposit.
pub const POOR: AccountId = 4;
/// Proposed the roots.
pub const OWNER: AccountId = 5;
/// Is not a member of any campaign.
pub const STRANGER: AccountId = 6;
/// Gave the deciding verdicts.
pub const ASSAYERS: [AccountId; 3] = [11, 12, 13];
/// Gets deposits that are lost.
pub const TREASURY: AccountId = 20;

/// What each account has at first.
pub const BALANCE: Balance = 10_000;
pub const EXISTENTIAL_DEPOSIT: Balance = 5;
/// The base deposit of an account without a reputation.
pub const BASE: Balance = 100;
/// Of measuring one set. Odd, so that sums are not divisible by the number of assayers.
pub const PRICE: Balance = 7;
pub const SEATS: u8 = 4;
pub const ROUND_SIZE: u32 = 64;
/// What the author of a proposal must have for its assay.
pub const PROPOSAL_PRICE: Balance = 9_950;
pub const PROPOSAL_WINDOW: u64 = 20;
/// Buckets have 10 blocks; a window that does not begin with one has two.
pub const WINDOW: u64 = 30;
pub const ROUND_BLOCKS: u64 = 5;
const MAX_DUE: u32 = 4;
const MAX_ASSAYS: u32 = 100;
const BYTES_PER_BLOCK: u32 = 1 << 20;

/// The campaign of most tests, and its roots.
pub const CAMPAIGN: CampaignId = 1;
pub const ROOT: ModelId = 0;
pub const SECOND_ROOT: ModelId = 1;
/// Another one.
pub const OTHER_CAMPAIGN: CampaignId = 2;
pub const OTHER_ROOT: ModelId = 2;
/// The number of the first round.
pub const FIRST: RoundId = 3;
pub const START: MeasuredError = 1_000;
/// The error of the second root.
pub const SECOND_START: MeasuredError = 1_200;
pub const TARGET: MeasuredError = 100;
pub const MINIMUM_STEP: MeasuredError = 10;
pub const SALT: Salt = [7; 32];
pub const DEADLINE: u64 = 1_000;

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
    pub static MaxDuePerBlock: u32 = MAX_DUE;
    pub static RevealBytesPerBlock: u32 = BYTES_PER_BLOCK;
    /// Nothing, where it is not what a test is about.
    pub static BookingFeePerByte: Balance = 0;
    /// How many assays can be pending.
    pub static AssayQueueLength: u32 = MAX_ASSAYS;
    /// How many places there are for blobs.
    pub static PlacesForBlobs: u32 = u32::MAX;
    pub static MaxCommitments: u32 = ROUND_SIZE;
}

/// Who operates the chain: the owner of the campaigns, for once.
pub struct Operators;

impl Contains<AccountId> for Operators {
    fn contains(account: &AccountId) -> bool {
        *account == OWNER
    }
}

impl pallet_gradients::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Blobs = FakeBlobs;
    type Campaigns = FakeCampaigns;
    type Assays = FakeAssays;
    type Reputations = FakeReputations;
    type ProposalWindow = ConstU64<PROPOSAL_WINDOW>;
    type RevealBytesPerBlock = RevealBytesPerBlock;
    type MaxDuePerBlock = MaxDuePerBlock;
    type BookingFeePerByte = BookingFeePerByte;
    type LostDeposits = LostDeposits;
    type Operators = Operators;
    type WeightInfo = pallet_gradients::weights::WeightsWith<ParityDbWeight>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = FakeCampaigns;
}

/// How often each blob is pinned.
#[storage_alias]
pub type Pins = StorageMap<Fakes, Blake2_128Concat, BlobHash, u32>;
/// Places that are booked.
#[storage_alias]
type Places = StorageMap<Fakes, Twox64Concat, Place, ()>;
#[storage_alias]
type NextPlace = StorageValue<Fakes, Place>;

pub struct FakeBlobs;

impl traits::Blobs<AccountId> for FakeBlobs {
    fn size(_: BlobHash) -> Option<u32> {
        unreachable!("nobody asks for sizes")
    }

    fn pin(_: BlobHash) -> DispatchResult {
        unreachable!("what is put is pinned")
    }

    fn unpin(blob: BlobHash) {
        Pins::mutate_exists(blob, |pins| {
            let left = pins.unwrap() - 1;
            *pins = (left > 0).then_some(left);
        });
    }

    fn book() -> Result<Place, DispatchError> {
        if Places::iter().count() >= PlacesForBlobs::get() as usize {
            return Err("no place".into());
        }
        let place = NextPlace::get().unwrap_or_default();
        NextPlace::put(place + 1);
        Places::insert(place, ());
        Ok(place)
    }

    fn unbook(place: Place) {
        Places::take(place).expect("it is booked");
    }

    fn put(_: &AccountId, data: &[u8], place: Place) -> Result<BlobHash, DispatchError> {
        Places::take(place).expect("it is booked");
        let blob = H256(blake2_256(data));
        Pins::mutate(blob, |pins| *pins = Some(pins.unwrap_or_default() + 1));
        Ok(blob)
    }
}

/// What a campaign was told.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Told {
    RoundDecided(CampaignId, Option<MeasuredError>),
    NothingPending(CampaignId),
}

/// Campaigns that take commitments; those that are judged; those that dissolve.
#[storage_alias]
type Phases = StorageMap<Fakes, Twox64Concat, CampaignId, u8>;
#[storage_alias]
type Deadlines = StorageMap<Fakes, Twox64Concat, CampaignId, u64>;
#[storage_alias]
type Messages = StorageValue<Fakes, Vec<Told>>;
/// Proposals that were revealed.
#[storage_alias]
pub type Proposed = StorageMap<Fakes, Twox64Concat, ModelId, InitialModel>;

pub struct FakeCampaigns;

/// The shape of all models: three parameters.
pub fn architecture() -> Architecture {
    Architecture {
        input: vec![2].try_into().unwrap(),
        layers: vec![Layer::Dense { units: 1 }].try_into().unwrap(),
        head: Head::SquaredError,
    }
}

pub fn max_gradient_size() -> u32 {
    syft::max_gradient_size(&architecture().plan().unwrap()) as u32
}

impl traits::Campaigns<AccountId, Balance, u64> for FakeCampaigns {
    fn commit_terms(
        campaign: CampaignId,
        _: ModelId,
        account: &AccountId,
    ) -> Result<traits::CommitTerms<Balance, u64>, DispatchError> {
        let deadline = Deadlines::get(campaign).unwrap();
        if Self::phase(campaign) != Some(Phase::Open) || System::block_number() > deadline {
            return Err("closed".into());
        }
        if *account == STRANGER {
            return Err("no member".into());
        }
        Ok(traits::CommitTerms {
            rounds: RoundTerms {
                round_blocks: ROUND_BLOCKS as u32,
                reveal_window: WINDOW as u32,
                seats: SEATS,
                steepness: 1,
            },
            deadline,
            price: PRICE,
            base_deposit: BASE,
            max_commitments: MaxCommitments::get(),
            max_gradient_size: max_gradient_size(),
        })
    }

    fn proposal_terms(campaign: CampaignId, account: &AccountId) -> Result<Balance, DispatchError> {
        Self::commit_terms(campaign, ROOT, account).map(|terms| terms.base_deposit)
    }

    fn propose(
        campaign: CampaignId,
        author: &AccountId,
        model: InitialModel,
    ) -> Result<ModelId, DispatchError> {
        if Self::phase(campaign) != Some(Phase::Open) {
            return Err("closed".into());
        }
        if free(*author) < PROPOSAL_PRICE {
            return Err("no money for the assay".into());
        }
        let root = <Gradients as ModelTree<_>>::allocate();
        Proposed::insert(root, model);
        Ok(root)
    }

    fn phase(campaign: CampaignId) -> Option<Phase> {
        Phases::get(campaign).map(|phase| match phase {
            0 => Phase::Open,
            1 => Phase::Judging,
            _ => Phase::Dissolving,
        })
    }

    fn assay_base(campaign: CampaignId, _: ModelId) -> Option<traits::AssayBase> {
        Phases::contains_key(campaign).then(|| traits::AssayBase {
            architecture: architecture(),
            metric: Metric::MeanSquaredError,
            validation: H256::repeat_byte(0xee),
            rows: 9,
            target: TARGET,
            minimum_step: MINIMUM_STEP,
        })
    }

    fn round_decided(campaign: CampaignId, accepted: Option<MeasuredError>) {
        Messages::append(Told::RoundDecided(campaign, accepted));
        if accepted.is_some_and(|error| error <= TARGET) {
            set_phase(campaign, Some(Phase::Dissolving));
            stop(campaign, Closed::TargetReached).unwrap();
        }
    }

    fn weight_of_round_decided() -> Weight {
        Weight::from_parts(1_000_000_000, 0)
    }

    fn nothing_pending(campaign: CampaignId) {
        assert_eq!(<Gradients as ModelTree<_>>::pending(campaign), 0);
        Messages::append(Told::NothingPending(campaign));
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for FakeCampaigns {
    fn open_campaign() -> (CampaignId, ModelId) {
        MaxCommitments::set(sonar_primitives::round::MAX_COMMITMENTS);
        (CAMPAIGN, ROOT)
    }

    fn gradient(_: CampaignId) -> Vec<u8> {
        gradient(0)
    }

    fn proposal() -> (Architecture, Vec<u8>) {
        (architecture(), parameters(0))
    }
}

/// What campaigns were told since this was asked last.
pub fn told() -> Vec<Told> {
    Messages::take().unwrap_or_default()
}

/// Lets the blocks of each bucket hold the reveals of so many commitments.
pub fn room_for_reveals(commitments: u32) {
    let bytes = commitments * max_gradient_size();
    RevealBytesPerBlock::set(bytes.div_ceil(pallet_gradients::BUCKET_BLOCKS));
}

pub fn set_phase(campaign: CampaignId, phase: Option<Phase>) {
    Phases::set(
        campaign,
        phase.map(|phase| match phase {
            Phase::Open => 0,
            Phase::Judging => 1,
            Phase::Dissolving => 2,
        }),
    );
}

pub fn set_deadline(block: u64) {
    Deadlines::insert(CAMPAIGN, block);
}

pub fn stop(campaign: CampaignId, reason: Closed) -> DispatchResult {
    <Gradients as ModelTree<_>>::stop(campaign, reason)
}

/// The owner cancels the campaign.
pub fn cancel() -> DispatchResult {
    stop(CAMPAIGN, Closed::Cancelled)?;
    set_phase(CAMPAIGN, Some(Phase::Judging));
    Ok(())
}

/// The assays that are asked for.
#[storage_alias]
pub type Tasks = StorageMap<Fakes, Twox64Concat, ModelId, AssayTask<u64>>;
pub struct FakeAssays;

impl traits::AssayQueue<AccountId> for FakeAssays {
    fn request(
        id: ModelId,
        campaign: CampaignId,
        kind: AssayKind,
        subject: H256,
    ) -> DispatchResult {
        if Tasks::iter().count() as u32 >= AssayQueueLength::get() {
            return Err("queue full".into());
        }
        let task = AssayTask {
            id,
            campaign,
            kind,
            subject,
            deadline: DEADLINE,
        };
        Tasks::insert(id, task);
        Ok(())
    }

    fn withdraw(id: ModelId) -> Vec<AccountId> {
        Tasks::take(id).expect("it was asked for");
        ASSAYERS.to_vec()
    }
}

#[storage_alias]
type Reputations = StorageMap<Fakes, Twox64Concat, AccountId, Reputation>;

pub struct FakeReputations;

impl traits::Reputations<AccountId> for FakeReputations {
    fn note(account: &AccountId, change: ReputationChange) {
        Reputations::mutate(account, |reputation| {
            reputation.get_or_insert_default().note(change)
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

pub fn contributed(account: AccountId, contributions: u32) {
    for _ in 0..contributions {
        <FakeReputations as traits::Reputations<_>>::note(
            &account,
            ReputationChange::Contributed(1),
        );
    }
}

/// The state in block 1: a campaign with two roots, and one with one.
pub fn new_test_ext() -> TestExternalities {
    // Tests may share a thread.
    MaxDuePerBlock::set(MAX_DUE);
    RevealBytesPerBlock::set(BYTES_PER_BLOCK);
    AssayQueueLength::set(MAX_ASSAYS);
    PlacesForBlobs::set(u32::MAX);
    MaxCommitments::set(ROUND_SIZE);
    let balances = [ALICE, BOB, CAROL, OWNER, STRANGER, TREASURY]
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
        for campaign in [CAMPAIGN, OTHER_CAMPAIGN] {
            set_phase(campaign, Some(Phase::Open));
            Deadlines::insert(campaign, DEADLINE);
        }
        for (campaign, root, error) in [
            (CAMPAIGN, ROOT, START),
            (CAMPAIGN, SECOND_ROOT, SECOND_START),
            (OTHER_CAMPAIGN, OTHER_ROOT, START),
        ] {
            plant(campaign, root, error);
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
    let mut pins = BTreeMap::<BlobHash, u32>::new();
    for submission in Submissions::<Test>::iter_values() {
        if let SubmissionState::Revealed { gradient } = submission.state {
            *pins.entry(gradient).or_default() += 1;
        }
    }
    for model in Models::<Test>::iter_values() {
        if let ModelOrigin::Merged { contributors, .. } = model.origin {
            for of in contributors.iter().filter(|of| of.in_best_set) {
                *pins.entry(of.gradient).or_default() += 1;
            }
            if model.stored {
                *pins.entry(model.parameters).or_default() += 1;
            }
        }
    }
    for model in Proposed::iter_values() {
        *pins.entry(model.parameters).or_default() += 1;
    }
    assert_eq!(Pins::iter().collect::<BTreeMap<_, _>>(), pins);
    let mut places: Vec<Place> = PlaceOf::<Test>::iter_values().collect();
    let mut booked: Vec<Place> = Places::iter_keys().collect();
    places.sort();
    booked.sort();
    assert_eq!(places, booked);
    let rounds_that = |state| {
        let rounds = Rounds::<Test>::iter_values();
        rounds.filter(|round| round.state == state).count()
    };
    assert_eq!(rounds_that(RoundState::Assaying), Tasks::iter().count());
}

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

/// Gives an account what it needs for many commitments.
pub fn enrich(account: AccountId, amount: Balance) {
    Balances::mint_into(&account, amount).unwrap();
}

/// A gradient; another one for each seed.
pub fn gradient(seed: u64) -> Vec<u8> {
    let parameters = |seed| Parameters::initialise(&architecture(), seed).unwrap();
    let gradient = Gradient::between(&parameters(0), &parameters(seed + 1)).unwrap();
    gradient.encode(Encoding::DenseF32)
}

pub fn hash(bytes: &[u8]) -> H256 {
    H256(blake2_256(bytes))
}

/// The parameters of a model; others for each seed.
pub fn parameters(seed: u64) -> Vec<u8> {
    Parameters::initialise(&architecture(), seed)
        .unwrap()
        .to_safetensors()
}

/// Adds a root, with the number that it must get.
pub fn plant(campaign: CampaignId, root: ModelId, error: MeasuredError) {
    assert_eq!(<Gradients as ModelTree<_>>::allocate(), root);
    let blob = H256::from_low_u64_be(0xa000 + root);
    <Gradients as ModelTree<_>>::plant(campaign, root, OWNER, blob, error);
}

/// Commits to `gradient(seed)` in the campaign of `root`. Returns the submission.
pub fn commit_on(
    who: AccountId,
    root: ModelId,
    base: ModelId,
    seed: u64,
) -> Result<SubmissionId, DispatchError> {
    let campaign = Models::<Test>::get(root).unwrap().campaign;
    commit_to(who, campaign, root, base, &gradient(seed))
}

/// Commits to these bytes. Returns the submission.
pub fn commit_to(
    who: AccountId,
    campaign: CampaignId,
    root: ModelId,
    base: ModelId,
    bytes: &[u8],
) -> Result<SubmissionId, DispatchError> {
    let id = NextSubmission::<Test>::get();
    let commitment = commitment(&who, campaign, Some(base), hash(bytes), &SALT);
    let origin = RuntimeOrigin::signed(who);
    Gradients::commit(origin, campaign, root, base, commitment, Balance::MAX)?;
    Ok(id)
}

/// Commits to `gradient(seed)` on the first root. Returns the submission.
pub fn commit(who: AccountId, seed: u64) -> SubmissionId {
    commit_on(who, ROOT, ROOT, seed).unwrap()
}

pub fn reveal(who: AccountId, submission: SubmissionId, seed: u64) -> DispatchResult {
    reveal_bytes(who, submission, gradient(seed))
}

pub fn reveal_bytes(who: AccountId, submission: SubmissionId, bytes: Vec<u8>) -> DispatchResult {
    Gradients::reveal(RuntimeOrigin::signed(who), submission, SALT, bytes)
        .map(drop)
        .map_err(|failed| failed.error)
}

pub fn advance(round: RoundId) -> DispatchResult {
    Gradients::advance(RuntimeOrigin::signed(STRANGER), round)
        .map(drop)
        .map_err(|failed| failed.error)
}

pub fn round(id: RoundId) -> Round {
    Rounds::<Test>::get(id).unwrap()
}

pub fn model(id: ModelId) -> Model {
    Models::<Test>::get(id).unwrap()
}

pub fn state(submission: SubmissionId) -> SubmissionState {
    Submissions::<Test>::get(submission).unwrap().state
}

/// Goes to the first block in which reveals of a round count.
pub fn to_reveals(id: RoundId) {
    run_to(round(id).closes);
}

/// Goes to the first block in which reveals of a round do not count any more.
pub fn to_end(id: RoundId) {
    run_to(round(id).reveals_end);
}

/// Commits each of these accounts, with its own number as seed, to a gradient on the best model of a
/// branch, and reveals all of them. Returns the round.
pub fn play(root: ModelId, accounts: &[AccountId]) -> RoundId {
    let campaign = model(root).campaign;
    let base = pallet_gradients::Branches::<Test>::get(campaign, root)
        .unwrap()
        .best;
    let submissions: Vec<_> = accounts
        .iter()
        .map(|who| (*who, commit_on(*who, root, base, *who).unwrap()))
        .collect();
    let id = pallet_gradients::OpenRound::<Test>::get(root).unwrap();
    to_reveals(id);
    for (who, submission) in submissions {
        reveal(who, submission, who).unwrap();
    }
    id
}

/// The number of commitments that `play` and others made so far.
pub fn submissions_of(id: RoundId) -> Vec<SubmissionId> {
    pallet_gradients::Commitments::<Test>::get(id).into_inner()
}

/// A verdict that accepts a round: with these seats, by place and share, and this best set.
pub fn accepts(
    error: MeasuredError,
    seats: &[(u8, u128)],
    best_set: &[u8],
    with_previous: bool,
) -> RoundVerdict {
    let seats: Vec<SeatShare> = seats
        .iter()
        .map(|(place, share)| SeatShare {
            place: *place,
            share: *share,
        })
        .collect();
    RoundVerdict {
        malformed: Default::default(),
        accepted: Some(AcceptedRound {
            error,
            parameters: hash(&parameters(error)),
            best_set: best_set.to_vec().try_into().unwrap(),
            with_previous,
            seats: seats.try_into().unwrap(),
        }),
    }
}

/// A verdict that does not accept a round.
pub fn refuses(malformed: &[u8]) -> RoundVerdict {
    RoundVerdict {
        malformed: malformed.to_vec().try_into().unwrap(),
        accepted: None,
    }
}

/// A quorum gives its verdict.
pub fn decide(id: RoundId, verdict: RoundVerdict) {
    let task = Tasks::take(id).expect("it is measured");
    let verdict = Verdict::Round(verdict);
    <Gradients as traits::AssaySubjects<_, _>>::decided(&task, &verdict, &ASSAYERS);
}

/// No quorum forms in time.
pub fn no_quorum(id: RoundId) {
    let task = Tasks::take(id).expect("it is measured");
    <Gradients as traits::AssaySubjects<_, _>>::undecided(&task);
}

/// Plays a round of one gradient that brings the branch this error.
pub fn accepted(root: ModelId, who: AccountId, error: MeasuredError) -> RoundId {
    let id = play(root, &[who]);
    decide(id, accepts(error, &[(0, 1)], &[0], false));
    assert_eq!(round(id).state, RoundState::Accepted);
    id
}

/// Commits to a proposal of `parameters(seed)`. Returns the submission.
pub fn commit_proposal(who: AccountId, seed: u64) -> Result<SubmissionId, DispatchError> {
    let id = NextSubmission::<Test>::get();
    let content = proposal_hash(&architecture(), hash(&parameters(seed)));
    let commitment = commitment(&who, CAMPAIGN, None, content, &SALT);
    Gradients::commit_proposal(
        RuntimeOrigin::signed(who),
        CAMPAIGN,
        commitment,
        Balance::MAX,
    )?;
    Ok(id)
}

pub fn reveal_proposal(who: AccountId, submission: SubmissionId, seed: u64) -> DispatchResult {
    Gradients::reveal_proposal(
        RuntimeOrigin::signed(who),
        submission,
        SALT,
        architecture(),
        parameters(seed),
    )
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
