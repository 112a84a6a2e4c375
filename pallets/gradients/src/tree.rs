//! The model tree.

use crate::{
    conclude::Bill, Best, Candidates, Config, Error, Event, NodeOf, Nodes, NodesIn, OrderedId,
    Pallet, PendingIn, Revealed, SubmissionOf, Submissions, SubmissionsIn, SubmissionsOf, Trees,
};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::DispatchResult, traits::Get};
use sonar_primitives::{
    reputation::Deed,
    traits::{AssayQueue, Blobs, ModelTree, Reputations},
    tree::{PathStep, SubmissionState, WinningPath},
    BlobHash, CampaignId, MeasuredError, NodeId,
};

impl<T: Config> ModelTree<T::AccountId> for Pallet<T> {
    fn allocate() -> NodeId {
        Self::next_node()
    }

    fn plant(
        campaign: CampaignId,
        root: NodeId,
        author: T::AccountId,
        parameters: BlobHash,
        error: MeasuredError,
    ) {
        let node = NodeOf::<T> {
            campaign,
            parent: None,
            root,
            author,
            blob: parameters,
            // True of canonical parameters. Others give every candidate that is made of them its
            // own canonical form, so no wrong duplicate is seen.
            candidate: parameters,
            error,
            depth: 0,
            committed: root,
        };
        // A gradient that led to the same model before stays the one that has it.
        if !Candidates::<T>::contains_key(campaign, parameters) {
            Candidates::<T>::insert(campaign, parameters, root);
        }
        NodesIn::<T>::insert(campaign, OrderedId::from(root), ());
        Nodes::<T>::insert(root, node);
        Trees::<T>::mutate(campaign, |tree| *tree = Some(tree.unwrap_or_default()));
    }

    fn accepted(campaign: CampaignId) -> u32 {
        Trees::<T>::get(campaign).map_or(0, |tree| tree.accepted)
    }

    fn pending(campaign: CampaignId) -> u32 {
        Trees::<T>::get(campaign).map_or(0, |tree| tree.pending)
    }

    fn winning_path(campaign: CampaignId) -> Option<WinningPath<T::AccountId>> {
        let mut id = Trees::<T>::get(campaign)?.best?.node;
        let mut steps = Vec::new();
        for _ in 0..=T::MaxDepth::get() {
            let node = Nodes::<T>::get(id)?;
            let Some(parent) = node.parent else {
                steps.reverse();
                return Some(WinningPath {
                    proposer: node.author,
                    start: node.error,
                    steps,
                });
            };
            steps.push(PathStep {
                node: id,
                author: node.author,
                error: node.error,
            });
            id = parent;
        }
        None
    }

    fn end_pending(campaign: CampaignId) {
        let now = frame_system::Pallet::<T>::block_number();
        // Read before anything is removed; bounded by the limit of pending submissions.
        let pending: Vec<NodeId> = PendingIn::<T>::iter_key_prefix(campaign)
            .map(NodeId::from)
            .collect();
        for id in pending {
            let Some(submission) = Submissions::<T>::get(id) else {
                continue;
            };
            match submission.state {
                SubmissionState::Committed { reveal_by } if now > reveal_by => {
                    Self::conclude_not_revealed(id, submission)
                }
                SubmissionState::Revealed { .. } => {
                    let owed = T::Assays::withdraw(id);
                    let bill = if owed.is_empty() {
                        Bill::Nothing
                    } else {
                        // It is the campaign that does not wait for them.
                        Bill::FromReserve(&owed)
                    };
                    Self::conclude_undecided(id, submission, bill)
                }
                _ => Self::conclude_undecided(id, submission, Bill::Nothing),
            }
        }
    }

    fn forget(campaign: CampaignId, limit: u32) -> u32 {
        // First, because what it says is not true of half a tree.
        Trees::<T>::remove(campaign);
        let nodes: Vec<_> = NodesIn::<T>::iter_key_prefix(campaign)
            .take(limit as usize)
            .collect();
        let submissions: Vec<_> = SubmissionsIn::<T>::iter_key_prefix(campaign)
            .take((limit as usize).saturating_sub(nodes.len()))
            .collect();
        let forgotten = nodes.len().saturating_add(submissions.len()) as u32;
        nodes
            .into_iter()
            .for_each(|node| Self::forget_node(campaign, node));
        submissions
            .into_iter()
            .for_each(|submission| Self::forget_submission(campaign, submission));
        forgotten
    }
}

impl<T: Config> Pallet<T> {
    /// Adds an accepted gradient to the tree.
    pub(crate) fn grow(id: NodeId, node: NodeOf<T>) {
        Candidates::<T>::insert(node.campaign, node.candidate, id);
        NodesIn::<T>::insert(node.campaign, OrderedId::from(id), ());
        Trees::<T>::mutate(node.campaign, |tree| {
            if let Some(tree) = tree {
                tree.accepted = tree.accepted.saturating_add(1);
                tree.consider(Best::new(id, &node));
            }
        });
        Nodes::<T>::insert(id, node);
    }

    /// Gives a gradient's node to a pending submission that leads to the same model and was
    /// committed to before. Fails, changing nothing, if there is no such node.
    pub(crate) fn take_over(
        id: NodeId,
        submission: SubmissionOf<T>,
        node_id: NodeId,
        bill: Bill<T::AccountId>,
    ) -> DispatchResult {
        let mut node = Nodes::<T>::get(node_id).ok_or(Error::<T>::UnknownParent)?;
        let above = node.parent.ok_or(Error::<T>::UnknownParent)?;
        let parent = Nodes::<T>::get(above).ok_or(Error::<T>::UnknownParent)?;
        let (campaign, account) = (submission.campaign, submission.account.clone());
        let state = SubmissionState::Accepted { node: node_id };
        Self::conclude(id, submission, state, bill);

        let former = core::mem::replace(&mut node.committed, id);
        let former_author = core::mem::replace(&mut node.author, account.clone());
        Submissions::<T>::mutate(former, |submission| {
            if let Some(submission) = submission {
                submission.state = SubmissionState::Duplicate { of: node_id };
            }
        });
        Revealed::<T>::insert(above, node.blob, id);
        Trees::<T>::mutate(campaign, |tree| {
            if let Some(tree) = tree {
                tree.consider(Best::new(node_id, &node));
            }
        });
        // Nobody is praised twice for one gradient.
        if account != former_author {
            let improvement = parent.error.saturating_sub(node.error);
            T::Reputations::note(&account, Deed::Accepted(improvement));
        }
        Nodes::<T>::insert(node_id, node);
        Self::deposit_event(Event::Duplicate {
            campaign,
            submission: former,
            of: node_id,
        });
        Self::deposit_event(Event::TakenOver {
            campaign,
            submission: id,
            node: node_id,
            account,
        });
        Ok(())
    }

    fn forget_node(campaign: CampaignId, id: OrderedId) {
        NodesIn::<T>::remove(campaign, id);
        let Some(node) = Nodes::<T>::take(NodeId::from(id)) else {
            return;
        };
        Candidates::<T>::remove(campaign, node.candidate);
        if let Some(parent) = node.parent {
            Revealed::<T>::remove(parent, node.blob);
            T::Blobs::unpin(node.blob);
        }
    }

    fn forget_submission(campaign: CampaignId, id: OrderedId) {
        SubmissionsIn::<T>::remove(campaign, id);
        if let Some(submission) = Submissions::<T>::take(NodeId::from(id)) {
            SubmissionsOf::<T>::remove(submission.account, id);
        }
    }
}
