//! What runtime APIs read. Lists start at `from` (included) and hold at most `limit`, and never more
//! than [`MAX_PAGE`], items; a page costs the same wherever it starts.

use crate::{
    Config, NodeOf, Nodes, NodesIn, OrderedId, Pallet, PendingIn, SubmissionOf, Submissions,
    SubmissionsOf,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use sonar_primitives::{api::MAX_PAGE, BlobHash, CampaignId, NodeId};

impl<T: Config> Pallet<T> {
    /// The nodes of a campaign, roots included, in the order of numbers.
    pub fn nodes_of(campaign: CampaignId, from: NodeId, limit: u32) -> Vec<(NodeId, NodeOf<T>)> {
        let keys = match before(from) {
            None => NodesIn::<T>::iter_key_prefix(campaign),
            Some(last) => {
                let start = NodesIn::<T>::hashed_key_for(campaign, last);
                NodesIn::<T>::iter_key_prefix_from(campaign, start)
            }
        };
        page(keys, limit, Nodes::<T>::get)
    }

    /// The submissions of a campaign that wait for a reveal or a verdict, in the order of numbers.
    pub fn pending_of(
        campaign: CampaignId,
        from: NodeId,
        limit: u32,
    ) -> Vec<(NodeId, SubmissionOf<T>)> {
        let keys = match before(from) {
            None => PendingIn::<T>::iter_key_prefix(campaign),
            Some(last) => {
                let start = PendingIn::<T>::hashed_key_for(campaign, last);
                PendingIn::<T>::iter_key_prefix_from(campaign, start)
            }
        };
        page(keys, limit, Submissions::<T>::get)
    }

    /// The submissions of an account that are not forgotten yet, in the order of numbers.
    pub fn submissions_of(
        account: &T::AccountId,
        from: NodeId,
        limit: u32,
    ) -> Vec<(NodeId, SubmissionOf<T>)> {
        let keys = match before(from) {
            None => SubmissionsOf::<T>::iter_key_prefix(account),
            Some(last) => {
                let start = SubmissionsOf::<T>::hashed_key_for(account, last);
                SubmissionsOf::<T>::iter_key_prefix_from(account, start)
            }
        };
        page(keys, limit, Submissions::<T>::get)
    }

    /// The root of a node, and the gradients to add to its parameters to get the node's model, in
    /// this order. `None` if there is no such node.
    pub fn lineage(node: NodeId) -> Option<(NodeId, Vec<BlobHash>)> {
        let mut id = node;
        let mut gradients = Vec::new();
        for _ in 0..=T::MaxDepth::get() {
            let node = Nodes::<T>::get(id)?;
            let Some(parent) = node.parent else {
                gradients.reverse();
                return Some((id, gradients));
            };
            gradients.push(node.blob);
            id = parent;
        }
        None
    }
}

/// The number after which a list that starts at `from` begins. `None` if it begins with the first.
fn before(from: NodeId) -> Option<OrderedId> {
    from.checked_sub(1).map(OrderedId::from)
}

/// The first `limit` items of a list of keys.
fn page<Item>(
    keys: impl Iterator<Item = OrderedId>,
    limit: u32,
    get: impl Fn(NodeId) -> Option<Item>,
) -> Vec<(NodeId, Item)> {
    keys.take(limit.min(MAX_PAGE) as usize)
        .map(NodeId::from)
        .filter_map(|id| get(id).map(|item| (id, item)))
        .collect()
}
