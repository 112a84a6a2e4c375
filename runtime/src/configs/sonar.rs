//! The parameters of Sonar's own pallets, and how they meet: each asks for what it needs through a
//! trait of `sonar-primitives`, and here is who answers.

use crate::*;
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, Contains},
    weights::Weight,
    PalletId,
};
use frame_system::EnsureRoot;
use sonar_primitives::{
    assay::{AssayKind, AssayPrice, AssayRequest, AssayTask, Verdict},
    traits::AssaySubjects,
};
use sp_runtime::{traits::AccountIdConversion, transaction_validity::TransactionPriority};

parameter_types! {
    pub const MaxBlobSize: u32 = 4 * 1024 * 1024;
    /// The deposit for a blob: 0.01 SNR and 0.001 SNR for each kilobyte.
    pub const BlobDepositBase: Balance = SNR / 100;
    pub const BlobDepositPerByte: Balance = SNR / 1_000_000;
    /// Blobs are renewed this often: nodes must keep more blocks than this.
    pub const BlobRetentionPeriod: BlockNumber = 2 * DAYS;
}

impl pallet_model_repository::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type MaxBlobSize = MaxBlobSize;
    type DepositBase = BlobDepositBase;
    type DepositPerByte = BlobDepositPerByte;
    type RetentionPeriod = BlobRetentionPeriod;
    type MaxRenewalsPerBlock = ConstU32<128>;
    type WeightInfo = pallet_model_repository::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    pub const CampaignsPalletId: PalletId = PalletId(*b"sonarcmp");
    /// Receives the deposits of commitments that were not revealed in time.
    pub LostDeposits: AccountId = PalletId(*b"sonarlst").into_account_truncating();
    pub const Price: AssayPrice<Balance> = AssayPrice {
        base: SNR / 100,
        per_million_multiply_adds: SNR / 10_000,
        per_kibibyte: SNR / 100_000,
    };
    pub const CampaignDeposit: Balance = SNR;
    pub const MinimumBounty: Balance = 10 * SNR;
    pub const MinimumContribution: Balance = SNR;
    /// Long enough for the reveals and the assay of one round.
    pub const GracePeriod: BlockNumber = MaxRevealWindow::get() + AssayWindow::get() + MINUTES;
    pub const MaxRevealWindow: BlockNumber = *sonar_primitives::campaign::REVEAL_WINDOW.end();
    pub const MinDuration: BlockNumber = MINUTES;
    pub const MaxDuration: BlockNumber = 90 * DAYS;
    pub const CampaignRetention: BlockNumber = 7 * DAYS;
    /// Multiply-adds of all sets of a round: some seconds on two cores.
    pub const MaxRoundWork: u64 = 1_000_000_000_000;

    /// What a commitment deposits at least, besides its part of the round's assay.
    pub const BaseDeposit: Balance = SNR;
    /// Blocks in which a proposal may be revealed.
    pub const ProposalWindow: BlockNumber = MINUTES;
    /// Half of what a block holds.
    pub const RevealBytesPerBlock: u32 = configs::MAX_BLOCK_LENGTH / 2;

    pub const AssayerBond: Balance = 1_000 * SNR;
    pub const AssayWindow: BlockNumber = 5 * MINUTES;
    pub const ReportPriority: TransactionPriority = TransactionPriority::MAX / 2;
}

impl pallet_campaigns::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Blobs = ModelRepository;
    type Tree = Gradients;
    type Assays = Assays;
    type Payouts = Payouts;
    type Reputations = Payouts;
    type PalletId = CampaignsPalletId;
    type AssayPrice = Price;
    type BaseDeposit = BaseDeposit;
    type CampaignDeposit = CampaignDeposit;
    type MinimumBounty = MinimumBounty;
    type MinimumContribution = MinimumContribution;
    type MinDuration = MinDuration;
    type MaxDuration = MaxDuration;
    type GracePeriod = GracePeriod;
    type RetentionPeriod = CampaignRetention;
    type MaxSponsors = ConstU32<100>;
    type MaxProposals = ConstU32<8>;
    type MaxDuePerBlock = ConstU32<32>;
    type MaxRows = ConstU32<1_000_000>;
    type MaxAdmitted = ConstU32<10_000>;
    type MaxRoundWork = MaxRoundWork;
    type MaxGradientSize = MaxBlobSize;
    type WeightInfo = pallet_campaigns::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Blobs;
}

impl pallet_gradients::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Blobs = ModelRepository;
    type Campaigns = Campaigns;
    type Assays = Assays;
    type Reputations = Payouts;
    type ProposalWindow = ProposalWindow;
    type RevealBytesPerBlock = RevealBytesPerBlock;
    type BookingFeePerByte = configs::TransactionByteFee;
    type MaxDuePerBlock = ConstU32<64>;
    type LostDeposits = LostDeposits;
    type Operators = Operators;
    type WeightInfo = pallet_gradients::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::OpenCampaign;
}

/// Who may use the part of a block that is kept for operations for other calls than reveals: the
/// sudo key alone, because whoever else calls sudo could fill it with calls that fail.
pub struct Operators;

impl Contains<AccountId> for Operators {
    fn contains(account: &AccountId) -> bool {
        pallet_sudo::Key::<Runtime>::get().as_ref() == Some(account)
    }
}

impl pallet_assays::Config for Runtime {
    type AssayerId = pallet_assays::crypto::AssayerId;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Bond = AssayerBond;
    type RegisterOrigin = EnsureRoot<AccountId>;
    type Subjects = Subjects;
    type Reputations = Payouts;
    type MaxAssayers = ConstU32<1>;
    type AssayWindow = AssayWindow;
    type MaxPending = ConstU32<1024>;
    type MaxAssaysPerBlock = ConstU32<8>;
    type MaxDuePerBlock = ConstU32<8>;
    type UnsignedPriority = ReportPriority;
    type ReportLongevity = ConstU64<16>;
    type WeightInfo = pallet_assays::weights::SubstrateWeight<Runtime>;
}

impl pallet_payouts::Config for Runtime {
    type Currency = Balances;
    type WeightInfo = pallet_payouts::weights::SubstrateWeight<Runtime>;
}

/// Routes assays to those who caused them: roots to the campaigns, rounds to the gradients.
pub struct Subjects;

impl AssaySubjects<AccountId, BlockNumber> for Subjects {
    fn work(task: &AssayTask<BlockNumber>) -> Option<AssayRequest> {
        match task.kind {
            AssayKind::Root => Campaigns::work(task),
            AssayKind::Round => Gradients::work(task),
        }
    }

    fn decided(task: &AssayTask<BlockNumber>, verdict: &Verdict, payees: &[AccountId]) {
        match task.kind {
            AssayKind::Root => Campaigns::decided(task, verdict, payees),
            AssayKind::Round => Gradients::decided(task, verdict, payees),
        }
    }

    fn undecided(task: &AssayTask<BlockNumber>) {
        match task.kind {
            AssayKind::Root => Campaigns::undecided(task),
            AssayKind::Round => Gradients::undecided(task),
        }
    }

    fn weight_of_decision(kind: AssayKind, payees: u32) -> Weight {
        match kind {
            AssayKind::Root => Campaigns::weight_of_decision(kind, payees),
            AssayKind::Round => Gradients::weight_of_decision(kind, payees),
        }
    }
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Runtime
where
    RuntimeCall: From<LocalCall>,
{
    type Extrinsic = UncheckedExtrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Runtime
where
    RuntimeCall: From<LocalCall>,
{
    type Extension = TxExtension;

    fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_transaction(call, extension)
    }
}

/// Off-chain workers send verdicts in general transactions: authorised by the signature in the call,
/// without an account, nonce or fee.
impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Runtime
where
    RuntimeCall: From<LocalCall>,
{
    fn create_extension() -> TxExtension {
        (
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckEra::from(sp_runtime::generic::Era::Immortal),
            frame_system::CheckNonce::from(0),
            pallet_gradients::CheckReveal::new(),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::from(0),
            frame_metadata_hash_extension::CheckMetadataHash::new(false),
            frame_system::WeightReclaim::new(),
        )
    }
}
