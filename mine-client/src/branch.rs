//! The model tree as a mine reads it: pure functions over what the chain says.

use sonar_primitives::{
    api::ModelInfo,
    payout::mul_div,
    tree::{total_share, Contributor},
    AccountId, ModelId, SubmissionId,
};
use std::collections::BTreeSet;

/// A model by its number.
pub fn model(tree: &[ModelInfo], id: ModelId) -> Option<&ModelInfo> {
    tree.iter().find(|info| info.id == id)
}

/// The roots of a tree.
pub fn roots(tree: &[ModelInfo]) -> impl Iterator<Item = ModelId> + '_ {
    let roots = tree.iter().filter(|info| info.id == info.model.root);
    roots.map(|info| info.id)
}

/// The best model of a root's branch: every model of a branch is better than those before it.
pub fn best(tree: &[ModelInfo], root: ModelId) -> Option<&ModelInfo> {
    let branch = tree.iter().filter(|info| info.model.root == root);
    branch.max_by_key(|info| info.id)
}

/// How many models a root's branch has after this one.
pub fn models_after(tree: &[ModelInfo], root: ModelId, id: ModelId) -> usize {
    tree.iter()
        .filter(|info| info.model.root == root && info.id > id)
        .count()
}

/// How many rounds must be rebuilt to get a model from stored parameters: the number of models that are not stored among
/// it and all that it is built from.
pub fn rounds_above_stored(tree: &[ModelInfo], id: ModelId) -> usize {
    let mut counted = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let Some(info) = model(tree, id).filter(|info| !info.model.stored) else {
            continue;
        };
        if counted.insert(id) {
            open.extend(info.model.built_from());
        }
    }
    counted.len()
}

/// A submission's part of what the model's round earns, in per cent, rounded down.
pub fn percent(info: &ModelInfo, submission: SubmissionId) -> Option<u8> {
    let own = info.model.contributor(submission)?;
    let all = total_share(info.model.contributors());
    mul_div(100, own.share, all)?.try_into().ok()
}

/// Who should store a model's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// The account is the first whose gradient is in the model.
    First,
    /// It has another part in the model.
    Later,
    /// It has none.
    Never,
}

/// Whether it is an account's turn to store a model.
pub fn turn_to_store(info: &ModelInfo, account: &AccountId) -> Turn {
    let is_own = |of: &Contributor<AccountId>| of.account == *account;
    if info.model.best_set().next().is_some_and(is_own) {
        Turn::First
    } else if info.model.contributors().iter().any(is_own) {
        Turn::Later
    } else {
        Turn::Never
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use sonar_primitives::{
        tree::{Model, ModelOrigin},
        Hash,
    };

    fn account(number: u8) -> AccountId {
        AccountId::new([number; 32])
    }

    /// A model of a branch; its members by the base that each was trained on and whether it is in the best set. The
    /// member in place i is of account i.
    fn info(
        id: ModelId,
        root: ModelId,
        stored: bool,
        previous: Option<ModelId>,
        members: &[(ModelId, bool)],
    ) -> ModelInfo {
        let contributors = members.iter().enumerate();
        let contributors: Vec<_> = contributors
            .map(|(place, (base, in_best_set))| Contributor {
                submission: place as u64,
                account: account(place as u8),
                base: *base,
                gradient: Hash::zero(),
                share: 1,
                in_best_set: *in_best_set,
            })
            .collect();
        let origin = match members {
            [] => ModelOrigin::Proposed { author: account(0) },
            _ => ModelOrigin::Merged {
                previous: previous.unwrap_or(root),
                with_previous: previous.is_some(),
                contributors: contributors.try_into().unwrap(),
            },
        };
        ModelInfo {
            id,
            model: Model {
                campaign: 1,
                root,
                parameters: Hash::zero(),
                stored,
                error: 100 - id,
                former_record: None,
                origin,
            },
        }
    }

    fn tree() -> Vec<ModelInfo> {
        vec![
            info(0, 0, true, None, &[]),
            info(1, 1, true, None, &[]),
            info(2, 0, false, None, &[(0, true), (0, true)]),
            info(4, 0, false, Some(2), &[(0, true)]),
            // Its second member has a share, but is not in it.
            info(5, 0, false, None, &[(4, true), (2, false)]),
            info(6, 1, false, None, &[(1, false), (1, true)]),
        ]
    }

    #[test]
    fn branches_and_their_best_models() {
        let tree = tree();
        assert_eq!(roots(&tree).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(best(&tree, 0).unwrap().id, 5);
        assert_eq!(best(&tree, 1).unwrap().id, 6);
        assert!(best(&tree, 3).is_none());
        assert_eq!(models_after(&tree, 0, 0), 3);
        assert_eq!(models_after(&tree, 0, 4), 1);
        assert_eq!(models_after(&tree, 1, 6), 0);
        assert_eq!(model(&tree, 4).unwrap().id, 4);
        assert!(model(&tree, 3).is_none());
    }

    #[test]
    fn what_must_be_rebuilt_is_counted_once() {
        let mut tree = tree();
        assert_eq!(rounds_above_stored(&tree, 0), 0);
        assert_eq!(rounds_above_stored(&tree, 2), 1);
        assert_eq!(rounds_above_stored(&tree, 4), 2);
        assert_eq!(rounds_above_stored(&tree, 5), 3);
        tree[3].model.stored = true;
        assert_eq!(rounds_above_stored(&tree, 4), 0);
        assert_eq!(rounds_above_stored(&tree, 5), 1);
    }

    #[test]
    fn parts_are_told_in_per_cent() {
        let tree = tree();
        let model = model(&tree, 2).unwrap();
        assert_eq!(percent(model, 0), Some(50));
        assert_eq!(percent(model, 2), None);
        assert_eq!(percent(&tree[0], 0), None);
    }

    #[test]
    fn the_first_member_of_the_best_set_stores() {
        let tree = tree();
        let turn = |id, who| turn_to_store(model(&tree, id).unwrap(), &account(who));
        assert_eq!(turn(2, 0), Turn::First);
        assert_eq!(turn(2, 1), Turn::Later);
        assert_eq!(turn(2, 2), Turn::Never);
        assert_eq!(turn(6, 0), Turn::Later);
        assert_eq!(turn(6, 1), Turn::First);
        assert_eq!(turn(0, 0), Turn::Never);
    }
}
