//! Models, branches and records.

use super::keys;
use crate::{
    Branch, Branches, Config, Contributors, ModelOf, Models, ModelsIn, NextModel, OrderedId,
    Pallet, PendingRounds, RecordSteps, Rounds, Submissions, Tree, Trees,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use frame_support::ensure;
use sonar_primitives::{
    round::RoundState, submission::SubmissionState, traits::ModelTree, tree::ModelOrigin,
    CampaignId, MeasuredError, ModelId,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    pub(super) fn check_models() -> Result<(), DispatchError> {
        let mut in_campaign = BTreeSet::new();
        for (id, model) in Models::<T>::iter() {
            ensure!(
                id < NextModel::<T>::get(),
                "a model has a number not given out"
            );
            in_campaign.insert((model.campaign, OrderedId::from(id)));
            if Trees::<T>::contains_key(model.campaign) {
                Self::check_model(id, &model)?;
            }
        }
        ensure!(
            keys(ModelsIn::<T>::iter()) == in_campaign,
            "ModelsIn is not the list of models"
        );
        Ok(())
    }

    fn check_model(id: ModelId, model: &ModelOf<T>) -> Result<(), DispatchError> {
        let ModelOrigin::Merged {
            previous,
            contributors,
            ..
        } = &model.origin
        else {
            ensure!(
                model.root == id && model.stored && model.former_record.is_none(),
                "a root is not its own root"
            );
            return Ok(());
        };
        let of_branch =
            |part: &ModelId| Models::<T>::get(part).filter(|part| part.root == model.root);
        ensure!(
            *previous < id && of_branch(previous).is_some_and(|best| model.error < best.error),
            "a model is not better than the branch's best before"
        );
        ensure!(
            model
                .former_record
                .is_none_or(|record| model.error < record),
            "a model has not broken the record that it says"
        );
        ensure!(
            Rounds::<T>::get(id).is_some_and(|round| round.state == RoundState::Accepted
                && round.campaign == model.campaign
                && round.root == model.root),
            "a model has no accepted round"
        );
        ensure!(
            contributors.iter().any(|of| of.share > 0)
                && contributors.iter().any(|of| of.in_best_set),
            "nobody has a share in a model, or it is made of nothing"
        );
        for of in contributors {
            ensure!(
                of.base < id && of_branch(&of.base).is_some(),
                "a gradient's base is not before its round in the branch"
            );
            let state = SubmissionState::Contributed {
                model: id,
                share: of.share,
            };
            ensure!(
                Submissions::<T>::get(of.submission).is_some_and(|submission| submission.state
                    == state
                    && submission.account == of.account),
                "a contribution is not known to its submission"
            );
        }
        Ok(())
    }

    pub(super) fn check_trees() -> Result<(), DispatchError> {
        for (campaign, tree) in Trees::<T>::iter() {
            let models: BTreeMap<ModelId, ModelOf<T>> = ModelsIn::<T>::iter_key_prefix(campaign)
                .map(ModelId::from)
                .filter_map(|id| Models::<T>::get(id).map(|model| (id, model)))
                .collect();
            let merged = models.iter().filter(|(id, model)| model.root != **id);
            ensure!(
                merged.count() == tree.accepted as usize,
                "a tree's count of accepted rounds is wrong"
            );
            ensure!(
                PendingRounds::<T>::iter_key_prefix(campaign).count() == tree.pending as usize,
                "a tree's count of undecided rounds is wrong"
            );
            let least: Option<MeasuredError> = models.values().map(|model| model.error).min();
            let holder = models.get(&tree.record.model).map(|model| model.error);
            ensure!(
                least == Some(tree.record.error) && holder == least,
                "a record is not the least error"
            );
            Self::check_branches(campaign, &models)?;
            Self::check_record(campaign, &tree)?;
        }
        Ok(())
    }

    fn check_branches(
        campaign: CampaignId,
        models: &BTreeMap<ModelId, ModelOf<T>>,
    ) -> Result<(), DispatchError> {
        let mut branches = BTreeMap::<ModelId, Branch>::new();
        for (id, model) in models {
            let branch = branches.entry(model.root).or_insert(Branch {
                best: *id,
                models: 0,
            });
            if let ModelOrigin::Merged { previous, .. } = model.origin {
                ensure!(
                    previous == branch.best,
                    "a model does not follow its branch's best before"
                );
            }
            branch.models = branch.models.saturating_add(1);
            // In the order of numbers, so the last one stays.
            branch.best = *id;
        }
        ensure!(
            Branches::<T>::iter_prefix(campaign).collect::<BTreeMap<_, _>>() == branches,
            "a branch's best model is not its last, or its count is wrong"
        );
        Ok(())
    }

    fn check_record(campaign: CampaignId, tree: &Tree<T::AccountId>) -> Result<(), DispatchError> {
        let steps = <Self as ModelTree<T::AccountId>>::record_steps(campaign, 0, u32::MAX);
        ensure!(
            steps.len() == tree.steps as usize
                && RecordSteps::<T>::iter_key_prefix(campaign).count() == steps.len(),
            "a record's steps are missing"
        );
        ensure!(
            steps.windows(2).all(|pair| matches!(
                pair,
                [first, second] if first.to == second.from && first.model < second.model
            )),
            "a step of the record does not start where the one before ended"
        );
        ensure!(
            steps
                .last()
                .is_none_or(|last| last.to == tree.record.error && last.model == tree.record.model),
            "the last step of the record is not the record"
        );
        let mut contributors = Contributors::Nobody;
        let shares: Vec<_> = steps
            .into_iter()
            .flat_map(|step| step.contributors)
            .collect();
        for (account, share) in shares {
            if share > 0 {
                contributors.add(account);
            }
        }
        ensure!(
            contributors == tree.contributors,
            "a record's contributors are wrong"
        );
        Ok(())
    }
}
