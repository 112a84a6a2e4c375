//! A runtime with balances, this pallet, and those who cause assays.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::{
    self as pallet_assays,
    crypto::{AssayerId, AssayerPair, AssayerSignature},
    Report,
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU128, ConstU32, ConstU64, Get, Hooks},
    weights::Weight,
};
use frame_system::{limits::BlockWeights, EnsureRoot};
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, AssayRequest, AssayTask, RoundVerdict, SeatShare, Verdict},
    reputation::{Reputation, ReputationChange},
    traits::{AssayQueue, AssaySubjects, Reputations},
    Balance, ModelId,
};
use sp_core::{Pair, H256};
use sp_io::TestExternalities;
use sp_runtime::{testing::TestXt, BuildStorage, DispatchResult};
use std::collections::BTreeMap;

pub type AccountId = u64;
pub type TxExtension = frame_system::AuthorizeCall<Test>;
pub type Extrinsic = TestXt<RuntimeCall, TxExtension>;
pub type Block = sp_runtime::generic::Block<sp_runtime::testing::Header, Extrinsic>;

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
    pub type Assays = pallet_assays::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<10>;
    type AccountStore = System;
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Test
where
    RuntimeCall: From<LocalCall>,
{
    type RuntimeCall = RuntimeCall;
    type Extrinsic = Extrinsic;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Test
where
    RuntimeCall: From<LocalCall>,
{
    type Extension = TxExtension;

    fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
        Extrinsic::new_transaction(call, extension)
    }
}

impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Test
where
    RuntimeCall: From<LocalCall>,
{
    fn create_extension() -> TxExtension {
        TxExtension::new()
    }
}

parameter_types! {
    /// More than one is for tests of the quorum only.
    pub static MaxAssayers: u32 = 1;
    /// What the off-chain worker is told to measure.
    pub static Work: BTreeMap<ModelId, AssayRequest> = BTreeMap::new();
    /// Decisions, in their order.
    pub static Decisions: Vec<(ModelId, Verdict, Vec<AccountId>)> = Vec::new();
    /// Roots and rounds that were not decided in time.
    pub static Undecided: Vec<ModelId> = Vec::new();
    /// What was counted for whom.
    pub static Changes: Vec<(AccountId, ReputationChange)> = Vec::new();
}

/// Those who cause assays, and count reputations.
pub struct Others;

impl AssaySubjects<AccountId, u64> for Others {
    fn work(task: &AssayTask<u64>) -> Option<AssayRequest> {
        Work::get().get(&task.id).cloned()
    }

    fn decided(task: &AssayTask<u64>, verdict: &Verdict, payees: &[AccountId]) {
        // It must be over before anybody acts on it.
        assert!(!crate::Tasks::<Test>::contains_key(task.id));
        assert!(!crate::Reports::<Test>::contains_key(task.id));
        Decisions::mutate(|all| all.push((task.id, verdict.clone(), payees.to_vec())));
    }

    fn undecided(task: &AssayTask<u64>) {
        assert!(!crate::Tasks::<Test>::contains_key(task.id));
        assert!(!crate::Reports::<Test>::contains_key(task.id));
        Undecided::mutate(|all| all.push(task.id));
    }

    fn weight_of_decision(kind: AssayKind, payees: u32) -> Weight {
        match kind {
            AssayKind::Root => Weight::from_parts(1_000_000 + u64::from(payees), 0),
            // More than a hook may use.
            AssayKind::Round => {
                let limits: BlockWeights = <Test as frame_system::Config>::BlockWeights::get();
                limits.max_block / 3
            }
        }
    }
}

impl Reputations<AccountId> for Others {
    fn note(account: &AccountId, change: ReputationChange) {
        Changes::mutate(|all| all.push((*account, change)));
    }

    fn of(_: &AccountId) -> Reputation {
        Reputation::default()
    }
}

impl pallet_assays::Config for Test {
    type AssayerId = AssayerId;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Bond = ConstU128<BOND>;
    type RegisterOrigin = EnsureRoot<AccountId>;
    type Subjects = Others;
    type Reputations = Others;
    type MaxAssayers = MaxAssayers;
    type AssayWindow = ConstU64<WINDOW>;
    type MaxPending = ConstU32<16>;
    type MaxAssaysPerBlock = ConstU32<3>;
    type MaxDuePerBlock = ConstU32<4>;
    type UnsignedPriority = ConstU64<1_000>;
    type ReportLongevity = ConstU64<8>;
    type WeightInfo = ();
}

/// An assayer's bond.
pub const BOND: Balance = 500;
/// What the first accounts have.
pub const ENDOWMENT: Balance = 1_000;
/// Blocks in which verdicts count.
pub const WINDOW: u64 = 20;
/// The first assayer; the next have the next numbers.
pub const ASSAYER: AccountId = 1;
/// The campaign of all assays.
pub const CAMPAIGN: u32 = 7;

/// The key pair of an assayer.
pub fn pair(account: AccountId) -> AssayerPair {
    AssayerPair::from_string(&format!("//Assayer//{account}"), None).unwrap()
}

/// The key of an assayer.
pub fn key(account: AccountId) -> AssayerId {
    pair(account).public()
}

/// A chain in block 1 with accounts 1 to 9 and the first so many assayers.
pub fn new_test_ext_with(assayers: u64) -> TestExternalities {
    MaxAssayers::set(assayers.max(1) as u32);
    Work::set(BTreeMap::new());
    Decisions::set(Vec::new());
    Undecided::set(Vec::new());
    Changes::set(Vec::new());
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..=9).map(|account| (account, ENDOWMENT)).collect(),
            ..Default::default()
        },
        assays: pallet_assays::GenesisConfig {
            assayers: (0..assayers)
                .map(|n| (ASSAYER + n, key(ASSAYER + n)))
                .collect(),
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut externalities = TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// A chain without assayers on a node with a keystore.
#[cfg(feature = "runtime-benchmarks")]
pub fn new_benchmark_ext() -> TestExternalities {
    let mut externalities = new_test_ext_with(0);
    let keystore = sp_keystore::testing::MemoryKeystore::new();
    externalities.register_extension(sp_keystore::KeystoreExt::new(keystore));
    externalities
}

/// Runs a test on a chain with so many assayers and then checks the pallet's state.
pub fn build_and_execute_with(assayers: u64, test: impl FnOnce()) {
    new_test_ext_with(assayers).execute_with(|| {
        test();
        Assays::do_try_state().unwrap();
    });
}

/// Runs a test on a chain with one assayer and then checks the pallet's state.
pub fn build_and_execute(test: impl FnOnce()) {
    build_and_execute_with(1, test);
}

/// Starts blocks up to this one.
pub fn run_to(block: u64) {
    while System::block_number() < block {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Assays::on_initialize(next);
    }
}

/// What is judged in the assay with this number.
pub fn subject(id: ModelId) -> H256 {
    H256::from_low_u64_be(id)
}

/// Asks for an assay.
pub fn request(id: ModelId, kind: AssayKind) -> DispatchResult {
    Assays::request(id, CAMPAIGN, kind, subject(id))
}

/// The verdict on a round with one gradient, which brought a model with this error.
pub fn accepted(error: u64) -> Verdict {
    Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: Some(AcceptedRound {
            error,
            parameters: H256::repeat_byte(9),
            best_set: vec![0].try_into().unwrap(),
            with_previous: false,
            seats: vec![SeatShare { place: 0, share: 1 }].try_into().unwrap(),
        }),
    })
}

/// The verdict on a round that did not improve its branch.
pub fn not_improved() -> Verdict {
    Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: None,
    })
}

/// An assayer's report.
pub fn report_by(account: AccountId, id: ModelId, verdict: Verdict) -> Report<AssayerId> {
    Report {
        id,
        subject: subject(id),
        verdict,
        assayer: key(account),
    }
}

/// The assayer's signature on a report.
pub fn sign(account: AccountId, report: &Report<AssayerId>) -> AssayerSignature {
    pair(account).sign(&Assays::payload(report))
}

/// Sends an assayer's report, as a block would execute it.
pub fn report(account: AccountId, id: ModelId, verdict: Verdict) -> DispatchResult {
    let report = report_by(account, id, verdict);
    let signature = sign(account, &report);
    Assays::report(
        frame_system::RawOrigin::Authorized.into(),
        report,
        signature,
    )
}

/// The pallet's events so far, which are forgotten.
pub fn take_events() -> Vec<crate::Event<Test>> {
    let events = System::read_events_for_pallet();
    System::reset_events();
    events
}
