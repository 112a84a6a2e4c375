//! What must hold between blocks.

use crate::{
    Best, Candidates, Config, Due, HoldReason, NextNode, NodeOf, Nodes, NodesIn, OrderedId, Pallet,
    PendingIn, PendingOf, Revealed, SubmissionOf, Submissions, SubmissionsIn, SubmissionsOf, Trees,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sonar_primitives::{tree::SubmissionState, Balance, CampaignId, NodeId};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// - every account has on hold exactly the deposits of its pending submissions;
    /// - the lists of nodes and of submissions, by campaign and by account, all and pending ones,
    ///   name what is stored, and nothing else;
    /// - every submission that waits for its reveal is on the agenda once, for a later block;
    /// - every tree's counters and best node are true;
    /// - every gradient's node has a parent in its campaign and a smaller error, belongs to a
    ///   submission that knows of it, and is the one of its model and of its gradient.
    ///
    /// A campaign without a [`Tree`](crate::Tree) is being forgotten, in steps: its nodes may lack
    /// parents and submissions.
    ///
    /// Fails, naming the broken rule.
    pub fn do_try_state() -> Result<(), DispatchError> {
        Self::check_submissions()?;
        Self::check_agenda()?;
        Self::check_nodes()?;
        Self::check_trees()
    }

    fn check_submissions() -> Result<(), DispatchError> {
        let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
        let mut in_campaign = BTreeSet::new();
        let mut of_account = BTreeSet::new();
        let mut pending = BTreeSet::new();
        let mut pending_of = BTreeMap::<(CampaignId, T::AccountId), BTreeSet<NodeId>>::new();
        for (id, submission) in Submissions::<T>::iter() {
            let SubmissionOf::<T> {
                campaign, account, ..
            } = submission;
            ensure!(
                id < NextNode::<T>::get(),
                "a submission has a number not given out"
            );
            in_campaign.insert((campaign, OrderedId::from(id)));
            of_account.insert((account.clone(), OrderedId::from(id)));
            let deposit = deposits.entry(account.clone()).or_default();
            if submission.state.is_pending() {
                *deposit = deposit.saturating_add(submission.deposit);
                pending.insert((campaign, OrderedId::from(id)));
                pending_of
                    .entry((campaign, account))
                    .or_default()
                    .insert(id);
            }
            if let SubmissionState::Revealed { gradient } = submission.state {
                ensure!(
                    Revealed::<T>::get(submission.parent, gradient) == Some(id),
                    "a pending gradient is not known as revealed"
                );
            }
        }
        for (account, deposit) in deposits {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Submission.into(), &account) == deposit,
                "an account has not its deposits on hold"
            );
        }
        ensure!(
            keys(SubmissionsIn::<T>::iter()) == in_campaign,
            "SubmissionsIn is not the list of submissions"
        );
        ensure!(
            keys(SubmissionsOf::<T>::iter()) == of_account,
            "SubmissionsOf is not the list of submissions"
        );
        ensure!(
            keys(PendingIn::<T>::iter()) == pending,
            "PendingIn is not the list of pending submissions"
        );
        let listed: BTreeMap<_, BTreeSet<_>> = PendingOf::<T>::iter()
            .map(|(campaign, account, ids)| ((campaign, account), ids.into_iter().collect()))
            .collect();
        ensure!(
            listed == pending_of,
            "PendingOf is not the list of pending submissions"
        );
        Ok(())
    }

    fn check_agenda() -> Result<(), DispatchError> {
        let now = frame_system::Pallet::<T>::block_number();
        let mut scheduled = BTreeMap::new();
        for (at, due) in Due::<T>::iter() {
            ensure!(at > now, "the agenda has a block that is over");
            ensure!(!due.is_empty(), "an empty list of the agenda is kept");
            for id in due {
                ensure!(
                    scheduled.insert(id, at).is_none(),
                    "a submission is twice on the agenda"
                );
            }
        }
        for (id, submission) in Submissions::<T>::iter() {
            if let SubmissionState::Committed { reveal_by } = submission.state {
                ensure!(
                    scheduled.get(&id).is_some_and(|at| *at > reveal_by),
                    "a submission that waits for its reveal is not on the agenda"
                );
            }
        }
        Ok(())
    }

    fn check_nodes() -> Result<(), DispatchError> {
        let mut in_campaign = BTreeSet::new();
        for (id, node) in Nodes::<T>::iter() {
            ensure!(
                id < NextNode::<T>::get(),
                "a node has a number not given out"
            );
            in_campaign.insert((node.campaign, OrderedId::from(id)));
            if !Trees::<T>::contains_key(node.campaign) {
                continue;
            }
            let same = Candidates::<T>::get(node.campaign, node.candidate);
            match node.parent {
                None => {
                    ensure!(
                        node.root == id && node.committed == id && node.depth == 0,
                        "a root is not its own root"
                    );
                    ensure!(same.is_some(), "a root's model is not known");
                }
                Some(parent) => {
                    ensure!(same == Some(id), "a model has two nodes");
                    Self::check_gradient_node(id, &node, parent)?;
                }
            }
        }
        ensure!(
            keys(NodesIn::<T>::iter()) == in_campaign,
            "NodesIn is not the list of nodes"
        );
        Ok(())
    }

    fn check_gradient_node(
        id: NodeId,
        node: &NodeOf<T>,
        parent: NodeId,
    ) -> Result<(), DispatchError> {
        let above = Nodes::<T>::get(parent).ok_or("a node has no parent")?;
        ensure!(
            above.campaign == node.campaign && above.root == node.root,
            "a node's parent is in another tree"
        );
        ensure!(
            above.error > node.error,
            "a node is not better than its parent"
        );
        ensure!(
            above.depth.checked_add(1) == Some(node.depth) && node.depth <= T::MaxDepth::get(),
            "a node's depth is wrong"
        );
        ensure!(node.committed <= id, "a node went to a later commitment");
        ensure!(
            Revealed::<T>::get(parent, node.blob) == Some(node.committed),
            "a node's gradient is not known as revealed"
        );
        let submission = Submissions::<T>::get(node.committed).ok_or("a node has no submission")?;
        ensure!(
            submission.state == SubmissionState::Accepted { node: id }
                && submission.account == node.author,
            "a node is not its submission's"
        );
        Ok(())
    }

    fn check_trees() -> Result<(), DispatchError> {
        for (campaign, tree) in Trees::<T>::iter() {
            let gradients = || {
                NodesIn::<T>::iter_key_prefix(campaign)
                    .map(NodeId::from)
                    .filter_map(|id| Nodes::<T>::get(id).map(|node| (id, node)))
                    .filter(|(_, node)| node.parent.is_some())
            };
            ensure!(
                gradients().count() == tree.accepted as usize,
                "a tree's count of accepted gradients is wrong"
            );
            ensure!(
                PendingIn::<T>::iter_key_prefix(campaign).count() == tree.pending as usize,
                "a tree's count of pending submissions is wrong"
            );
            let best = gradients().map(|(id, node)| Best::new(id, &node)).min();
            ensure!(best == tree.best, "a tree's best node is not the best");
        }
        Ok(())
    }
}

/// The keys of a double map that is a list.
fn keys<A: Ord, B: Ord>(list: impl Iterator<Item = (A, B, ())>) -> BTreeSet<(A, B)> {
    list.map(|(first, second, ())| (first, second)).collect()
}
