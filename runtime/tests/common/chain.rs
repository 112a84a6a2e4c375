//! A chain in one process: real blocks and real, signed extrinsics through the runtime's executive;
//! only consensus and the assayer's computer are missing.

use codec::Encode;
use pallet_assays::{crypto::AssayerPair, Report};
use sonar_primitives::{
    assay::{AssayTask, Verdict},
    BlobHash,
};
use sonar_runtime::{
    AccountId, Assays, Balance, BlockNumber, Campaigns, Executive, Gradients, Hash, Header,
    ModelRepository, Payouts, Runtime, RuntimeCall, RuntimeEvent, RuntimeGenesisConfig,
    SignedPayload, System, TxExtension, UncheckedExtrinsic, SLOT_DURATION, VERSION,
};
use sp_core::{crypto::Pair, H256};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
    generic::Era,
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    BuildStorage, Digest, DigestItem, DispatchError, MultiAddress, MultiSignature,
};
use std::collections::BTreeMap;

/// Somebody with a key.
pub trait Signer {
    /// His account.
    fn account(&self) -> AccountId;
    /// His signature.
    fn signature(&self, bytes: &[u8]) -> MultiSignature;
}

impl Signer for Sr25519Keyring {
    fn account(&self) -> AccountId {
        self.to_account_id()
    }

    fn signature(&self, bytes: &[u8]) -> MultiSignature {
        self.sign(bytes).into()
    }
}

/// A fresh chain with the accounts of the development preset, and others with these balances.
pub fn genesis(others: &[(AccountId, Balance)]) -> sp_io::TestExternalities {
    let preset = sonar_runtime::genesis::preset(&"development".into()).unwrap();
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
    merge(&mut config, serde_json::from_slice(&preset).unwrap());
    let mut config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
    config.balances.balances.extend_from_slice(others);
    config.build_storage().unwrap().into()
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

/// The block that is being made.
pub struct Chain {
    parent: Header,
    /// What happened since [`Chain::take_events`] was called last.
    events: Vec<RuntimeEvent>,
    /// The blobs that nodes keep, stored or revealed, by their hashes.
    pub blobs: BTreeMap<BlobHash, Vec<u8>>,
    /// What is checked between blocks.
    between_blocks: fn(),
}

impl Chain {
    /// Opens the first block. Call inside the externalities of [`genesis`].
    pub fn start(between_blocks: fn()) -> Self {
        let parent = Header::new(
            0,
            H256::zero(),
            H256::zero(),
            H256::zero(),
            Digest::default(),
        );
        let mut chain = Self {
            parent,
            events: Vec::new(),
            blobs: BTreeMap::new(),
            between_blocks,
        };
        chain.open();
        chain
    }

    /// The number of the open block.
    pub fn now(&self) -> BlockNumber {
        System::block_number()
    }

    fn open(&mut self) {
        let number = self.parent.number + 1;
        let slot = sp_consensus_aura::Slot::from(u64::from(number));
        let digest = Digest {
            logs: vec![DigestItem::PreRuntime(
                sp_consensus_aura::AURA_ENGINE_ID,
                slot.encode(),
            )],
        };
        let header = Header::new(
            number,
            H256::zero(),
            H256::zero(),
            self.parent.hash(),
            digest,
        );
        Executive::initialize_block(&header);
        let timestamp = RuntimeCall::Timestamp(pallet_timestamp::Call::set {
            now: u64::from(number) * SLOT_DURATION,
        });
        Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(timestamp))
            .unwrap()
            .unwrap();
    }

    /// Closes the open block and opens the next, `count` times.
    pub fn advance(&mut self, count: BlockNumber) {
        for _ in 0..count {
            self.events
                .extend(System::read_events_no_consensus().map(|record| record.event));
            self.parent = Executive::finalize_block();
            (self.between_blocks)();
            self.open();
        }
    }

    /// What happened in the blocks that are closed.
    pub fn take_events(&mut self) -> Vec<RuntimeEvent> {
        std::mem::take(&mut self.events)
    }

    /// Closes the open block if it is full enough.
    pub fn make_room(&mut self) {
        let limit = sonar_runtime::configs::RuntimeBlockWeights::get()
            .max_block
            .ref_time()
            / 4;
        if System::block_weight().total().ref_time() > limit {
            self.advance(1);
        }
    }

    /// Signs and executes a call in the open block, which is closed when it is full. Fails, having
    /// cost nothing, if the transaction is not even valid.
    pub fn submit(&mut self, who: impl Signer, call: RuntimeCall) -> Result<(), DispatchError> {
        if let Some(bytes) = bytes_of(&call) {
            self.blobs.insert(hash_of(bytes), bytes.to_vec());
        }
        self.make_room();
        let account = who.account();
        let extension: TxExtension = (
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckEra::from(Era::Immortal),
            frame_system::CheckNonce::from(System::account_nonce(&account)),
            pallet_gradients::CheckReveal::new(),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::from(0),
            frame_metadata_hash_extension::CheckMetadataHash::new(false),
            frame_system::WeightReclaim::new(),
        );
        let genesis: Hash = System::block_hash(0);
        let implicit = (
            (),
            (),
            VERSION.spec_version,
            VERSION.transaction_version,
            genesis,
            genesis,
            (),
            (),
            (),
            (),
            None,
            (),
        );
        let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
        let signature = payload.using_encoded(|bytes| who.signature(bytes));
        let extrinsic =
            UncheckedExtrinsic::new_signed(call, MultiAddress::Id(account), signature, extension);
        Executive::apply_extrinsic(extrinsic).map_err(|_| DispatchError::Other("not valid"))?
    }

    /// The assayer's verdict on a task, as its off-chain worker sends it. `Exhausted` if the block is full.
    pub fn report(
        &mut self,
        task: &AssayTask<BlockNumber>,
        verdict: Verdict,
    ) -> Result<(), DispatchError> {
        let pair = AssayerPair::from(Sr25519Keyring::Alice.pair());
        let report = Report {
            id: task.id,
            subject: task.subject,
            verdict,
            assayer: pair.public(),
        };
        let signature = pair.sign(&report.payload(&System::block_hash(0)));
        let call = RuntimeCall::Assays(pallet_assays::Call::report { report, signature });
        use frame_system::offchain::CreateAuthorizedTransaction;
        let extrinsic =
            <Runtime as CreateAuthorizedTransaction<pallet_assays::Call<Runtime>>>::create_authorized_transaction(
                call,
            );
        let full = TransactionValidityError::from(InvalidTransaction::ExhaustsResources);
        match Executive::apply_extrinsic(extrinsic) {
            // It would wait in the pool.
            Err(error) if error == full => Err(DispatchError::Exhausted),
            applied => applied.expect("the report is authorised"),
        }
    }

    /// Stores a blob, if it is not stored yet.
    pub fn store(&mut self, who: impl Signer, data: Vec<u8>) -> BlobHash {
        let hash = hash_of(&data);
        if pallet_model_repository::Blobs::<Runtime>::get(hash).is_none() {
            self.submit(
                who,
                RuntimeCall::ModelRepository(pallet_model_repository::Call::store { data }),
            )
            .expect("the blob can be stored");
        }
        hash
    }
}

/// The bytes that come with a call.
fn bytes_of(call: &RuntimeCall) -> Option<&[u8]> {
    use pallet_gradients::Call::{reveal, reveal_proposal, store_model};
    match call {
        RuntimeCall::ModelRepository(pallet_model_repository::Call::store { data }) => Some(data),
        RuntimeCall::Gradients(reveal { gradient, .. }) => Some(gradient),
        RuntimeCall::Gradients(
            reveal_proposal { parameters, .. } | store_model { parameters, .. },
        ) => Some(parameters),
        _ => None,
    }
}

/// The hash that names a blob.
pub fn hash_of(bytes: &[u8]) -> BlobHash {
    H256(syft::content_hash(bytes))
}

/// The assays that the chain waits for, in the order of numbers.
pub fn tasks() -> Vec<AssayTask<BlockNumber>> {
    let mut tasks: Vec<_> = pallet_assays::Tasks::<Runtime>::iter_values().collect();
    tasks.sort_by_key(|task| task.id);
    tasks
}

/// Checks every invariant of every pallet that holds money.
pub fn check_invariants() {
    ModelRepository::do_try_state().expect("model-repository");
    Campaigns::do_try_state().expect("campaigns");
    Gradients::do_try_state().expect("gradients");
    Assays::do_try_state().expect("assays");
    Payouts::do_try_state().expect("payouts");
}
