//! The pallets that have benchmarks, and what these need of each other.

use crate::*;
use alloc::boxed::Box;
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    campaign::{BountySplit, Model, Privacy, Terms, ValidationSet, DEFAULT_TOLERANCE},
    traits::AssaySubjects,
    BlobHash, CampaignId, NodeId,
};
use syft::{Architecture, Metric, Schema};

frame_benchmarking::define_benchmarks!(
    [pallet_model_repository, ModelRepository]
    [pallet_campaigns, Campaigns]
    [pallet_gradients, Gradients]
    [pallet_assays, Assays]
    [pallet_payouts, Payouts]
);

const ARCHITECTURE: &str =
    r#"{"input":[64],"layers":[{"dense":{"units":10}}],"head":"softmax_cross_entropy"}"#;
const SCHEMA: &str = r#"{"inputs":[{"name":"x","kind":{"vector":{"length":64}}}],
    "output":{"name":"y","kind":{"category":{"classes":["0","1","2","3","4","5","6","7","8","9"]}}}}"#;

/// The first error of the benchmarked campaign.
const START: u64 = 900_000_000;

/// Puts blobs into the model repository without a transaction.
pub struct Blobs;

impl pallet_campaigns::BenchmarkHelper for Blobs {
    fn store(seed: u8, size: u32) -> BlobHash {
        let hash = BlobHash::repeat_byte(seed);
        let blob = pallet_model_repository::Blob {
            size,
            depositor: AccountId::new([seed; 32]),
            deposit: 0,
            pins: 0,
            stored_at: System::block_number(),
        };
        pallet_model_repository::Blobs::<Runtime>::insert(hash, blob);
        hash
    }
}

/// Opens a campaign for the benchmarks of commitments.
pub struct OpenCampaign;

impl OpenCampaign {
    fn architecture() -> Architecture {
        serde_json::from_str(ARCHITECTURE).expect("the constant is valid")
    }

    fn parameters_size() -> u32 {
        let plan = Self::architecture().plan().expect("the constant is valid");
        syft::min_blob_size(&plan) as u32
    }
}

impl pallet_gradients::BenchmarkHelper<AccountId> for OpenCampaign {
    fn open_campaign() -> (CampaignId, NodeId) {
        use pallet_campaigns::BenchmarkHelper;

        let owner = AccountId::new([1; 32]);
        Balances::mint_into(&owner, 10_000_000 * SNR).expect("the amount is above the minimum");
        let campaign = pallet_campaigns::NextCampaign::<Runtime>::get();
        let parameters = Blobs::store(1, Self::parameters_size());
        let terms = Terms {
            title: "Benchmark".try_into().expect("the title is short"),
            description: "".try_into().expect("the description is short"),
            schema: serde_json::from_str::<Schema>(SCHEMA).expect("the constant is valid"),
            metric: Metric::ErrorRate,
            validation: ValidationSet {
                blob: Blobs::store(2, 1_000),
                rows: 10,
            },
            starting_error: START,
            target_error: 0,
            tolerance: DEFAULT_TOLERANCE,
            minimum_step: 1,
            deadline: System::block_number() + DAYS,
            privacy: Privacy::Open,
            bounty: 1_000_000 * SNR,
            split: BountySplit::default(),
            open_proposals: false,
            minimum_reputation: 0,
        };
        let model = Model {
            architecture: Self::architecture(),
            parameters,
        };
        Campaigns::create(
            RawOrigin::Signed(owner.clone()).into(),
            Box::new(terms),
            model,
        )
        .expect("the terms are valid");
        let root = pallet_campaigns::Campaigns::<Runtime>::get(campaign)
            .expect("it was created above")
            .root;
        pallet_assays::Tasks::<Runtime>::remove(root);
        let task = AssayTask {
            node: root,
            campaign,
            account: owner,
            subject: parameters,
            kind: AssayKind::Root,
            deadline: DAYS,
        };
        Campaigns::decided(&task, &Verdict::Measured { error: START }, &[]);
        (campaign, root)
    }

    fn store_gradient(_: CampaignId) -> BlobHash {
        use pallet_campaigns::BenchmarkHelper;

        Blobs::store(3, Self::parameters_size())
    }
}
