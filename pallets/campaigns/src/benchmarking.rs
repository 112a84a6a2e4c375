//! Benchmarks of the pallet's calls.
//!
//! What other pallets do inside a call (stopping rounds, forgetting models) is measured with the
//! runtime's own, but in the state that calls of this pallet alone can bring about.

use crate::{
    proposals::subject, Admitted, Call, CampaignOf, Campaigns, Config, Due, Pallet, Proposals,
    Sponsors, TermsFor, MAX_REMOVED,
};
use alloc::{boxed::Box, vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::Get,
    traits::{fungible::Mutate, Hooks},
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    campaign::{
        BountySplit, Closed, InitialModel, Members, Privacy, ProposalState, RoundTerms, State,
        Terms, ValidationSet,
    },
    traits::{AssaySubjects, Blobs, Payouts},
    Balance, BlobHash, CampaignId, ModelId,
};
use sp_runtime::{
    traits::{One, Saturating},
    Permill,
};
use syft::{Architecture, Field, FieldKind, Head, Layer, Metric, Schema};

/// Stores blobs, so that campaigns can be created.
pub trait BenchmarkHelper {
    /// Stores a blob of `size` bytes whose content depends on `seed`, and says its hash.
    fn store(seed: u8, size: u32) -> BlobHash;
}

/// The claimed, and measured, start.
const START: u64 = 900_000_000;

/// An account with plenty of money.
fn rich<T: Config>(name: &'static str, index: u32) -> Result<T::AccountId, BenchmarkError> {
    let who: T::AccountId = account(name, index, 0);
    let money = bounty::<T>().saturating_mul(1_000);
    T::Currency::mint_into(&who, money)?;
    Ok(who)
}

/// A bounty that is large enough for any price of an assay.
fn bounty<T: Config>() -> Balance {
    let price = T::AssayPrice::get().of(1_000_000, 1_000, 1_000_000);
    T::MinimumBounty::get()
        .max(price.saturating_mul(1_000))
        .max(T::MinimumContribution::get())
}

/// A model with 10 parameters; each seed has an architecture of its own.
fn model<T: Config>(seed: u8) -> Result<InitialModel, BenchmarkError> {
    let layers = vec![
        Layer::Dropout { rate: seed.into() },
        Layer::Dense { units: 2 },
    ];
    Ok(InitialModel {
        architecture: Architecture {
            input: vec![4].try_into().map_err(|_| "input")?,
            layers: layers.try_into().map_err(|_| "layers")?,
            head: Head::SoftmaxCrossEntropy,
        },
        parameters: T::BenchmarkHelper::store(seed, 500),
    })
}

/// Terms that fit [`model`].
fn terms<T: Config>() -> Result<TermsFor<T>, BenchmarkError> {
    let name = |name: &str| name.try_into().map_err(|_| "name");
    let classes = vec![name("no")?, name("yes")?];
    let inputs = vec![Field {
        name: name("x")?,
        kind: FieldKind::Vector {
            length: 4,
            range: None,
        },
    }];
    let now = System::<T>::block_number();
    Ok(Terms {
        title: "Yes or no".try_into().map_err(|_| "title")?,
        description: Default::default(),
        schema: Schema {
            inputs: inputs.try_into().map_err(|_| "inputs")?,
            output: Field {
                name: name("y")?,
                kind: FieldKind::Category {
                    classes: classes.try_into().map_err(|_| "classes")?,
                },
            },
        },
        metric: Metric::ErrorRate,
        validation: ValidationSet {
            blob: T::BenchmarkHelper::store(255, 2_000),
            rows: 100,
        },
        starting_error: START,
        target_error: 0,
        tolerance: Permill::zero(),
        minimum_step: START / 500,
        // A benchmark prepared in block 0 runs in block 1.
        deadline: now
            .saturating_add(T::MinDuration::get())
            .saturating_add(One::one()),
        privacy: Privacy::Open,
        bounty: bounty::<T>(),
        split: BountySplit::default(),
        open_proposals: true,
        members: Members::Admitted,
        rounds: RoundTerms::default(),
    })
}

/// A campaign that waits for its first verdict.
fn proposed<T: Config>(owner: &T::AccountId) -> Result<CampaignId, BenchmarkError> {
    let id = crate::NextCampaign::<T>::get();
    Pallet::<T>::do_create(owner.clone(), terms::<T>()?, model::<T>(0)?)?;
    Ok(id)
}

/// The campaign, which exists.
fn stored<T: Config>(id: CampaignId) -> Result<CampaignOf<T>, BenchmarkError> {
    Campaigns::<T>::get(id).ok_or(BenchmarkError::Stop("no campaign"))
}

/// The assay of a proposal.
fn task_of<T: Config>(
    id: CampaignId,
    root: ModelId,
) -> Result<AssayTask<BlockNumberFor<T>>, BenchmarkError> {
    let proposal = Proposals::<T>::get(root).ok_or("no proposal")?;
    Ok(AssayTask {
        id: root,
        campaign: id,
        kind: AssayKind::Root,
        subject: subject(&proposal.model),
        deadline: System::<T>::block_number(),
    })
}

/// The assayers measure a proposal as claimed.
fn measured<T: Config>(id: CampaignId, root: ModelId) -> Result<(), BenchmarkError> {
    let task = task_of::<T>(id, root)?;
    Pallet::<T>::decided(&task, &Verdict::Measured { error: START }, &[]);
    Ok(())
}

/// An open campaign.
fn open<T: Config>(owner: &T::AccountId) -> Result<CampaignId, BenchmarkError> {
    let id = proposed::<T>(owner)?;
    measured::<T>(id, stored::<T>(id)?.root)?;
    Ok(id)
}

/// As many sponsors as there may be, but one.
fn sponsored<T: Config>(id: CampaignId) -> Result<(), BenchmarkError> {
    for index in 2..T::MaxSponsors::get() {
        let sponsor = rich::<T>("sponsor", index)?;
        Pallet::<T>::do_fund(sponsor, id, bounty::<T>())?;
    }
    Ok(())
}

/// A proposal that waits for the owner's acceptance, as the gradients add it.
fn offered<T: Config>(id: CampaignId, seed: u8) -> Result<ModelId, BenchmarkError> {
    let author = rich::<T>("author", seed.into())?;
    let model = model::<T>(seed)?;
    T::Blobs::pin(model.parameters)?;
    Ok(Pallet::<T>::do_propose(id, &author, model)?)
}

/// As many proposals as there may be, but one.
fn with_proposals<T: Config>(id: CampaignId) -> Result<(), BenchmarkError> {
    for index in 2..T::MaxProposals::get() {
        let root = offered::<T>(id, index as u8)?;
        Pallet::<T>::do_accept_proposal(stored::<T>(id)?.owner, root)?;
    }
    Ok(())
}

/// The block after a campaign's deadline.
fn after_deadline<T: Config>(id: CampaignId) -> Result<BlockNumberFor<T>, BenchmarkError> {
    Ok(stored::<T>(id)?.rules.deadline.saturating_add(One::one()))
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn create() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let (terms, model) = (terms::<T>()?, model::<T>(0)?);

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), Box::new(terms), model);

        assert_eq!(Campaigns::<T>::iter().count(), 1);
        Ok(())
    }

    #[benchmark]
    fn fund() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        sponsored::<T>(id)?;
        let sponsor = rich::<T>("sponsor", 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(sponsor), id, bounty::<T>());

        assert_eq!(Sponsors::<T>::get(id).len() as u32, T::MaxSponsors::get());
        Ok(())
    }

    #[benchmark]
    fn admit() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        let miner = rich::<T>("miner", 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id, miner.clone());

        assert!(Admitted::<T>::contains_key(id, miner));
        Ok(())
    }

    #[benchmark]
    fn accept_proposal() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        let root = offered::<T>(id, 200)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), root);

        let state = Proposals::<T>::get(root).map(|proposal| proposal.state);
        assert_eq!(state, Some(ProposalState::Pending));
        Ok(())
    }

    #[benchmark]
    fn reject_proposal() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        let root = offered::<T>(id, 200)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), root);

        let state = Proposals::<T>::get(root).map(|proposal| proposal.state);
        assert!(matches!(state, Some(ProposalState::Rejected(_))));
        Ok(())
    }

    #[benchmark]
    fn cancel() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        with_proposals::<T>(id)?;
        // The assayers may have measured them.
        System::<T>::set_block_number(System::<T>::block_number().saturating_add(One::one()));

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id);

        assert!(matches!(stored::<T>(id)?.state, State::Closing { .. }));
        Ok(())
    }

    #[benchmark]
    fn close() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        with_proposals::<T>(id)?;
        System::<T>::set_block_number(after_deadline::<T>(id)?);

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id);

        assert!(matches!(
            stored::<T>(id)?.state,
            State::Closing {
                reason: Closed::DeadlinePassed,
                ..
            }
        ));
        Ok(())
    }

    #[benchmark]
    fn settle() -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = open::<T>(&owner)?;
        sponsored::<T>(id)?;
        Pallet::<T>::do_cancel(owner.clone(), id)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id);

        let campaign = stored::<T>(id)?;
        let parts = campaign.rules.split.parts(campaign.bounty);
        assert!(T::Payouts::unclaimed(id) >= parts.data);
        Ok(())
    }

    #[benchmark]
    fn remove(n: Linear<1, MAX_REMOVED>) -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = proposed::<T>(&owner)?;
        // Handed over without a settlement: there is nothing to claim, and all money goes back.
        let mut campaign = stored::<T>(id)?;
        campaign.state = State::Settled {
            at: System::<T>::block_number(),
        };
        Campaigns::<T>::insert(id, &campaign);
        let later = System::<T>::block_number()
            .saturating_add(T::RetentionPeriod::get())
            .saturating_add(One::one());
        System::<T>::set_block_number(later);

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id, n);

        assert!(!Campaigns::<T>::contains_key(id));
        Ok(())
    }

    /// Of the first proposal, which is worse than claimed.
    #[benchmark]
    fn decided(p: Linear<1, 100>) -> Result<(), BenchmarkError> {
        let owner = rich::<T>("owner", 0)?;
        let id = proposed::<T>(&owner)?;
        let task = task_of::<T>(id, stored::<T>(id)?.root)?;
        let verdict = Verdict::Measured { error: START + 1 };
        let payees = (0..p)
            .map(|index| rich::<T>("assayer", index))
            .collect::<Result<Vec<_>, _>>()?;

        #[block]
        {
            <Pallet<T> as AssaySubjects<_, _>>::decided(&task, &verdict, &payees);
        }

        assert!(matches!(stored::<T>(id)?.state, State::Rejected { .. }));
        Ok(())
    }

    #[benchmark]
    fn nothing_due() {
        let now = System::<T>::block_number();

        #[block]
        {
            Pallet::<T>::on_initialize(now);
        }

        assert!(!Due::<T>::contains_key(now));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
