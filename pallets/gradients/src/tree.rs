//! The model tree.

use crate::{
    due, Branch, Branches, Commitments, Config, Contributors, DueItem, Event, ModelOf, Models,
    ModelsIn, NextModel, OrderedId, Pallet, Record, RecordSteps, Rounds, RoundsIn, Submissions,
    SubmissionsIn, SubmissionsOf, Tree, Trees,
};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::DispatchResult, storage::with_storage_layer};
use sonar_primitives::{
    campaign::Closed,
    traits::{Blobs, ModelTree},
    tree::{ModelOrigin, RecordStep},
    BlobHash, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
};
use syft::round::MAX_SEATS;

/// Blobs that a model keeps pinned, at most: the gradients of its best set, and its parameters.
const BLOBS_OF_A_MODEL: usize = MAX_SEATS as usize + 1;

impl<T: Config> ModelTree<T::AccountId> for Pallet<T> {
    fn allocate() -> ModelId {
        Self::next_model()
    }

    fn plant(
        campaign: CampaignId,
        root: ModelId,
        author: T::AccountId,
        parameters: BlobHash,
        error: MeasuredError,
    ) {
        Trees::<T>::mutate(campaign, |tree| {
            // A proposal never lowers the record.
            tree.get_or_insert(Tree {
                accepted: 0,
                pending: 0,
                record: Record { error, model: root },
                steps: 0,
                contributors: Contributors::Nobody,
            });
        });
        let branch = Branch {
            best: root,
            models: 1,
        };
        Branches::<T>::insert(campaign, root, branch);
        ModelsIn::<T>::insert(campaign, OrderedId::from(root), ());
        let model = ModelOf::<T> {
            campaign,
            root,
            parameters,
            stored: true,
            error,
            former_record: None,
            origin: ModelOrigin::Proposed { author },
        };
        Models::<T>::insert(root, model);
    }

    fn record(campaign: CampaignId) -> Option<MeasuredError> {
        Some(Trees::<T>::get(campaign)?.record.error)
    }

    fn accepted(campaign: CampaignId) -> u32 {
        Trees::<T>::get(campaign).map_or(0, |tree| tree.accepted)
    }

    fn pending(campaign: CampaignId) -> u32 {
        Trees::<T>::get(campaign).map_or(0, |tree| tree.pending)
    }

    fn stop(campaign: CampaignId, reason: Closed) -> DispatchResult {
        if reason == Closed::Cancelled {
            // Bounded by the campaign's roots.
            let roots: Vec<ModelId> = Branches::<T>::iter_key_prefix(campaign).collect();
            with_storage_layer(|| {
                let mut open = roots.into_iter().filter_map(Self::round_that_takes);
                open.try_for_each(|(id, round)| Self::close_with_next_block(id, round))
            })?;
        }
        if let Some(next) = Self::lowest_pending(campaign) {
            due::schedule_next::<T>(DueItem::Round(next));
        }
        Ok(())
    }

    fn record_steps(campaign: CampaignId, from: u32, limit: u32) -> Vec<RecordStep<T::AccountId>> {
        (from..from.saturating_add(limit))
            .map_while(|step| Self::record_step(RecordSteps::<T>::get(campaign, step)?))
            .collect()
    }

    fn others_contributed(campaign: CampaignId, account: &T::AccountId) -> bool {
        match Trees::<T>::get(campaign).map(|tree| tree.contributors) {
            None | Some(Contributors::Nobody) => false,
            Some(Contributors::One(only)) => only != *account,
            Some(Contributors::Several) => true,
        }
    }

    fn forget(campaign: CampaignId, limit: u32) -> u32 {
        // First, because what it says is not true of half a tree.
        Trees::<T>::remove(campaign);
        let mut left = limit as usize;
        let mut take = |keys: &mut dyn Iterator<Item = OrderedId>, blobs: usize| {
            let taken: Vec<_> = keys.take(left.div_ceil(blobs)).collect();
            left = left.saturating_sub(taken.len().saturating_mul(blobs));
            taken
        };
        let submissions = take(&mut SubmissionsIn::<T>::iter_key_prefix(campaign), 1);
        let rounds = take(&mut RoundsIn::<T>::iter_key_prefix(campaign), 1);
        let models = take(
            &mut ModelsIn::<T>::iter_key_prefix(campaign),
            BLOBS_OF_A_MODEL,
        );
        submissions
            .into_iter()
            .for_each(|id| Self::forget_submission(campaign, id));
        rounds
            .into_iter()
            .for_each(|id| Self::forget_round(campaign, id));
        models
            .into_iter()
            .for_each(|id| Self::forget_model(campaign, id));
        let steps: Vec<u32> = RecordSteps::<T>::iter_key_prefix(campaign)
            .take(left)
            .collect();
        left = left.saturating_sub(steps.len());
        steps
            .into_iter()
            .for_each(|step| RecordSteps::<T>::remove(campaign, step));
        limit.saturating_sub(left as u32)
    }
}

impl<T: Config> Pallet<T> {
    /// A fresh number for a proposal or round.
    pub(crate) fn next_model() -> ModelId {
        NextModel::<T>::mutate(|next| {
            let id = *next;
            *next = id.saturating_add(1);
            id
        })
    }

    /// Adds what came out of a round to its branch. It takes the record if it breaks it.
    pub(crate) fn grow(id: RoundId, mut model: ModelOf<T>) {
        let campaign = model.campaign;
        let ModelOrigin::Merged { contributors, .. } = &model.origin else {
            return;
        };
        Trees::<T>::mutate(campaign, |tree| {
            let Some(tree) = tree else { return };
            tree.accepted = tree.accepted.saturating_add(1);
            if model.error < tree.record.error {
                model.former_record = Some(tree.record.error);
                tree.record = Record {
                    error: model.error,
                    model: id,
                };
                RecordSteps::<T>::insert(campaign, tree.steps, id);
                tree.steps = tree.steps.saturating_add(1);
                for contributor in contributors.iter().filter(|of| of.share > 0) {
                    tree.contributors.add(contributor.account.clone());
                }
            }
        });
        Branches::<T>::mutate(campaign, model.root, |branch| {
            if let Some(branch) = branch {
                branch.best = id;
                branch.models = branch.models.saturating_add(1);
            }
        });
        ModelsIn::<T>::insert(campaign, OrderedId::from(id), ());
        Self::deposit_event(Event::RoundAccepted {
            campaign,
            round: id,
            root: model.root,
            error: model.error,
            former_record: model.former_record,
            contributors: contributors.clone(),
        });
        Models::<T>::insert(id, model);
    }

    /// The step of the record that a model took.
    fn record_step(id: ModelId) -> Option<RecordStep<T::AccountId>> {
        let model = Models::<T>::get(id)?;
        let ModelOrigin::Proposed { author } = Models::<T>::get(model.root)?.origin else {
            return None;
        };
        let ModelOrigin::Merged { contributors, .. } = model.origin else {
            return None;
        };
        Some(RecordStep {
            model: id,
            from: model.former_record?,
            to: model.error,
            contributors: contributors
                .into_iter()
                .map(|contributor| (contributor.account, contributor.share))
                .collect(),
            proposer: author,
        })
    }

    fn forget_submission(campaign: CampaignId, id: OrderedId) {
        SubmissionsIn::<T>::remove(campaign, id);
        if let Some(submission) = Submissions::<T>::get(SubmissionId::from(id)) {
            if submission.state.is_pending() {
                // A commitment to a proposal that never found room on the agenda.
                Self::conclude_returned(id.into(), submission.clone());
            }
            SubmissionsOf::<T>::remove(submission.account, id);
            Submissions::<T>::remove(SubmissionId::from(id));
        }
    }

    fn forget_round(campaign: CampaignId, id: OrderedId) {
        RoundsIn::<T>::remove(campaign, id);
        Commitments::<T>::remove(RoundId::from(id));
        Rounds::<T>::remove(RoundId::from(id));
    }

    fn forget_model(campaign: CampaignId, id: OrderedId) {
        ModelsIn::<T>::remove(campaign, id);
        let Some(model) = Models::<T>::take(ModelId::from(id)) else {
            return;
        };
        model
            .best_set()
            .for_each(|member| T::Blobs::unpin(member.gradient));
        match model.origin {
            ModelOrigin::Proposed { .. } => Branches::<T>::remove(campaign, ModelId::from(id)),
            ModelOrigin::Merged { .. } if model.stored => T::Blobs::unpin(model.parameters),
            ModelOrigin::Merged { .. } => {}
        }
    }
}
