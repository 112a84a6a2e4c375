//! The pallets that have benchmarks, and what these need of each other.

use crate::*;
use alloc::{boxed::Box, vec};
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;
use sonar_primitives::{
    assay::Verdict,
    campaign::{
        BountySplit, InitialModel, Members, Privacy, RoundTerms, Terms, ValidationSet,
        DEFAULT_STEPS, DEFAULT_TOLERANCE,
    },
    traits::AssaySubjects,
    BlobHash, CampaignId, ModelId,
};
use syft::{Architecture, Metric};

frame_benchmarking::define_benchmarks!(
    [pallet_model_repository, ModelRepository]
    [pallet_campaigns, Campaigns]
    [pallet_gradients, Gradients]
    [pallet_assays, Assays]
    [pallet_payouts, Payouts]
);

/// The first model of the benchmarked campaign.
const ARCHITECTURE: &str =
    r#"{"input":[64],"layers":[{"dense":{"units":10}}],"head":"softmax_cross_entropy"}"#;
/// A model that is proposed.
const PROPOSED: &str = r#"{"input":[64],"layers":[{"dense":{"units":32}},"relu",{"dense":{"units":10}}],
    "head":"softmax_cross_entropy"}"#;
const SCHEMA: &str = r#"{"inputs":[{"name":"x","kind":{"vector":{"length":64}}}],
    "output":{"name":"y","kind":{"category":{"classes":["0","1","2","3","4","5","6","7","8","9"]}}}}"#;
/// The header of a gradient with a single value, which fits any model.
const GRADIENT_HEADER: &str = r#"{"__metadata__":{"format":"sonar-gradient","encoding":"top-k"},
    "indices":{"dtype":"U32","shape":[1],"data_offsets":[0,4]},
    "values":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;

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
            // As it is with what is revealed: removing it is more work than keeping it.
            pinned_only: true,
            stored_at: System::block_number(),
            phase: 0,
        };
        pallet_model_repository::Blobs::<Runtime>::insert(hash, blob);
        hash
    }
}

/// Opens a campaign for the benchmarks of commitments.
pub struct OpenCampaign;

impl pallet_gradients::BenchmarkHelper<AccountId> for OpenCampaign {
    fn open_campaign() -> (CampaignId, ModelId) {
        use pallet_campaigns::BenchmarkHelper;

        let owner = AccountId::new([1; 32]);
        Balances::mint_into(&owner, 10_000_000 * SNR).expect("the amount is above the minimum");
        let campaign = pallet_campaigns::NextCampaign::<Runtime>::get();
        let terms = Terms {
            title: "Benchmark".try_into().expect("the title is short"),
            description: Default::default(),
            schema: serde_json::from_str(SCHEMA).expect("the constant is valid"),
            metric: Metric::ErrorRate,
            validation: ValidationSet {
                blob: Blobs::store(2, 1_000),
                // So few that a round can hold as many commitments as any.
                rows: 10,
            },
            starting_error: START,
            target_error: 0,
            tolerance: DEFAULT_TOLERANCE,
            minimum_step: START / DEFAULT_STEPS,
            deadline: System::block_number() + DAYS,
            privacy: Privacy::Open,
            bounty: 1_000_000 * SNR,
            split: BountySplit::default(),
            open_proposals: true,
            members: Members::Everybody,
            rounds: RoundTerms::default(),
        };
        let architecture = architecture(ARCHITECTURE);
        let model = InitialModel {
            parameters: Blobs::store(1, parameters_size(&architecture)),
            architecture,
        };
        Campaigns::create(RawOrigin::Signed(owner).into(), Box::new(terms), model)
            .expect("the terms are valid");
        let root = pallet_campaigns::Campaigns::<Runtime>::get(campaign)
            .expect("it was created above")
            .root;
        let task = pallet_assays::Tasks::<Runtime>::take(root).expect("it waits for its assay");
        Campaigns::decided(&task, &Verdict::Measured { error: START }, &[]);
        (campaign, root)
    }

    fn gradient(_: CampaignId) -> Vec<u8> {
        let mut file = (GRADIENT_HEADER.len() as u64).to_le_bytes().to_vec();
        file.extend(GRADIENT_HEADER.as_bytes());
        // Position and value.
        file.extend([0; 8]);
        file
    }

    fn proposal() -> (Architecture, Vec<u8>) {
        let architecture = architecture(PROPOSED);
        let parameters = vec![0; parameters_size(&architecture) as usize];
        (architecture, parameters)
    }
}

fn architecture(json: &str) -> Architecture {
    serde_json::from_str(json).expect("the constant is valid")
}

/// A size that parameters of this model can have.
fn parameters_size(architecture: &Architecture) -> u32 {
    let plan = architecture.plan().expect("the constant is valid");
    syft::min_blob_size(&plan) as u32
}
