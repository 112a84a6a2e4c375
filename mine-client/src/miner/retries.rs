//! When to try again what did not work.

use crate::journal::EntryId;
use sonar_primitives::{BlockNumber, ModelId};
use std::collections::BTreeMap;

/// The longest pause, in blocks: several tries fit into the shortest window for reveals.
const LONGEST_PAUSE: BlockNumber = 8;

/// What is tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Attempt {
    /// To send a submission's commitment.
    Commit(EntryId),
    /// To send its reveal.
    Reveal(EntryId),
    /// To store a model's parameters.
    Store(ModelId),
    /// To fetch a model.
    Fetch(ModelId),
}

/// What did not work and is tried again. A transaction that the chain refuses costs its fee, so pauses get longer; one that
/// the node does not take costs nothing and is sent with the next block.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<Attempt, Pause>);

#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    /// The next one's length.
    blocks: BlockNumber,
    /// The block from which it may be tried again.
    until: BlockNumber,
}

impl Retries {
    /// Whether it may be tried in this block.
    pub(super) fn may_try(&self, what: Attempt, now: BlockNumber) -> bool {
        self.0.get(&what).is_none_or(|pause| now >= pause.until)
    }

    /// It failed: 1, 2, 4 and then always 8 blocks until the next time; 8 at once for a reveal, of which the chain takes
    /// only two tries.
    pub(super) fn failed(&mut self, what: Attempt, now: BlockNumber) {
        let first = match what {
            Attempt::Reveal(_) => LONGEST_PAUSE,
            _ => 1,
        };
        let pause = self.0.entry(what).or_default();
        let blocks = pause.blocks.max(first);
        pause.until = now.saturating_add(blocks);
        pause.blocks = blocks.saturating_mul(2).min(LONGEST_PAUSE);
    }

    /// The node did not take it.
    pub(super) fn not_included(&mut self, what: Attempt, now: BlockNumber) {
        self.0.entry(what).or_default().until = now.saturating_add(1);
    }

    /// It was done, or will not be tried any more.
    pub(super) fn forget(&mut self, what: Attempt) {
        self.0.remove(&what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: Attempt = Attempt::Commit(1);

    #[test]
    fn what_the_chain_refuses_is_tried_often_within_the_shortest_window() {
        let mut retries = Retries::default();
        let mut sent = Vec::new();
        for now in 100..130 {
            if retries.may_try(WHAT, now) {
                sent.push(now - 100);
                retries.failed(WHAT, now);
            }
        }
        assert_eq!(sent, [0, 1, 3, 7, 15, 23]);
        assert!(retries.may_try(Attempt::Commit(2), 130));
        retries.forget(WHAT);
        assert!(retries.may_try(WHAT, 130));
    }

    #[test]
    fn a_reveal_that_the_chain_refuses_waits_before_its_last_try() {
        let mut retries = Retries::default();
        retries.failed(Attempt::Reveal(1), 100);
        assert!(!retries.may_try(Attempt::Reveal(1), 107));
        assert!(retries.may_try(Attempt::Reveal(1), 108));
    }

    #[test]
    fn what_the_node_does_not_take_is_sent_with_the_next_block() {
        let mut retries = Retries::default();
        for now in 100..110 {
            assert!(retries.may_try(WHAT, now));
            retries.not_included(WHAT, now);
            assert!(!retries.may_try(WHAT, now));
        }
    }
}
