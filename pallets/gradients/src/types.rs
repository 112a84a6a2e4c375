//! What this pallet alone stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sonar_primitives::{tree::Node, MeasuredError, NodeId};

/// The number of a node or submission as a storage key that is not hashed: big-endian, so that the
/// state keeps keys in the order of numbers and a page can start anywhere. Safe without a hash
/// because the chain itself gives out the numbers, one after the other.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct OrderedId([u8; 8]);

impl From<NodeId> for OrderedId {
    fn from(id: NodeId) -> Self {
        Self(id.to_be_bytes())
    }
}

impl From<OrderedId> for NodeId {
    fn from(id: OrderedId) -> Self {
        Self::from_be_bytes(id.0)
    }
}

/// The accepted gradient that wins as things are. Ordered as the protocol says: the least error,
/// then the earliest commitment.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Best {
    /// Its measured error.
    pub error: MeasuredError,
    /// Its author's commitment.
    pub committed: NodeId,
    /// Its node.
    pub node: NodeId,
}

impl Best {
    /// How the node with this number stands.
    pub(crate) fn new<AccountId>(id: NodeId, node: &Node<AccountId>) -> Self {
        Self {
            error: node.error,
            committed: node.committed,
            node: id,
        }
    }
}

/// What changes with every submission of a campaign.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Tree {
    /// Accepted gradients.
    pub accepted: u32,
    /// Submissions that wait for a reveal or a verdict.
    pub pending: u32,
    /// The best of the accepted gradients; roots do not count.
    pub best: Option<Best>,
}

impl Tree {
    /// Takes a new node, or a node's earlier commitment, into account.
    pub(crate) fn consider(&mut self, node: Best) {
        if self.best.is_none_or(|best| node < best) {
            self.best = Some(node);
        }
    }
}
