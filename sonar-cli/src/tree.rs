//! Draws a model tree with lines, one row per node.

use sonar_primitives::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// Draws nodes given as `(number, parent)`: each row's drawing and its node, children below their
/// parent, brothers in the order of their numbers.
///
/// A node whose parent is missing is drawn as a root, and every node is drawn once, whatever the
/// numbers say.
pub fn draw(nodes: &[(NodeId, Option<NodeId>)]) -> Vec<(String, NodeId)> {
    let known: BTreeSet<NodeId> = nodes.iter().map(|(id, _)| *id).collect();
    let mut children: BTreeMap<Option<NodeId>, BTreeSet<NodeId>> = BTreeMap::new();
    for (id, parent) in nodes {
        let parent = parent.filter(|parent| known.contains(parent) && parent < id);
        children.entry(parent).or_default().insert(*id);
    }
    // A stack instead of recursion: a tree may be as deep as it likes.
    let mut stack: Vec<Row> = roots(&children)
        .map(|id| Row {
            id,
            own: "",
            below: String::new(),
        })
        .collect();
    let mut rows = Vec::with_capacity(nodes.len());
    while let Some(row) = stack.pop() {
        rows.push((format!("{}{}{}", row.below, row.own, row.id), row.id));
        let lead = match row.own {
            "" => String::new(),
            LAST => row.below + "   ",
            _ => row.below + "│  ",
        };
        let below = children
            .get(&Some(row.id))
            .into_iter()
            .flatten()
            .rev()
            .enumerate();
        stack.extend(below.map(|(position, id)| Row {
            id: *id,
            own: if position == 0 { LAST } else { MIDDLE },
            below: lead.clone(),
        }));
    }
    rows
}

const MIDDLE: &str = "├─ ";
const LAST: &str = "└─ ";

/// A node that waits to be drawn.
struct Row {
    id: NodeId,
    /// The line from its parent; nothing for a root.
    own: &'static str,
    /// The lines of those above.
    below: String,
}

/// Nodes without a parent, last first.
fn roots(
    children: &BTreeMap<Option<NodeId>, BTreeSet<NodeId>>,
) -> impl Iterator<Item = NodeId> + '_ {
    children.get(&None).into_iter().flatten().rev().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(nodes: &[(NodeId, Option<NodeId>)]) -> Vec<String> {
        draw(nodes).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn branches_are_drawn_below_their_parent() {
        let nodes = [
            (9, Some(4)),
            (1, None),
            (2, Some(1)),
            (4, Some(2)),
            (5, Some(2)),
            (6, Some(5)),
            (7, Some(1)),
            (8, Some(7)),
            (10, None),
        ];
        assert_eq!(
            lines(&nodes),
            [
                "1",
                "├─ 2",
                "│  ├─ 4",
                "│  │  └─ 9",
                "│  └─ 5",
                "│     └─ 6",
                "└─ 7",
                "   └─ 8",
                "10",
            ]
        );
        assert_eq!(draw(&nodes)[3].1, 9);
    }

    #[test]
    fn every_node_is_drawn_once_whatever_the_numbers_say() {
        assert!(lines(&[]).is_empty());
        assert_eq!(lines(&[(3, Some(1))]), ["3"]);
        assert_eq!(lines(&[(1, Some(2)), (2, Some(1))]), ["1", "└─ 2"]);
        assert_eq!(lines(&[(1, Some(1)), (1, Some(1))]), ["1"]);
    }

    #[test]
    fn a_deep_tree_does_not_overflow() {
        let chain: Vec<_> = (0..2_000u64).map(|id| (id, id.checked_sub(1))).collect();
        assert_eq!(draw(&chain).len(), 2_000);
    }
}
