//! What a round is judged by, and what its assayers are asked to measure.

use crate::{
    Branches, Commitments, Config, ModelOf, Models, Pallet, RoundFor, Rounds, SubmissionOf,
    Submissions,
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{AssayRequest, AssayTask, AssayWork, RoundWork},
    recipe::Point,
    round::RoundState,
    submission::{SubmissionKind, SubmissionState},
    traits::{AssayBase, Campaigns},
    BlobHash, ModelId, RoundId, SubmissionId,
};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;

/// An assay's task.
pub(crate) type TaskOf<T> = AssayTask<BlockNumberFor<T>>;

/// A gradient that was revealed.
pub(crate) struct RevealedGradient<T: Config> {
    pub id: SubmissionId,
    pub submission: SubmissionOf<T>,
    pub gradient: BlobHash,
    pub base: ModelId,
    /// Its place among the round's commitments.
    pub place: u8,
}

/// All that a round is judged by.
pub(crate) struct Judged<T: Config> {
    pub round: RoundFor<T>,
    pub base: AssayBase,
    /// The branch's best model, after its number.
    pub best: (ModelId, ModelOf<T>),
    pub revealed: Vec<RevealedGradient<T>>,
}

impl<T: Config> Pallet<T> {
    /// The hash of everything that is judged in a round. `None` if its campaign is not known any
    /// more.
    pub(crate) fn subject(id: RoundId, round: &RoundFor<T>) -> Option<H256> {
        Some(Self::judged(id, round.clone())?.subject(id))
    }

    /// What the assay's task is for. `None` if it is no longer wanted.
    pub(crate) fn awaited(task: &TaskOf<T>) -> Option<Judged<T>> {
        let round =
            Rounds::<T>::get(task.id).filter(|round| round.state == RoundState::Assaying)?;
        Self::judged(task.id, round).filter(|judged| judged.subject(task.id) == task.subject)
    }

    fn judged(id: RoundId, round: RoundFor<T>) -> Option<Judged<T>> {
        let best = Branches::<T>::get(round.campaign, round.root)?.best;
        Some(Judged {
            base: T::Campaigns::assay_base(round.campaign, round.root)?,
            best: (best, Models::<T>::get(best)?),
            revealed: Self::revealed(id),
            round,
        })
    }

    /// The gradients of a round that were revealed and are not decided, in the order of commitments.
    fn revealed(id: RoundId) -> Vec<RevealedGradient<T>> {
        Commitments::<T>::get(id)
            .into_iter()
            .filter_map(|id| {
                let submission = Submissions::<T>::get(id)?;
                match (submission.state, submission.kind) {
                    (
                        SubmissionState::Revealed { gradient },
                        SubmissionKind::Gradient { base, place, .. },
                    ) => Some(RevealedGradient {
                        id,
                        submission,
                        gradient,
                        base,
                        place,
                    }),
                    _ => None,
                }
            })
            .collect()
    }
}

impl<T: Config> Judged<T> {
    /// What the assayers are asked to measure. `None` if a model cannot be built.
    pub(crate) fn request(self) -> Option<AssayRequest> {
        let best = self.best.0;
        let bases = self.revealed.iter().map(|revealed| revealed.base);
        let needed = Pallet::<T>::models_to_build(bases.chain([best]), u32::MAX)?;
        let places: BTreeMap<ModelId, u32> = needed.keys().copied().zip(0..).collect();
        let gradients = self
            .revealed
            .iter()
            .map(|revealed| {
                Some(Point {
                    base: *places.get(&revealed.base)?,
                    gradient: revealed.gradient,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        let base = self.base;
        Some(AssayRequest {
            architecture: base.architecture,
            metric: base.metric,
            validation: base.validation,
            rows: base.rows,
            work: AssayWork::Round(RoundWork {
                best: *places.get(&best)?,
                recipe: Pallet::<T>::steps_to_build(&needed)?,
                best_error: self.best.1.error,
                target: base.target,
                minimum_step: base.minimum_step,
                seats: self.round.seats,
                gradients,
            }),
        })
    }

    /// The hash of all of it.
    fn subject(&self, id: RoundId) -> H256 {
        let gradients: Vec<_> = self
            .revealed
            .iter()
            .map(|revealed| {
                let base = Models::<T>::get(revealed.base).map(|model| model.parameters);
                (&revealed.submission.account, base, revealed.gradient)
            })
            .collect();
        let base = &self.base;
        let measured_by = (
            &base.architecture,
            base.metric,
            base.validation,
            base.rows,
            base.target,
            base.minimum_step,
        );
        let best = &self.best.1;
        (
            b"round",
            self.round.campaign,
            id,
            measured_by,
            (best.parameters, best.error),
            self.round.seats,
            gradients,
        )
            .using_encoded(blake2_256)
            .into()
    }
}
